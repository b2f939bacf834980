// Comparing Values by content. Two relations, never confused:
//  - compare_total: a total order over all Values, for determinism (keys of facts, order of activations,
//    sorted maps). Never fails. Strings by bytes; numbers of one kind numerically; kinds by enumerator.
//  - cel_equal / cel_compare: what expressions mean by == and <, with CEL's heterogeneous numbers.
// Complexity: O(1) for scalars, O(length) for the rest. Thread safety: as the Interner's.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>

#include "model/interner.h"
#include "model/value.h"

namespace flyball {

// -1, 0, +1. NaN sorts after every number and equals itself; -0.0 before 0.0.
int compare_total(const Value& a, const Value& b, const Interner& in);

// The beginning of a value in that order: if a is before b, its prefix is not greater than that of b. Many are sorted by it, and only
// those with the same are compared.
std::uint64_t order_prefix(const Value& v, const Interner& in);

// CEL `==`: an int or uint compares with a double as the nearest double, with each other mathematically; lists and maps element by element,
// values of kinds that cannot be equal are unequal (not an error). NaN equals nothing.
bool cel_equal(const Value& a, const Value& b, const Interner& in);

// CEL `<` family: nullopt if the two kinds have no order between them; unordered if a NaN is involved.
std::optional<std::partial_ordering> cel_compare(const Value& a, const Value& b, const Interner& in);

// The number `v` (int, uint or double) as kind `to` if it is exactly representable there; else null.
Value as_kind(const Value& v, Kind to);

}  // namespace flyball
