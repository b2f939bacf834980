// Scope: what names mean while an expression is evaluated; and the doors of evaluation (semantics.md §1, §4).
// Evaluation is a walk over the tree; an unknown is Value::unknown() or any other error value. Shares nothing with engine/.
#pragma once

#include <optional>
#include <vector>

#include "tests/reference/naive/state.h"
#include "tests/reference/naive/truth.h"

namespace flyball::reference {

// A fact as an expression sees it.
struct Bound {
  FactTypeId type = kNoId;
  const Key* key = nullptr;
  const std::vector<Value>* values = nullptr;
  bool hidden = false;  // stale or suspended: fields outside the key are unknown
  bool suspended = false;
  Timestamp stamp;
};

struct Scope {
  State& state;
  const std::vector<const ast::Expr*>* lets = nullptr;
  const std::vector<Value>* input = nullptr;  // of a decision
  std::vector<Bound> bound;                   // by binding
  std::vector<Value> locals;                  // comprehension variables by depth
  const RulePlan* rule = nullptr;             // nullptr: of a decision
  const KeyMap<Fact>& facts_of(const ast::Pattern& p) const { return state.facts_of(rule, p.binding, p.fact_type); }
};

Bound bind_fact(const State& state, FactTypeId type, const Key& key, const Fact& fact);
Value field_of(const State& state, const Bound& fact, std::uint32_t field);

Value evaluate(const ast::Expr& e, Scope& scope);
Truth truth(const ast::Expr& e, Scope& scope);

// Operators on known values; errors are unknown.
Value arithmetic(ast::Op op, const Value& a, const Value& b, Interner& in);
Value compare(ast::Op op, const Value& a, const Value& b, const Interner& in);
Value in_collection(const Value& x, const Value& collection, const Interner& in);
Value ask(Fn fn, const Value& a, const Value& b, const Interner& in);
Value like(const Value& text, const Value& pattern, const Interner& in);

// A count that stale facts leave open is an interval of numbers.
struct CountInterval {
  std::int64_t low = 0;
  std::int64_t high = 0;
};
// The value of a count, or of a name for one; nullopt: `e` is none. An empty interval (low > high): unknown throughout.
std::optional<CountInterval> count_interval(const ast::Expr& e, Scope& scope);
Value aggregate_value(const ast::Aggregate& a, const Type& type, Scope& scope);
CountInterval aggregate_count(const ast::Aggregate& a, Scope& scope);

// What a field of the type takes: an int where it wants a double is one; what it does not have, such as a null, is unknown.
Value fitted(const Value& v, const Type& type, const State& state);

}  // namespace flyball::reference
