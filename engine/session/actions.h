// Actions: facts with a life of their own (semantics.md §8): proposed, approved, sent, tried again, acknowledged, failed,
// waiting for the rate, refused, rejected, expired. Each change is written into the action's fact, which rules match like any other.
//
// Not thread-safe. INVARIANT: of several actions with one key only the newest is known; the others are forgotten.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/network/network.h"
#include "engine/network/timer_queue.h"
#include "engine/session/outbox.h"

namespace flyball::engine {

using ActionNumber = std::uint32_t;  // in order of making

inline constexpr std::uint64_t kNoEpisode = ~std::uint64_t{0};  // made by `on clear`: no end expires it

enum class Sending : std::uint8_t {
  kAtOnce,   // or when the rate allows
  kAsks,     // when a person approves
  kInShadow  // never: said, but no fact and no life
};

struct ActionRecord {
  std::string id;
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

class Actions {
 public:
  Actions(const ProgramData& program, Network& network, TimerQueue& timers, Journal& journal, Outbox& outbox, Counters& counters);

  // Makes one and sends it, or proposes or refuses it.
  void make(std::string id, FactTypeId type, std::uint32_t rule, std::uint64_t episode, bool of_event, std::vector<Value> data,
            Sending sending);
  // The episode ended: what still waits of it expires.
  void expire_waiting(std::uint64_t episode);
  bool acknowledge(const AckInput& ack);
  // True if an acknowledgement would find its action now.
  bool is_awaited(const AckInput& ack) const { return find_acked(ack) != kNone; }
  // Why it would find none; for one by id.
  Error not_awaited(const AckInput& ack) const;
  // Those that wait for approval, oldest first; at most `n`.
  std::vector<ProposalView> proposals(std::size_t n) const;
  std::size_t proposal_count() const { return unapproved_.size(); }
  // What is said from here on was due then, while the engine was away.
  void set_was_due(std::optional<Timestamp> due) { was_due_ = due; }
  // Room for one more send of the type came at `due`.
  void rate_due(FactTypeId type, Timestamp due) {
    rate_due_[type] = due;
    rate_fell_due_ = true;
  }
  // run_timers() has something to look at, whatever fell due.
  bool has_waiting() const { return !waiting_.empty() || rate_fell_due_; }
  // Step 1: timeouts, next tries, what the rate lets through.
  void run_timers(std::vector<ActionNumber> due);
  Timestamp real_due(const Timer& timer) const;
  void drop_retained(ActionNumber number);
  // The cascade is over, or was taken back.
  void end_cascade();

  static constexpr std::size_t kEndedMax = 10'000;  // per type without key and `retain`: the newest that are kept

  static constexpr std::size_t kProposalsMax = 10'000;  // that wait for approval; beyond it a further one is refused

  void mark(Interner& in) const;
  std::size_t bytes() const { return records_.size() * 256; }

 private:
  friend class Adoption;
  friend class Takeover;
  friend class SnapshotOut;
  friend class SnapshotIn;

  ActionNumber find_acked(const AckInput& ack) const;
  bool may_send(FactTypeId type);
  bool anyone_waits(FactTypeId type) const { return waiting_count_[type] != 0; }
  void send(ActionNumber number);
  void send_or_wait(ActionNumber number);
  void fail_try(ActionNumber number);
  void say(const ActionRecord& record, bool shadow);
  void show(ActionNumber number);
  void journal_fact(FactTypeId type, FactId fact);
  void forget(ActionNumber number);
  void remember(ActionNumber number, ActionRecord record);
  void journal_record(ActionNumber number);
  bool goes_on(const ActionRecord& record) const;
  void limit_ended(ActionNumber number);
  void trim_ended(FactTypeId type);
  void stop_waiting(ActionNumber number);
  void stop_asking(ActionNumber number);
  std::optional<Timestamp> if_missed(Timestamp due) const;
  void arm_rate(FactTypeId type);
  Value result_value(const FactType& type, const std::vector<Value>& result) const;

  const ProgramData& program_;
  Network& network_;
  TimerQueue& timers_;
  Journal& journal_;
  Outbox& outbox_;
  Counters& counters_;
  std::unordered_map<ActionNumber, ActionRecord> records_;
  std::unordered_map<std::string, ActionNumber> by_id_;
  std::vector<std::map<FactId, ActionNumber>> by_fact_;       // by type
  std::vector<std::set<ActionNumber>> of_type_;               // by type: those not forgotten
  std::vector<std::deque<ActionNumber>> ended_;               // by type: as limit_ended() met them
  std::set<std::pair<std::uint64_t, ActionNumber>> waiting_;  // for the rate, by ticket
  std::uint64_t tickets_ = 0;
  std::set<ActionNumber> unapproved_;
  std::vector<std::size_t> waiting_count_;                                   // by type
  std::unordered_map<std::uint64_t, std::vector<ActionNumber>> of_episode_;  // those that may have to expire
  std::vector<std::deque<Timestamp>> sends_;                                 // by type, in the last rate period
  std::vector<Timestamp> rate_armed_;                                        // by type
  std::vector<Timestamp> rate_due_;                                          // by type, within run_timers()
  bool rate_fell_due_ = false;
  std::optional<Timestamp> was_due_;
  ActionNumber next_ = 0;
  std::vector<std::pair<FactTypeId, FactId>> pinned_;  // for the journal
};

}  // namespace flyball::engine
