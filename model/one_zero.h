// Of the fields of facts: 0.0 and -0.0 are equal, so what is written to one has no sign there, and both are one key.
#pragma once

namespace flyball {

constexpr double one_zero(double d) { return d + 0.0; }

}  // namespace flyball
