// From counters and samples to a report.
#include "app/insight/report.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace flyball::app {
namespace {

constexpr std::array<std::pair<std::string_view, InsightOrder>, 6> kOrders = {{{"time", InsightOrder::kTime},
                                                                               {"work", InsightOrder::kWork},
                                                                               {"matches", InsightOrder::kMatches},
                                                                               {"memory", InsightOrder::kMemory},
                                                                               {"firings", InsightOrder::kFirings},
                                                                               {"name", InsightOrder::kName}}};

// The most first; of equals, by name: the same report always looks the same.
double weight(const RuleReport& rule, InsightOrder by) {
  switch (by) {
    case InsightOrder::kTime: return rule.time;
    case InsightOrder::kWork: return static_cast<double>(rule.work());
    case InsightOrder::kMatches: return static_cast<double>(rule.matches);
    case InsightOrder::kMemory: return static_cast<double>(rule.bytes);
    case InsightOrder::kFirings: return static_cast<double>(rule.firings());
    case InsightOrder::kName: break;
  }
  return 0;
}

std::optional<std::uint32_t> line_number(std::uint32_t line) { return line == kNoId ? std::nullopt : std::optional(line + 1); }

}  // namespace

std::optional<InsightOrder> insight_order(std::string_view word) {
  for (const auto& [name, order] : kOrders) {
    if (name == word) return order;
  }
  return std::nullopt;
}

void sort_rules(InsightReport& report, InsightOrder by) {
  std::sort(report.rules.begin(), report.rules.end(), [&](const RuleReport& a, const RuleReport& b) {
    const double x = weight(a, by), y = weight(b, by);
    if (x != y) return x > y;
    // Where nothing was sampled, what was counted says most.
    if (by != InsightOrder::kName && a.work() != b.work()) return a.work() > b.work();
    return a.rule < b.rule;
  });
}

std::uint64_t rule_count(const InsightReport& report) {
  const std::uint64_t rows = report.rules.size() + report.rules_left_out;
  return rows - std::min(rows, report.shared_joins);  // a service's answer may say anything
}

std::string plan_name(const engine::Program& program) {
  std::uint64_t h = 0xCBF2'9CE4'8422'2325ULL;  // FNV-1a
  for (const char c : program.dump()) h = (h ^ static_cast<unsigned char>(c)) * 0x100'0000'01B3ULL;
  return fmt::format("{:016x}", h);
}

InsightReport insight_report(const engine::Session& session, const Samples& samples, InsightOrder by) {
  using engine::WorkPart;
  const engine::Insight insight = session.insight();
  const engine::Counters& counters = session.counters();
  InsightReport out;
  out.facts = counters.facts_taken;
  out.firings = counters.firings;
  out.instants = counters.instants;
  out.tokens = counters.tokens;
  out.bytes = insight.bytes;
  out.other_bytes = insight.other_bytes;
  out.sampled = samples.seconds(samples.total);

  for (std::uint32_t r = 0; r < insight.rules.size(); ++r) {
    const engine::RuleView& view = insight.rules[r];
    RuleReport& rule = out.rules.emplace_back();
    rule.rule = view.name;
    rule.time = samples.seconds(samples.of(WorkPart::kEffects, r) + samples.of(WorkPart::kDerivation, r));
    rule.left = view.left, rule.right = view.right, rule.pairs = view.pairs, rule.tests = view.tests;
    rule.made = view.made, rule.deleted = view.deleted, rule.matches = view.matches;
    rule.starts = view.starts, rule.repeats = view.repeats, rule.ends = view.ends, rule.fired = view.fired;
    rule.effect_errors = view.effect_errors;
    rule.bytes = view.bytes, rule.shared_bytes = view.shared_bytes, rule.off = view.off, rule.shared_joins = view.shared_joins;
    out.shared_joins += view.shared_joins ? 1 : 0;
  }
  for (const engine::TypeView& view : insight.types) {
    if (view.updates == 0 && view.live == 0 && view.bytes == 0) continue;
    out.types.push_back({view.name, samples.seconds(samples.of(WorkPart::kAlpha, view.type)), view.updates, view.live, view.stale,
                         view.bytes, view.spare_bytes});
  }
  const auto part = [&](std::string name, std::uint64_t n) {
    if (n != 0) out.parts.push_back({std::move(name), samples.seconds(n)});
  };
  part("decode", samples.app[static_cast<std::size_t>(AppPart::kDecode)]);
  part("inputs", samples.of(WorkPart::kInputs));
  for (const engine::AlphaView& view : insight.alphas) {
    out.nodes.push_back({"alpha", view.alpha, insight.types[view.type].name, view.text.empty() ? "every fact" : view.text, std::nullopt,
                         static_cast<std::uint32_t>(view.rules.size()), 0, view.tests, 0, view.came, view.went, view.bytes});
    if (view.rules.size() != 1) out.shared_bytes += view.bytes;
  }
  for (const engine::AggregateView& view : insight.aggregates) {
    if (view.what.empty()) continue;  // a number that nothing has now
    const std::uint64_t n = samples.of(WorkPart::kAggregate, view.node);
    if (view.rules.size() == 1)
      out.rules[view.rules.front()].time += samples.seconds(n), out.rules[view.rules.front()].pairs += view.judged;
    else
      part("aggregate " + view.what, n), out.shared_bytes += view.bytes;
    out.nodes.push_back({"aggregate", view.node, insight.types[view.type].name, view.what, std::nullopt,
                         static_cast<std::uint32_t>(view.rules.size()), samples.seconds(n), view.puts + view.removals,
                         view.values + view.judged, view.puts, view.removals, view.bytes});
  }
  for (const engine::StageView& view : insight.stages) {
    if (view.rule == kNoId) continue;
    const double time = samples.seconds(samples.of(WorkPart::kStage, view.stage));
    out.rules[view.rule].time += time;
    out.nodes.push_back({"stage", view.stage, insight.rules[view.rule].name, view.what, line_number(view.line), 1, time,
                         view.left + view.right, view.pairs, view.made, view.deleted, view.bytes});
  }
  for (std::uint32_t r = 0; r < insight.rules.size(); ++r) {
    const engine::RuleView& view = insight.rules[r];
    const std::uint64_t derive = samples.of(WorkPart::kDerivation, r), effects = samples.of(WorkPart::kEffects, r);
    const auto done = [&](const char* kind, const char* what, std::uint64_t n, std::uint64_t made) {
      if (n != 0) out.nodes.push_back({kind, r, view.name, what, std::nullopt, 1, samples.seconds(n), 0, 0, made, 0, 0});
    };
    done("derive", "what it derives", derive, view.matches_made);
    done("effects", "what `then` and `on clear` do", effects, view.starts + view.repeats + view.ends + view.fired);
  }
  part("agenda", samples.of(WorkPart::kAgenda));
  part("decisions", samples.of(WorkPart::kDecision));
  part("output", samples.app[static_cast<std::size_t>(AppPart::kOutput)]);
  part("recording", samples.app[static_cast<std::size_t>(AppPart::kRecord)]);
  part("answers", samples.app[static_cast<std::size_t>(AppPart::kAnswer)]);
  part("collection", samples.app[static_cast<std::size_t>(AppPart::kCollect)]);
  part("other", samples.app[static_cast<std::size_t>(AppPart::kOther)]);
  for (const RuleReport& rule : out.rules) out.rule_bytes += rule.bytes, out.rule_time += rule.time;
  for (const TypeReport& type : out.types)
    out.type_bytes += type.bytes, out.type_spare_bytes += type.spare_bytes, out.type_time += type.time;
  std::stable_sort(out.types.begin(), out.types.end(),
                   [](const TypeReport& a, const TypeReport& b) { return a.time != b.time ? a.time > b.time : a.bytes > b.bytes; });
  // Should there be too many for an answer, those that did most are in it.
  std::stable_sort(out.nodes.begin(), out.nodes.end(), [](const NodeReport& a, const NodeReport& b) {
    return a.time != b.time ? a.time > b.time : a.in + a.tried + a.made > b.in + b.tried + b.made;
  });
  for (const engine::JoinAdvice& a : session.join_advice()) {
    if (out.advice.size() < kAdviceMax) out.advice.push_back({insight.rules[a.rule].name, a.first_line + 1, a.gain});
  }
  sort_rules(out, by);
  return out;
}

}  // namespace flyball::app
