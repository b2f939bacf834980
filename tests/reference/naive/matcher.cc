// The truth of lines and the enumeration of matches.
#include "tests/reference/naive/matcher.h"

#include <algorithm>
#include <map>
#include <set>

#include "model/check.h"

namespace flyball::reference {
namespace {

using ast::LineKind;
using ast::Pattern;
using ast::Quantifier;

// What a timed line's hold or absence is filed under: the keys of the facts it reads, then its own.
Key timed_key(const LinePlan& line, const Scope& scope) {
  Key key;
  for (std::uint32_t b : line.reads) key.insert(key.end(), scope.bound[b].key->begin(), scope.bound[b].key->end());
  if (line.binds()) {
    const Bound& own = scope.bound[line.line->pattern.binding];
    key.insert(key.end(), own.key->begin(), own.key->end());
  }
  return key;
}

Truth held_truth(const LinePlan& line, LinePlace place, Scope& scope) {
  const Truth raw = raw_truth(line, scope);
  if (raw != Truth::kTrue) return raw;
  const KeyMap<Hold>& table = scope.state.holds.at(place);
  const auto found = table.find(timed_key(line, scope));
  if (found == table.end()) return Truth::kFalse;
  if (found->second.held) return Truth::kTrue;
  return found->second.was_held ? Truth::kUnknown : Truth::kFalse;
}

// The latest stamp among the events of the description; live facts say only that they are there.
struct Presence {
  bool fact = false;
  std::optional<Timestamp> event;
};

Presence presence(const Pattern& p, Scope& scope) {
  Presence out;
  for (const auto& [key, fact] : scope.facts_of(p)) {
    scope.bound[p.binding] = bind_fact(scope.state, p.fact_type, key, fact);
    if (scope.bound[p.binding].hidden || fact_truth(p, scope) != Truth::kTrue) continue;
    if (!scope.state.type(p.fact_type).is_event()) {
      out.fact = true;
    } else if (!out.event || fact.stamp > *out.event) {
      out.event = fact.stamp;
    }
  }
  return out;
}

bool is_over(const State& state, Timestamp since, DurationNs d) {
  return state.is(Mutation::kAbsenceOneLate) ? since + d < state.now : since + d <= state.now;
}

std::vector<Value> reads_now(const LinePlan& line, const Scope& scope) {
  std::vector<Value> out;
  for (const auto& [binding, field] : line.fields) out.push_back(field_of(scope.state, scope.bound[binding], field));
  return out;
}

Truth absence_truth(const LinePlan& line, LinePlace place, Scope& scope) {
  const KeyMap<Absence>& table = scope.state.absences.at(place);
  const auto found = table.find(timed_key(line, scope));
  if (found == table.end()) return Truth::kFalse;
  const Absence& a = found->second;
  if (reads_now(line, scope) != a.reads && !scope.state.is(Mutation::kAbsenceSurvivesChange)) return Truth::kFalse;
  if (a.due_now) return Truth::kTrue;
  const Presence now = presence(line.line->pattern, scope);
  if (now.fact || a.present) return Truth::kFalse;
  const Timestamp since = now.event ? std::max(a.since, *now.event) : a.since;
  if (!place.until && scope.state.shut[place.rule])
    return since + line.duration_ns < scope.state.shut_since[place.rule] ? Truth::kTrue : Truth::kFalse;
  return is_over(scope.state, since, line.duration_ns) ? Truth::kTrue : Truth::kFalse;
}

// Matches from line `i` on; `sofar` is the truth of the lines before it.
bool enumerate(std::uint32_t rule, std::size_t i, Truth sofar, Key& identity, Scope& scope, const OnMatch& on_match) {
  const RulePlan& plan = scope.state.plan.rules[rule];
  if (i == plan.when.size()) return on_match(sofar, identity);
  const LinePlan& line = plan.when[i];
  if (!line.binds()) {
    const Truth t = truth_and(sofar, line_truth(line, {rule, false, i}, scope));
    return t == Truth::kFalse || enumerate(rule, i + 1, t, identity, scope, on_match);
  }
  const Pattern& p = line.line->pattern;
  for (const auto& [key, fact] : scope.facts_of(p)) {
    scope.bound[p.binding] = bind_fact(scope.state, p.fact_type, key, fact);
    const Truth t = truth_and(sofar, line_truth(line, {rule, false, i}, scope));
    if (t == Truth::kFalse) continue;
    const std::size_t before = identity.size();
    identity.insert(identity.end(), key.begin(), key.end());
    const bool go_on = enumerate(rule, i + 1, t, identity, scope, on_match);
    identity.resize(before);
    if (!go_on) return false;
  }
  return true;
}

using Branches = std::map<std::uint32_t, std::uint32_t>;  // by `either`: the branch that is looked at

std::set<std::uint32_t> branches_of(const std::vector<LinePlan>& lines, std::uint32_t either) {
  std::set<std::uint32_t> out;
  for (const LinePlan& line : lines) {
    for (const ast::InBranch& in : line.line->branches) {
      if (in.either == either) out.insert(in.branch);
    }
  }
  return out;
}

// The lines from `i` on, of every `either` the best branch, and the best fact for names that only some branches bind.
Truth best_truth(const std::vector<LinePlan>& lines, std::uint32_t rule, bool until, std::size_t i, Branches chosen, Scope& scope) {
  if (i == lines.size()) return Truth::kTrue;
  const LinePlan& line = lines[i];
  for (const ast::InBranch& in : line.line->branches) {
    if (const auto branch = chosen.find(in.either); branch != chosen.end()) {
      if (branch->second != in.branch) return best_truth(lines, rule, until, i + 1, chosen, scope);
      continue;
    }
    Truth some = Truth::kFalse;
    for (const std::uint32_t branch : branches_of(lines, in.either)) {
      chosen[in.either] = branch;
      const Truth t = best_truth(lines, rule, until, i, chosen, scope);
      some = scope.state.is(Mutation::kEitherIsAll) && some == Truth::kTrue ? truth_and(some, t) : truth_or(some, t);
    }
    return some;
  }
  auto go_on = [&] {
    const Truth t = line_truth(line, {rule, until, i}, scope);
    return t == Truth::kFalse ? t : truth_and(t, best_truth(lines, rule, until, i + 1, chosen, scope));
  };
  if (!line.binds() || (!line.line->pattern.local && !until)) return go_on();  // what `until` binds is found by it
  const Pattern& p = line.line->pattern;
  Truth best = Truth::kFalse;
  for (const auto& [key, fact] : scope.facts_of(p)) {
    scope.bound[p.binding] = bind_fact(scope.state, p.fact_type, key, fact);
    best = truth_or(best, go_on());
  }
  return best;
}

Truth block_truth(const std::vector<LinePlan>& lines, std::uint32_t rule, bool until, Scope& scope) {
  return best_truth(lines, rule, until, 0, {}, scope);
}

// Of a rule with an `either`: every choice of facts for the names that mean something behind it, in order of identity.
bool enumerate_identities(std::uint32_t rule, std::size_t place, Key& identity, Scope& scope, const OnMatch& on_match) {
  const RulePlan& plan = scope.state.plan.rules[rule];
  const ast::RuleDecl& decl = *plan.rule;
  if (place == decl.identity.size()) {
    const Truth t = block_truth(plan.when, rule, false, scope);
    return t == Truth::kFalse || on_match(t, identity);
  }
  const std::uint32_t binding = decl.identity[place];
  const FactTypeId type = decl.binding_types[binding];
  for (const auto& [key, fact] : scope.state.facts_of(&plan, binding, type)) {
    scope.bound[binding] = bind_fact(scope.state, type, key, fact);
    const std::size_t before = identity.size();
    identity.insert(identity.end(), key.begin(), key.end());
    const bool go_on = enumerate_identities(rule, place + 1, identity, scope, on_match);
    identity.resize(before);
    if (!go_on) return false;
  }
  return true;
}

// Judging. What a timed line is judged for: every choice of the facts it reads that is bound for it.
struct Judged {
  Truth raw = Truth::kFalse;
  Presence presence;
  std::vector<Value> reads;
};

Judged look(const LinePlan& line, Scope& scope) {
  if (!line.absence) return {raw_truth(line, scope), {}, {}};
  Judged out{Truth::kUnknown, presence(line.line->pattern, scope), {}};
  out.reads = reads_now(line, scope);
  return out;
}

void collect_judged(std::uint32_t rule, const LinePlan& line, std::size_t step, Branches branches, Scope& scope, KeyMap<Judged>& out) {
  const RulePlan& plan = scope.state.plan.rules[rule];
  if (step < line.bound_by.size()) {
    const std::size_t at = line.bound_by[step];
    const Pattern& p = plan.when[at].line->pattern;
    for (const ast::InBranch& in : plan.when[at].line->branches) {
      if (const auto chosen = branches.find(in.either); chosen != branches.end()) {
        if (chosen->second != in.branch) return collect_judged(rule, line, step + 1, branches, scope, out);
        continue;
      }
      // Any of the branches that bind.
      std::vector<LinePlan> binders;
      for (const std::size_t other : line.bound_by) binders.push_back(plan.when[other]);
      for (const std::uint32_t branch : branches_of(binders, in.either)) {
        branches[in.either] = branch;
        collect_judged(rule, line, step, branches, scope, out);
      }
      return;
    }
    for (const auto& [key, fact] : scope.facts_of(p)) {
      scope.bound[p.binding] = bind_fact(scope.state, p.fact_type, key, fact);
      if (line_truth(plan.when[at], {rule, false, at}, scope) != Truth::kFalse) collect_judged(rule, line, step + 1, branches, scope, out);
    }
    return;
  }
  if (!line.binds()) {
    out.emplace(timed_key(line, scope), look(line, scope));
    return;
  }
  const Pattern& p = line.line->pattern;
  for (const auto& [key, fact] : scope.facts_of(p)) {
    scope.bound[p.binding] = bind_fact(scope.state, p.fact_type, key, fact);
    out.emplace(timed_key(line, scope), look(line, scope));
  }
}

void update_hold(State& state, KeyMap<Hold>& table, const Key& key, Truth raw) {
  if (raw == Truth::kFalse) {
    if (!state.is(Mutation::kHoldSurvivesGap)) table.erase(key);
    return;
  }
  Hold& h = table[key];
  if (raw == Truth::kUnknown) {
    h.was_held = h.was_held || h.held;
    h.held = h.counting = false;
  } else if (!h.counting) {
    h.counting = true;
    h.onset = state.now;
  }
}

void update_absence(State& state, KeyMap<Absence>& table, const Key& key, const Judged& judged) {
  const Presence& now = judged.presence;
  Absence& a = table.try_emplace(key, Absence{judged.reads, state.now, false, false}).first->second;
  if (a.reads != judged.reads && !state.is(Mutation::kAbsenceSurvivesChange)) {
    a.since = state.now;
    a.due_now = false;
  }
  a.reads = judged.reads;
  if (now.event) a.since = std::max(a.since, *now.event);
  if (a.present && !now.fact) a.since = state.now;
  a.present = now.fact;
}

void judge_line(State& state, const LinePlan& line, LinePlace place, const KeyMap<Judged>& judged) {
  auto forget = [&](auto& table) { std::erase_if(table, [&](const auto& entry) { return !judged.contains(entry.first); }); };
  if (line.absence) {
    KeyMap<Absence>& table = state.absences.at(place);
    forget(table);
    for (const auto& [key, j] : judged) update_absence(state, table, key, j);
  } else {
    KeyMap<Hold>& table = state.holds.at(place);
    forget(table);
    for (const auto& [key, j] : judged) update_hold(state, table, key, j.raw);
  }
}

// Lines of `until` are judged for identities that are active or whose match is not false.
void judge_until(State& state, std::uint32_t rule) {
  const RulePlan& plan = state.plan.rules[rule];
  for (std::size_t i = 0; i < plan.until.size(); ++i) {
    const LinePlan& line = plan.until[i];
    if (!line.is_timed()) continue;
    KeyMap<Judged> judged(KeyLess{state.in});
    Scope scope = rule_scope(state, rule);
    auto add_in = [&](Scope& in) {
      if (!line.binds()) {
        judged.emplace(timed_key(line, in), look(line, in));
        return;
      }
      const Pattern& p = line.line->pattern;
      for (const auto& [key, fact] : in.facts_of(p)) {
        in.bound[p.binding] = bind_fact(state, p.fact_type, key, fact);
        judged.emplace(timed_key(line, in), look(line, in));
      }
    };
    auto add = [&] { add_in(scope); };
    if (line.reads.empty()) {
      add();
    } else {
      for (const auto& [identity, episode] : state.episodes[rule]) {
        // One that is gone may be there again before episodes end.
        std::vector<Key> keys;
        Scope last = scope_of_ended(state, rule, episode, keys);
        add_in(last);
      }
      for_each_match(state, rule, scope, [&](Truth, const Key&) {
        add();
        return true;
      });
    }
    judge_line(state, line, {rule, true, i}, judged);
  }
}

// What is known of each fact of the identity, whether or not the others are there.
void remember_values(const State& state, const RulePlan& plan, const Key& identity, Episode& episode) {
  const ast::RuleDecl& rule = *plan.rule;
  auto at = identity.begin();
  for (std::size_t k = 0; k < rule.identity.size(); ++k) {
    const FactTypeId type = rule.binding_types[rule.identity[k]];
    const auto end = at + static_cast<std::ptrdiff_t>(state.key_length(&plan, rule.identity[k], type));
    const KeyMap<Fact>& facts = state.facts_of(&plan, rule.identity[k], type);
    const auto found = facts.find(Key(at, end));
    if (found != facts.end() && !found->second.suspended) episode.last_values[k] = found->second.values;
    at = end;
  }
}

}  // namespace

Scope rule_scope(State& state, std::uint32_t rule) {
  Scope scope{state, &state.plan.rules[rule].lets, nullptr, {}, {}, nullptr};
  scope.bound.resize(state.plan.rules[rule].rule->binding_count);
  scope.rule = &state.plan.rules[rule];
  return scope;
}

// `within D after m`: at or after m's stamp, and less than D later. Of an action it is the last send.
Truth after_truth(const Pattern& pattern, const Bound& own, const Scope& scope) {
  const Bound& other = scope.bound[pattern.after_binding];
  const FactType& type = scope.state.type(other.type);
  Timestamp from = other.stamp;
  if (type.role == Role::kAction) from = *to_engine_time((*other.values)[type.action_field(ActionField::kAt)]);
  if (scope.state.is(Mutation::kAfterIsAnyTime))
    return own.stamp < from + constant_duration(*pattern.within) ? Truth::kTrue : Truth::kFalse;
  return own.stamp >= from && own.stamp < from + constant_duration(*pattern.within) ? Truth::kTrue : Truth::kFalse;
}

Truth fact_truth(const Pattern& pattern, Scope& scope) {
  const Bound own = scope.bound[pattern.binding];
  Truth t = Truth::kTrue;
  for (const ast::Join& j : pattern.joins) {
    const Value mine = field_of(scope.state, own, j.field);
    const Value theirs = field_of(scope.state, scope.bound[j.other], j.other_field);
    const bool null = mine.is_null() || theirs.is_null();
    if (null && !(scope.state.is(Mutation::kNullJoinsNull) && mine == theirs)) {
      t = Truth::kFalse;
    } else if (mine.is_error() || theirs.is_error()) {
      t = truth_and(t, Truth::kUnknown);
    } else if (!cel_equal(mine, theirs, *scope.state.in)) {
      t = Truth::kFalse;
    }
  }
  if (pattern.after) t = truth_and(t, after_truth(pattern, own, scope));
  if (pattern.where) t = truth_and(t, truth(*pattern.where, scope));
  if (own.suspended) t = truth_and(t, scope.state.is(Mutation::kSuspendedIsFalse) ? Truth::kFalse : Truth::kUnknown);
  return t;
}

Truth raw_truth(const LinePlan& line, Scope& scope) {
  if (line.line->kind == LineKind::kLet) return Truth::kTrue;
  if (line.line->kind == LineKind::kCheck) return truth(line.line->expr, scope);
  const Pattern& p = line.line->pattern;
  if (p.quantifier == Quantifier::kOne) return fact_truth(p, scope);
  if (p.quantifier == Quantifier::kNo && p.after && !scope.state.is(Mutation::kSilenceAtOnce) &&
      scope.bound[p.after_binding].stamp + constant_duration(*p.within) > scope.state.now)
    return Truth::kFalse;  // it may still come
  Truth some = Truth::kFalse;
  Truth all = scope.state.is(Mutation::kEveryNeedsOne) && scope.facts_of(p).empty() ? Truth::kFalse : Truth::kTrue;
  for (const auto& [key, fact] : scope.facts_of(p)) {
    scope.bound[p.binding] = bind_fact(scope.state, p.fact_type, key, fact);
    if (p.quantifier == Quantifier::kEvery) {
      all = truth_and(all, truth_or(truth_not(fact_truth(p, scope)), truth(*p.satisfies, scope)));
      continue;
    }
    some = truth_or(some, fact_truth(p, scope));
  }
  if (p.quantifier == Quantifier::kEvery) return all;
  return p.quantifier == Quantifier::kSome ? some : truth_not(some);
}

Truth line_truth(const LinePlan& line, LinePlace place, Scope& scope) {
  if (line.absence) return absence_truth(line, place, scope);
  return line.is_timed() ? held_truth(line, place, scope) : raw_truth(line, scope);
}

void for_each_match(State& state, std::uint32_t rule, Scope& scope, const OnMatch& on_match) {
  FB_CHECK(&scope.state == &state);
  Key identity;
  const std::vector<LinePlan>& when = state.plan.rules[rule].when;
  if (std::any_of(when.begin(), when.end(), [](const LinePlan& line) { return !line.line->branches.empty(); })) {
    enumerate_identities(rule, 0, identity, scope, on_match);
  } else {
    enumerate(rule, 0, Truth::kTrue, identity, scope, on_match);
  }
}

bool bind_identity(State& state, std::uint32_t rule, const Key& identity, Scope& scope) {
  std::size_t at = 0;
  const ast::RuleDecl& decl = *state.plan.rules[rule].rule;
  for (std::uint32_t b : decl.identity) {
    const FactTypeId type = decl.binding_types[b];
    const std::size_t length = state.key_length(scope.rule, b, type);
    const Key key(identity.begin() + static_cast<std::ptrdiff_t>(at), identity.begin() + static_cast<std::ptrdiff_t>(at + length));
    at += length;
    const KeyMap<Fact>& facts = scope.state.facts_of(scope.rule, b, type);
    const auto found = facts.find(key);
    if (found == facts.end()) return false;
    scope.bound[b] = bind_fact(state, type, found->first, found->second);
  }
  return true;
}

Truth when_truth(std::uint32_t rule, Scope& scope) { return block_truth(scope.state.plan.rules[rule].when, rule, false, scope); }

Truth until_truth(std::uint32_t rule, Scope& scope) {
  const RulePlan& plan = scope.state.plan.rules[rule];
  return plan.rule->until ? block_truth(plan.until, rule, true, scope) : Truth::kFalse;
}

namespace {

// kTimestampMax: the line (or the rest of the branch) is not true.
Timestamp missed_of_line(const LinePlan& line, LinePlace place, Scope& scope) {
  State& state = scope.state;
  if (line_truth(line, place, scope) != Truth::kTrue) return kTimestampMax;
  if (!line.is_timed()) return kTimestampMin;
  Timestamp due;
  if (line.absence) {
    due = state.absences.at(place).at(timed_key(line, scope)).since + line.duration_ns;
  } else {
    due = state.holds.at(place).at(timed_key(line, scope)).onset + line.duration_ns;
  }
  return state.if_missed(due) ? due : kTimestampMin;
}

// The lines from `i` on: of every `either`, and of every choice of facts that only some branches bind, the way that was due first.
Timestamp missed_from(const std::vector<LinePlan>& lines, std::uint32_t rule, bool until, std::size_t i, Branches chosen, Scope& scope) {
  if (i == lines.size()) return kTimestampMin;
  const LinePlan& line = lines[i];
  for (const ast::InBranch& in : line.line->branches) {
    if (const auto branch = chosen.find(in.either); branch != chosen.end()) {
      if (branch->second != in.branch) return missed_from(lines, rule, until, i + 1, chosen, scope);
      continue;
    }
    Timestamp first = kTimestampMax;
    for (const std::uint32_t branch : branches_of(lines, in.either)) {
      chosen[in.either] = branch;
      first = std::min(first, missed_from(lines, rule, until, i, chosen, scope));
    }
    return first;
  }
  auto go_on = [&] {
    const Timestamp t = missed_of_line(line, {rule, until, i}, scope);
    return t == kTimestampMax ? t : std::max(t, missed_from(lines, rule, until, i + 1, chosen, scope));
  };
  if (!line.binds() || (!line.line->pattern.local && !until)) return go_on();  // what `until` binds is found by it
  const Pattern& p = line.line->pattern;
  Timestamp first = kTimestampMax;
  for (const auto& [key, fact] : scope.facts_of(p)) {
    scope.bound[p.binding] = bind_fact(scope.state, p.fact_type, key, fact);
    first = std::min(first, go_on());
  }
  return first;
}

}  // namespace

Timestamp missed_deadline(bool until, std::uint32_t rule, Scope& scope) {
  const RulePlan& plan = scope.state.plan.rules[rule];
  return missed_from(until ? plan.until : plan.when, rule, until, 0, {}, scope);
}

void judge(State& state) {
  for (std::uint32_t rule = 0; rule < state.plan.rules.size(); ++rule) {
    const RulePlan& plan = state.plan.rules[rule];
    for (std::size_t i = 0; i < plan.when.size(); ++i) {
      if (!plan.when[i].is_timed()) continue;
      KeyMap<Judged> judged(KeyLess{state.in});
      Scope scope = rule_scope(state, rule);
      collect_judged(rule, plan.when[i], 0, {}, scope, judged);
      judge_line(state, plan.when[i], {rule, false, i}, judged);
    }
    judge_until(state, rule);
    // What `on clear` will know of facts that are gone by then.
    for (auto& [identity, episode] : state.episodes[rule]) {
      Scope scope = rule_scope(state, rule);
      const bool there = bind_identity(state, rule, identity, scope);
      if (plan.keep_ns != 0) {
        const Truth match = there ? when_truth(rule, scope) : Truth::kFalse;
        if (match != Truth::kFalse) {
          episode.false_since.reset();
        } else if (!episode.false_since) {
          episode.false_since = state.now;
        }
      }
      remember_values(state, plan, identity, episode);
    }
  }
}

bool hold_due(State& state) {
  bool any = false;
  for (auto& [place, table] : state.holds) {
    const RulePlan& plan = state.plan.rules[place.rule];
    const DurationNs d = (place.until ? plan.until : plan.when)[place.line].duration_ns;
    if (!place.until && state.shut[place.rule]) continue;
    for (auto& [key, h] : table) {
      const bool due = state.is(Mutation::kHoldOneLate) ? h.onset + d < state.now : h.onset + d <= state.now;
      if (!h.counting || h.held || !due) continue;
      h.held = any = true;
      h.was_held = false;
    }
  }
  return any;
}

void mark_absences_due(State& state) {
  for (auto& [place, table] : state.absences) {
    const RulePlan& plan = state.plan.rules[place.rule];
    const DurationNs d = (place.until ? plan.until : plan.when)[place.line].duration_ns;
    if (!place.until && state.shut[place.rule]) continue;
    for (auto& [key, a] : table)
      a.due_now = !a.present && a.since + d == state.now && !state.recovering && !state.is(Mutation::kAbsenceOneLate);
  }
}

void clear_absences_due(State& state) {
  for (auto& [place, table] : state.absences) {
    for (auto& [key, a] : table) a.due_now = false;
  }
}

void start_absences(State& state) {
  for (std::uint32_t rule = 0; rule < state.plan.rules.size(); ++rule) {
    for (const bool until : {false, true}) {
      const std::vector<LinePlan>& lines = until ? state.plan.rules[rule].until : state.plan.rules[rule].when;
      for (std::size_t i = 0; i < lines.size(); ++i) {
        if (lines[i].absence && lines[i].reads.empty()) state.absences.at({rule, until, i})[{}] = Absence{{}, *state.start, false, false};
      }
    }
  }
}

}  // namespace flyball::reference
