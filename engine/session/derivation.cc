// Truth maintenance: reasons in and out, the fact each key has now, and the closure of recursive derivation.
#include "engine/session/derivation.h"

#include <algorithm>
#include <bit>

#include "model/check.h"

namespace flyball::engine {

namespace {
std::uint64_t pair_key(std::uint32_t a, std::uint32_t b) { return std::uint64_t{a} << 32 | b; }
}  // namespace

Derivation::Derivation(const ProgramData& program, Network& network, const Identities& identities, std::size_t per_instant_max)
    : program_(program),
      network_(network),
      identities_(identities),
      derived_(program.types.size()),
      dirty_(program.stratum_count),
      dirty_strata_((program.stratum_count + 63) / 64, 0),
      lost_(program.stratum_count, 0),
      rules_(program.rules.size()),
      per_instant_max_(per_instant_max) {
  for (FactTypeId type = 0; type < program.types.size(); ++type) {
    types_.push_back({program.types[type].stratum, program.types[type].recursive, program.is_written(type)});
  }
  for (std::uint32_t rule = 0; rule < program.rules.size(); ++rule) plan_derives(rule);
}

void Derivation::plan_derives(std::uint32_t rule_id) {
  const RulePlan& rule = program_.rules[rule_id];
  RuleDerives& derives = rules_[rule_id];
  derives.first = static_cast<std::uint32_t>(derives_.size());
  if (!rule.logical) return;
  derives.count = static_cast<std::uint32_t>(rule.then.size());
  derives.off = rule.mode != RuleMode::kActive;
  for (std::uint32_t i = 0; i < rule.then.size(); ++i) {
    const EffectPlan& effect = rule.then[i];
    derives_.push_back(
        {effect.type, i, rule.scope, static_cast<std::uint32_t>(fields_.size()), static_cast<std::uint32_t>(effect.fields.size())});
    for (std::size_t f = 0; f < effect.fields.size(); ++f) {
      const FieldSource& source = effect.fields[f];
      FieldPlan field;
      if (!source.formula) {
        field.constant = source.value;
      } else {
        field.form = FieldPlan::Form::kFormula;
        field.formula = &*source.formula;
        field.fit = &source.fit;
        const std::span<const Instruction> code = source.formula->code.instructions();
        const Value* constant = source.formula->code.constant();
        if (constant != nullptr) {
          field.form = FieldPlan::Form::kConstant;
          field.constant = source.fit.take(*constant, network_.interner());
        } else if (code.size() == 1 && code[0].op == Opcode::kReturn && code[0].a.space == Space::kRow) {
          field.form = FieldPlan::Form::kField;
          field.binding = code[0].a.binding;
          field.field = static_cast<std::uint16_t>(code[0].a.index);
        }
      }
      fields_.push_back(field);
    }
    if (scratch_.size() < effect.fields.size()) scratch_.resize(effect.fields.size());
  }
}

// One Value per field; those that cannot be evaluated are errors.
void Derivation::evaluate(const DerivePlan& plan, Value* out) {
  FrameBuffer& frame = network_.frame();
  for (std::uint32_t i = 0; i < plan.field_count; ++i) {
    const FieldPlan& field = fields_[plan.first_field + i];
    if (field.form == FieldPlan::Form::kConstant) {
      out[i] = field.constant;
    } else if (field.form == FieldPlan::Form::kField) {
      out[i] = field.fit->take(frame.row(field.binding)[field.field], network_.interner());
    } else {
      out[i] = field.fit->take(frame.value(*field.formula, plan.scope), network_.interner());
    }
  }
}

// --- reasons ---

std::uint32_t Derivation::add_reason(Reason reason) {
  const std::uint32_t id = reasons_.make();
  Derived& d = derived(reason.type, reason.fact);
  reason.next = d.reasons;
  if (d.reasons != kNone) reasons_[d.reasons].prev = id;
  d.reasons = id;
  reasons_[id] = reason;
  network_.store(reason.type).pin(reason.fact);
  set_dirty(reason.type, reason.fact, d, false);
  return id;
}

void Derivation::remove_reason(std::uint32_t id) {
  const Reason reason = reasons_[id];
  Derived& d = derived(reason.type, reason.fact);
  if (reason.prev == kNone) {
    d.reasons = reason.next;
  } else {
    Reason& prev = reasons_[reason.prev];
    (prev.child == id ? prev.child : prev.next) = reason.next;
  }
  if (reason.next != kNone) reasons_[reason.next].prev = reason.prev;
  if (reason.child != kNone) {  // its children are roots
    std::uint32_t last = reason.child;
    while (reasons_[last].next != kNone) last = reasons_[last].next;
    reasons_[reason.child].prev = kNone;
    reasons_[last].next = d.reasons;
    if (d.reasons != kNone) reasons_[d.reasons].prev = last;
    d.reasons = reason.child;
  }
  set_dirty(reason.type, reason.fact, d, true);  // pins
  network_.store(reason.type).unpin(reason.fact);
  if (scratch_of_ == id) scratch_of_ = kNone;
  reasons_.free(id);
}

void Derivation::set_dirty(FactTypeId type, FactId fact, Derived& d, bool lost) {
  const std::uint32_t stratum = types_[type].stratum;
  const bool recursive = types_[type].recursive;
  if (lost && recursive) {
    if (d.lost) return;
    d.lost = true;
    ++lost_[stratum];
  }
  if (d.dirty) {
    if (recursive) dirty_[stratum].emplace_back(type, fact);  // settle_recursive() may have been there
    return;
  }
  d.dirty = true;
  network_.store(type).pin(fact);
  dirty_[stratum].emplace_back(type, fact);
  std::uint64_t& word = dirty_strata_[stratum / 64];
  if ((word >> stratum % 64 & 1U) != 0) return;
  word |= std::uint64_t{1} << stratum % 64;
  ++dirty_strata_count_;
}

void Derivation::token_made(std::uint32_t rule_id, TokenId token) {
  const RuleDerives& rule = rules_[rule_id];
  if (rule.off) return;
  network_.place().at(WorkPart::kDerivation, rule_id);
  network_.load(token);
  std::uint32_t first = kNone;
  for (std::uint32_t i = 0; i < rule.count; ++i) {
    const DerivePlan& effect = derives_[rule.first + i];
    scratch_of_ = kNone;
    evaluate(effect, scratch_.data());
    FactStore& store = network_.store(effect.type);
    Truth truth = network_.token(token).truth;
    bool key_known = true;
    for (std::uint32_t f = 0; f < effect.field_count; ++f) {
      if (!scratch_[f].is_error()) continue;
      truth = truth_and(truth, Truth::kUnknown);
      key_known = key_known && (store.key_fields() >> f & 1U) == 0;
    }
    if (!key_known) continue;  // no fact can be named
    Reason reason;
    reason.type = effect.type;
    reason.fact = store.find_or_make(scratch_.data());
    reason.rule = rule_id;
    reason.effect = i;
    reason.token = token;
    reason.truth = truth;
    reason.sibling = first;
    first = scratch_of_ = add_reason(reason);
  }
  network_.token(token).entry = first;
}

void Derivation::token_gone(TokenId token) {
  std::uint32_t id = network_.token(token).entry;
  network_.token(token).entry = kNone;
  while (id != kNone) {
    const std::uint32_t next = reasons_[id].sibling;
    remove_reason(id);
    id = next;
  }
}

void Derivation::set_episode_reason(std::uint32_t rule, std::uint32_t entry, std::uint32_t effect, const std::vector<Value>& values) {
  if (rules_[rule].off) return;
  std::vector<std::uint32_t>& mine = episode_reasons_[pair_key(rule, entry)];
  const EffectPlan& plan = program_.rules[rule].then[effect];
  const FactId fact = network_.store(plan.type).find_or_make(values.data());
  network_.store(plan.type).pin(fact);
  for (std::size_t i = 0; i < mine.size(); ++i) {
    if (reasons_[mine[i]].effect != effect) continue;
    if (reasons_[mine[i]].fact == fact) {
      if (episode_values_[mine[i]] != values) {
        episode_values_[mine[i]] = values;
        set_dirty(plan.type, fact, derived(plan.type, fact), false);
      }
      network_.store(plan.type).unpin(fact);
      return;
    }
    episode_values_.erase(mine[i]);
    remove_reason(mine[i]);
    mine.erase(mine.begin() + static_cast<std::ptrdiff_t>(i));
    break;
  }
  Reason reason;
  reason.type = plan.type;
  reason.fact = fact;
  reason.rule = rule;
  reason.effect = effect;
  reason.entry = entry;
  const std::uint32_t id = add_reason(reason);
  mine.push_back(id);
  episode_values_[id] = values;
  network_.store(plan.type).unpin(fact);
}

void Derivation::drop_episode_reasons(std::uint32_t rule, std::uint32_t entry) {
  const auto mine = episode_reasons_.find(pair_key(rule, entry));
  if (mine == episode_reasons_.end()) return;
  for (const std::uint32_t id : mine->second) {
    episode_values_.erase(id);
    remove_reason(id);
  }
  episode_reasons_.erase(mine);
}

std::vector<std::pair<std::uint32_t, std::vector<Value>>> Derivation::episode_reasons(std::uint32_t rule, std::uint32_t entry) const {
  std::vector<std::pair<std::uint32_t, std::vector<Value>>> out;
  const auto mine = episode_reasons_.find(pair_key(rule, entry));
  if (mine == episode_reasons_.end()) return out;
  for (const std::uint32_t id : mine->second) out.emplace_back(reasons_[id].effect, episode_values_.at(id));
  return out;
}

// True before unknown, then the order of rules, identities and effects.
bool Derivation::better(const Reason& a, const Reason& b) const {
  if (a.truth != b.truth) return a.truth > b.truth;
  if (a.rule != b.rule) return program_.rules[a.rule].rank < program_.rules[b.rule].rank;
  const RulePlan& rule = program_.rules[a.rule];
  const FactId* left = a.entry != kNone ? identities_.identity_of(a.rule, a.entry) : nullptr;
  const FactId* right = b.entry != kNone ? identities_.identity_of(b.rule, b.entry) : nullptr;
  for (std::size_t i = 0; i < rule.identity.size(); ++i) {
    const FactId x = left != nullptr ? left[i] : network_.fact_of(a.token, rule.identity[i]);
    const FactId y = right != nullptr ? right[i] : network_.fact_of(b.token, rule.identity[i]);
    const int order = network_.store(rule.identity_types[i]).compare_keys(x, y, network_.interner());
    if (order != 0) return order < 0;
  }
  return a.effect < b.effect;
}

// Two roots; the worse becomes a child of the better.
std::uint32_t Derivation::meld(std::uint32_t a, std::uint32_t b) {
  if (better(reasons_[b], reasons_[a])) std::swap(a, b);
  Reason& child = reasons_[b];
  child.prev = a;
  child.next = reasons_[a].child;
  if (child.next != kNone) reasons_[child.next].prev = b;
  reasons_[a].child = b;
  return a;
}

// Melds the roots in pairs, then the pairs from the last on.
std::uint32_t Derivation::best_reason(FactTypeId type, FactId fact) {
  std::uint32_t& roots = derived_[type][fact].reasons;
  if (roots == kNone || reasons_[roots].next == kNone) return roots;
  std::uint32_t pairs = kNone;
  for (std::uint32_t a = roots; a != kNone;) {
    const std::uint32_t b = reasons_[a].next;
    const std::uint32_t rest = b == kNone ? kNone : reasons_[b].next;
    const std::uint32_t pair = b == kNone ? a : meld(a, b);
    reasons_[pair].next = pairs;
    pairs = pair;
    a = rest;
  }
  std::uint32_t best = pairs;
  for (std::uint32_t pair = reasons_[best].next; pair != kNone;) {
    const std::uint32_t rest = reasons_[pair].next;
    best = meld(best, pair);
    pair = rest;
  }
  reasons_[best].next = reasons_[best].prev = kNone;
  roots = best;
  return best;
}

// The record, until another is evaluated.
const Value* Derivation::values_of(std::uint32_t id) {
  const Reason& reason = reasons_[id];
  if (reason.token == kNone) return episode_values_.at(id).data();
  if (scratch_of_ != id) {
    network_.load(reason.token);
    evaluate(derives_[rules_[reason.rule].first + reason.effect], scratch_.data());
    scratch_of_ = id;
  }
  return scratch_.data();
}

// --- the limit of one instant ---

void Derivation::forget_makers() {
  made_ = 0;
  for (const std::uint32_t rule : makers_) rules_[rule].made = 0;
  makers_.clear();
}

// The rule that made most, of several the first; the others may go on.
std::optional<std::uint32_t> Derivation::take_runaway() {
  std::uint32_t worst = makers_.front();
  for (const std::uint32_t rule : makers_) {
    if (rules_[rule].made > rules_[worst].made || (rules_[rule].made == rules_[worst].made && rule < worst)) worst = rule;
  }
  forget_makers();
  return worst;
}

void Derivation::switch_off(std::uint32_t rule) {
  rules_[rule].off = true;
  std::vector<std::uint32_t> entries;
  for (const auto& [pair, reasons] : episode_reasons_) {
    if (pair >> 32 == rule) entries.push_back(static_cast<std::uint32_t>(pair));
  }
  std::sort(entries.begin(), entries.end());
  for (const std::uint32_t entry : entries) drop_episode_reasons(rule, entry);
  std::vector<TokenId> tokens;
  std::vector<std::uint32_t> rest;  // reasons to look at, with those beside and below them
  for (const EffectPlan& effect : program_.rules[rule].then) {
    if (effect.kind != EffectKind::kDerive) continue;
    for (const Derived& d : derived_[effect.type]) {
      for (rest.assign(1, d.reasons); !rest.empty();) {
        const std::uint32_t id = rest.back();
        rest.pop_back();
        if (id == kNone) continue;
        const Reason& reason = reasons_[id];
        if (reason.rule == rule && reason.token != kNone) tokens.push_back(reason.token);
        rest.push_back(reason.next);
        rest.push_back(reason.child);
      }
    }
  }
  for (const TokenId token : tokens) token_gone(token);
}

// --- facts ---

void Derivation::touch(FactTypeId type, FactId fact, FactStore& store, Derived& d) {
  if (d.touched) return;
  d.touched = true;
  FactMeta& meta = store.meta(fact);
  d.known = meta.status != FactStatus::kAbsent;
  ++meta.pins;
  Touched touched{type, fact, d.told, told_values_.size(), 0};
  if (d.told) {
    Row row = store.last_row(fact);
    if (!told_otherwise_.empty()) {
      const auto otherwise = told_otherwise_.find(pair_key(type, fact));
      if (otherwise != told_otherwise_.end()) row = otherwise->second.data();
    }
    row.append_to(told_values_, store.width());
  }
  touched_.push_back(touched);
}

void Derivation::withdraw(FactTypeId type, FactId fact) {
  FactStore& store = network_.store(type);
  if (!store.exists(fact)) return;
  touch(type, fact, store, derived(type, fact));
  store.make_absent(fact);
  network_.fact_vanished(type, fact);
}

void Derivation::apply_best(FactTypeId type, FactId fact) {
  const std::uint32_t best = best_reason(type, fact);
  if (best == kNone) {
    withdraw(type, fact);
    return;
  }
  network_.place().at(WorkPart::kDerivation, reasons_[best].rule);
  FactStore& store = network_.store(type);
  FactMeta& meta = store.meta(fact);
  const Truth truth = reasons_[best].truth;
  if (truth == Truth::kUnknown && meta.suspended) return;
  Derived& d = derived(type, fact);
  touch(type, fact, store, d);
  const bool existed = meta.status != FactStatus::kAbsent;
  if (truth == Truth::kUnknown && existed) {
    store.make_stale(fact);
    meta.suspended = true;
    network_.fact_changed(type, fact, Network::kEveryField);
    return;
  }
  // Withdrawn on the way to the fixpoint: what was known last stays so.
  std::vector<Value> known;
  if (truth == Truth::kUnknown && d.known) known = store.row_of(meta).values(store.width());
  const Value* values = known.empty() ? values_of(best) : known.data();
  d.known = true;
  const bool was_suspended = meta.suspended;
  const std::uint64_t changed = store.write(meta, values);
  meta.suspended = truth == Truth::kUnknown;
  meta.stamp = network_.now();
  if (meta.suspended) store.make_stale(fact);
  if (!existed || was_suspended || changed != 0) {
    ++made_;
    if (rules_[reasons_[best].rule].made++ == 0) makers_.push_back(reasons_[best].rule);
  }
  if (!existed) {
    network_.fact_appeared(type, fact);
  } else if (was_suspended) {
    network_.fact_changed(type, fact, Network::kEveryField);
  } else if (changed != 0) {
    network_.fact_changed(type, fact, changed);
  }
}

void Derivation::closure() {
  for (;;) {
    network_.settle();
    if (dirty_strata_count_ == 0 || made_ > per_instant_max_) return;
    settle_stratum(first_dirty_stratum());
  }
}

std::uint32_t Derivation::first_dirty_stratum() const {
  std::uint32_t word = 0;
  while (dirty_strata_[word] == 0) ++word;
  return word * 64 + static_cast<std::uint32_t>(std::countr_zero(dirty_strata_[word]));
}

void Derivation::settle_stratum(std::uint32_t stratum) {
  std::vector<std::pair<FactTypeId, FactId>>& dirty = dirty_[stratum];
  if (!dirty.empty()) {
    if (types_[dirty.front().first].recursive) {
      settle_recursive(stratum);
    } else {
      const auto [type, fact] = dirty.back();
      dirty.pop_back();
      derived(type, fact).dirty = false;
      apply_best(type, fact);
      network_.store(type).unpin(fact);
    }
  }
  if (!dirty.empty()) return;
  dirty_strata_[stratum / 64] &= ~(std::uint64_t{1} << stratum % 64);
  --dirty_strata_count_;
}

void Derivation::settle_recursive(std::uint32_t stratum) {
  std::vector<std::pair<FactTypeId, FactId>>& dirty = dirty_[stratum];
  // Withdraw whatever lost a reason, and what hangs on it; the list grows while we go.
  for (std::size_t i = 0; i < dirty.size() && lost_[stratum] != 0; ++i) {
    const auto [type, fact] = dirty[i];
    if (!derived(type, fact).lost) continue;
    derived(type, fact).lost = false;
    --lost_[stratum];
    withdraw(type, fact);
    network_.settle();
  }
  // Put back what has a true reason, then what that makes true, and so on; only when there is no more, what has an
  // unknown one. Anything that loses a reason meanwhile (an unknown one that gave way to a true one) starts all again.
  // The newest first: what follows from a fact is near it in memory.
  bool progress = false;
  std::vector<std::pair<FactTypeId, FactId>> rest;
  for (const Truth wanted : {Truth::kTrue, Truth::kUnknown}) {
    while (!dirty.empty() && lost_[stratum] == 0 && made_ <= per_instant_max_) {
      const auto [type, fact] = dirty.back();
      dirty.pop_back();
      if (!derived(type, fact).dirty) continue;
      const std::uint32_t best = best_reason(type, fact);
      if (best == kNone || reasons_[best].truth != wanted) {
        rest.emplace_back(type, fact);
        continue;
      }
      derived(type, fact).dirty = false;
      apply_best(type, fact);
      network_.store(type).unpin(fact);
      network_.settle();
      progress = true;
    }
    dirty.insert(dirty.end(), rest.begin(), rest.end());
    rest.clear();
    if (progress) return;
  }
  // What is left has no reason.
  while (!dirty.empty()) {
    const auto [type, fact] = dirty.back();
    dirty.pop_back();
    if (!derived(type, fact).dirty) continue;
    derived(type, fact).dirty = false;
    withdraw(type, fact);
    network_.store(type).unpin(fact);
  }
}

// --- subscribers ---

void Derivation::tell(Timestamp now, OutputSink& sink) {
  if (touched_.size() > 1) {
    for (Touched& t : touched_) t.prefix = network_.store(t.type).key_prefix(t.fact, network_.interner());
    std::sort(touched_.begin(), touched_.end(), [&](const Touched& a, const Touched& b) {
      if (a.type != b.type) return a.type < b.type;
      if (a.prefix != b.prefix) return a.prefix < b.prefix;
      return network_.store(a.type).compare_keys(a.fact, b.fact, network_.interner()) < 0;
    });
  }
  const auto say = [&](FactTypeId type, bool present, Row values, std::uint32_t width) {
    if (!types_[type].is_written) return;
    output_.time = now;
    output_.type = type;
    output_.present = present;
    values.assign_to(output_.values, width);
    sink.on_derived(output_);
  };
  for (const Touched& t : touched_) {
    FactStore& store = network_.store(t.type);
    Derived& d = derived(t.type, t.fact);
    d.touched = false;
    const Value* told = told_values_.data() + t.values;
    const std::uint32_t width = store.width();
    if (!told_otherwise_.empty()) told_otherwise_.erase(pair_key(t.type, t.fact));
    FactMeta& meta = store.meta(t.fact);
    if (meta.status == FactStatus::kAbsent) {
      if (t.told) say(t.type, false, told, width);
      d.told = false;
    } else if (meta.suspended) {
      // Nothing is told of it; what was told may differ from what is known last.
      const Row last = store.last_row(t.fact);
      if (t.told && !last.equals({told, width})) told_otherwise_[pair_key(t.type, t.fact)].assign(told, told + width);
    } else {
      const Row row = store.row_of(meta);
      if (!t.told || !row.equals({told, width})) say(t.type, true, row, width);
      d.told = true;
    }
    store.unpin(t.fact, meta);
  }
  touched_.clear();
  told_values_.clear();
}

void Derivation::mark(Interner& in) const {
  for (const auto& [id, values] : episode_values_) {
    for (const Value& v : values) in.mark(v);
  }
  for (const auto& [id, values] : told_otherwise_) {
    for (const Value& v : values) in.mark(v);
  }
}

std::size_t Derivation::bytes() const {
  std::size_t n = reasons_.bytes();
  for (const auto& type : derived_) n += type.capacity() * sizeof(Derived);
  return n;
}

}  // namespace flyball::engine
