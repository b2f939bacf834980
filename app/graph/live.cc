// Counters on drawings, and plans in words.
#include "app/graph/live.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "app/insight/view.h"

namespace flyball::app {
namespace {

std::string share(double time, const InsightReport& live) {
  return live.sampled > 0 ? fmt::format(", {:.1f} % of the time", 100 * time / live.sampled) : std::string();
}

std::string of_node(const NodeReport& n, const InsightReport& live) {
  if (n.kind == "alpha")
    return fmt::format("{} tests, {} facts came, {} went, {} are there, {}", with_commas(n.in), with_commas(n.made), with_commas(n.gone),
                       with_commas(n.standing()), bytes_text(n.bytes));
  if (n.kind == "aggregate")
    return fmt::format("{} changes, asked {} times, {} are there, {}{}", with_commas(n.in), with_commas(n.tried), with_commas(n.standing()),
                       bytes_text(n.bytes), share(n.time, live));
  return fmt::format("{} activations, {} pairs, {} made, {} deleted, {} stand, {}{}", with_commas(n.in), with_commas(n.tried),
                     with_commas(n.made), with_commas(n.gone), with_commas(n.standing()), bytes_text(n.bytes), share(n.time, live));
}

using Nodes = std::map<std::pair<std::string_view, std::uint32_t>, const NodeReport*>;
Nodes by_number(const InsightReport& live) {
  Nodes out;
  for (const NodeReport& n : live.nodes) out.emplace(std::pair<std::string_view, std::uint32_t>(n.kind, n.id), &n);
  return out;
}

// Of a rule that does nothing until the rules are loaded again.
constexpr std::string_view kOff = " (off: in quarantine, see `flyball status`)";

// As its author writes it, on one line.
std::string on_one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!blank || (!out.empty() && out.back() != ' ')) out += blank ? ' ' : c;
  }
  return out;
}

}  // namespace

void put_on(Graph& graph, const engine::Outline& outline, const engine::Program& program, const InsightReport& live) {
  const Nodes nodes = by_number(live);
  std::unordered_map<std::string_view, const RuleReport*> rules;
  for (const RuleReport& r : live.rules) rules.emplace(r.rule, &r);
  std::unordered_map<std::string_view, const TypeReport*> types;
  for (const TypeReport& t : live.types) types.emplace(t.type, &t);
  const std::vector<FactType>& known = program.schema().types;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const engine::OutlineNode& of = outline.nodes[i];
    GraphNode& box = graph.nodes[i];
    const auto say = [&](std::uint64_t now, const std::string& all) {
      box.label = with_commas(now) + " · " + box.label;
      box.title += ": " + all;
    };
    const auto node = [&](std::string_view kind) {
      const auto at = nodes.find({kind, of.id});
      if (at != nodes.end()) say(at->second->standing(), of_node(*at->second, live));
    };
    switch (of.kind) {
      case engine::OutlineKind::kType: {
        const auto t = of.id < known.size() ? types.find(known[of.id].name) : types.end();
        if (t == types.end()) break;
        const TypeReport& type = *t->second;
        say(type.live + type.stale, fmt::format("{} changes, {} live, {} stale, {}{}", with_commas(type.updates), with_commas(type.live),
                                                with_commas(type.stale), bytes_text(type.bytes), share(type.time, live)));
        break;
      }
      case engine::OutlineKind::kAlpha: node("alpha"); break;
      case engine::OutlineKind::kStage: node("stage"); break;
      case engine::OutlineKind::kAggregate: node("aggregate"); break;
      case engine::OutlineKind::kRule: {
        const auto r = of.id < program.rules().rules.size() ? rules.find(program.rules().rules[of.id].qualified) : rules.end();
        if (r == rules.end()) break;
        const RuleReport& rule = *r->second;
        if (rule.off) box.label += kOff;
        say(rule.matches, fmt::format("{} matches, {} firings, {} tokens, {}{}", with_commas(rule.matches), with_commas(rule.firings()),
                                      with_commas(rule.standing()), bytes_text(rule.bytes), share(rule.time, live)));
        break;
      }
      case engine::OutlineKind::kMemory:
      case engine::OutlineKind::kUntil: break;
    }
  }
}

std::string plan_text(const std::vector<engine::PlanStory>& stories, const SourceFiles& sources, const InsightReport* live) {
  const Nodes nodes = live != nullptr ? by_number(*live) : Nodes();
  const auto counted = [&](std::string_view kind, std::uint32_t id) {
    const auto at = nodes.find({kind, id});
    return at == nodes.end() ? std::string() : fmt::format("       = {}\n", of_node(*at->second, *live));
  };
  std::string out;
  for (const engine::PlanStory& story : stories) {
    const auto off = live == nullptr
                         ? std::vector<RuleReport>::const_iterator()
                         : std::find_if(live->rules.begin(), live->rules.end(), [&](const RuleReport& r) { return r.rule == story.rule; });
    const bool is_off = live != nullptr && off != live->rules.end() && off->off;
    out += fmt::format("{}rule {}{}\n", out.empty() ? "" : "\n", story.rule, is_off ? kOff : "");
    for (const engine::PlanWay& way : story.ways) {
      out += fmt::format("  {}\n", way.title);
      std::uint32_t number = 0, last = 0;
      bool as_written = true;
      for (const engine::PlanStep& step : way.steps) {
        const std::string line = step.line == kNoId ? "" : fmt::format("line {}: ", step.line + 1);
        const std::string text = step.at.end > step.at.begin ? on_one_line(sources.text(step.at)) : step.title;
        out += fmt::format("    {}. {}{}\n", ++number, line, text);
        if (text != step.title) out += fmt::format("       {}\n", step.title);
        for (const std::string& note : step.notes) out += fmt::format("       - {}\n", note);
        if (step.alpha != kNoId) out += counted("alpha", step.alpha);
        out += counted("stage", step.stage);
        if (step.line != kNoId) as_written = as_written && step.line >= last, last = step.line;
      }
      if (way.steps.size() > 1) out += fmt::format("    order: {}\n", as_written ? "as written" : "not as written: " + way.order);
      out += fmt::format("    → {}\n", way.end);
    }
  }
  return out;
}

}  // namespace flyball::app
