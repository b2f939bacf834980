// A count that is known only to lie in [known, known + unknown] (docs/explanation/semantics.md §4) as a Value.
//
// It is a kError Value, so everything that does not know about it takes it for unknown; only comparisons and `in` a
// range look closer. It may be kept as a let or an aggregate, and is never part of a fact.
#pragma once

#include <cstdint>
#include <optional>

#include "model/value.h"

namespace flyball::engine {

struct CountInterval {
  std::int64_t lower = 0;
  std::int64_t upper = 0;  // inclusive
};

inline constexpr std::int64_t kCountUnknownBits = 28;  // of the 64: the others hold the lower end

// A plain int when nothing is unknown; plain unknown when the numbers are too large to be told.
constexpr Value count_value(std::int64_t known, std::int64_t unknown) {
  if (unknown == 0) return Value::integer(known);
  if (unknown >= std::int64_t{1} << kCountUnknownBits || known >= std::int64_t{1} << (63 - kCountUnknownBits)) return Value::unknown();
  Value v = Value::unknown();
  v.bits = known << kCountUnknownBits | unknown;
  return v;
}

constexpr std::optional<CountInterval> as_count_interval(const Value& v) {
  if (v.kind != Kind::kError || v.aux != kNoHandle || v.bits == 0) return std::nullopt;
  const std::int64_t lower = v.bits >> kCountUnknownBits;
  return CountInterval{lower, lower + (v.bits & ((std::int64_t{1} << kCountUnknownBits) - 1))};
}

}  // namespace flyball::engine
