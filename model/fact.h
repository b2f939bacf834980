// What goes into a Session and what comes out of it, in the terms of the Schema. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/schema.h"
#include "model/time.h"
#include "model/value.h"

namespace flyball {

enum class FactOp : std::uint8_t { kPut, kPatch, kRetract };

// One fact or event as it arrived. `values` has one Value per field of the type (schema order; for actions the
// declared ones), complete for kPut (defaults filled in by the codec). For kPatch and kRetract only the fields in
// `present` count (kRetract: the key's). Values are checked against the field types by the codec, not again here.
struct FactInput {
  FactTypeId type = kNoId;
  FactOp op = FactOp::kPut;
  Timestamp stamp;
  std::uint64_t present = 0;  // bit i: field i was given
  std::vector<Value> values;
  Value source;              // kString, or null: none
  std::uint64_t seq = 0;     // within source; 0: none
  std::uint64_t origin = 0;  // the giver's own mark, such as a line's number; it comes back with a refusal at the input's turn
};

enum class ActionState : std::uint8_t { kProposed, kApproved, kSent, kAcked, kFailed, kExpired, kRefused, kRejected };
// "proposed", "approved", …: the words rules and the wire use.
const char* to_string(ActionState state);
std::optional<ActionState> action_state(std::string_view word);

// An executor's word on an action. By id; or, when id is empty, by type and the fields in `data`, meaning the newest
// action in state proposed or sent whose fields agree (recorded facts and tests name actions so).
struct AckInput {
  std::string id;
  FactTypeId action = kNoId;
  std::uint64_t present = 0;
  std::vector<Value> data;
  ActionState state = ActionState::kAcked;  // acked | failed | approved | rejected
  std::vector<Value> result;                // one per result field, null if not given; empty: none
  std::string error;                        // kFailed: the executor's own words
  Timestamp stamp;
  std::uint64_t origin = 0;  // the giver's own mark, as a fact's
};

// One line of output: an action sent, proposed, refused, expired … in the order things happened.
struct ActionOutput {
  Timestamp time;
  std::string id;  // 32 hex digits, stable: from rule, identity, onset, run, block, effect index
  FactTypeId action = kNoId;
  std::uint32_t rule = kNoId;  // index into the Program's rules
  std::string rule_name;       // qualified
  std::vector<Value> data;     // declared fields
  ActionState state = ActionState::kSent;
  std::uint32_t try_number = 1;
  bool shadow = false;  // of a rule in mode shadow: recorded, never to be sent
  // Said at a recovery (semantics.md §11): when it was due, while the engine was away.
  std::optional<Timestamp> was_due = std::nullopt;
};

// A change of a derived fact, for subscribers; only net changes of an instant are reported.
struct DerivedOutput {
  Timestamp time;
  FactTypeId type = kNoId;
  bool present = true;  // false: it ceased to hold (values: its last ones)
  std::vector<Value> values;
};

struct LogOutput {
  Timestamp time;
  std::uint32_t rule = kNoId;
  std::string text;
};

}  // namespace flyball
