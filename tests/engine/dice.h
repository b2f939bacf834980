// Dice: the random numbers of tests, the same on every machine.
#pragma once

#include <cstdint>

namespace flyball::engine {

struct Dice {
  std::uint64_t state;
  explicit Dice(std::uint64_t seed) : state(seed) {}
  std::uint64_t below(std::uint64_t n) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (state >> 33) % n;
  }
};

}  // namespace flyball::engine
