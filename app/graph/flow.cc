// The flow of a package: which facts rules read, and what they make of them. See graph.h.
#include <algorithm>
#include <map>

#include "app/graph/graph.h"

namespace flyball::app {
namespace {

NodeShape shape_of(Role role) {
  switch (role) {
    case Role::kFact: return NodeShape::kFact;
    case Role::kEvent: return NodeShape::kEvent;
    case Role::kMutable: return NodeShape::kMutable;
    case Role::kDerived: return NodeShape::kDerived;
    case Role::kAction: return NodeShape::kAction;
  }
  return NodeShape::kFact;
}

class Flow {
 public:
  explicit Flow(const ast::RuleSet& set) : set_(set) {}

  void rule(const ast::RuleDecl& r) {
    const std::uint32_t self = node(NodeShape::kRule, r.name.text, r.doc.empty() ? r.qualified : r.qualified + ": " + r.doc);
    std::vector<FactTypeId> absent;
    for (const ast::Block* block : {&r.when, r.until ? &*r.until : nullptr}) {
      if (block == nullptr) continue;
      for (const ast::Line& line : block->lines) {
        if (line.kind == ast::LineKind::kPattern && line.pattern.quantifier == ast::Quantifier::kNo)
          absent.push_back(line.pattern.fact_type);
      }
    }
    for (const FactTypeId t : r.binding_types) {
      if (t == kNoId) continue;
      const auto no = std::count(absent.begin(), absent.end(), t);
      const bool only_no = no > 0 && std::count(r.binding_types.begin(), r.binding_types.end(), t) == no;
      edge(type(t), self, only_no ? "no" : "", only_no);
    }
    for (const std::vector<ast::Effect>* effects : {&r.then, &r.on_clear}) {
      for (const ast::Effect& e : *effects) {
        const bool bound = e.kind == ast::EffectKind::kSet || e.kind == ast::EffectKind::kRetract;
        const FactTypeId t = bound ? (e.binding < r.binding_types.size() ? r.binding_types[e.binding] : kNoId) : e.record.fact_type;
        if (e.kind == ast::EffectKind::kLog || t == kNoId) continue;
        const bool clear = effects == &r.on_clear;
        const bool asks = r.approve && e.kind == ast::EffectKind::kDo;
        edge(self, type(t), clear ? "on clear" : asks ? "if approved" : e.kind == ast::EffectKind::kRetract ? "retract" : "", clear);
      }
    }
  }

  void decision(const ast::DecisionDecl& d) {
    const std::uint32_t self = node(NodeShape::kDecision, d.name.text, d.doc.empty() ? d.qualified : d.qualified + ": " + d.doc);
    for (const ast::Case& c : d.cases) {
      for (const FactTypeId t : c.binding_types) {
        if (t != kNoId) edge(type(t), self, "", false);
      }
    }
  }

  Graph graph;

 private:
  std::uint32_t node(NodeShape shape, std::string label, std::string title) {
    graph.nodes.push_back({shape, std::move(label), std::move(title)});
    return static_cast<std::uint32_t>(graph.nodes.size() - 1);
  }
  std::uint32_t type(FactTypeId id) {
    const auto known = types_.find(id);
    if (known != types_.end()) return known->second;
    const FactType& t = set_.schema.types[id];
    const std::uint32_t made = node(shape_of(t.role), t.local, t.doc.empty() ? t.name : t.name + ": " + t.doc);
    types_.emplace(id, made);
    return made;
  }
  void edge(std::uint32_t from, std::uint32_t to, const char* label, bool dashed) {
    for (GraphEdge& e : graph.edges) {
      if (e.from != from || e.to != to) continue;
      e.dashed = e.dashed && dashed;
      if (e.label != label) e.label.clear();
      return;
    }
    graph.edges.push_back({from, to, label, dashed});
  }
  const ast::RuleSet& set_;
  std::map<FactTypeId, std::uint32_t> types_;
};

}  // namespace

Graph flow_graph(const ast::RuleSet& rules, std::optional<std::uint32_t> rule) {
  Flow flow(rules);
  if (rule) {
    flow.rule(rules.rules[*rule]);
    return std::move(flow.graph);
  }
  for (const ast::RuleDecl& r : rules.rules) flow.rule(r);
  for (const ast::DecisionDecl& d : rules.decisions) flow.decision(d);
  return std::move(flow.graph);
}

}  // namespace flyball::app
