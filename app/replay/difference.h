// What two runs over the same recorded facts did otherwise: their action lines, paired; streaming, in bounded memory.
//
// A line is the same in both if rule, action, fields, state and try are, at the same time. Of what is left in an instant two lines of one
// id are one action that changed, two that differ in their rule alone as well; one that is found at another time within `moved_within` has
// moved. The rest was added or removed. What is the same in both but for its order in the instant is one change of its own. Pure: no
// session, no output. Not thread-safe. INVARIANT: the same lines give the same changes in the same order.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/fact.h"
#include "model/time.h"

namespace flyball::app {

// An action line as it is compared and shown; nothing of it belongs to a session.
struct ActionLine {
  Timestamp time;
  std::string id, rule, action;  // names qualified
  std::uint32_t rule_index = kNoId;
  std::string data;  // as JSON
  std::string text;  // for people
  ActionState state = ActionState::kSent;
  std::uint32_t try_number = 1;
  bool shadow = false;
};

// kReordered: of one instant, lines that both have, in another order; `before` and `after` are those at the first place that differs.
enum class ChangeKind : std::uint8_t { kAdded, kRemoved, kMoved, kChanged, kReordered };
std::string_view to_string(ChangeKind kind);  // "added", …

struct ActionChange {
  ChangeKind kind = ChangeKind::kAdded;
  std::optional<ActionLine> before, after;  // under the old rules and under the new ones
  std::vector<std::string> reason;          // filled in by whoever is told of it
  Timestamp time() const;                   // the earlier one
};

// Counts of one rule's lines.
struct RuleDifference {
  std::uint64_t before = 0, after = 0;  // lines
  std::uint64_t added = 0, removed = 0, moved = 0, changed = 0, reordered = 0;
};

// The minute of event time with the most lines; of several the first.
class BusiestMinute {
 public:
  void note(Timestamp t);
  std::uint64_t count() const { return count_; }
  Timestamp minute() const { return minute_; }  // means something if count() > 0

 private:
  Timestamp minute_, current_ = kTimestampMin;
  std::uint64_t count_ = 0, running_ = 0;
};

class Difference {
 public:
  // Changes that wait for a partner; beyond it the oldest waits no longer.
  static constexpr std::size_t kMaxOpen = 100'000;

  class Listener {
   public:
    virtual ~Listener() = default;
    // A change at the moment it is found, while the sessions are still there: for its reason. What was added or removed may turn out to
    // have moved.
    virtual void found(ActionChange& change) = 0;
    // A change that is what it is; in the order in which they were found.
    virtual void decided(const ActionChange& change) = 0;
  };

  Difference(DurationNs moved_within, Listener& listener) : moved_within_(moved_within), listener_(listener) {}

  // All lines of one instant; instants in ascending order, else what belongs together may be told as moved by nothing, which is no change.
  void instant(std::vector<ActionLine> before, std::vector<ActionLine> after);
  // Takes both runs' lines instant by instant, up to `horizon` and without it; kTimestampMax: all.
  void instants(std::deque<ActionLine>& before, std::deque<ActionLine>& after, Timestamp horizon);
  // Nothing of an instant before `t` comes any more: what has no partner by now, and is old enough, is decided.
  void pass(Timestamp t);
  void finish();

  const RuleDifference& total() const { return total_; }
  const std::map<std::string, RuleDifference>& rules() const { return rules_; }
  std::uint64_t changes() const { return total_.added + total_.removed + total_.moved + total_.changed + total_.reordered; }
  // Pairs that are the same, at the same time.
  std::uint64_t same() const { return same_; }
  const BusiestMinute& busiest_before() const { return busiest_before_; }
  const BusiestMinute& busiest_after() const { return busiest_after_; }

 private:
  // A line without a partner in its instant; `after`: of the new rules.
  void leave(ActionLine line, bool after);
  void look_at_order(const std::vector<std::size_t>& places, std::vector<ActionLine> lines);
  void decide_front();
  void count(const ActionChange& change);

  struct Open {
    ActionChange change;
    std::string key;
    bool single = false;   // waits for a partner
    bool nothing = false;  // its partner stands at the same time: no change
  };

  DurationNs moved_within_;
  Listener& listener_;
  std::deque<Open> open_;
  std::uint64_t first_ = 0;                                                // number of open_.front()
  std::unordered_map<std::string, std::deque<std::uint64_t>> waiting_[2];  // key → numbers, by side
  RuleDifference total_;
  std::uint64_t same_ = 0;
  std::map<std::string, RuleDifference> rules_;
  BusiestMinute busiest_before_, busiest_after_;
};

}  // namespace flyball::app
