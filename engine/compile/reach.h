// Reach: where one field must lie for a condition to be passed, or unknown. A fact whose field lies elsewhere certainly
// fails the condition, so an index over the reaches of many leads from a fact to the few that it may pass. It says nothing of
// the others: they are tested as ever.
//
//   field == c, field in [c, …]                               kValues
//   field in 10.0.0.0/8, a list of those, field.contains…()   kNetworks   (of addresses, and of prefixes)
//   field like "leaf-*", startsWith                           kHeads      the text before the first wildcard
//   field like "*-leaf", endsWith                             kTails      the text behind the last one
//   field in 1..5, field > c and field <= d                   kIntervals  of order_place()
//
// An `or` reaches what its parts reach together, an `and` what one of them does, or of intervals what all do.
// Null, unknown and what is of another kind than the field lie anywhere, but where the condition certainly fails for null.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/interner.h"
#include "model/value.h"
#include "parser/ast/expr.h"

namespace flyball::engine {

struct ExprContext;

struct Reach {
  enum class Form : std::uint8_t { kValues, kNetworks, kHeads, kTails, kIntervals };
  struct Interval {
    std::int64_t low = 0, high = 0;  // both inside
    friend auto operator<=>(const Interval&, const Interval&) = default;
  };
  std::uint32_t field = 0;
  Form form = Form::kValues;
  Kind kind = Kind::kNull;  // of the field
  bool null_fails = false;
  std::uint32_t bits = 0;  // the more, the fewer values lie in it: about one in 2^bits
  // One of these, by form; each entry once.
  std::vector<Value> values;
  std::vector<Cidr> networks;  // without bits of hosts
  std::vector<std::string> texts;
  std::vector<Interval> intervals;  // apart, ascending
};

// What the conditions, all of which must be passed, ask of fields of `own`; `lets` by index. In no order of merit.
std::vector<Reach> reaches_of(const std::vector<const ast::Expr*>& conditions, std::uint32_t own, const std::vector<const ast::Expr*>& lets,
                              const ExprContext& context);

// The binding of the one field that the condition asks for, if it compares that with constants and does nothing else.
std::optional<std::uint32_t> compared_binding(const ast::Expr& condition, const std::vector<const ast::Expr*>& lets,
                                              const ExprContext& context);

// Whether `field` of `own` being null certainly fails the conditions.
bool null_fails(const std::vector<const ast::Expr*>& conditions, std::uint32_t own, std::uint32_t field, const ExprContext& context);

}  // namespace flyball::engine
