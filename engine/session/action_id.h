// The stable id of an action: rule, identity, the episode's onset, run, block, effect index (semantics.md §8). The same
// match gives the same id on every machine and in every replay. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
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

// Its bytes; what people and wires see is text, 32 hex digits.
struct ActionId {
  std::array<std::uint8_t, 16> bytes{};
  friend bool operator==(const ActionId&, const ActionId&) = default;
  std::uint32_t hash() const {
    std::uint32_t h = 0;
    std::memcpy(&h, bytes.data(), sizeof h);
    return h;
  }
};

// The first 16 bytes of BLAKE2b over these lines: rule, the identity as a JSON array, onset in nanoseconds, run,
// `then` or `clear`, effect; each followed by a newline. `room` is for the lines.
ActionId action_id(const ActionOrigin& origin, const Interner& in, std::string& room);

std::string to_text(const ActionId& id);
void write_text(const ActionId& id, std::string& out);  // over what it was
// Nothing: no id is written so.
std::optional<ActionId> parse_action_id(std::string_view text);

}  // namespace flyball::engine
