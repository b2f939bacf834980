// The operators on Values as they are at run time: CEL's, and the units'. Any operand may be unknown (then the result
// is), of any kind (then "no such overload"). What a count interval can still answer, it answers (count_interval.h).
// Thread safety: as the Interner's.
#pragma once

#include <cstdint>

#include "engine/expr/code.h"
#include "model/interner.h"
#include "model/value.h"

namespace flyball::engine {

Value no_overload(Interner& in);
Value bad_pattern(const TextPattern& pattern, Interner& in);

Value arithmetic(Arithmetic op, const Value& a, const Value& b, Interner& in);
Value negate(const Value& a, Interner& in);
Value compare(Compare op, const Value& a, const Value& b, Interner& in);

// a in b: element, key, between the bounds, inside the prefix. A list also holds what its ranges and prefixes hold.
Value is_in(const Value& a, const Value& b, Interner& in);
Value is_in_range(const Value& a, const Value& lower, const Value& upper, bool half_open, Interner& in);

// a[b] and a.b (b a string); `optional`: an optional instead of an error when it is not there, and through optionals.
Value index(const Value& a, const Value& b, bool optional, Interner& in);
// has(a.b)
Value has_member(const Value& a, const Value& b, Interner& in);

}  // namespace flyball::engine
