// Lines tied to earlier ones by where something lies: which of a line's conditions say so, together or alone.
#include <optional>
#include <vector>

#include "engine/compile/plan_builder.h"
#include "engine/expr/order_place.h"

namespace flyball::engine {

namespace {

using ast::Op;

// A field of the line's own that is not below (`above`) or not above something known on the left.
struct Bound {
  const ast::Expr* own = nullptr;
  const ast::Expr* left = nullptr;
  bool above = false;
};

bool is_address(const Type& type) { return kind_of(type) == Kind::kIp || kind_of(type) == Kind::kCidr; }

}  // namespace

// Null: none of them does. An address in a prefix comes first: it leaves the fewest.
std::unique_ptr<const JoinSpan> PlanBuilder::span_for(const std::vector<const ast::Expr*>& parts, const RuleScope& scope,
                                                      std::uint32_t own) {
  const auto is_own = [&](const ast::Expr& e) { return is_field(e) && e.ref.binding == own; };
  // It may be computed when a left side comes, and stays as it is until one of its facts changes.
  const auto is_left = [&](const ast::Expr& e) {
    std::set<std::uint32_t> reads;
    collect_reads(e, scope, reads);
    return !reads.contains(own) && is_of_facts(e, scope);
  };
  std::vector<Bound> bounds;
  const auto add_bound = [&](const ast::Expr& low, const ast::Expr& high) {  // `low` is not above `high`
    const Kind kind = kind_of(low.type);
    if (kind != kind_of(high.type) || !has_place(kind)) return;
    if (is_own(low) && is_left(high)) bounds.push_back({&low, &high, false});
    if (is_own(high) && is_left(low)) bounds.push_back({&high, &low, true});
  };

  const auto address_span = [&](const ast::Expr& inside, const ast::Expr& prefix) -> std::unique_ptr<const JoinSpan> {
    if (kind_of(prefix.type) != Kind::kCidr || !is_address(inside.type)) return nullptr;
    const bool own_prefix = is_own(prefix);
    if (!(own_prefix ? is_left(inside) : is_own(inside) && is_left(prefix))) return nullptr;
    auto span = std::make_unique<JoinSpan>();
    const std::uint32_t field = own_prefix ? prefix.ref.field : inside.ref.field;
    span->own = {SpanFields::Form::kAddresses, own_prefix, Kind::kNull, field, field};
    set_left(span->low, own_prefix ? inside : prefix, scope);
    return span;
  };

  for (const ast::Expr* part : parts) {
    if (part->kind == ast::ExprKind::kCall && part->args.size() == 2 && (part->fn == Fn::kContainsIp || part->fn == Fn::kContainsCidr)) {
      if (auto span = address_span(part->args[1], part->args[0])) return span;
    }
    if (part->kind != ast::ExprKind::kBinary) continue;
    const ast::Expr &a = part->args[0], &b = part->args[1];
    switch (part->op) {
      case Op::kLess:
      case Op::kLessEqual: add_bound(a, b); break;
      case Op::kGreater:
      case Op::kGreaterEqual: add_bound(b, a); break;
      case Op::kIn: {
        // A time of day may lie in a range that ends before it begins.
        if (b.kind == ast::ExprKind::kRange && kind_of(a.type) != Kind::kTimeOfDay) {
          add_bound(b.args[0], a);
          add_bound(a, b.args[1]);
        }
        if (auto span = address_span(a, b)) return span;
        break;
      }
      default: break;
    }
  }

  for (const Bound& low : bounds) {
    for (const Bound& high : bounds) {
      const bool is_point = low.above && !high.above && low.own->ref.field == high.own->ref.field;
      const bool is_span = !low.above && high.above && text_of(*low.left, scope, own) == text_of(*high.left, scope, own) &&
                           kind_of(low.own->type) == kind_of(high.own->type);
      if (!is_point && !is_span) continue;
      auto span = std::make_unique<JoinSpan>();
      span->own = {SpanFields::Form::kPlaces, is_span, kind_of(low.own->type), low.own->ref.field, high.own->ref.field};
      set_left(span->low, *low.left, scope);
      if (is_point) set_left(span->high, *high.left, scope);
      return span;
    }
  }
  return nullptr;
}

}  // namespace flyball::engine
