// `top` and `profile` as text.
#include "app/insight/view.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <unordered_map>

#include "app/cli/io.h"
#include "model/text.h"

namespace flyball::app {
namespace {

constexpr std::size_t kTypesShown = 8;
constexpr std::size_t kNodesShown = 10;

// Rules whose lines stand in an order that costs.
std::string advice_text(const InsightReport& r) {
  std::string out;
  for (const AdviceReport& a : r.advice)
    out += fmt::format("{}{}: line {} first would look at {:.0f} times fewer pairs\n", out.empty() ? "\n" : "", a.rule, a.line, a.gain);
  return out;
}

// A table whose columns are as wide as they need to be; the last one is text.
class Table {
 public:
  explicit Table(std::vector<std::string> head) : widths_(head.size()) { row(std::move(head)); }
  void row(std::vector<std::string> cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) widths_[i] = std::max(widths_[i], cells[i].size());
    rows_.push_back(std::move(cells));
  }
  std::string text(bool bold) const {
    std::string out;
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      if (r == 0 && bold) out += colour::kBold;
      for (std::size_t i = 0; i + 1 < rows_[r].size(); ++i) out += fmt::format("{:>{}}  ", rows_[r][i], widths_[i]);
      out += rows_[r].back();
      if (r == 0 && bold) out += colour::kReset;
      out += '\n';
    }
    return out;
  }

 private:
  std::vector<std::size_t> widths_;
  std::vector<std::vector<std::string>> rows_;
};

std::string rate(double n) {
  return n >= 100 || n == 0 ? with_commas(static_cast<std::uint64_t>(std::llround(n))) : fmt::format("{:.1f}", n);
}

std::string memory_line(const InsightReport& r) {
  return fmt::format("memory {}: facts {} in use and {} spare, rules' own {}, shared by rules {}, the rest {}\n", bytes_text(r.bytes),
                     bytes_text(r.type_bytes - std::min(r.type_spare_bytes, r.type_bytes)), bytes_text(r.type_spare_bytes),
                     bytes_text(r.rule_bytes), bytes_text(r.shared_bytes), bytes_text(r.other_bytes));
}

// Behind the first rows, some of which may be shared joins.
std::string more_rules(const InsightReport& r, std::size_t rows) {
  std::uint64_t rules = rule_count(r);
  for (const RuleReport& row : std::span(r.rules).first(rows)) rules -= row.shared_joins || rules == 0 ? 0 : 1;
  return rules == 0 ? "" : fmt::format("and {} more {}\n", with_commas(rules), rules == 1 ? "rule" : "rules");
}

}  // namespace

std::string with_commas(std::uint64_t n) {
  std::string digits = std::to_string(n);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string bytes_text(std::uint64_t bytes) {
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double n = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; n >= 1024 && unit < 4; ++unit) n /= 1024;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", n, kUnits[unit]);
}

std::optional<InsightReport> insight_since(const InsightReport& before, const InsightReport& after) {
  if (before.plan != after.plan || after.facts < before.facts || after.instants < before.instants || after.at <= before.at)
    return std::nullopt;
  InsightReport out = after;
  const auto minus = [](auto& from, auto what) { from = from < what ? 0 : from - what; };
  minus(out.at, before.at);
  minus(out.sampled, before.sampled);
  minus(out.rule_time, before.rule_time);
  minus(out.type_time, before.type_time);
  minus(out.facts, before.facts);
  minus(out.firings, before.firings);
  minus(out.instants, before.instants);
  std::unordered_map<std::string_view, const RuleReport*> rules;
  for (const RuleReport& r : before.rules) rules.emplace(r.rule, &r);
  for (RuleReport& r : out.rules) {
    const auto was = rules.find(r.rule);
    if (was == rules.end()) continue;
    const RuleReport& b = *was->second;
    minus(r.time, b.time);
    for (const auto member :
         {&RuleReport::left, &RuleReport::right, &RuleReport::pairs, &RuleReport::tests, &RuleReport::made, &RuleReport::deleted,
          &RuleReport::starts, &RuleReport::repeats, &RuleReport::ends, &RuleReport::fired, &RuleReport::effect_errors})
      minus(r.*member, b.*member);
  }
  for (TypeReport& t : out.types) {
    for (const TypeReport& b : before.types) {
      if (b.type != t.type) continue;
      minus(t.time, b.time);
      minus(t.updates, b.updates);
    }
  }
  for (PartReport& p : out.parts) {
    for (const PartReport& b : before.parts) {
      if (b.part == p.part) minus(p.time, b.time);
    }
  }
  out.nodes.clear();
  return out;
}

std::string top_text(const InsightReport& now, const std::optional<InsightReport>& since, const TopView& view) {
  const double seconds = since ? since->at : 0;
  const InsightReport& happened = since ? *since : now;
  const auto per_second = [&](double n) { return since ? rate(n / seconds) : with_commas(static_cast<std::uint64_t>(n)); };
  const char* per = since ? "/s" : "";
  std::string out =
      fmt::format("{} {}; {} facts taken", with_commas(rule_count(now)), rule_count(now) == 1 ? "rule" : "rules", with_commas(now.facts));
  if (since) out += fmt::format(" ({}/s)", rate(static_cast<double>(since->facts) / seconds));
  out += fmt::format(", {} firings", with_commas(now.firings));
  if (since) out += fmt::format(" ({}/s)", rate(static_cast<double>(since->firings) / seconds));
  out += fmt::format(", {} tokens\n", with_commas(now.tokens));
  out += memory_line(now);

  const double whole = since ? seconds : happened.sampled;  // of which times are shares
  const auto share = [&](double time) { return whole > 0 && happened.sampled > 0 ? fmt::format("{:.1f}", 100 * time / whole) : "-"; };
  if (happened.sampled > 0) {
    out += since ? fmt::format("busy {} % of a core", share(happened.sampled)) : fmt::format("sampled {:.2f} s", happened.sampled);
    out += fmt::format(": rules {}, tests on single facts {}", share(happened.rule_time), share(happened.type_time));
    for (const PartReport& part : happened.parts) {
      if (part.time > 0) out += fmt::format(", {} {}", part.part, share(part.time));
    }
    out += "\n";
  } else {
    out += now.sampling ? "idle: no time to sample\n" : "no time is sampled\n";
  }

  InsightReport sorted = happened;
  sort_rules(sorted, view.by);
  // Tokens stand: their number is not one of a difference.
  std::unordered_map<std::string_view, std::uint64_t> standing;
  for (const RuleReport& r : now.rules) standing.emplace(r.rule, r.standing());
  Table rules({"time%", fmt::format("work{}", per), fmt::format("pairs{}", per), fmt::format("firings{}", per), "matches", "tokens",
               "memory", "rule"});
  const std::size_t shown = std::min(view.rules, sorted.rules.size());
  for (const RuleReport& r : std::span(sorted.rules).first(shown)) {
    rules.row({share(r.time), per_second(static_cast<double>(r.work())), per_second(static_cast<double>(r.pairs)),
               per_second(static_cast<double>(r.firings())), with_commas(r.matches), with_commas(standing[r.rule]), bytes_text(r.bytes),
               r.rule + (r.off ? " (off)" : "")});
  }
  out += "\n" + rules.text(view.bold);
  out += more_rules(sorted, shown);

  std::vector<TypeReport> types = happened.types;
  std::stable_sort(types.begin(), types.end(), [&](const TypeReport& a, const TypeReport& b) {
    if (view.by == InsightOrder::kMemory) return a.bytes > b.bytes;
    return a.time != b.time ? a.time > b.time : a.updates > b.updates;
  });
  Table table({"time%", fmt::format("changes{}", per), "live", "stale", "in use", "spare", "type"});
  for (std::size_t i = 0; i < types.size() && i < kTypesShown; ++i) {
    const TypeReport& t = types[i];
    table.row({share(t.time), per_second(static_cast<double>(t.updates)), with_commas(t.live), with_commas(t.stale),
               bytes_text(t.used_bytes()), bytes_text(t.spare_bytes), t.type});
  }
  out += "\n" + table.text(view.bold);
  if (const std::uint64_t more = types.size() + happened.types_left_out - std::min(types.size(), kTypesShown); more > 0)
    out += fmt::format("and {} more types\n", with_commas(more));
  if (!now.advice.empty()) out += advice_text(now) + "the next reload of the rules joins them so\n";
  return out;
}

std::string profile_text(const InsightReport& r, const ProfileFigures& f, std::size_t rules) {
  const double facts = static_cast<double>(std::max<std::uint64_t>(f.facts, 1));
  const double per_pass = f.passes == 0 ? 0 : f.seconds / static_cast<double>(f.passes);
  const double best = f.plain_seconds > 0 ? f.plain_seconds : per_pass;
  std::string out = fmt::format("{} inputs in {:.3f} ms: {} a second, {} ns each\n", with_commas(f.facts), best * 1e3,
                                with_commas(best > 0 ? static_cast<std::uint64_t>(static_cast<double>(f.facts) / best) : 0),
                                with_commas(static_cast<std::uint64_t>(std::llround(best * 1e9 / facts))));
  out += fmt::format("looked at {} times in {} pass{}, every {}", with_commas(f.samples), with_commas(f.passes), f.passes == 1 ? "" : "es",
                     format_duration_human(f.period));
  if (f.plain_seconds > 0 && per_pass > 0) {
    const double more = 100 * (per_pass - f.plain_seconds) / f.plain_seconds;
    out += more >= 0.05 ? fmt::format("; with that a pass took {:.1f} % longer", more) : "; which cost nothing that could be measured";
  }
  out += "\n";
  if (f.samples == 0) return out + "too short to be sampled: give more facts, or `--for` more time\n" + memory_line(r);

  const double whole = r.sampled;
  const auto share = [&](double time) { return fmt::format("{:.1f}", 100 * time / whole); };
  const auto each = [&](double time) { return with_commas(static_cast<std::uint64_t>(std::llround(time / whole * best * 1e9 / facts))); };
  out += fmt::format("a share of 10 % is good to {:.1f}\n\n", 100 * 2 * std::sqrt(0.09 / static_cast<double>(f.samples)));

  struct Line {
    double time;
    std::string what;
  };
  std::vector<Line> lines{{r.rule_time, "rules: joins, tokens, what they do"}, {r.type_time, "tests on single facts"}};
  for (const PartReport& part : r.parts) {
    const char* says = part.part == "decode"       ? "decode: a line to a fact"
                       : part.part == "inputs"     ? "inputs: order of arrival, facts kept, timers"
                       : part.part == "agenda"     ? "agenda: what starts and ends, what is told"
                       : part.part == "output"     ? "output: actions and derived facts as lines, thrown away"
                       : part.part == "other"      ? "other: reading lines, and what is between"
                       : part.part == "collection" ? "collection: texts that nothing names any more"
                                                   : "";
    lines.push_back({part.time, says[0] == '\0' ? part.part : says});
  }
  std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) { return a.time > b.time; });
  Table table({"ns/input", "%", "where"});
  for (const Line& line : lines) {
    if (line.time > 0) table.row({each(line.time), share(line.time), line.what});
  }
  out += table.text(false);

  Table by_type({"ns/input", "%", "changes", "memory", "type: tests on its facts"});
  std::vector<TypeReport> types = r.types;
  std::stable_sort(types.begin(), types.end(), [](const TypeReport& a, const TypeReport& b) { return a.time > b.time; });
  for (std::size_t i = 0; i < types.size() && i < kTypesShown; ++i)
    by_type.row({each(types[i].time), share(types[i].time), with_commas(types[i].updates), bytes_text(types[i].bytes), types[i].type});
  out += "\n" + by_type.text(false);
  if (types.size() > kTypesShown) out += fmt::format("and {} more types\n", types.size() - kTypesShown);

  Table by_rule({"ns/input", "%", "work", "pairs", "firings", "matches", "memory", "rule"});
  for (std::size_t i = 0; i < r.rules.size() && i < rules; ++i) {
    const RuleReport& rule = r.rules[i];
    by_rule.row({each(rule.time), share(rule.time), with_commas(rule.work()), with_commas(rule.pairs), with_commas(rule.firings()),
                 with_commas(rule.matches), bytes_text(rule.bytes), rule.rule});
  }
  out += "\n" + by_rule.text(false);
  out += more_rules(r, std::min(rules, r.rules.size()));

  // Where within the rules: what looks at much for little.
  std::vector<NodeReport> nodes;
  for (const NodeReport& node : r.nodes) {
    if (node.time > 0) nodes.push_back(node);
  }
  std::stable_sort(nodes.begin(), nodes.end(), [](const NodeReport& a, const NodeReport& b) { return a.time > b.time; });
  Table by_node({"ns/input", "%", "tried", "made", "node"});
  for (std::size_t i = 0; i < nodes.size() && i < kNodesShown; ++i) {
    const NodeReport& n = nodes[i];
    by_node.row({each(n.time), share(n.time), with_commas(n.tried), with_commas(n.made),
                 n.of + (n.line ? fmt::format(", line {}", *n.line) : "") + ": " + n.what});
  }
  if (!nodes.empty()) out += "\n" + by_node.text(false);
  return out + advice_text(r) + "\n" + memory_line(r);
}

std::string profile_json(InsightReport& report, const ProfileFigures& f) {
  return fmt::format(
      R"({{"inputs":{},"passes":{},"plain_seconds":{:.6f},"sampled_seconds":{:.6f},"samples":{},"period_ns":{},"insight":{}}})", f.facts,
      f.passes, f.plain_seconds, f.seconds, f.samples, f.period, insight_json(report));
}

}  // namespace flyball::app
