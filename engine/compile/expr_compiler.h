// From checked ast::Expr to Code, and what the network compiler asks about a condition before that: its conjuncts, and
// whether one of them is a simple test that an index can answer.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "engine/expr/code.h"
#include "engine/expr/field_fit.h"
#include "model/interner.h"
#include "model/schema.h"
#include "parser/ast/expr.h"

namespace flyball::engine {

struct ExprContext {
  const Schema* schema = nullptr;              // may be null where no facts are read (eval)
  const std::vector<Value>* params = nullptr;  // by Schema::params index; folded in as constants
  Interner* interner = nullptr;
  const std::vector<std::unique_ptr<const CalendarClock>>* calendars = nullptr;  // by Schema::calendars index
  const ast::Expr* clock = nullptr;                        // the condition on `now` that is itself compiled, not asked for
  const std::set<std::uint32_t>* inlined = nullptr;        // more of them, by number
  const std::vector<FactTypeId>* binding_types = nullptr;  // by binding, kNoId: unknown; for stale(field)
};

// Total: what has no meaning (a hole, a bad constant pattern) is compiled to unknown with a message.
Code compile_expr(const ast::Expr& expr, const ExprContext& context);

// The value of an expression that reads nothing (durations of holds, defaults, priorities); unknown if it does or errs.
Value constant_value(const ast::Expr& expr, const ExprContext& context);

// What a field of type `want` takes of the expression's values.
FieldFit field_fit(const ast::Expr& expr, const Type& want);

// The parts of `a and b and …`, in written order; the expression itself if it is no `and`.
std::vector<const ast::Expr*> conjuncts(const ast::Expr& expr);

// One conjunct of a form an index can answer. `field` of `binding` always stands on the left: `80% < util` is turned round.
struct SimpleTest {
  enum class Form : std::uint8_t {
    kFieldConstant,  // field op constant
    kFieldField,     // field op other_field of other_binding
    kFieldInput,     // field op decision input `other_field`
    kInputConstant,  // decision input `field` op constant
    kFieldIn,        // field in [constants]
    kInputIn,
  };
  Form form = Form::kFieldConstant;
  Compare op = Compare::kEqual;
  std::uint32_t binding = 0;
  std::uint32_t field = 0;
  std::uint32_t other_binding = 0;
  std::uint32_t other_field = 0;
  Value constant;                // never kError; may be null for == and !=
  std::vector<Value> constants;  // kFieldIn, kInputIn
  Type field_type;               // of the left side
};
std::optional<SimpleTest> simple_test(const ast::Expr& expr, const ExprContext& context);

}  // namespace flyball::engine
