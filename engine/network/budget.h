// RuleBudget: how many tokens (partial matches) a rule may still make in this instant, and how much memory they may take. A rule that
// wants more is stopped: it makes none until the session has put it into quarantine, where it has none at all.
//
// The network asks once per token: two comparisons in a line that it reads anyway. Not thread-safe.
// INVARIANT: `bytes` is what the tokens cost that stages of the rule's chains made and that still are.
#pragma once

#include <algorithm>
#include <cstdint>

namespace flyball::engine {

struct RuleBudget {
  std::uint64_t instant = 0;  // that `left` and `given` are of
  std::uint64_t left = 0;     // of what was given
  std::uint64_t bytes = 0;
  std::uint64_t given = 0;  // tokens
  std::uint64_t made_max = ~std::uint64_t{0}, bytes_max = ~std::uint64_t{0};
  std::uint64_t dearest = 1;  // that one token may cost
  bool stopped = false;

  // For one token more of that cost; false: none is left of what was given in this instant, nor is more given.
  bool take(std::uint64_t now, std::uint64_t cost) {
    if (instant != now) [[unlikely]] {
      instant = now;
      left = given = 0;
    }
    if (left == 0) [[unlikely]] {
      if (!give()) return false;
    }
    --left;
    bytes += cost;
    return true;
  }
  bool made_too_many() const { return given >= made_max; }

 private:
  // Tokens that go make room: what may be there is counted anew whenever what was given is used up.
  bool give() {
    if (stopped || given >= made_max || bytes >= bytes_max) return false;
    left = std::min(made_max - given, std::max<std::uint64_t>((bytes_max - bytes) / dearest, 1));
    given += left;
    return true;
  }
};

}  // namespace flyball::engine
