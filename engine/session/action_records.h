// ActionRecords: the actions that are known, by number, id and fact, and those of each type from the newest on. A record stays where it is
// while its action is known; its room is given to another then.
//
// Not thread-safe. Complexity: O(1); making one that is older than others of its type O(those between it and `newer`). INVARIANT: of one
// fact or id there is one.
#pragma once

#include <deque>
#include <vector>

#include "engine/network/fact_store.h"
#include "engine/network/id_table.h"
#include "engine/session/action_id.h"
#include "model/fact.h"

namespace flyball::engine {

using ActionNumber = std::uint32_t;  // in order of making

struct ActionRecord {
  ActionNumber number = kNone;
  ActionId id;
  Value text;  // its id, for rules
  FactTypeId type = kNoId;
  std::uint32_t rule = kNoId;
  std::uint64_t episode = 0;  // (rule, entry); while it runs
  std::vector<Value> data;
  ActionState state = ActionState::kSent;
  Timestamp at;
  std::uint32_t tries = 0;
  Value result;
  FactId fact = kNone;
  bool of_event = false;
  bool unapproved = false;             // a person must say yes first
  bool abandoned = false;              // its episode is over: a failure is not tried again
  Timestamp next_try = kTimestampMax;  // after a failure
  Timestamp gives_up = kTimestampMax;  // when this try times out
  Timestamp retained = kTimestampMax;  // when it is dropped
  bool ended = false;                  // listed among those that ended
  std::uint64_t ticket = 0;            // its place among those that wait for the rate; 0: it does not
};

class ActionRecords {
 public:
  explicit ActionRecords(std::size_t types) : of_type_(types) {}

  std::size_t size() const { return by_number_.size(); }
  std::size_t bytes() const {
    std::size_t n = slots_.size() * sizeof(Slot) + free_.capacity() * sizeof(std::uint32_t) + by_number_.bytes() + by_id_.bytes();
    for (const OfType& of : of_type_) n += of.by_fact.capacity() * sizeof(std::uint32_t);
    return n + values_ * sizeof(Value);
  }
  // Types that came, of another program.
  void widen(std::size_t types) { of_type_.resize(types); }

  bool contains(ActionNumber number) const { return slot_of(number) != kNone; }
  const ActionRecord* find(ActionNumber number) const { return record_in(slot_of(number)); }
  ActionRecord* find(ActionNumber number) { return record_in(slot_of(number)); }
  const ActionRecord& at(ActionNumber number) const { return known(find(number)); }
  ActionRecord& at(ActionNumber number) { return known(find(number)); }
  const ActionRecord* find(const ActionId& id) const { return record_in(slot_of(id)); }
  ActionRecord* find(const ActionId& id) { return record_in(slot_of(id)); }
  const ActionRecord* of_fact(FactTypeId type, FactId fact) const { return record_in(slot_of(type, fact)); }
  ActionRecord* of_fact(FactTypeId type, FactId fact) { return record_in(slot_of(type, fact)); }
  // Of a type from the newest on.
  const ActionRecord* newest(FactTypeId type) const { return record_in(of_type_[type].newest); }
  const ActionRecord* older(const ActionRecord& record) const { return record_in(slots_[slot_of(record.number)].older); }
  // Of its type the next that is newer; kNone: it is the newest.
  ActionNumber newer(const ActionRecord& record) const {
    const ActionRecord* const above = record_in(slots_[slot_of(record.number)].newer);
    return above == nullptr ? kNone : above->number;
  }
  // All numbers, in order of making. O(n log n).
  std::vector<ActionNumber> in_order() const;
  // In no particular order.
  template <typename Visit>
  void for_each(Visit visit) {
    by_number_.for_each([&](std::uint32_t slot) { visit(slots_[slot].record); });
  }
  template <typename Visit>
  void for_each(Visit visit) const {
    by_number_.for_each([&](std::uint32_t slot) { visit(slots_[slot].record); });
  }

  // `newer`: one of its type that is, from which on its place is looked for.
  ActionRecord& add(ActionRecord&& record, ActionNumber newer = kNone);
  void erase(ActionNumber number);

 private:
  struct Slot {
    ActionRecord record;
    std::uint32_t newer = kNone, older = kNone;  // of its type
  };
  struct OfType {
    std::uint32_t newest = kNone;
    std::vector<std::uint32_t> by_fact;
  };
  // Neighbours stand side by side; more of them in a row would make leaving costly.
  static std::uint32_t hash(ActionNumber number) { return fold(mix(0, number / 8)) * 8 + number % 8; }
  std::uint32_t slot_of(ActionNumber number) const {
    return by_number_.find(hash(number), [&](std::uint32_t slot) { return slots_[slot].record.number == number; });
  }
  std::uint32_t slot_of(const ActionId& id) const {
    return by_id_.find(id.hash(), [&](std::uint32_t slot) { return slots_[slot].record.id == id; });
  }
  std::uint32_t slot_of(FactTypeId type, FactId fact) const {
    const std::vector<std::uint32_t>& of = of_type_[type].by_fact;
    return fact < of.size() ? of[fact] : kNone;
  }
  const ActionRecord* record_in(std::uint32_t slot) const { return slot == kNone ? nullptr : &slots_[slot].record; }
  ActionRecord* record_in(std::uint32_t slot) { return slot == kNone ? nullptr : &slots_[slot].record; }
  template <typename Record>
  static Record& known(Record* record) {
    FB_CHECK(record != nullptr);
    return *record;
  }

  std::deque<Slot> slots_;
  std::size_t values_ = 0;  // of all data
  std::vector<std::uint32_t> free_;
  IdTable by_number_, by_id_;
  std::vector<OfType> of_type_;
};

}  // namespace flyball::engine
