// See collect.h.
#include "engine/expr/collect.h"

#include <string>
#include <vector>

#include "engine/expr/count_interval.h"
#include "engine/expr/functions.h"
#include "engine/expr/operators.h"
#include "model/compare.h"
#include "model/text.h"

namespace flyball::engine {

namespace {

Value passed_on(const Value& error) { return as_count_interval(error) ? Value::unknown() : error; }

bool flagged(std::span<const Value> optional, std::size_t i) { return i < optional.size() && optional[i].is_true(); }

bool may_be_key(Kind k) {
  switch (k) {
    case Kind::kNull:
    case Kind::kDouble:
    case Kind::kRange:
    case Kind::kList:
    case Kind::kMap:
    case Kind::kType:
    case Kind::kOptional:
    case Kind::kError: return false;
    default: return true;
  }
}

}  // namespace

Value make_list(std::span<const Value> items, std::span<const Value> optional, Interner& in) {
  for (const Value& v : items) {
    if (v.is_error()) return passed_on(v);
  }
  if (optional.empty()) return in.list(items);
  std::vector<Value> out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!flagged(optional, i)) {
      out.push_back(items[i]);
    } else if (!items[i].is(Kind::kOptional)) {
      return no_overload(in);
    } else if (items[i].aux != kNoHandle) {
      out.push_back(in.optional_value(items[i]));
    }
  }
  return in.list(out);
}

Value make_map(std::span<const Value> pairs, std::span<const Value> optional, Interner& in) {
  std::vector<MapEntry> entries;
  bool ints = false, uints = false;
  for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
    Value value = pairs[i + 1];
    if (pairs[i].is_error()) return passed_on(pairs[i]);
    if (value.is_error()) return passed_on(value);
    if (!may_be_key(pairs[i].kind)) return in.error("unsupported key type");
    if (flagged(optional, i / 2)) {
      if (!value.is(Kind::kOptional)) return no_overload(in);
      if (value.aux == kNoHandle) continue;
      value = in.optional_value(value);
    }
    ints = ints || pairs[i].is(Kind::kInt);
    uints = uints || pairs[i].is(Kind::kUint);
    entries.push_back({pairs[i], value});
  }
  const Value map = in.map(entries);
  if (map.is_error()) return map;
  const auto sorted = in.entries(map);
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i - 1].key == sorted[i].key) return in.error("repeated key");
  }
  if (ints && uints) {
    std::vector<MapEntry> without;
    for (const MapEntry& e : sorted) {
      if (!e.key.is(Kind::kUint)) without.push_back(e);
    }
    const Value others = in.map(without);
    for (const MapEntry& e : sorted) {
      if (e.key.is(Kind::kUint) && !in.map_get(others, e.key).is_error()) return in.error("repeated key");
    }
  }
  return map;
}

Value make_range(const Value& lower, const Value& upper, bool half_open, Interner& in) {
  if (lower.is_error()) return passed_on(lower);
  if (upper.is_error()) return passed_on(upper);
  return in.range(lower, upper, half_open);
}

Value concatenate(std::span<const Value> parts, Interner& in) {
  std::string text;
  for (const Value& v : parts) {
    if (v.is_error()) return passed_on(v);
    if (v.is(Kind::kString)) {
      text.append(in.text(v));
    } else {
      text.append(to_text(v, in));
    }
    if (text.size() > kMaxTextBytes) return in.error("text too long");
  }
  return in.string(text);
}

}  // namespace flyball::engine
