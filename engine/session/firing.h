// One run of a rule's `then` or `on clear`, or of a production: of which match it is. Plain values.
#pragma once

#include <array>
#include <cstdint>

#include "engine/network/network.h"
#include "model/time.h"

namespace flyball::engine {

struct Firing {
  std::uint32_t rule = 0;
  bool clear = false;                                 // `on clear`
  std::array<FactId, Network::kMaxTuple> identity{};  // by RulePlan::identity
  TokenId match = kNone;                              // a true token of the match; of `on clear` none
  TokenId first_match = kNone;                        // the first of all its tokens, which Token::left links
  Timestamp onset;
  std::uint64_t run = 1;        // of this rule, identity and onset
  std::uint32_t entry = kNone;  // the episode; kNone: a production
};

}  // namespace flyball::engine
