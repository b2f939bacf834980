// Integer arithmetic that rounds once, for units. Pure; nullopt is overflow.
#pragma once

#include <cstdint>
#include <optional>

#include "model/int128.h"

namespace flyball::engine {

// n / d rounded half to even. d != 0; |n| and |d| below 2^126.
std::optional<std::int64_t> divide_half_even(Int128 n, Int128 d);

// n / d as the nearest double, ties to even. d != 0; |n|, |d| below 2^126.
double divide_to_double(Int128 n, Int128 d);

// u × d and u ÷ d rounded half to even; nullopt also when d is not finite or divides by zero.
std::optional<std::int64_t> multiply_by_double(std::int64_t u, double d);
std::optional<std::int64_t> divide_by_double(std::int64_t u, double d);

}  // namespace flyball::engine
