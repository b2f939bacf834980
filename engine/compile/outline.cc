// The outline of a plan. See engine/outline.h.
#include "engine/outline.h"

#include <fmt/format.h>

#include <map>

#include "engine/compile/node_words.h"
#include "engine/compile/program_data.h"
#include "model/text.h"

namespace flyball::engine {
namespace {

class Outliner {
 public:
  explicit Outliner(const ProgramData& data) : data_(data) {}

  void chain(const ChainPlan& chain) {
    std::uint32_t last = kNoId;
    for (const StageId id : path_of(data_, chain)) {
      const StagePlan& stage = data_.stages[id];
      const bool first_pattern = stage.kind == StageKind::kPattern && last == kNoId && stage.keys.empty() && stage.residual.empty();
      const std::uint32_t self = first_pattern ? alpha(stage.alpha) : made(id, line_of(data_, chain, stage));
      if (last != kNoId) arrow(last, self, false);
      if (!first_pattern && stage.alpha != kNoId) arrow(alpha(stage.alpha), self, stage.negated);
      if (stage.kind == StageKind::kAggregate) {
        const AggregateUse& use = data_.uses[stage.node];
        arrow(use.clock ? clock(use.clock->calendar) : aggregate(use.node), self, false);
      }
      if (stage.kind == StageKind::kHold) arrow(hold(stage.table), self, false);
      if (stage.kind == StageKind::kAbsence) arrow(absence(stage.table), self, true);
      last = self;
    }
    if (last == kNoId) return;
    switch (chain.end) {
      case ChainEnd::kShared: break;  // those that go on from it have shown it
      case ChainEnd::kRule:
      case ChainEnd::kGate: arrow(last, rule(chain.owner, OutlineKind::kRule), false); break;
      case ChainEnd::kUntil: arrow(last, rule(chain.owner, OutlineKind::kUntil), false); break;
      case ChainEnd::kWatch: arrow(last, rule(chain.owner, OutlineKind::kRule), false); break;
      case ChainEnd::kHold: arrow(last, hold(chain.owner), false); break;
      case ChainEnd::kAbsence:
      case ChainEnd::kSeen: arrow(last, absence(chain.owner), false); break;
    }
  }

  Outline out;

 private:
  const FactType& fact_type(FactTypeId id) const { return data_.rule_set.schema.types[id]; }
  std::uint32_t add(OutlineKind kind, std::string label, std::string more, std::uint32_t id = kNoId) {
    out.nodes.push_back({kind, std::move(label), std::move(more), {}, id});
    return static_cast<std::uint32_t>(out.nodes.size() - 1);
  }
  void arrow(std::uint32_t from, std::uint32_t to, bool negated) {
    for (const Outline::Arrow& a : out.arrows) {
      if (a.from == from && a.to == to) return;
    }
    out.arrows.push_back({from, to, negated});
  }
  template <typename Make>
  std::uint32_t once(std::map<std::uint32_t, std::uint32_t>& known, std::uint32_t id, const Make& make) {
    if (const auto at = known.find(id); at != known.end()) return at->second;
    const std::uint32_t node = make();
    known.emplace(id, node);
    return node;
  }

  std::uint32_t type(FactTypeId id) {
    return once(types_, id, [&] { return add(OutlineKind::kType, fact_type(id).local, fact_type(id).name, id); });
  }
  std::uint32_t alpha(AlphaId id) {
    const AlphaPlan& plan = data_.alphas[id];
    if (plan.text.empty()) return type(plan.type);
    return once(alphas_, id, [&] {
      const std::string way = way_words(plan.dispatch, [&](std::uint32_t f) { return fact_type(plan.type).fields[f].name; });
      const std::uint32_t node =
          add(OutlineKind::kAlpha, plan.text,
              fmt::format("alpha memory {} of {}: {}; {} index{}, feeds {} stage{}", id, fact_type(plan.type).local,
                          way.empty() ? "tried on every fact" : way, plan.indexes.size(), plan.indexes.size() == 1 ? "" : "es",
                          plan.successors.size(), plan.successors.size() == 1 ? "" : "s"),
              id);
      arrow(type(plan.type), node, false);
      return node;
    });
  }
  std::uint32_t aggregate(NodeId id) {
    const AggregateNode& plan = data_.nodes[id];
    return once(aggregates_, id, [&] {
      const std::uint32_t node =
          add(OutlineKind::kAggregate, aggregate_label(data_, plan),
              fmt::format("aggregate node {}, read by {} stage{}", id, plan.consumers.size(), plan.consumers.size() == 1 ? "" : "s"), id);
      arrow(plan.alpha != kNoId ? alpha(plan.alpha) : type(plan.type), node, false);
      return node;
    });
  }
  // What makes a condition with `now` another: a calendar, or (kNoId) a time that has come.
  std::uint32_t clock(std::uint32_t calendar) {
    return once(clocks_, calendar, [&] {
      return calendar == kNoId
                 ? add(OutlineKind::kMemory, "now", "asked again when the time has come")
                 : add(OutlineKind::kMemory, data_.calendars[calendar]->name(), "a calendar: asked again when it opens or closes");
    });
  }
  std::uint32_t hold(TableId id) {
    const HoldPlan& plan = data_.holds[id];
    return once(holds_, id, [&] {
      return add(OutlineKind::kMemory, "for " + format_duration_human(plan.hold_ns),
                 fmt::format("hold of {}, line {}", data_.rules[plan.rule].name, plan.line + 1));
    });
  }
  std::uint32_t absence(TableId id) {
    const AbsencePlan& plan = data_.absences[id];
    return once(absences_, id, [&] {
      const std::uint32_t node =
          add(OutlineKind::kMemory, fmt::format("no {} for {}", fact_type(plan.watched).local, format_duration_human(plan.silence_ns)),
              fmt::format("silence in {}, line {}", data_.rules[plan.rule].name, plan.line + 1));
      return node;
    });
  }
  std::uint32_t rule(std::uint32_t id, OutlineKind kind) {
    return once(kind == OutlineKind::kRule ? rules_ : untils_, id, [&] {
      const std::string& name = data_.rules[id].name;
      const std::size_t dot = name.rfind('.');
      const std::string local = dot == std::string::npos ? name : name.substr(dot + 1);
      return kind == OutlineKind::kRule ? add(kind, local, name, id) : add(kind, local + ": until", "the exit condition of " + name);
    });
  }

  std::uint32_t made(StageId id, ast::Span at) {
    const StagePlan& stage = data_.stages[id];
    std::string label = stage_label(data_, stage), more;
    // A check is shown as its author wrote it.
    for (const Formula& f : stage.residual) {
      if (stage.kind == StageKind::kCheck) break;
      more += (more.empty() ? "where " : " and ") + f.text;
    }
    if (stage.kind != StageKind::kCheck && stage.index != kNoId && stage.keys.empty())
      more += (more.empty() ? "" : "; ") + std::string("no index: every fact is tried");
    return once(stages_, id, [&] {
      const std::uint32_t node = add(OutlineKind::kStage, std::move(label), std::move(more), id);
      out.nodes[node].at = at;
      return node;
    });
  }

  const ProgramData& data_;
  std::map<std::uint32_t, std::uint32_t> types_, alphas_, aggregates_, holds_, absences_, clocks_, rules_, untils_, stages_;
};

}  // namespace

Outline outline(const Program& program, std::optional<std::uint32_t> rule) {
  Outliner outliner(program.data());
  for (const ChainPlan& chain : program.data().chains) {
    if (chain.vacant || chain.end == ChainEnd::kShared) continue;
    if (!rule || rule_of(program.data(), chain) == *rule) outliner.chain(chain);
  }
  return std::move(outliner.out);
}

}  // namespace flyball::engine
