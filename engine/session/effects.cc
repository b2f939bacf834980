// What `then` and `on clear` do. All effects of a block read the state that matched and are applied together, in
// written order; if one cannot be evaluated, none is.
#include <algorithm>

#include "engine/session/action_id.h"
#include "engine/session/records.h"
#include "engine/session/session_impl.h"

namespace flyball::engine {

// What they come to stands in `evaluated` until others are.
bool Session::Impl::evaluate_effects(const std::vector<EffectPlan>& effects, std::uint32_t scope) {
  FrameBuffer& frame = network.frame();
  if (evaluated_room.size() < effects.size()) evaluated_room.resize(effects.size());
  evaluated = {};
  for (std::uint32_t i = 0; i < effects.size(); ++i) {
    const EffectPlan& effect = effects[i];
    Evaluated& done = evaluated_room[i];
    evaluated = {evaluated_room.data(), i + std::size_t{1}};
    done.values.clear();
    done.text.clear();
    done.effect = &effect;
    done.index = i;
    if (effect.text) {
      const Value text = frame.value(*effect.text, scope);
      if (text.is_error()) return false;
      done.text = text.is(Kind::kString) ? std::string(in.text(text)) : to_text(text, in);
    } else if (effect.kind != EffectKind::kRetract) {
      evaluate_record(effect, scope, frame, done.values);
      for (const Value& v : done.values) {
        if (v.is_error()) return false;
      }
    }
  }
  return true;
}

std::string Session::Impl::unevaluated() const {
  const Evaluated& last = evaluated.back();
  if (last.effect->text) return "what it logs";
  const auto field = std::find_if(last.values.begin(), last.values.end(), [](const Value& v) { return v.is_error(); });
  const FactType& type = data.rule_set.schema.types[last.effect->type];
  return "`" + type.fields[static_cast<std::size_t>(field - last.values.begin())].name + "` of its `" + type.local + "`";
}

void Session::Impl::load_identity(std::uint32_t rule, EntryId entry) {
  const RulePlan& plan = data.rules[rule];
  const FactId* facts = episodes.identity_of(rule, entry);
  for (std::size_t i = 0; i < plan.identity.size(); ++i)
    network.frame().set_row(plan.identity[i], network.store(plan.identity_types[i]).row(facts[i]));
}

// The values of aggregates that these effects read, for the facts in the frame, whether or not a match asks for them.
void Session::Impl::fill_aggregates(std::span<const EffectPlan> effects, std::uint32_t scope) {
  for (const EffectPlan& effect : effects) {
    for (const FieldSource& field : effect.fields) {
      if (field.formula) network.fill_aggregates(*field.formula, scope);
    }
    if (effect.text) network.fill_aggregates(*effect.text, scope);
  }
}

bool Session::Impl::start(std::uint32_t rule, EntryId entry) {
  const RulePlan& plan = data.rules[rule];
  network.place().at(WorkPart::kEffects, rule);
  const std::optional<Timestamp> was_due = network.recovering() ? missed_of_run(rule, entry) : std::nullopt;
  if (was_due && skip_late(rule, entry, *was_due)) return false;
  const TokenId token = episodes.true_token(rule, entry);
  network.load(token);
  if (episodes.entry(rule, entry).active) {
    episodes.look_up_group(rule, network.frame());
  } else if (episodes.cooling(rule, entry, network.frame()) != Episodes::Cooling::kNo) {
    return false;
  }
  if (!evaluate_effects(plan.then, plan.scope)) {
    if (!episodes.entry(rule, entry).said) {  // once per match
      trouble("rule `" + plan.name + "` matches, but " + unevaluated() + " has no value: it waits");
      ++counters.effect_errors;
      ++rule_work[rule].effect_errors;
    }
    episodes.could_not_run(rule, entry);
    return false;
  }
  bool asks = false;  // by the state that matched, as the effects
  if (plan.approve) {
    network.fill_aggregates(*plan.approve, plan.scope);
    asks = network.frame().truth(*plan.approve, plan.scope) != Truth::kFalse;
  }
  ++counters.firings;
  if (episodes.entry(rule, entry).active) {
    ++rule_work[rule].repeats;
    episodes.ran_again(rule, entry);
  } else {
    ++counters.episodes_begun;
    ++rule_work[rule].starts;
    episodes.began(rule, entry);
  }
  outbox.add(FiringOutput{network.now(), rule, false});
  apply_effects(firing_of(rule, entry, false), was_due, asks);
  return true;
}

// A copy: effects may make matches, and with them room where identities lie.
Firing Session::Impl::firing_of(std::uint32_t rule, EntryId entry, bool clear) const {
  const RuleEntry& e = episodes.entry(rule, entry);
  Firing firing;
  firing.rule = rule;
  firing.clear = clear;
  std::copy_n(episodes.identity_of(rule, entry), data.rules[rule].identity.size(), firing.identity.begin());
  firing.match = clear ? kNone : episodes.true_token(rule, entry);
  firing.first_match = firing.match == kNone ? kNone : e.tokens;
  firing.onset = e.onset;
  firing.run = e.run;
  firing.entry = entry;
  return firing;
}

void Session::Impl::identity_values(const Firing& firing, std::vector<Value>& out) const {
  const RulePlan& plan = data.rules[firing.rule];
  out.clear();
  for (std::size_t i = 0; i < plan.identity.size(); ++i) network.store(plan.identity_types[i]).append_identity(firing.identity[i], out);
}

// False: its effects cannot be evaluated, and it does not fire.
bool Session::Impl::fire(const Productions::Choice& choice) {
  const RulePlan& plan = data.rules[choice.rule];
  network.place().at(WorkPart::kEffects, choice.rule);
  Firing firing;
  firing.rule = choice.rule;
  productions.identity_of(choice.rule, choice.token, firing.identity.data());
  firing.match = choice.token;
  firing.first_match = productions.first_token(choice.activation);
  firing.onset = network.now();
  network.load_match(choice.token, plan);
  fill_aggregates(plan.then, plan.scope);
  const bool known = evaluate_effects(plan.then, plan.scope);
  productions.fired(choice.activation, known);
  if (!known) {
    trouble("rule `" + plan.name + "` matches, but " + unevaluated() + " has no value: it does not fire for these facts as they are");
    ++counters.effect_errors;
    ++rule_work[choice.rule].effect_errors;
    return false;
  }
  ++counters.firings;
  ++rule_work[choice.rule].fired;
  outbox.add(FiringOutput{network.now(), choice.rule, false});
  if (std::any_of(plan.then.begin(), plan.then.end(), [](const EffectPlan& e) { return e.kind == EffectKind::kDo; })) {
    identity_values(firing, identity);
    firing.run = productions.count_run(choice.rule, identity);
  }
  apply_effects(firing, std::nullopt, false);
  return true;
}

void Session::Impl::end(std::uint32_t rule, EntryId entry) {
  const RulePlan& plan = data.rules[rule];
  network.place().at(WorkPart::kEffects, rule);
  bool known = true;
  if (!plan.on_clear.empty()) {
    load_identity(rule, entry);
    fill_aggregates(plan.on_clear, plan.scope);
    known = evaluate_effects(plan.on_clear, plan.scope);
  }
  const std::optional<Timestamp> was_due = network.recovering() ? missed_of_end(rule, entry) : std::nullopt;
  ++counters.episodes_ended;
  ++rule_work[rule].ends;
  next_moment();
  episodes.ended(rule, entry);
  journal_reasons(rule, entry);
  derivation.drop_episode_reasons(rule, entry);
  actions.set_was_due(was_due);
  actions.expire_waiting(std::uint64_t{rule} << 32 | entry);
  actions.set_was_due(std::nullopt);
  if (plan.on_clear.empty()) return;
  if (!known) {
    ++counters.effect_errors;
    ++rule_work[rule].effect_errors;
    trouble("rule `" + plan.name + "`: " + unevaluated() + " in `on clear` has no value: nothing of it is done");
    return;
  }
  ++counters.firings;
  outbox.add(FiringOutput{network.now(), rule, true});
  apply_effects(firing_of(rule, entry, true), was_due, false);
}

// Those in `evaluated`.
void Session::Impl::apply_effects(const Firing& firing, std::optional<Timestamp> was_due, bool asks) {
  const std::uint32_t rule = firing.rule;
  const RulePlan& plan = data.rules[rule];
  const bool shadow = plan.mode == RuleMode::kShadow;
  const Sending sending = shadow ? Sending::kInShadow : asks ? Sending::kAsks : Sending::kAtOnce;
  // Before anything is applied: effects read, and are explained by, the state that matched.
  const auto acts = [](const Evaluated& e) { return e.effect->kind == EffectKind::kDo; };
  if (std::any_of(evaluated.begin(), evaluated.end(), acts)) {
    explainer.firing(firing);
    if (sending == Sending::kAsks) explainer.approval(rule);
    identity_values(firing, identity);
  }
  for (const Evaluated& e : evaluated) {
    next_moment();
    switch (e.effect->kind) {
      case EffectKind::kDo: {
        const ActionId id = action_id({plan.name, identity, firing.onset, firing.run, firing.clear, e.index}, in, id_room);
        const bool of_episode = !firing.clear && firing.entry != kNone;
        const std::uint64_t episode = of_episode ? std::uint64_t{rule} << 32 | firing.entry : kNoEpisode;
        explainer.keep({id, network.now(), e.effect->type, sending == Sending::kAsks, shadow, was_due, e.values});
        actions.set_was_due(was_due);
        actions.make(id, e.effect->type, rule, episode, plan.of_event, e.values, sending);
        actions.set_was_due(std::nullopt);
        break;
      }
      case EffectKind::kDerive:
        if (shadow || firing.clear || firing.entry == kNone) break;
        journal_reasons(rule, firing.entry);
        derivation.set_episode_reason(rule, firing.entry, e.index, e.values);
        break;
      case EffectKind::kLog: outbox.add(LogOutput{network.now(), rule, e.text}); break;
      case EffectKind::kAssert: {
        if (shadow) break;
        FactStore& store = network.store(e.effect->type);
        if (!has_room(e.effect->type)) {
          const FactId known = store.find(e.values.data());
          if (known == kNone || !store.exists(known)) {
            refuse_assert(e.effect->type);
            break;
          }
        }
        write_fact(e.effect->type, store.find_or_make(e.values.data()), e.values.data(), network.now());
        break;
      }
      case EffectKind::kSet:
      case EffectKind::kRetract: {
        if (shadow) break;
        for (std::size_t i = 0; i < plan.identity.size(); ++i) {
          if (plan.identity[i] != e.effect->binding) continue;
          const FactId fact = firing.identity[i];
          FactStore& store = network.store(e.effect->type);
          if (!store.exists(fact)) break;
          if (e.effect->kind == EffectKind::kRetract) {
            erase_fact(e.effect->type, fact, network.now());
            break;
          }
          store.last_row(fact).assign_to(row, store.width());
          for (std::size_t f = 0; f < e.values.size(); ++f) {
            if (e.effect->given >> f & 1U) row[f] = e.values[f];
          }
          write_fact(e.effect->type, fact, row.data(), network.now());
          break;
        }
        break;
      }
    }
  }
}

// What an episode derives, before a cascade changes it.
void Session::Impl::journal_reasons(std::uint32_t rule, EntryId entry) {
  if (!journal.first(Journalled::kReasons, rule, entry)) return;
  episodes.journal_entry(rule, entry);  // the entry is to stay
  journal.add_last([this, rule, entry, reasons = derivation.episode_reasons(rule, entry)] {
    derivation.drop_episode_reasons(rule, entry);
    for (const auto& [effect, values] : reasons) derivation.set_episode_reason(rule, entry, effect, values);
  });
}

// Derives of running episodes follow their facts, while everything they read is known. True if any was looked at.
bool Session::Impl::follow_derives(bool of_values) {
  bool any = false;
  std::vector<std::pair<std::uint32_t, EntryId>> put_off;
  for (const auto& [rule, entry] : episodes.take_watched()) {
    const RulePlan& plan = data.rules[rule];
    if (!of_values && std::any_of(plan.identity_types.begin(), plan.identity_types.end(),
                                  [&](FactTypeId type) { return data.types[type].each_of != kNoId; })) {
      put_off.emplace_back(rule, entry);
      continue;
    }
    if (!episodes.entry(rule, entry).active || plan.mode != RuleMode::kActive || !episodes.facts_exist(rule, entry)) continue;
    for (std::uint32_t i = 0; i < plan.then.size(); ++i) {
      const EffectPlan& effect = plan.then[i];
      if (effect.kind != EffectKind::kDerive) continue;
      load_identity(rule, entry);
      fill_aggregates(std::span(plan.then).subspan(i, 1), plan.scope);
      row.clear();
      evaluate_record(effect, plan.scope, network.frame(), row);
      const bool known = std::none_of(row.begin(), row.end(), [](const Value& v) { return v.is_error(); });
      if (!known) continue;
      journal_reasons(rule, entry);
      derivation.set_episode_reason(rule, entry, i, row);
      any = true;
    }
  }
  for (const auto& [rule, entry] : put_off) episodes.watched(rule, entry);
  return any;
}

// --- ends of rules' chains ---

void Session::Impl::token_made(const ChainPlan& chain, TokenId token) {
  const std::uint32_t rule = chain.owner;
  if (chain.end == ChainEnd::kGate) {
    productions.gate_made(chain.gate, token);
  } else if (chain.end == ChainEnd::kUntil) {
    episodes.until_made(rule, token);
  } else if (chain.end == ChainEnd::kWatch) {
    episodes.watched(rule, network.root_tag(token));
  } else if (chain.logical) {
    derivation.token_made(rule, token);
  } else if (data.rules[rule].is_production()) {
    productions.match_made(rule, token);
  } else {
    episodes.match_made(rule, token);
  }
}

void Session::Impl::token_gone(const ChainPlan& chain, TokenId token) {
  const std::uint32_t rule = chain.owner;
  if (chain.end == ChainEnd::kGate) {
    productions.gate_gone(chain.gate, token);
  } else if (chain.end == ChainEnd::kUntil) {
    episodes.until_gone(rule, token);
  } else if (chain.end == ChainEnd::kWatch) {
    return;
  } else if (chain.logical) {
    derivation.token_gone(token);
  } else if (data.rules[rule].is_production()) {
    productions.match_gone(token);
  } else {
    episodes.match_gone(rule, token);
  }
}

void Session::Impl::token_touched(const ChainPlan& chain, TokenId token) {
  const std::uint32_t rule = chain.owner;
  if (chain.end == ChainEnd::kUntil) return;
  if (chain.end == ChainEnd::kWatch) {
    episodes.watched(rule, network.root_tag(token));
  } else if (chain.logical) {
    derivation.token_gone(token);
    derivation.token_made(rule, token);
  } else if (!data.rules[rule].is_production()) {
    episodes.match_touched(rule, token);
  }
}

void Session::Impl::bound_fact_gone(const ChainPlan& chain, TokenId token) {
  if (chain.end == ChainEnd::kUntil || chain.end == ChainEnd::kWatch) episodes.identity_fact_gone(chain.owner, network.root_tag(token));
}

}  // namespace flyball::engine
