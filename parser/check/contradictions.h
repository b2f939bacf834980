// Constraints: whether conditions that must all hold can hold together, as far as comparisons of fields with constants, with
// params (by their ranges) and with words of closed sets, and questions for staleness tell. Sound: what it calls impossible is; it
// misses what functions or other fields decide. Not thread safe; one per rule.
#pragma once

#include <optional>
#include <vector>

#include "model/interner.h"
#include "model/schema.h"
#include "parser/ast/ast.h"

namespace flyball::check {

class Constraints {
 public:
  // `types` by binding; of a stale fact only its key is known.
  Constraints(const Schema& schema, const std::vector<FactTypeId>& types, Interner& interner)
      : schema_(schema), types_(types), interner_(interner) {}
  // The names that `let` lines of the block give: conditions mean what they stand for. The block must outlive this.
  void use_lets(const ast::Block& block);
  // Adds a condition; the part of it that cannot hold beside the others, or nullptr.
  const ast::Expr* add(const ast::Expr& condition) { return add(condition, true); }
  // Whether the conditions added so far make this one true. With `own` the fields of that binding are read as `as`'s.
  bool implies(const ast::Expr& condition, std::uint32_t own = kNoId, std::uint32_t as = kNoId) const;

 private:
  // The values that a field can still have, if they can be counted.
  struct Choice {
    std::uint32_t binding = 0;
    std::uint32_t field = 0;
    std::vector<Value> values;
  };
  // How a field still can stand to a param: less, equal, greater.
  struct Relation {
    std::uint32_t binding = 0;
    std::uint32_t field = 0;
    std::uint32_t param = 0;
    unsigned ways = 7;
  };
  struct Bounds {
    std::uint32_t binding = 0;
    std::uint32_t field = 0;
    std::optional<Value> lower, upper;
    bool lower_open = false;
    bool upper_open = false;
  };
  // With `truth` false, the condition is to be false.
  const ast::Expr* add(const ast::Expr& condition, bool truth);
  const ast::Expr* compare(const ast::Expr& e, bool truth);
  // Several of which one must have that truth.
  const ast::Expr* one_of(const ast::Expr& e, bool truth) const;
  bool bound(const ast::Expr& field, ast::Op op, const Value& constant);
  bool possible(const Bounds& b) const;
  // The field is (or, with `in` false, is not) one of the values.
  bool choose(const ast::Expr& field, const std::vector<Value>& values, bool in);
  bool relate(const ast::Expr& field, ast::Op op, std::uint32_t param);
  const ast::Expr& meant(const ast::Expr& e) const;
  bool known(const ast::Expr& field);
  bool stale(const ast::Expr& e);
  std::uint32_t binding_of(const ast::Expr& e) const { return e.ref.binding == own_ ? as_ : e.ref.binding; }

  const Schema& schema_;
  const std::vector<FactTypeId>& types_;
  Interner& interner_;
  std::uint32_t own_ = kNoId;
  std::uint32_t as_ = kNoId;
  bool trial_ = false;                  // of implies: what is only supposed tells nothing about staleness
  std::vector<const ast::Expr*> lets_;  // by let index
  std::vector<Bounds> bounds_;
  std::vector<Choice> choices_;
  std::vector<Relation> relations_;
  std::vector<std::uint32_t> known_, stale_;  // bindings of which a field is known, which are stale
};

}  // namespace flyball::check
