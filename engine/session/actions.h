// Actions: facts with a life of their own (semantics.md §8): proposed, approved, sent, tried again, acknowledged, failed,
// waiting for the rate, refused, rejected, expired. Each change is written into the action's fact, which rules match like any other.
//
// Not thread-safe. INVARIANT: of several actions with one key only the newest is known; the others are forgotten.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/network/network.h"
#include "engine/network/timer_queue.h"
#include "engine/session/ack_index.h"
#include "engine/session/action_records.h"
#include "engine/session/outbox.h"

namespace flyball::engine {

inline constexpr std::uint64_t kNoEpisode = ~std::uint64_t{0};  // made by `on clear`: no end expires it

enum class Sending : std::uint8_t {
  kAtOnce,   // or when the rate allows
  kAsks,     // when a person approves
  kInShadow  // never: said, but no fact and no life
};

class Actions {
 public:
  Actions(const ProgramData& program, Network& network, TimerQueue& timers, Journal& journal, Outbox& outbox, Counters& counters);

  // Makes one and sends it, or proposes or refuses it.
  void make(const ActionId& id, FactTypeId type, std::uint32_t rule, std::uint64_t episode, bool of_event, std::span<const Value> data,
            Sending sending);
  // The episode ended: what still waits of it expires.
  void expire_waiting(std::uint64_t episode);
  bool acknowledge(const AckInput& ack);
  // True if an acknowledgement would find its action now.
  bool is_awaited(const AckInput& ack) const { return find_acked(ack) != nullptr; }
  // Why it would find none; for one by id.
  Error not_awaited(const AckInput& ack) const;
  // Those that wait for approval, oldest first; at most `n`.
  std::vector<ProposalView> proposals(std::size_t n) const;
  // Those that are proposed, approved or sent, oldest first: the first `at_most`; `more` gets the number of the others.
  std::vector<OpenAction> open(std::size_t at_most, std::uint64_t& more) const;
  const ActionRecord& record(ActionNumber number) const { return records_.at(number); }
  std::size_t proposal_count() const { return unapproved_.size(); }
  // What is said from here on was due then, while the engine was away.
  void set_was_due(std::optional<Timestamp> due) { was_due_ = due; }
  // Room for one more send of the type came at `due`.
  void rate_due(FactTypeId type, Timestamp due) {
    rate_due_[type] = due;
    rates_fell_due_.push_back(type);
  }
  // run_timers() has something to look at, whatever fell due.
  bool has_waiting() const { return !waiting_.empty() || !rates_fell_due_.empty(); }
  // Step 1: timeouts, next tries, what the rate lets through.
  void run_timers(std::vector<ActionNumber> due);
  Timestamp real_due(const Timer& timer) const;
  void drop_retained(ActionNumber number);
  // The cascade is over, or was taken back.
  void end_cascade();

  static constexpr std::size_t kEndedMax = 10'000;  // per type without key and `retain`: the newest that are kept

  static constexpr std::size_t kProposalsMax = 10'000;  // that wait for approval; beyond it a further one is refused

  void mark(Interner& in) const;
  std::size_t bytes() const { return records_.bytes(); }

 private:
  friend class Adoption;
  friend class Takeover;
  friend class SnapshotOut;
  friend class SnapshotIn;

  const ActionRecord* find_acked(const AckInput& ack) const;
  bool may_send(FactTypeId type);
  bool anyone_waits(FactTypeId type) const { return waiting_.contains(type); }
  void wait(const ActionRecord& record) { waiting_[record.type].emplace(record.ticket, record.number); }
  ActionRecord* first_with_room();
  void send(ActionRecord& record);
  void send_or_wait(ActionRecord& record);
  void fail_try(ActionRecord& record);
  void say(const ActionRecord& record, bool shadow);
  void show(ActionRecord& record);
  void journal_fact(FactTypeId type, FactId fact);
  void forget(ActionRecord& record);
  ActionRecord& remember(ActionRecord&& record, ActionNumber newer = kNone);
  void journal_record(const ActionRecord& record);
  bool goes_on(const ActionRecord& record) const;
  void limit_ended(ActionRecord& record);
  void trim_ended(FactTypeId type);
  void drop(ActionRecord& record);
  void stop_waiting(ActionRecord& record);
  void stop_asking(ActionRecord& record);
  Value state_text(ActionState state);
  Value rule_text(std::uint32_t rule);
  std::optional<Timestamp> if_missed(Timestamp due) const;
  void arm_rate(FactTypeId type);
  Value result_value(const FactType& type, const std::vector<Value>& result) const;

  const ProgramData& program_;
  Network& network_;
  TimerQueue& timers_;
  Journal& journal_;
  Outbox& outbox_;
  Counters& counters_;
  ActionRecords records_;
  std::vector<std::deque<ActionNumber>> ended_;                                     // by type: as limit_ended() met them
  std::map<FactTypeId, std::set<std::pair<std::uint64_t, ActionNumber>>> waiting_;  // for the rate, by ticket; of types that have some
  std::uint64_t tickets_ = 0;
  mutable AckIndex awaited_;  // made by asking
  std::set<ActionNumber> unapproved_;
  std::unordered_map<std::uint64_t, std::vector<ActionNumber>> of_episode_;  // those that may have to expire
  std::vector<std::deque<Timestamp>> sends_;                                 // by type, in the last rate period
  std::vector<Timestamp> rate_armed_;                                        // by type
  std::vector<Timestamp> rate_due_;                                          // by type, within run_timers()
  std::vector<FactTypeId> rates_fell_due_;
  std::optional<Timestamp> was_due_;
  ActionNumber next_ = 0;
  std::vector<std::pair<FactTypeId, FactId>> pinned_;  // for the journal
  // Names as the interner has them; null: not asked for yet.
  std::array<Value, static_cast<std::size_t>(ActionState::kRejected) + 1> state_texts_;
  std::vector<Value> rule_texts_;  // by rule
  std::vector<Value> row_;         // scratch
  std::string id_text_;            // scratch
};

}  // namespace flyball::engine
