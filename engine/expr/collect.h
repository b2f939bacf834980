// Making lists, maps and texts out of values that may be unknown; shared by the evaluator and the compiler's folding.
#pragma once

#include <span>

#include "model/interner.h"
#include "model/value.h"

namespace flyball::engine {

// An element that is unknown makes the whole unknown. `optional`: bit i (a kBool) of the list says that element i is an
// optional, which is left out when it has no value; empty: none is.
Value make_list(std::span<const Value> items, std::span<const Value> optional, Interner& in);
// key, value, key, value …; bit i of `optional` is about the i-th value. Repeated keys are an error, 1 and 1u too.
Value make_map(std::span<const Value> pairs, std::span<const Value> optional, Interner& in);
Value make_range(const Value& lower, const Value& upper, bool half_open, Interner& in);
// f-strings: the texts in a row.
Value concatenate(std::span<const Value> parts, Interner& in);

}  // namespace flyball::engine
