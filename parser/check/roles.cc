// Derived facts: which they are, and whether any is derived from itself in a way that has no least fixpoint. See passes.h.
//
// The graph has an edge D → T where a rule derives D and reads T. A cycle may only have edges that keep their answer while
// facts are added: a pattern or `some` that reads key fields. Every other edge (through `no`, `every`, `for`, an aggregate, `until`
// or a field that is no key) makes the cycle an error. Complexity: linear in the rules' nodes (model/components.h).
#include <fmt/format.h>

#include <algorithm>

#include "model/components.h"
#include "parser/check/expressions.h"
#include "parser/check/passes.h"

namespace flyball::check {

namespace {

struct Edge {
  FactTypeId from = 0;
  FactTypeId to = 0;
  std::string through;  // empty: keeps its answer
  ast::Span at;
};

// What a rule reads of derived facts, in written order.
class Reads {
 public:
  Reads(const Package& p, const ast::RuleDecl& rule) : p_(p), rule_(rule) {
    block(rule.when, false);
    if (rule.until) block(*rule.until, true);
    for (const ast::Effect& effect : rule.then) {
      if (effect.kind != ast::EffectKind::kDerive) continue;
      for (const ast::RecordField& f : effect.record.fields) expr(f.value);
    }
  }
  std::vector<Edge> take() { return std::move(edges_); }

 private:
  bool derived(FactTypeId t) const { return t < p_.schema.types.size() && p_.schema.types[t].role == Role::kDerived; }

  void add(FactTypeId type, std::string through, ast::Span at) {
    if (derived(type)) edges_.push_back(Edge{0, type, std::move(through), at});
  }

  void block(const ast::Block& b, bool until) {
    for (const ast::Line& line : b.lines) {
      const std::optional<ast::Expr>& hold = line.kind == ast::LineKind::kPattern ? line.pattern.hold : line.hold;
      if (line.kind != ast::LineKind::kPattern) {
        expr(line.expr);
        // A hold on a condition waits for whatever the condition reads.
        if (hold) {
          visit(line.expr, [&](const ast::Expr& x) {
            if (x.ref.kind == ast::RefKind::kField && x.ref.binding < rule_.binding_types.size())
              add(rule_.binding_types[x.ref.binding], "`for`", line.span);
          });
        }
        continue;
      }
      const ast::Pattern& pattern = line.pattern;
      std::string through;
      if (pattern.quantifier == ast::Quantifier::kNo) {
        through = "`no`";
      } else if (pattern.quantifier == ast::Quantifier::kEvery) {
        through = "`every`";
      } else if (hold) {
        through = "`for`";
      } else if (until) {
        through = "`until`";
      }
      add(pattern.fact_type, std::move(through), pattern.type.span);
      for (const ast::Join& j : pattern.joins) {
        field(pattern.binding, j.field, pattern.type.span);
        field(j.other, j.other_field, pattern.type.span);
      }
      if (pattern.each_field != kNoId) field(pattern.binding, pattern.each_field, pattern.type.span);
      if (pattern.where) expr(*pattern.where);
      if (pattern.satisfies) expr(*pattern.satisfies);
    }
  }

  void field(std::uint32_t binding, std::uint32_t index, ast::Span at) {
    if (binding >= rule_.binding_types.size()) return;
    const FactTypeId type = rule_.binding_types[binding];
    if (!derived(type) || p_.schema.types[type].is_key_field(index)) return;
    add(type, fmt::format("`{}`, which is no key field", p_.schema.types[type].fields[index].name), at);
  }

  void expr(const ast::Expr& e) {
    visit(e, [&](const ast::Expr& x) {
      if (x.ref.kind == ast::RefKind::kField) field(x.ref.binding, x.ref.field, x.span);
      if (x.kind == ast::ExprKind::kAggregate && x.aggregate) add(x.aggregate->fact_type, "an aggregate", x.span);
    });
  }

  const Package& p_;
  const ast::RuleDecl& rule_;
  std::vector<Edge> edges_;
};

// The shortest way from `from` to `to` along derivations, both included.
std::string chain(const Package& p, const std::vector<std::vector<FactTypeId>>& next, FactTypeId from, FactTypeId to) {
  std::vector<FactTypeId> came(next.size(), kNoId);
  std::vector<FactTypeId> queue{from};
  for (std::size_t i = 0; i < queue.size() && came[to] == kNoId; ++i) {
    for (const FactTypeId n : next[queue[i]]) {
      if (came[n] != kNoId) continue;
      came[n] = queue[i];
      queue.push_back(n);
    }
  }
  std::vector<std::string> words{p.schema.types[to].local};
  for (FactTypeId at = to; at != from || words.size() == 1;) {
    at = came[at];
    words.push_back(p.schema.types[at].local);
    if (at == from) break;
  }
  std::string out = "`" + p.schema.types[to].local + "`";
  for (auto it = words.rbegin(); it != words.rend(); ++it) out += " ← `" + *it + "`";
  return out;
}

}  // namespace

void find_derived(Package& p) {
  for (std::size_t i = 0; i < p.files.size(); ++i) {
    for (const ast::RuleDecl& rule : p.files[i].rules) {
      for (const ast::Effect& effect : rule.then) {
        if (effect.kind != ast::EffectKind::kDerive) continue;
        const Found found = p.names.find(SymbolKind::kType, effect.record.type.text, p.scopes[i]);
        if (found.symbol == nullptr || p.schema.types[found.symbol->id].role != Role::kFact) continue;
        p.schema.types[found.symbol->id].role = Role::kDerived;
      }
    }
  }
  for (const ast::File& file : p.files) {
    for (const ast::TypeDecl& t : file.types) {
      const FactType& type = p.schema.types[t.id];
      if (type.role != Role::kDerived) continue;
      const char* option = t.ttl ? "ttl" : t.lateness ? "lateness" : t.late ? "late" : nullptr;
      if (option == nullptr) continue;
      const ast::Span at = t.ttl ? t.ttl->span : t.lateness ? t.lateness->span : t.late->span;
      p.report.error("E0412", at, fmt::format("`{}` is derived by a rule, so `{}` means nothing for it", type.local, option),
                     "a derived fact lives exactly as long as its reasons; a fact that is published has another name");
    }
  }
}

void check_cycles(Package& p) {
  std::vector<Edge> edges;
  for (const ast::File& file : p.files) {
    for (const ast::RuleDecl& rule : file.rules) {
      std::vector<FactTypeId> heads;
      for (const ast::Effect& effect : rule.then) {
        const FactTypeId t = effect.record.fact_type;
        if (effect.kind == ast::EffectKind::kDerive && t != kNoId && std::find(heads.begin(), heads.end(), t) == heads.end())
          heads.push_back(t);
      }
      if (heads.empty()) continue;
      for (Edge& e : Reads(p, rule).take()) {
        for (const FactTypeId head : heads) {
          e.from = head;
          edges.push_back(e);
        }
      }
    }
  }
  if (edges.empty()) return;
  std::vector<std::vector<FactTypeId>> next(p.schema.types.size());
  for (const Edge& e : edges) next[e.from].push_back(e.to);
  const std::vector<std::uint32_t> component = strong_components(next).of;
  std::vector<bool> said(next.size(), false);
  for (const Edge& e : edges) {
    if (e.through.empty() || component[e.from] != component[e.to] || said[component[e.from]]) continue;
    // A node alone is a cycle only through an edge to itself, which this edge then is.
    said[component[e.from]] = true;
    const std::string help =
        e.from == e.to ? std::string("it would be its own reason: break the cycle, or keep this state in a `mutable fact`")
                       : fmt::format("{}: break the cycle, or keep one of them in a `mutable fact`", chain(p, next, e.to, e.from));
    p.report.error("E0508", e.at, fmt::format("`{}` is derived from itself through {}", p.schema.types[e.from].local, e.through), help);
  }
}

}  // namespace flyball::check
