// See span_ties.h.
#include "engine/compile/span_ties.h"

#include <algorithm>

#include "engine/expr/order_place.h"

namespace flyball::engine {

namespace {

using ast::Expr;
using ast::ExprKind;
using ast::Op;

// A field of the fact's own that is not below (`above`) or not above something known on the left.
struct Bound {
  const Expr* own = nullptr;
  const Expr* left = nullptr;
  bool above = false;
};

bool is_address(const Type& type) { return kind_of(type) == Kind::kIp || kind_of(type) == Kind::kCidr; }

// They say the same. What is not sure does not.
bool same(const Expr& a, const Expr& b) {
  const bool plain = a.kind == b.kind && a.op == b.op && a.fn == b.fn && a.half_open == b.half_open && a.literal == b.literal &&
                     !a.aggregate && !b.aggregate && a.names.empty() && b.names.empty() && a.args.size() == b.args.size();
  if (!plain || a.ref.kind != b.ref.kind || a.ref.binding != b.ref.binding || a.ref.field != b.ref.field || a.ref.index != b.ref.index)
    return false;
  if (a.ref.kind == ast::RefKind::kNone && a.name != b.name) return false;
  return std::ranges::equal(a.args, b.args, same);
}

}  // namespace

std::optional<SpanTie> find_span_tie(const std::vector<const Expr*>& parts, const std::function<bool(const Expr&)>& is_own,
                                     const std::function<bool(const Expr&)>& is_left) {
  std::vector<Bound> bounds;
  const auto add_bound = [&](const Expr& low, const Expr& high) {  // `low` is not above `high`
    const Kind kind = kind_of(low.type);
    if (kind != kind_of(high.type) || !has_place(kind)) return;
    if (is_own(low) && is_left(high)) bounds.push_back({&low, &high, false});
    if (is_own(high) && is_left(low)) bounds.push_back({&high, &low, true});
  };
  const auto of_address = [&](const Expr& inside, const Expr& prefix) -> std::optional<SpanTie> {
    if (kind_of(prefix.type) != Kind::kCidr || !is_address(inside.type)) return std::nullopt;
    const bool own_prefix = is_own(prefix);
    if (!(own_prefix ? is_left(inside) : is_own(inside) && is_left(prefix))) return std::nullopt;
    const std::uint32_t field = own_prefix ? prefix.ref.field : inside.ref.field;
    return SpanTie{{SpanFields::Form::kAddresses, own_prefix, Kind::kNull, field, field}, own_prefix ? &inside : &prefix, nullptr};
  };

  for (const Expr* part : parts) {
    if (part->kind == ExprKind::kCall && part->args.size() == 2 && (part->fn == Fn::kContainsIp || part->fn == Fn::kContainsCidr)) {
      if (const auto tie = of_address(part->args[1], part->args[0])) return tie;
    }
    if (part->kind != ExprKind::kBinary) continue;
    const Expr &a = part->args[0], &b = part->args[1];
    switch (part->op) {
      case Op::kLess:
      case Op::kLessEqual: add_bound(a, b); break;
      case Op::kGreater:
      case Op::kGreaterEqual: add_bound(b, a); break;
      case Op::kIn: {
        // A time of day may lie in a range that ends before it begins.
        if (b.kind == ExprKind::kRange && kind_of(a.type) != Kind::kTimeOfDay) {
          add_bound(b.args[0], a);
          add_bound(a, b.args[1]);
        }
        if (const auto tie = of_address(a, b)) return tie;
        break;
      }
      default: break;
    }
  }

  for (const Bound& low : bounds) {
    for (const Bound& high : bounds) {
      const bool is_point = low.above && !high.above && low.own->ref.field == high.own->ref.field;
      const bool is_span = !low.above && high.above && kind_of(low.own->type) == kind_of(high.own->type) && same(*low.left, *high.left);
      if (!is_point && !is_span) continue;
      return SpanTie{{SpanFields::Form::kPlaces, is_span, kind_of(low.own->type), low.own->ref.field, high.own->ref.field},
                     low.left,
                     is_point ? high.left : nullptr};
    }
  }
  return std::nullopt;
}

}  // namespace flyball::engine
