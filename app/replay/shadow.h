// ShadowWatch: what rules in mode shadow would have done, beside what active rules did: of each shadow rule, the actions of the types that
// it makes, by type and target (the key; of an action without one its fields), paired by a Difference.
//
// Feed it every action line in order, then pass() as time goes on; figures may be asked for at any moment. Bounded: Difference's limits for
// each rule, kExamples kept of each kind. Not thread-safe. INVARIANT: the same lines give the same figures.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "app/package/package.h"
#include "app/replay/difference.h"
#include "model/fact.h"

namespace flyball::app {

class ShadowWatch {
 public:
  static constexpr DurationNs kWithin = 3600 * kNsPerSecond;  // how far apart two may be and still be the same
  static constexpr std::size_t kExamples = 5;                 // of each kind, the newest

  // `package` must outlive it.
  explicit ShadowWatch(const CompiledPackage& package, DurationNs within = kWithin, std::size_t examples = kExamples);
  ~ShadowWatch();

  bool any() const { return !rules_.empty(); }
  void note(const ActionOutput& action);
  // Nothing of an instant before `t` comes any more.
  void pass(Timestamp t);
  void finish();

  // Kinds of examples.
  enum Kind : std::uint8_t { kOnlyShadow, kOnlyActive, kOtherTime };
  struct Example {
    Timestamp time;                    // of the shadow rule's line, else of the active one's
    std::string action, target, rule;  // target as JSON; rule: whose line is the active one; empty: there is none
    std::optional<Timestamp> active;   // kOtherTime: when the active one was
  };
  struct Figures {
    std::string rule;
    std::vector<std::string> actions;  // types, qualified
    // Lines: of the rule, of active rules for these types.
    std::uint64_t shadow = 0, active = 0;
    std::uint64_t same = 0, other_time = 0, only_shadow = 0, only_active = 0;
    // Not paired yet, and not too old to be.
    std::uint64_t open_shadow = 0, open_active = 0;
    std::array<std::deque<Example>, 3> examples;  // by Kind, oldest first
  };
  std::vector<Figures> figures() const;  // in rule order

 private:
  struct Rule;
  const CompiledPackage& package_;
  std::vector<std::unique_ptr<Rule>> rules_;
  std::vector<std::vector<std::uint32_t>> by_action_;  // type → places in rules_
  std::uint64_t lines_ = 0;
};

// A run's own watch: fed by its sink, and finished when it is over. Of a package without a shadow rule it costs nothing.
class ShadowRun {
 public:
  explicit ShadowRun(const CompiledPackage& package) : watch_(package) {}
  void note(const ActionOutput& action) {
    if (!watch_.any()) return;
    if (action.time > newest_) watch_.pass(action.time);
    newest_ = std::max(newest_, action.time);
    watch_.note(action);
  }
  // Once, at the end; without examples.
  std::vector<ShadowWatch::Figures> figures();

 private:
  ShadowWatch watch_;
  Timestamp newest_ = kTimestampMin;
};

std::string shadow_text(const std::vector<ShadowWatch::Figures>& all, bool examples);
std::string shadow_json(const std::vector<ShadowWatch::Figures>& all);  // an array

}  // namespace flyball::app
