// Expr: a node of an expression, from lowering to compilation. The checker fills in the second half of each node;
// nothing after it changes them. One shape of node for all kinds, held by value: copying an Expr copies the tree.
//
// What each kind holds (a = args):
//   kLiteral     literal
//   kName        name (a leading point stays: `.x`)      → ref after checking
//   kSelect      a[0] . name (name = member)             → ref when it names a fact's field, else a record/map member;
//                op == kOptional for `.?`                  a kSelect whose ref is set keeps a[0] for spans only
//   kIndex       a[0] [ a[1] ]
//   kCall        name ( a… ), or a[0] . name ( a[1]… ) when `method`; → fn
//   kUnary       op a[0]; op == kOptional: an element `[?x]` of a list or a key `{?k: v}` of a map
//   kBinary      a[0] op a[1]      (arithmetic, comparison, in, like, ??)
//   kAnd, kOr    a[0] … a[n-1]     (flattened, n >= 2)
//   kTernary     a[0] ? a[1] : a[2]
//   kList        a…
//   kMap         a[0]: a[1], a[2]: a[3], …
//   kRecord      name { field: a[i] }, field names in `names`
//   kFString     a…                (string literals and holes alternate as written)
//   kRange       a[0] .. a[1], half_open
//   kComprehension  macro `name` (has is kHas) over a[0] with variables `names` (1 or 2), then a[1] (predicate or
//                transform), a[2] (transform of the three-argument map/transformList/transformMap)
//   kHas         a[0] is the kSelect asked about
//   kStale       a[0] is a fact's field, or a whole bound fact (any field of it)
//   kNow         engine time
//   kAggregate   aggregate
//   kHole        a place that did not parse; already reported
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/aggregates.h"
#include "model/functions.h"
#include "model/type.h"
#include "model/value.h"

namespace flyball::ast {

// Bytes [begin, end) of source file `file` (index into SourceFiles).
struct Span {
  std::uint32_t file = 0;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

struct Name {
  std::string text;
  Span span;
};

enum class ExprKind : std::uint8_t {
  kLiteral,
  kName,
  kSelect,
  kIndex,
  kCall,
  kUnary,
  kBinary,
  kAnd,
  kOr,
  kTernary,
  kList,
  kMap,
  kRecord,
  kFString,
  kRange,
  kComprehension,
  kHas,
  kStale,
  kNow,
  kAggregate,
  kHole,
};

enum class Op : std::uint8_t {
  kNone,
  kNot,
  kNegate,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kRemainder,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kIn,
  kLike,
  kCoalesce,
  kOptional,
};

// `a < b` as it reads from the other side: `b > a`.
constexpr Op mirrored(Op op) {
  switch (op) {
    case Op::kLess: return Op::kGreater;
    case Op::kLessEqual: return Op::kGreaterEqual;
    case Op::kGreater: return Op::kLess;
    case Op::kGreaterEqual: return Op::kLessEqual;
    default: return op;
  }
}

enum class RefKind : std::uint8_t {
  kNone,
  kField,     // field `field` of the fact bound at `binding`
  kFact,      // the whole fact bound at `binding`
  kLet,       // the rule's (or case's) `let` line number `index`, counted from 0 within the block tree's lets
  kParam,     // Schema::params[index]
  kInput,     // the decision's input field `index`
  kLocal,     // a comprehension variable; `index` counts from 0 by nesting depth
  kVariable,  // eval's environment: `index` into the environment's variables
  kCalendar,  // Schema::calendars[index]
  kType,      // a CEL type name (int, string, …) used as a value
};

struct Ref {
  RefKind kind = RefKind::kNone;
  std::uint32_t binding = 0;
  std::uint32_t field = 0;
  std::uint32_t index = 0;
};

// A condition of a rule that reads `now` is asked again when its answer changes: it has a number among the rule's aggregates.
inline constexpr std::uint32_t kNoClock = 0xFFFF'FFFF;

using flyball::AggregateFn;

struct Aggregate;

struct Expr {
  ExprKind kind = ExprKind::kHole;
  Op op = Op::kNone;
  bool method = false;
  bool half_open = false;
  Span span;       // the whole expression
  Span name_span;  // the name, operator or member within it
  std::string name;
  Value literal;
  std::vector<std::string> names;
  std::vector<Expr> args;
  std::shared_ptr<const Aggregate> aggregate;  // shared between copies; immutable once checked

  // Filled in by the checker.
  Type type;
  Ref ref;
  Fn fn = Fn::kNone;
  std::uint32_t clock = kNoClock;  // kBinary that reads `now` in a condition: its binding
};

// An Expr or none, in the space of a pointer: most of the places a declaration has for one are empty. Copies copy the tree.
class OptionalExpr {
 public:
  OptionalExpr() = default;
  OptionalExpr(std::nullopt_t) {}                                        // NOLINT(google-explicit-constructor): as std::optional
  OptionalExpr(Expr e) : expr_(std::make_unique<Expr>(std::move(e))) {}  // NOLINT(google-explicit-constructor)
  OptionalExpr(const OptionalExpr& o) : expr_(o ? std::make_unique<Expr>(*o) : nullptr) {}
  OptionalExpr(OptionalExpr&&) noexcept = default;
  OptionalExpr& operator=(const OptionalExpr& o) { return *this = OptionalExpr(o); }
  OptionalExpr& operator=(OptionalExpr&&) noexcept = default;
  ~OptionalExpr() = default;

  explicit operator bool() const { return expr_ != nullptr; }
  bool has_value() const { return expr_ != nullptr; }
  Expr& operator*() { return *expr_; }
  const Expr& operator*() const { return *expr_; }
  Expr* operator->() { return expr_.get(); }
  const Expr* operator->() const { return expr_.get(); }
  void reset() { expr_.reset(); }

 private:
  std::unique_ptr<Expr> expr_;
};

// fn ( [k,] Type[.field | by e] [where e] [over D | over last N] [at least M samples] )
struct Aggregate {
  AggregateFn fn = AggregateFn::kCount;
  Span span;
  OptionalExpr k;  // of topk and ewma; the checker leaves a literal
  Name type_name;
  OptionalExpr value;  // the field after the dot as a kName, or the expression after `by`
  OptionalExpr where;
  OptionalExpr over;       // a constant duration
  OptionalExpr over_last;  // a constant int
  OptionalExpr at_least;   // a constant int

  // Filled in by the checker. Inside value and where, a field of the aggregated Type is ref kField of `binding`.
  std::uint32_t fact_type = 0xFFFF'FFFF;
  std::uint32_t binding = 0;
};

}  // namespace flyball::ast
