// Productions under other rules: stamps of facts, what has fired, and since when the rest waits.
#include <algorithm>

#include "engine/session/takeover.h"

namespace flyball::engine {

void Takeover::take_stamps() {
  for (FactTypeId type = 0; type < types_.size(); ++type) {
    const TypeMap& map = types_[type];
    if (map.id == kNoId) continue;
    const std::vector<std::uint64_t>& before = from_.data.types[type].stamp_masks;
    const std::vector<std::uint64_t>& now = to_.data.types[map.id].stamp_masks;
    if (before.empty() || now.empty()) continue;
    for (const auto& [old_fact, fact] : map.facts) {
      if (fact == kNone || !from_.network.store(type).exists(old_fact) || !to_.network.store(map.id).exists(fact)) continue;
      std::uint64_t newest = 0;
      for (std::uint32_t i = 0; i < before.size(); ++i) newest = std::max(newest, from_.network.stamp(type, old_fact, i));
      for (std::size_t i = 0; i < now.size(); ++i) {
        // A rule that reads other fields than any did: when the last of those that were read changed is the best that is known.
        std::uint64_t& stamp = to_.network.stamps_[map.id].row(fact)[i];
        stamp = newest;
        for (std::uint32_t k = 0; k < before.size(); ++k) {
          if (map.same && before[k] == now[i]) stamp = from_.network.stamp(type, old_fact, k);
        }
      }
    }
  }
}

void Takeover::take_productions() {
  Productions& from = from_.productions;
  Productions& to = to_.productions;
  std::vector<Productions::Standing> standing;
  for (const Productions::Standing& before : same_facts_ ? under_way_.standing : from.standing()) {
    const std::uint32_t rule = before.key.rule;
    if (!goes_on_[rule] || !to_.data.rules[rules_[rule]].is_production()) continue;
    Productions::Standing now{{rules_[rule], {}}, before.since, before.fired};
    if (handles(from_.data.rules[rule].identity_types, before.key.facts.data(), now.key.facts)) standing.push_back(std::move(now));
  }
  if (!same_facts_ || !standing.empty()) to.go_on_from(standing);
  if (from.runs_at_ != to_.network.now()) return;  // this instant is another
  for (const auto& [run, count] : from.runs_) {
    if (goes_on_[run.rule]) to.runs_[{rules_[run.rule], run.identity}] = count;
  }
}

}  // namespace flyball::engine
