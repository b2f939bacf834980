// Episodes, semantics.md §7, chosen one at a time in the order of §6 step 4.
#include <algorithm>
#include <map>

#include "tests/reference/naive/effects.h"

namespace flyball::reference {
namespace {

// What one cascade did, and the state before its first firing.
struct Cascade {
  std::optional<State> before;
  std::map<std::uint32_t, std::size_t> by_rule;
  std::size_t firings = 0;

  void fire(const State& state, std::uint32_t rule) {
    if (!before) before = state;
    if (state.off.contains(rule)) return;  // it can only end
    ++by_rule[rule];
    ++firings;
  }
};

// An effect with its expressions evaluated.
struct Evaluated {
  const ast::Effect* effect = nullptr;
  std::vector<Value> values;
  std::string text;
  std::uint64_t given = 0;  // kSet: the fields set
  Key target;               // kSet, kRetract: the key of the fact meant
};

// nullopt if any expression errs: then the block does nothing at all.
std::optional<std::vector<Evaluated>> evaluate_effects(const std::vector<ast::Effect>& effects, Scope& scope) {
  std::vector<Evaluated> out;
  for (const ast::Effect& e : effects) {
    Evaluated done;
    done.effect = &e;
    if (e.kind == ast::EffectKind::kLog) {
      const Value text = evaluate(*e.text, scope);
      if (!text.is(Kind::kString)) return std::nullopt;
      done.text = scope.state.in->text(text);
    } else if (e.kind != ast::EffectKind::kRetract) {
      done.values = record_values(e.record, scope);
      for (const ast::RecordField& f : e.record.fields) done.given |= std::uint64_t{1} << f.field;
      for (const Value& v : done.values) {
        if (v.is_error()) return std::nullopt;
      }
    }
    if (e.kind == ast::EffectKind::kSet || e.kind == ast::EffectKind::kRetract) done.target = *scope.bound[e.binding].key;
    out.push_back(std::move(done));
  }
  return out;
}

// assert, set and retract are a put, a patch and a retract of this instant.
void change_mutable(State& state, const Evaluated& e) {
  FactInput input;
  input.type = e.effect->record.fact_type;
  input.stamp = state.now;
  input.values = e.values;
  input.values.resize(state.type(input.type).declared_fields);
  if (e.effect->kind == ast::EffectKind::kAssert) {
    take_input(state, input);
    return;
  }
  if (!state.facts[input.type].contains(e.target)) return;
  input.op = e.effect->kind == ast::EffectKind::kSet ? FactOp::kPatch : FactOp::kRetract;
  input.present = e.given;
  const std::vector<std::uint32_t>& key = state.type(input.type).key;
  for (std::size_t i = 0; i < key.size(); ++i) {
    input.values[key[i]] = e.target[i];
    input.present |= std::uint64_t{1} << key[i];
  }
  take_input(state, input);
}

void apply_effects(State& state, std::uint32_t rule, Episode& episode, const std::vector<Evaluated>& effects,
                   std::optional<Timestamp> was_due, bool asks) {
  for (std::size_t i = 0; i < effects.size(); ++i) {
    end_moment(state);
    const Evaluated& e = effects[i];
    if (e.effect->kind == ast::EffectKind::kDo) {
      state.was_due = was_due;
      make_action(state, {rule, &episode, asks}, e.effect->record.fact_type, e.values);
      state.was_due.reset();
    }
    if (e.effect->kind == ast::EffectKind::kDerive) episode.last_derived[i] = e.values;
    if (e.effect->kind == ast::EffectKind::kLog) state.out.logs.push_back({state.now, rule, e.text});
    const bool mutable_effect = e.effect->kind == ast::EffectKind::kAssert || e.effect->kind == ast::EffectKind::kSet ||
                                e.effect->kind == ast::EffectKind::kRetract;
    if (mutable_effect && state.rules->rules[rule].mode_value == ast::Mode::kActive) change_mutable(state, e);
  }
}

bool must_end(State& state, std::uint32_t rule, const Key& identity) {
  Scope scope = rule_scope(state, rule);
  if (const DurationNs keep = state.plan.rules[rule].keep_ns; keep != 0) {
    const Episode& e = state.episodes[rule].at(identity);
    return e.false_since && *e.false_since + keep <= state.now;
  }
  if (!bind_identity(state, rule, identity, scope)) return true;
  const Truth bad = state.is(Mutation::kUnknownEndsEpisode) ? Truth::kUnknown : Truth::kFalse;
  if (state.plan.rules[rule].rule->until) return until_truth(rule, scope) == Truth::kTrue;
  return when_truth(rule, scope) <= bad;
}

}  // namespace

Scope scope_of_ended(State& state, std::uint32_t rule, const Episode& episode, std::vector<Key>& keys) {
  Scope scope = rule_scope(state, rule);
  const ast::RuleDecl& decl = *state.plan.rules[rule].rule;
  keys.resize(decl.identity.size());
  std::size_t at = 0;
  for (std::size_t k = 0; k < decl.identity.size(); ++k) {
    const FactTypeId type = decl.binding_types[decl.identity[k]];
    const std::size_t length = state.key_length(scope.rule, decl.identity[k], type);
    keys[k].assign(episode.identity.begin() + static_cast<std::ptrdiff_t>(at),
                   episode.identity.begin() + static_cast<std::ptrdiff_t>(at + length));
    at += length;
    const KeyMap<Fact>& facts = state.facts_of(scope.rule, decl.identity[k], type);
    const auto found = facts.find(keys[k]);
    if (found != facts.end()) {
      scope.bound[decl.identity[k]] = bind_fact(state, type, found->first, found->second);
    } else {
      const auto gone = state.gone[type].find(keys[k]);
      const bool of_fact = !scope.rule->each.contains(decl.identity[k]);
      const std::vector<Value>& last = of_fact && gone != state.gone[type].end() ? gone->second : episode.last_values[k];
      scope.bound[decl.identity[k]] = Bound{type, &keys[k], &last, false, false, {}};
    }
  }
  return scope;
}

namespace {

// §11: when the end was due, if that was while the engine was away.
std::optional<Timestamp> missed_end(State& state, std::uint32_t rule, const Episode& episode) {
  if (const DurationNs keep = state.plan.rules[rule].keep_ns; keep != 0) return state.if_missed(*episode.false_since + keep);
  Scope scope = rule_scope(state, rule);
  if (!bind_identity(state, rule, episode.identity, scope) || until_truth(rule, scope) != Truth::kTrue) return std::nullopt;
  return state.if_missed(missed_deadline(true, rule, scope));
}

void end_episode(State& state, std::uint32_t rule, Key identity) {
  Episode episode = state.episodes[rule].at(identity);
  const std::optional<Timestamp> was_due = missed_end(state, rule, episode);
  std::vector<Key> keys;
  Scope scope = scope_of_ended(state, rule, episode, keys);
  const std::vector<ast::Effect>& block = state.plan.rules[rule].rule->on_clear;
  const std::optional<std::vector<Evaluated>> effects = evaluate_effects(block, scope);
  state.episodes[rule].erase(identity);
  state.was_due = was_due;
  expire_waiting(state, episode);
  state.was_due.reset();
  if (block.empty() || !effects || state.is(Mutation::kNoOnClear)) return;
  state.out.firings.push_back({state.now, rule, true});
  const bool asks = state.is(Mutation::kClearNeedsApproval) && state.plan.rules[rule].rule->approve;
  apply_effects(state, rule, episode, *effects, was_due, asks);
}

bool end_one(State& state, Cascade& cascade) {
  for (std::uint32_t rule : state.plan.by_priority) {
    for (const auto& [identity, episode] : state.episodes[rule]) {
      if (!must_end(state, rule, identity)) continue;
      cascade.fire(state, rule);
      end_episode(state, rule, identity);
      return true;
    }
  }
  return false;
}

// The cooldown group of a match; nullopt if it cannot be evaluated.
std::optional<Key> cooldown_group(const ast::RuleDecl& rule, const Key& identity, Scope& scope) {
  if (rule.cooldown_per.empty() || scope.state.is(Mutation::kCooldownIgnoresPer)) return identity;
  Key group;
  for (const ast::Expr& e : rule.cooldown_per) {
    group.push_back(evaluate(e, scope));
    if (group.back().is_error()) return std::nullopt;
  }
  return group;
}

bool is_cooling(State& state, std::uint32_t rule, const Key& group) {
  const auto found = state.cooldowns[rule].find(group);
  if (found == state.cooldowns[rule].end()) return false;
  return state.is(Mutation::kCooldownOneLate) ? state.now <= found->second : state.now < found->second;
}

// `approve when`, as things are before anything is done.
bool must_ask(const ast::RuleDecl& rule, Scope& scope) {
  if (!rule.approve) return false;
  const Truth t = truth(*rule.approve, scope);
  return t == Truth::kTrue || (t == Truth::kUnknown && !scope.state.is(Mutation::kUnknownNeedsNoApproval));
}

void run_then(State& state, std::uint32_t rule, Episode& episode, const std::optional<Key>& group, const std::vector<Evaluated>& effects,
              std::optional<Timestamp> was_due, bool asks) {
  const DurationNs cooldown = state.plan.rules[rule].cooldown_ns;
  if (cooldown != 0 && group) state.cooldowns[rule].insert_or_assign(*group, state.now + cooldown);
  episode.last_run = state.now;
  state.out.firings.push_back({state.now, rule, false});
  apply_effects(state, rule, episode, effects, was_due, asks);
}

bool is_skipped(const State& state, std::uint32_t rule, std::optional<Timestamp> was_due) {
  const std::optional<DurationNs> oldest = state.plan.rules[rule].late_skip_ns;
  if (!oldest || !was_due) return false;
  return state.is(Mutation::kLateSkipTooEarly) ? state.now - *was_due >= *oldest : state.now - *was_due > *oldest;
}

bool try_repeat(State& state, std::uint32_t rule, const Key& identity, Scope& scope, Cascade& cascade) {
  const RulePlan& plan = state.plan.rules[rule];
  Episode& episode = state.episodes[rule].at(identity);
  if (plan.repeat_ns == 0 || state.now < episode.last_run + plan.repeat_ns) return false;
  const std::optional<Timestamp> was_due = state.if_missed(episode.last_run + plan.repeat_ns);
  if (is_skipped(state, rule, was_due)) {
    episode.last_run = state.now;
    return false;
  }
  const std::optional<std::vector<Evaluated>> effects = evaluate_effects(plan.rule->then, scope);
  if (!effects) return false;
  cascade.fire(state, rule);
  run_then(state, rule, episode, cooldown_group(*plan.rule, identity, scope), *effects, was_due, must_ask(*plan.rule, scope));
  return true;
}

bool try_start(State& state, std::uint32_t rule, const Key& identity, Scope& scope, Cascade& cascade) {
  const RulePlan& plan = state.plan.rules[rule];
  if (state.shut[rule] && !state.is(Mutation::kEpisodesBeginOutside)) return false;
  if (state.episodes[rule].contains(identity)) return try_repeat(state, rule, identity, scope, cascade);
  if (until_truth(rule, scope) == Truth::kTrue || state.skipped[rule].contains(identity)) return false;
  const std::optional<Timestamp> was_due = state.if_missed(missed_deadline(false, rule, scope));
  if (is_skipped(state, rule, was_due)) {
    state.skipped[rule].insert(identity);
    return false;
  }
  const std::optional<Key> group = plan.cooldown_ns != 0 ? cooldown_group(*plan.rule, identity, scope) : Key{};
  if (!group || (plan.cooldown_ns != 0 && is_cooling(state, rule, *group))) return false;
  const std::optional<std::vector<Evaluated>> effects = evaluate_effects(plan.rule->then, scope);
  if (!effects) return false;
  cascade.fire(state, rule);
  Episode& episode = state.episodes[rule][identity];
  episode.identity = identity;
  episode.onset = state.now;
  for (std::uint32_t b : plan.rule->identity) {
    episode.last_values.push_back(*scope.bound[b].values);
    episode.of_event = episode.of_event || state.type(plan.rule->binding_types[b]).is_event();
  }
  run_then(state, rule, episode, group, *effects, was_due, must_ask(*plan.rule, scope));
  return true;
}

bool start_one(State& state, Cascade& cascade) {
  std::vector<std::uint32_t> order = state.plan.by_priority;
  if (state.is(Mutation::kPriorityAscending)) std::reverse(order.begin(), order.end());
  for (std::uint32_t rule : order) {
    const RulePlan& plan = state.plan.rules[rule];
    if (plan.logical || plan.production || plan.rule->mode_value == ast::Mode::kOff || state.off.contains(rule)) continue;
    std::vector<Key> identities;
    Scope scope = rule_scope(state, rule);
    for_each_match(state, rule, scope, [&](Truth t, const Key& identity) {
      if (t == Truth::kTrue) identities.push_back(identity);
      return true;
    });
    if (state.is(Mutation::kIdentityDescending)) std::reverse(identities.begin(), identities.end());
    for (const Key& identity : identities) {
      Scope bound = rule_scope(state, rule);
      if (bind_identity(state, rule, identity, bound) && try_start(state, rule, identity, bound, cascade)) return true;
    }
  }
  return false;
}

// One production fires, or cannot: it is done with either way.
bool fire_one(State& state, Cascade& cascade) {
  const std::optional<std::pair<std::uint32_t, Key>> next = next_production(state);
  if (!next) return false;
  const auto& [rule, identity] = *next;
  Scope scope = rule_scope(state, rule);
  bind_identity(state, rule, identity, scope);
  const std::optional<std::vector<Evaluated>> effects = evaluate_effects(state.plan.rules[rule].rule->then, scope);
  if (effects) cascade.fire(state, rule);
  state.activations[rule].at(identity).fired = true;
  if (!effects) return true;
  state.out.firings.push_back({state.now, rule, false});
  Episode origin;
  origin.identity = identity;
  origin.onset = state.now;
  apply_effects(state, rule, origin, *effects, std::nullopt, false);
  return true;
}

void events_leave(State& state) {
  for (FactTypeId type = 0; type < state.facts.size(); ++type) {
    if (!state.type(type).is_event() || state.is(Mutation::kEventsStay)) continue;
    state.facts[type].clear();
  }
}

// The cascade never was; the rule that fired most runs no more.
void take_back(State& state, const Cascade& cascade) {
  const auto worst =
      std::max_element(cascade.by_rule.begin(), cascade.by_rule.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  const std::uint64_t runaways = state.runaways + 1;
  const std::uint64_t moment = state.moment;
  if (!state.is(Mutation::kRunawayStays)) state = *cascade.before;
  state.moment = moment;
  state.runaways = runaways;
  state.off.insert(worst->first);
}

// What `late skip` dealt with is forgotten when its match is false.
void forget_skipped(State& state) {
  for (std::uint32_t rule = 0; rule < state.skipped.size(); ++rule) {
    std::erase_if(state.skipped[rule], [&](const Key& identity) {
      Scope scope = rule_scope(state, rule);
      return !bind_identity(state, rule, identity, scope) || when_truth(rule, scope) == Truth::kFalse;
    });
  }
}

void run_cascade(State& state) {
  Cascade cascade;
  for (;;) {
    end_moment(state);
    derive_closure(state);
    end_moment(state);
    judge(state);
    if (!state.is(Mutation::kLateSkipIsForEver)) forget_skipped(state);
    if (!fire_one(state, cascade) && !end_one(state, cascade) && !start_one(state, cascade)) return;
    if (cascade.firings <= state.firings_max) continue;
    take_back(state, cascade);
    cascade = Cascade{};
  }
}

}  // namespace

void run_agenda(State& state) {
  run_cascade(state);
  events_leave(state);
  clear_absences_due(state);
  end_moment(state);
  run_cascade(state);
}

}  // namespace flyball::reference
