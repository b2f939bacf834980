// Lines that remember, and episodes: in rounds, because some are bound by facts that others derive.
#include <algorithm>

#include "engine/session/records.h"
#include "engine/session/takeover.h"

namespace flyball::engine {
namespace {

// What a line with a memory says, apart from how long: two lines of equal text remember the same.
std::string text_of(const ExplainLine& line, const Schema& schema) {
  std::string out = std::to_string(static_cast<int>(line.kind)) + " " + std::to_string(static_cast<int>(line.quantifier)) + " ";
  const FactType* type = line.type == kNoId ? nullptr : &schema.types[line.type];
  if (type != nullptr) out += type->name;
  for (const ExplainJoin& join : line.joins) {
    out += " same " + (type != nullptr ? type->fields[join.field].name : "") + " " + std::to_string(join.other) + "." +
           std::to_string(join.other_field);
  }
  for (const ExplainCondition& condition : line.conditions) out += " where " + condition.test.text;
  for (const std::uint32_t binding : line.tuple) out += " " + std::to_string(binding);
  return out;
}

bool same_formulas(const std::vector<Formula>& a, const std::vector<Formula>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Formula& x, const Formula& y) { return x.text == y.text; });
}

// That one cannot be evaluated is then nothing new.
bool same_effects(const std::vector<EffectPlan>& a, const std::vector<EffectPlan>& b) {
  const auto same_text = [](const Formula* x, const Formula* y) { return x == nullptr || y == nullptr ? x == y : x->text == y->text; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](const EffectPlan& x, const EffectPlan& y) {
    return x.kind == y.kind && same_text(x.text ? &*x.text : nullptr, y.text ? &*y.text : nullptr) &&
           std::equal(x.fields.begin(), x.fields.end(), y.fields.begin(), y.fields.end(),
                      [&](const FieldSource& f, const FieldSource& g) { return same_text(f.formula.get(), g.formula.get()); });
  });
}

}  // namespace

void Takeover::map_rules(const std::vector<bool>& only) {
  std::unordered_map<std::string, std::uint32_t> by_name;
  for (std::uint32_t r = 0; r < to_.data.rules.size(); ++r) by_name.emplace(to_.data.rules[r].name, r);
  for (std::uint32_t r = 0; r < from_.data.rules.size(); ++r) {
    const RulePlan& before = from_.data.rules[r];
    const auto found = by_name.find(before.name);
    rules_.push_back(found == by_name.end() ? kNoId : found->second);
    goes_on_.push_back(false);
    if (found == by_name.end() || (!only.empty() && !only[r])) {
      rules_.back() = kNoId;
      continue;
    }
    map_lines(r, found->second);
    const RulePlan& now = to_.data.rules[found->second];
    bool alike = !before.logical && !now.logical && before.mode == now.mode && before.identity_types.size() == now.identity_types.size();
    for (std::size_t i = 0; alike && i < before.identity_types.size(); ++i)
      alike = types_[before.identity_types[i]].id == now.identity_types[i];
    goes_on_.back() = alike;
  }
}

void Takeover::map_lines(std::uint32_t old_rule, std::uint32_t new_rule) {
  const ExplainPlan& before = from_.data.explain[old_rule];
  const ExplainPlan& now = to_.data.explain[new_rule];
  for (const bool until : {false, true}) {
    std::multimap<std::string, const ExplainLine*> old_lines;
    for (const ExplainLine& line : until ? before.until : before.when) {
      if (line.table != kNoId) old_lines.emplace(text_of(line, from_.data.rule_set.schema), &line);
    }
    for (const ExplainLine& line : until ? now.until : now.when) {
      if (line.table == kNoId) continue;
      const auto found = old_lines.find(text_of(line, to_.data.rule_set.schema));
      if (found == old_lines.end() || found->second->absence != line.absence) continue;
      (line.absence ? absences_ : holds_).emplace_back(found->second->table, line.table);
      old_lines.erase(found);
    }
  }
}

void Takeover::run(const std::function<void()>& settle) {
  for (std::uint32_t r = 0; r < rules_.size(); ++r) {
    if (rules_[r] == kNoId) continue;
    // The new session has just begun: that its rule is outside its calendars may be so for longer.
    Network::Shut& shut = to_.network.shut_[rules_[r]];
    if (shut.now) shut.since = from_.network.shut_[r].now ? from_.network.shut_[r].since : to_.network.now();
  }
  // What is new by the new rules is newer than all there was.
  to_.network.moment_ = from_.network.moment_ + 1;
  take_told();
  take_facts();
  take_samples();
  take_actions();
  // What holds now may bind what others remember, and what episodes derive may bind episodes. At last come those whose facts
  // are gone: they end when the agenda runs. Until all holds are what they were, facts are derived that were not there and will not be:
  // what they end in passing is put in its place again, each time, until nothing changes any more.
  std::size_t passes = 0;
  for (const bool all : {false, true}) {
    for (bool again = true; again && passes < kMaxPasses; ++passes) {
      settle();
      again = take_holds(Memories::kJudged);
      again = take_absences(Memories::kJudged) || again;
      again = take_episodes(all) || again;
    }
  }
  for (std::uint32_t r = 0; r < rules_.size(); ++r) {
    if (goes_on_[r]) take_groups(r, rules_[r]);
  }
  give_episodes_to_actions();
  if (!to_.productions.empty()) {
    take_stamps();
    take_productions();
  }
}

// Episodes come first, and lines as the facts lie: what they derive must not be withdrawn meanwhile, or rules that stay would forget what
// they remember of it.
void Takeover::run_changed(const std::function<void()>& settle) {
  take_episodes(true);
  std::size_t passes = 0;
  for (const Memories which : {Memories::kUnjudged, Memories::kJudged}) {
    for (bool again = true; again && passes < kMaxPasses; ++passes) {
      which == Memories::kJudged ? settle() : void(to_.network.settle());
      again = take_holds(which);
      again = take_absences(which) || again;
    }
  }
  for (std::uint32_t r = 0; r < rules_.size(); ++r) {
    if (goes_on_[r]) take_groups(r, rules_[r]);
  }
  of_episode_ = under_way_.of_episode;
  give_episodes_to_actions();
  if (!to_.productions.empty()) take_productions();
}

bool Takeover::take_holds(Memories which) {
  bool any = false;
  std::vector<FactId> facts;
  Network& network = to_.network;
  for (const auto& [old_table, new_table] : holds_) {
    const HoldTable& from = from_.network.holds_[old_table];
    const HoldPlan& plan = to_.data.holds[new_table];
    for (std::uint32_t e = 0; e < from.end(); ++e) {
      if (!from.in_use(e) || !handles(from_.data.holds[old_table].types, from.facts_of(e), facts)) continue;
      const std::uint32_t mine = network.holds_[new_table].find(facts.data());
      if (mine == kNone || network.holds_[new_table][mine].unjudged != (which == Memories::kUnjudged)) continue;
      const HoldEntry& before = from[e];
      HoldEntry& now = network.holds_[new_table][mine];
      HoldEntry then = now;
      if (which == Memories::kUnjudged) then.judged = now.line();
      if (then.judged == Truth::kUnknown) {
        then.was_held = before.held || before.was_held;
      } else if (then.judged == Truth::kTrue) {
        if (before.judged == Truth::kTrue) {
          const bool opens = !plan.in_until && from_.network.is_shut(from_.data.holds[old_table].rule) && !network.is_shut(plan.rule);
          const bool shut = !plan.in_until && network.is_shut(plan.rule);
          then.onset = opens && !before.held ? network.now() : before.onset;
          then.held = (before.held || !shut) && then.onset + plan.hold_ns <= network.now();
        }
        then.was_held = before.was_held && !then.held;  // also of what nobody knew, and is true from now on
      }
      if (which == Memories::kUnjudged && then.judged != before.judged) continue;  // as the judgement says, and then again
      if (then.judged == now.judged && then.onset == now.onset && then.held == now.held && then.was_held == now.was_held) continue;
      any = true;
      now = then;
      if (now.judged == Truth::kTrue && !now.held) to_.timers.add({now.onset + plan.hold_ns, TimerKind::kHold, new_table, mine});
      network.settle_hold(new_table, mine);
    }
  }
  return any;
}

bool Takeover::take_absences(Memories which) {
  bool any = false;
  std::vector<FactId> facts;
  Network& network = to_.network;
  for (const auto& [old_table, new_table] : absences_) {
    const AbsenceTable& from = from_.network.absences_[old_table];
    const AbsencePlan& plan = to_.data.absences[new_table];
    const bool opens = !plan.in_until && from_.network.is_shut(from_.data.absences[old_table].rule) && !network.is_shut(plan.rule);
    for (std::uint32_t e = 0; e < from.end(); ++e) {
      if (!from.in_use(e) || from[e].fresh || from[e].live_judged) continue;
      if (!handles(from_.data.absences[old_table].types, from.facts_of(e), facts)) continue;
      const std::uint32_t mine = network.absences_[new_table].find(facts.data());
      if (mine == kNone) continue;
      AbsenceEntry& now = network.absences_[new_table][mine];
      const Timestamp base = opens && !from[e].output ? network.now() : from[e].base;
      if (which == Memories::kUnjudged) {
        if (!now.unjudged || now.bound == 0 || now.live != 0 || (!now.fresh && now.base == base)) continue;
        now.fresh = false;
        now.reads = network.absence_reads(new_table, mine);
      } else if (now.unjudged || now.fresh || now.live_judged || now.base == base) {
        continue;
      }
      any = true;
      now.base = base;
      network.settle_absence(new_table, mine);
      if (!now.output) network.arm_absence(new_table, mine);
    }
  }
  return any;
}

bool Takeover::take_episodes(bool all) {
  bool any = false;
  std::vector<FactId> facts;
  for (std::uint32_t rule = 0; rule < rules_.size(); ++rule) {
    if (same_facts_ && rules_[rule] == kNoId) continue;
    const RulePlan& plan = from_.data.rules[rule];
    const TupleTable<RuleEntry>& from = from_.episodes.table(rule);
    for (EntryId e = 0; e < from.end(); ++e) {
      if (!from.in_use(e) || episodes_done_.contains({rule, e})) continue;
      const RuleEntry& before = from[e];
      // One that began and ended at this instant may begin again at it, and that is its next run; of one that waits it has been said.
      const bool matters =
          before.active || before.skipped || before.said || before.cool_until > to_.network.now() || before.last_onset == to_.network.now();
      if (!matters) continue;
      bool there = goes_on_[rule] && handles(plan.identity_types, from.facts_of(e), facts);
      if (!there) {
        if (before.active) ++taken_.episodes_dropped;
        episodes_done_.emplace(rule, e);
        continue;
      }
      for (std::size_t i = 0; i < facts.size(); ++i) {
        there = there && (!existed(plan.identity_types[i], from.facts_of(e)[i]) ||
                          to_.network.store(types_[plan.identity_types[i]].id).exists(facts[i]));
      }
      if (!there && !all) continue;
      episodes_done_.emplace(rule, e);
      any = true;
      if (before.active) ++taken_.episodes;
      adopt(rule, e, rules_[rule], facts.data());
    }
  }
  return any;
}

// Its `then` has run: only what goes on is put in place.
void Takeover::adopt(std::uint32_t old_rule, EntryId old_entry, std::uint32_t rule, const FactId* facts) {
  const RulePlan& plan = to_.data.rules[rule];
  const RuleEntry& before = from_.episodes.entry(old_rule, old_entry);
  const Timestamp now = to_.network.now();
  TupleTable<RuleEntry>& table = to_.episodes.tables_[rule];
  EntryId id = table.find(facts);
  if (id == kNone) {
    id = table.make(facts);
    for (std::size_t i = 0; i < plan.identity.size(); ++i) to_.network.store(plan.identity_types[i]).pin(facts[i]);
  }
  RuleEntry& e = table[id];
  e.active = before.active;
  e.onset = before.onset;
  e.last_run = before.last_run;
  e.last_onset = before.last_onset;
  e.run = before.run;
  e.said = before.said && same_effects(from_.data.rules[old_rule].then, plan.then);
  e.skipped = before.skipped;
  if (plan.cooldown_ns != 0 && plan.cooldown_by_identity && before.cool_until > now) {
    e.cool_until = before.cool_until;
    to_.timers.add({e.cool_until, TimerKind::kCooldown, rule, id});
  }
  to_.episodes.touch(rule, id);
  if (!before.active) return;
  episode_of_.emplace(std::uint64_t{old_rule} << 32 | old_entry, std::uint64_t{rule} << 32 | id);
  if (plan.keep_ns != 0 && before.false_since != kTimestampMax) {
    e.false_since = before.false_since;
    e.kept_out = e.false_since + plan.keep_ns <= now;
    if (!e.kept_out) to_.timers.add({e.false_since + plan.keep_ns, TimerKind::kKeep, rule, id});
  }
  if (plan.repeat_ns != 0) {
    e.repeat_due = e.last_run + plan.repeat_ns <= now;
    if (!e.repeat_due) to_.timers.add({e.last_run + plan.repeat_ns, TimerKind::kRepeat, rule, id});
  }
  // Its derived facts stay as they were told, until what they follow is known.
  std::vector<Value> row;
  for (const Reason& r : reasons_of(old_rule, old_entry)) {
    const bool still = r.effect < plan.then.size() && plan.then[r.effect].kind == EffectKind::kDerive &&
                       plan.then[r.effect].type == types_[r.type].id && plan.mode == RuleMode::kActive;
    if (still && convert(r.type, r.values.data(), row)) to_.derivation.set_episode_reason(rule, id, r.effect, row);
  }
  to_.episodes.watched(rule, id);
}

std::vector<Takeover::Reason> Takeover::reasons_of(std::uint32_t old_rule, EntryId old_entry) const {
  if (same_facts_) {
    const auto known = under_way_.reasons.find({old_rule, old_entry});
    return known == under_way_.reasons.end() ? std::vector<Reason>{} : known->second;
  }
  const Derivation& from = from_.derivation;
  std::vector<Reason> out;
  const auto reasons = from.episode_reasons_.find(std::uint64_t{old_rule} << 32 | old_entry);
  if (reasons == from.episode_reasons_.end()) return out;
  for (const std::uint32_t id : reasons->second)
    out.push_back({from.reasons_[id].type, from.reasons_[id].effect, from.episode_values_.at(id)});
  return out;
}

// Cooldowns with `per`.
void Takeover::take_groups(std::uint32_t old_rule, std::uint32_t rule) {
  const RulePlan& plan = to_.data.rules[rule];
  if (plan.cooldown_ns == 0 || plan.cooldown_by_identity || !same_formulas(from_.data.rules[old_rule].per, plan.per)) return;
  Episodes& to = to_.episodes;
  for (const auto& [number, before] : from_.episodes.groups_[old_rule]) {
    if (before.until <= to_.network.now()) continue;
    const std::uint32_t mine = to.next_group_++;
    to.group_of_[rule].emplace(before.key, mine);
    to.groups_[rule][mine] = Episodes::Group{before.key, before.until, {}};
    to_.timers.add({before.until, TimerKind::kCooldown, rule, mine});
  }
}

}  // namespace flyball::engine
