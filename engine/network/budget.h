// RuleBudget: how many tokens (partial matches) a rule may still make in this instant, and how many it may have. A rule that
// wants more is stopped: it makes none until the session has put it into quarantine, where it has none at all.
//
// The network asks once per token: two comparisons in a line that it reads anyway. Not thread-safe.
// INVARIANT: `live` is the number of tokens that stages of the rule's chains made and that still are.
#pragma once

#include <algorithm>
#include <cstdint>

namespace flyball::engine {

struct RuleBudget {
  std::uint64_t instant = 0;  // that `left` and `given` are of
  std::uint64_t left = 0;     // of what was given
  std::uint64_t live = 0;
  std::uint64_t given = 0;
  std::uint64_t made_max = ~std::uint64_t{0}, live_max = ~std::uint64_t{0};
  bool stopped = false;

  // For one token more; false: none is left of what was given in this instant, and give() is to be asked.
  bool take(std::uint64_t now) {
    if (instant != now) [[unlikely]] {
      instant = now;
      left = given = 0;
    }
    if (left == 0) [[unlikely]] {
      if (!give()) return false;
    }
    --left;
    ++live;
    return true;
  }
  bool made_too_many() const { return given >= made_max; }

 private:
  // Tokens that go make room: what may be there is counted anew whenever what was given is used up.
  bool give() {
    if (stopped || given >= made_max || live >= live_max) return false;
    left = std::min(made_max - given, live_max - live);
    given += left;
    return true;
  }
};

}  // namespace flyball::engine
