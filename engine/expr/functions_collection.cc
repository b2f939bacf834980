// Sizes, lists and optionals.
#include <algorithm>
#include <string>
#include <vector>

#include "engine/expr/eval.h"
#include "engine/expr/functions.h"
#include "engine/expr/operators.h"
#include "model/compare.h"

namespace flyball::engine {

namespace {

Value size_of(const Value& a, Interner& in) {
  switch (a.kind) {
    case Kind::kString: {
      std::int64_t n = 0;
      for (const char c : in.text(a)) n += (static_cast<unsigned char>(c) & 0xC0U) == 0x80U ? 0 : 1;
      return Value::integer(n);
    }
    case Kind::kBytes: return Value::integer(static_cast<std::int64_t>(in.text(a).size()));
    case Kind::kList: return Value::integer(static_cast<std::int64_t>(in.items(a).size()));
    case Kind::kMap: return Value::integer(static_cast<std::int64_t>(in.entries(a).size()));
    default: return no_overload(in);
  }
}

Value reversed(const Value& a, Interner& in) {
  if (a.is(Kind::kList)) {
    const auto items = in.items(a);
    std::vector<Value> out(items.rbegin(), items.rend());
    return in.list(out);
  }
  if (!a.is(Kind::kString)) return no_overload(in);
  const std::string_view text = in.text(a);
  std::string out;
  for (std::size_t end = text.size(); end > 0;) {
    std::size_t begin = end - 1;
    while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0U) == 0x80U) --begin;
    out.append(text.substr(begin, end - begin));
    end = begin;
  }
  return in.string(out);
}

Value sorted(std::span<const Value> items, Interner& in) {
  std::vector<Value> out(items.begin(), items.end());
  for (const Value& v : out) {
    const auto order = cel_compare(v, out[0], in);
    if (!order) return no_overload(in);
    if (*order == std::partial_ordering::unordered) return in.error("NaN has no place in an order");
  }
  std::stable_sort(out.begin(), out.end(),
                   [&](const Value& a, const Value& b) { return cel_compare(a, b, in) == std::partial_ordering::less; });
  return in.list(out);
}

Value distinct(std::span<const Value> items, Interner& in) {
  std::vector<Value> out;
  for (const Value& v : items) {
    if (std::ranges::none_of(out, [&](const Value& known) { return cel_equal(known, v, in); })) out.push_back(v);
  }
  return in.list(out);
}

Value flattened(std::span<const Value> items, Interner& in) {
  std::vector<Value> out;
  for (const Value& v : items) {
    if (!v.is(Kind::kList)) {
      out.push_back(v);
      continue;
    }
    const auto inner = in.items(v);
    if (out.size() + inner.size() > kMaxValueItems) return in.error("list too long");
    out.insert(out.end(), inner.begin(), inner.end());
  }
  return in.list(out);
}

Value counted(std::int64_t n, Interner& in) {
  if (n < 0 || static_cast<std::uint64_t>(n) > kMaxValueItems) return in.error("list too long");
  std::vector<Value> out;
  out.reserve(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) out.push_back(Value::integer(i));
  return in.list(out);
}

bool is_zero(const Value& v, Interner& in) {
  switch (v.kind) {
    case Kind::kNull: return true;
    case Kind::kDouble: return v.as_double() == 0;
    case Kind::kString:
    case Kind::kBytes: return in.text(v).empty();
    case Kind::kList: return in.items(v).empty();
    case Kind::kMap: return in.entries(v).empty();
    case Kind::kOptional: return v.aux == kNoHandle;
    case Kind::kTimestamp: return v.bits == 0 && v.aux == 0;
    case Kind::kIp:
    case Kind::kCidr:
    case Kind::kRange:
    case Kind::kType:
    case Kind::kError: return false;
    default: return v.bits == 0;
  }
}

Value unwrapped(std::span<const Value> items, Interner& in) {
  std::vector<Value> out;
  for (const Value& v : items) {
    if (!v.is(Kind::kOptional)) return no_overload(in);
    if (v.aux != kNoHandle) out.push_back(in.optional_value(v));
  }
  return in.list(out);
}

Value of_list(Fn fn, std::span<const Value> args, Interner& in) {
  const auto items = in.items(args[0]);
  if (fn == Fn::kSlice) {
    if (args.size() != 3 || !args[1].is(Kind::kInt) || !args[2].is(Kind::kInt)) return no_overload(in);
    const std::int64_t from = args[1].as_int(), to = args[2].as_int();
    if (from < 0 || to < from || static_cast<std::uint64_t>(to) > items.size()) return in.error("index out of bounds");
    const std::vector<Value> out(items.begin() + from, items.begin() + to);
    return in.list(out);
  }
  if (args.size() != 1) return no_overload(in);
  switch (fn) {
    case Fn::kFlatten: return flattened(items, in);
    case Fn::kDistinct: return distinct(items, in);
    case Fn::kSort: return sorted(items, in);
    case Fn::kUnwrap: return unwrapped(items, in);
    case Fn::kListFirst: return items.empty() ? Interner::optional_none() : in.optional_of(items.front());
    case Fn::kListLast: return items.empty() ? Interner::optional_none() : in.optional_of(items.back());
    default: return no_overload(in);
  }
}

Value of_optional(Fn fn, std::span<const Value> args, Interner& in) {
  const bool has = args[0].aux != kNoHandle;
  switch (fn) {
    case Fn::kHasValue: return args.size() == 1 ? Value::boolean(has) : no_overload(in);
    case Fn::kOptionalValue:
      if (args.size() != 1) return no_overload(in);
      return has ? in.optional_value(args[0]) : in.error("optional has no value");
    case Fn::kOr:
      if (args.size() != 2 || (!has && !args[1].is(Kind::kOptional))) return no_overload(in);
      return has ? args[0] : args[1];
    case Fn::kOrValue:
      if (args.size() != 2) return no_overload(in);
      return has ? in.optional_value(args[0]) : args[1];
    default: return no_overload(in);
  }
}

}  // namespace

Value functions::collection(Fn fn, std::span<const Value> args, Interner& in) {
  if (fn == Fn::kOptionalNone) return args.empty() ? Interner::optional_none() : no_overload(in);
  if (args.empty()) return no_overload(in);
  switch (fn) {
    case Fn::kSize: return args.size() == 1 ? size_of(args[0], in) : no_overload(in);
    case Fn::kReverse: return args.size() == 1 ? reversed(args[0], in) : no_overload(in);
    case Fn::kListsRange: return args.size() == 1 && args[0].is(Kind::kInt) ? counted(args[0].as_int(), in) : no_overload(in);
    case Fn::kOptionalOf: return args.size() == 1 ? in.optional_of(args[0]) : no_overload(in);
    case Fn::kOptionalOfNonZero:
      if (args.size() != 1) return no_overload(in);
      return is_zero(args[0], in) ? Interner::optional_none() : in.optional_of(args[0]);
    default: break;
  }
  if (args[0].is(Kind::kList)) return of_list(fn, args, in);
  if (args[0].is(Kind::kOptional)) return of_optional(fn, args, in);
  return no_overload(in);
}

}  // namespace flyball::engine
