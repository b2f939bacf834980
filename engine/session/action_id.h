// The stable id of an action: rule, identity, the episode's onset, run, block, effect index (semantics.md §8). The same
// match gives the same id on every machine and in every replay. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "model/interner.h"
#include "model/time.h"

namespace flyball::engine {

struct ActionOrigin {
  std::string_view rule;            // qualified
  std::span<const Value> identity;  // keys of the facts of the match, in order
  Timestamp onset;
  std::uint64_t run = 1;  // of `then` for this rule, identity and onset
  bool clear = false;     // made by `on clear`
  std::uint32_t effect = 0;
};

// The first 16 bytes of BLAKE2b over these lines, in hex: rule, the identity as a JSON array, onset in nanoseconds, run,
// `then` or `clear`, effect; each followed by a newline.
std::string action_id(const ActionOrigin& origin, const Interner& in);

}  // namespace flyball::engine
