// What is the same under both programs, and whether a session can go on with what another has built. See adoption.h.
#include "engine/session/adoption.h"

#include <algorithm>
#include <map>
#include <unordered_map>

namespace flyball::engine {

Adoption::Adoption(const SessionParts& from, const SessionParts& to) : from_(from), to_(to) { look(); }

void Adoption::look() {
  if (&from_.network.interner() != &to_.network.interner()) {
    obstacle_ = "the two sessions have interners of their own";
    return;
  }
  PlanPrinter printer;
  before_ = printer.print(from_.data);
  now_ = printer.print(to_.data);
  obstacle_ = types_differ();
  if (!obstacle_.empty()) return;
  match_rules();
  const auto same = static_cast<std::size_t>(std::count_if(rules_.begin(), rules_.end(), [](std::uint32_t r) { return r != kNoId; }));
  const std::size_t others = rules_.size() + former_.size() - 2 * same;
  if (others > std::max(same, kFewRules)) {
    obstacle_ = "most rules are others";
    return;
  }
  if (order_differs()) {
    obstacle_ = "the order of the rules is another";
    return;
  }
  obstacle_ = derived_no_more();
  if (obstacle_.empty()) obstacle_ = windows_differ();
  if (obstacle_.empty()) obstacle_ = is_busy();
}

// Those of the old program must be the first of the new one.
std::string Adoption::types_differ() const {
  const std::vector<FactType>& before = from_.data.rule_set.schema.types;
  const std::vector<FactType>& now = to_.data.rule_set.schema.types;
  if (from_.data.lateness_max_ns != to_.data.lateness_max_ns) return "the largest lateness is another";
  if (now.size() < before.size()) return "a type is gone";
  for (FactTypeId t = 0; t < before.size(); ++t) {
    const bool derived = (before[t].role == Role::kDerived) != (now[t].role == Role::kDerived);
    if (before_.types[t] != now_.types[t] || (derived && from_.network.store(t).end() != 0))
      return "type `" + before[t].name + "` is another";
    if (before_.clocks[t] != now_.clocks[t]) return "facts of `" + before[t].name + "` are compared with `now` in another way";
  }
  const std::vector<Calendar>& old_calendars = from_.data.rule_set.schema.calendars;
  const std::vector<Calendar>& calendars = to_.data.rule_set.schema.calendars;
  const bool alike =
      std::equal(old_calendars.begin(), old_calendars.end(), calendars.begin(), calendars.end(), [](const Calendar& a, const Calendar& b) {
        return a.name == b.name && a.zone == b.zone && a.spans == b.spans && a.except == b.except;
      });
  return alike ? "" : "the calendars are others";
}

bool Adoption::same_chain(ChainId before, ChainId now) const {
  const ChainPlan& old_chain = from_.data.chains[before];
  const ChainPlan& chain = to_.data.chains[now];
  if (old_chain.first != chain.first || old_chain.count != chain.count || old_chain.shared != chain.shared) return false;
  if (chain.shared != kNoId && !is_same(from_.data.chains[chain.shared].owner, to_.data.chains[chain.shared].owner)) return false;
  for (StageId s = chain.first; s < chain.first + chain.count; ++s) {
    const StagePlan& stage = to_.data.stages[s];
    const StagePlan& old_stage = from_.data.stages[s];
    if (stage.alpha != old_stage.alpha || (stage.alpha != kNoId && !kept_alphas_[stage.alpha])) return false;
    if (stage.node == kNoId) continue;
    const NodeId node = to_.data.uses[stage.node].node;
    if (node != from_.data.uses[old_stage.node].node || (node != kNoId && !kept_nodes_[node])) return false;
  }
  return true;
}

// In what it is and in the numbers of all that is its own.
bool Adoption::is_same(std::uint32_t before, std::uint32_t now) const {
  if (before_.rules[before] != now_.rules[now]) return false;
  const RuleParts& old_parts = before_.parts[before];
  const RuleParts& parts = now_.parts[now];
  if (old_parts.chains != parts.chains || old_parts.holds != parts.holds || old_parts.absences != parts.absences ||
      old_parts.gates != parts.gates || old_parts.projections != parts.projections) {
    return false;
  }
  return std::all_of(parts.chains.begin(), parts.chains.end(), [&](ChainId c) { return same_chain(c, c); });
}

void Adoption::match_rules() {
  const auto equal_at = [](const std::vector<std::uint32_t>& a, const std::vector<std::uint32_t>& b, std::size_t i) {
    return i < a.size() && i < b.size() && a[i] != kNoId && a[i] == b[i];
  };
  kept_alphas_.resize(std::max(before_.alphas.size(), now_.alphas.size()));
  for (std::size_t a = 0; a < kept_alphas_.size(); ++a) kept_alphas_[a] = equal_at(before_.alphas, now_.alphas, a);
  kept_nodes_.resize(std::max(before_.nodes.size(), now_.nodes.size()));
  for (std::size_t n = 0; n < kept_nodes_.size(); ++n) {
    kept_nodes_[n] = equal_at(before_.nodes, now_.nodes, n) && from_.data.nodes[n].alpha == to_.data.nodes[n].alpha &&
                     (to_.data.nodes[n].alpha == kNoId || kept_alphas_[to_.data.nodes[n].alpha]);
  }
  kept_chains_.resize(to_.data.chains.size());
  kept_holds_.resize(std::max(from_.data.holds.size(), to_.data.holds.size()));
  kept_absences_.resize(std::max(from_.data.absences.size(), to_.data.absences.size()));
  std::unordered_map<std::string, std::uint32_t> by_name;
  for (std::uint32_t r = 0; r < from_.data.rules.size(); ++r) by_name.emplace(from_.data.rules[r].name, r);
  rules_.assign(from_.data.rules.size(), kNoId);
  for (std::uint32_t r = 0; r < to_.data.rules.size(); ++r) {
    const auto found = by_name.find(to_.data.rules[r].name);
    namesakes_.push_back(found == by_name.end() ? kNoId : found->second);
    const bool same = namesakes_.back() != kNoId && is_same(namesakes_.back(), r);
    former_.push_back(same ? namesakes_.back() : kNoId);
    if (!same) continue;
    rules_[former_.back()] = r;
    for (const ChainId c : now_.parts[r].chains) kept_chains_[c] = true;
    for (const TableId t : now_.parts[r].holds) kept_holds_[t] = true;
    for (const TableId t : now_.parts[r].absences) kept_absences_[t] = true;
  }
  changed_.assign(rules_.size(), false);
  for (const std::uint32_t r : namesakes_) {
    if (r != kNoId) changed_[r] = rules_[r] == kNoId;
  }
  same_rule_numbers_ = true;
  // Nothing of a session's is of shared joins.
  for (std::uint32_t r = 0; r < from_.data.rule_set.rules.size(); ++r)
    same_rule_numbers_ = same_rule_numbers_ && (rules_[r] == kNoId || rules_[r] == r);
}

// Which of two rules goes before the other, their episodes, reasons and productions know.
bool Adoption::order_differs() const {
  std::uint32_t last = 0;
  std::map<std::uint32_t, std::uint32_t> modules;  // by the old first rule of each
  for (std::uint32_t r = 0; r < rules_.size(); ++r) {
    if (rules_[r] == kNoId) continue;
    if (rules_[r] < last) return true;
    last = rules_[r];
    if (from_.data.rules[r].is_production()) modules.emplace(from_.data.rules[r].module_first, to_.data.rules[rules_[r]].module_first);
  }
  last = 0;
  for (const auto& [before, now] : modules) {
    if (now < last) return true;
    last = now;
  }
  return false;
}

// A type that no rule derives any more is another to the Takeover: its facts go, and nothing is told. Nobody who stays may read it.
std::string Adoption::derived_no_more() const {
  for (FactTypeId t = 0; t < from_.data.types.size(); ++t) {
    const bool was = from_.data.rule_set.schema.types[t].role == Role::kDerived;
    if (!was || to_.data.rule_set.schema.types[t].role == Role::kDerived || from_.network.store(t).end() == 0) continue;
    bool read = !to_.data.types[t].sample_nodes.empty();
    for (const AlphaId a : to_.data.types[t].alphas) read = read || kept_alphas_[a];
    if (read) return "type `" + from_.data.rule_set.schema.types[t].name + "` is derived no more";
  }
  return "";
}

// A window that is new may yet be one that was there, but for what does not change its samples.
std::string Adoption::windows_differ() const {
  for (NodeId n = 0; n < to_.data.nodes.size(); ++n) {
    const AggregateNode& node = to_.data.nodes[n];
    if (node.vacant || !node.sampled() || kept_nodes_[n]) continue;
    for (const AggregateNode& before : from_.data.nodes) {
      if (!before.vacant && before.type == node.type && before.sampled() && Takeover::same_samples(before, node))
        return "a window over `" + to_.data.rule_set.schema.types[node.type].name + "` is another in part";
    }
  }
  for (FactTypeId t = 0; t < from_.data.types.size(); ++t) {
    const Aggregates& before = from_.network.aggregates_;
    if (before.routes_.by_content(t) != to_.network.aggregates_.routes_.by_content(t) && !from_.data.types[t].sample_nodes.empty())
      return "samples of `" + from_.data.rule_set.schema.types[t].name + "` are found in another way";
  }
  return "";
}

// Between two inputs nothing is under way.
std::string Adoption::is_busy() const {
  const Network& network = from_.network;
  const Episodes& episodes = from_.episodes;
  const bool busy = network.needs_settling() || network.needs_judging() || network.has_due_absences() || network.has_exhausted() ||
                    !network.journalled_holds_.empty() || !network.journalled_absences_.empty() ||
                    from_.derivation.dirty_strata_count_ != 0 || from_.derivation.has_news() || !episodes.is_reviewed() ||
                    episodes.has_watched() || episodes.any_to_run() || from_.productions.waiting() != 0 ||
                    from_.productions.cascade_began_ != 0 || !from_.productions.image_.empty() || !from_.actions.pinned_.empty();
  return busy ? "something is under way" : "";
}

// --- how it is done ---

TakenOver Adoption::run(const std::function<void()>& settle) {
  note_under_way();
  remove();
  std::swap(to_.timers, from_.timers);
  move_facts();
  move_alphas();
  move_chains();
  move_aggregates();
  move_stamps();
  move_episodes();
  move_derivation();
  move_productions();
  move_actions();
  move_timers();
  to_.inbox = std::exchange(from_.inbox, Inbox{});  // which has pointers into its own rooms
  fill();
  withdraw_actions();
  if (std::find(changed_.begin(), changed_.end(), true) == changed_.end()) {
    settle();
  } else {
    Takeover changed(from_, to_, changed_, std::move(under_way_));
    changed.run_changed(settle);
    taken_.episodes += changed.taken().episodes;
    taken_.episodes_dropped += changed.taken().episodes_dropped;
    for (std::uint32_t r = 0; r < changed_.size(); ++r) {
      if (changed_[r]) unpin_entries(r, to_.network);
    }
  }
  for (FactTypeId t = 0; t < from_.data.types.size(); ++t) {
    const Role role = from_.data.rule_set.schema.types[t].role;
    if ((role != Role::kFact && role != Role::kMutable) || from_.data.types[t].remembers != kNoId) continue;
    taken_.facts += to_.network.store(t).live() + to_.network.store(t).stale();
  }
  taken_.actions = to_.actions.records_.size();
  return taken_;
}

}  // namespace flyball::engine
