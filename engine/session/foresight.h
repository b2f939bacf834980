// Foresight: brings the memory that inputs will touch near, step by step, while those before them are at their turn. A fact's place in
// the index says where its record is, the record where its first alpha item is, the item where its tokens are: each is asked for only
// when the one before it has come, so nothing waits.
//
// It changes nothing, and what it saw need not come. Not thread-safe. Complexity: O(1) for each input.
#pragma once

#include <array>
#include <cstdint>

#include "engine/network/network.h"

namespace flyball::engine {

class Foresight {
 public:
  explicit Foresight(const Network& network) : network_(network) {}

  // One input more, behind those seen before, of the fact with the key of `row`.
  void see(FactTypeId type, std::uint32_t hash, const Value* row) {
    ++last_;
    at(0) = {type, hash, kNone, kNone, false, {}};
    at(0).in_window = network_.begin_hint_of(type, row, at(0).window);
    network_.store(type).prefetch_index(hash);
    Seen& second = at(kStep);
    if (second.type != kNoId) second.fact = network_.store(second.type).prefetch(second.hash);
    Seen& third = at(2 * kStep);
    if (third.fact != kNone) third.item = network_.prefetch(third.type, third.fact);
    go_on_in_window(third, 1);
    Seen& fourth = at(3 * kStep);
    if (fourth.item != kNone) network_.prefetch_behind(fourth.item);
    go_on_in_window(fourth, 2);
    go_on_in_window(at(3 * kStep + 1), 3);
  }

 private:
  static constexpr std::uint32_t kStep = 3;   // inputs, for memory to come in
  static constexpr std::uint32_t kKept = 16;  // more than 3 steps
  struct Seen {
    FactTypeId type = kNoId;
    std::uint32_t hash = 0;
    FactId fact = kNone;
    std::uint32_t item = kNone;
    bool in_window = false;
    Network::PutHint window;
  };
  void go_on_in_window(Seen& seen, std::uint32_t step) const {
    if (seen.in_window && seen.fact != kNone) network_.go_on_with_hint(seen.window, seen.fact, step);
  }
  Seen& at(std::uint32_t before) { return seen_[(last_ - before) % kKept]; }

  const Network& network_;
  std::array<Seen, kKept> seen_;
  std::uint32_t last_ = 0;
};

}  // namespace flyball::engine
