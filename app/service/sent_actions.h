// SentActions: which actions went out, so that a reload does not send them again.
//
// A session made from re-put facts does not know the old one's episodes: what is still true begins anew there, with other
// onsets and so with other ids. While such a session settles, an action that the same rule already sent with the same key (all
// its fields, if it has none) is the same action: it is held back, and from then on the two ids mean one thing, outside always
// the old one, inside always the new one.
// Limits: kMax remembered; the oldest are forgotten. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/fact.h"
#include "model/interner.h"
#include "model/schema.h"

namespace flyball::app {

class SentActions {
 public:
  static constexpr std::size_t kMax = 100'000;

  // An action left in state sent, or changed: remembers its newest state.
  void note(const ActionOutput& action, const Schema& schema, const Interner& interner);
  void note_ack(const AckInput& ack);

  // While settling after a reload: true if this was sent before; then the ids are tied.
  bool is_repeat(const ActionOutput& action, const Schema& schema, const Interner& interner);

  // The id as peers know it, and as the session knows it.
  const std::string& outside(const std::string& inside) const;
  const std::string& inside(const std::string& outside) const;

  // What executors already said about actions that were tied since the last call: for the new session to hear.
  std::vector<AckInput> take_known_ends();

  // Values that acknowledgements remembered here refer to.
  void mark(Interner& interner) const;
  std::size_t size() const { return by_key_.size(); }

 private:
  struct Sent {
    std::string id;      // as peers know it
    std::string action;  // qualified type
    bool ended = false;
    ActionState end = ActionState::kAcked;
    std::vector<Value> result;
    std::string error;
  };
  static std::string key_of(const ActionOutput& action, const Schema& schema, const Interner& interner);

  std::unordered_map<std::string, Sent> by_key_;
  std::unordered_map<std::string, std::string> key_of_id_;  // outside id → key
  std::unordered_map<std::string, std::string> to_outside_, to_inside_;
  std::deque<std::string> order_;  // keys, oldest first
  std::vector<AckInput> known_ends_;
};

}  // namespace flyball::app
