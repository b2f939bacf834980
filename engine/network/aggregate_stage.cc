// The stage of an aggregate: the token carries on with the value its line will read, whatever that is.
#include <algorithm>
#include <array>
#include <span>

#include "engine/network/network.h"

namespace flyball::engine {

namespace {
constexpr std::size_t kSettledAhead = 4;
constexpr std::size_t kForeseenMax = 4;  // groups: of more at once the first are not near any more when they are asked for

// No other aggregate has a part in what it is.
bool is_of_facts_alone(const AggregateUse& use) {
  return !use.clock && use.residual.empty() && std::ranges::all_of(use.keys, [](const KeyPart& part) { return part.left == nullptr; });
}
}  // namespace

void Network::aggregate_left(TokenId t, const StagePlan& stage, StageId id) {
  const AggregateUse& use = program_.uses[stage.node];
  load(t);
  std::array<Value, Aggregates::kGroupFieldsMax> fields;
  const std::span<Value> key(fields.data(), use.keys.size());
  // A left side whose group is unknown may be concerned by any group.
  TokenRecords records{tokens_};
  StageState& state = stage_states_[id];
  if (Aggregates::left_key(use, frame_, key)) {
    state.left.insert(records, t, Aggregates::hash_of(key));
  } else {
    state.left.insert_unknown(records, t);
  }
  if (use.node != kNoId) place_.at(WorkPart::kAggregate, use.node);
  const Value v = aggregates_.value_for(stage.node, t, frame_, *this);
  if (use.clock) arm_clock(t, id);
  const std::uint32_t slot = values_.make();
  values_[slot] = v;
  make_token(id, t, kNone, kNone, tokens_[t].truth, false, slot);
}

// Whether nothing comes of the token's chain, neither with the value that it has nor with `v`: then the value is all that changes. Most
// values of a window that slides are below what somebody waits for. What stands left of it, and it, are in the frame.
bool Network::stays_false(TokenId t, std::uint32_t binding, const Value& v) {
  frame_.set_aggregate(binding, v);
  for (;;) {
    const Token& token = tokens_[t];
    if (token.next == kNone) return false;
    const StagePlan& stage = program_.stages[token.next];
    if (stage.kind == StageKind::kCheck) {
      if (token.output() != kNone) return false;
      Truth truth = stage.fresh_truth ? Truth::kTrue : token.truth;
      for (const Formula& test : stage.residual) {
        truth = truth_and(truth, frame_.truth(test, program_.chains[stage.chain].scope));
        if (truth == Truth::kFalse) return true;
      }
      return truth == Truth::kFalse;
    }
    // Another value, of a group that facts alone name: it is as it was.
    if (stage.kind != StageKind::kAggregate || !is_of_facts_alone(program_.uses[stage.node])) return false;
    const TokenId output = token.output();
    if (output == kNone) return false;
    frame_.set_aggregate(stage.binding, values_[tokens_[output].value]);
    t = output;
  }
}

void Network::settle_aggregate(TokenId left, const StagePlan& stage, StageId id, std::uint32_t group) {
  load(left);
  if (const NodeId node = program_.uses[stage.node].node; node != kNoId) place_.at(WorkPart::kAggregate, node);
  const Value v = aggregates_.value_for(stage.node, left, frame_, *this, group);
  const TokenId output = tokens_[left].output();
  if (output != kNone) {
    Value& before = values_[tokens_[output].value];
    if (before == v) return;
    if (stays_false(output, stage.binding, v)) {
      before = v;
      return;
    }
    delete_token(output);
  }
  const std::uint32_t slot = values_.make();
  values_[slot] = v;
  make_token(id, left, kNone, kNone, tokens_[left].truth, false, slot);
}

void Network::fill_aggregates(const Formula& formula, std::uint32_t scope) {
  for (const std::uint32_t binding : formula.aggregates) {
    for (const auto& [b, use] : program_.scopes[scope].uses) {
      if (b != binding) continue;
      if (program_.uses[use].clock) fill_aggregates(program_.uses[use].clock->condition, scope);
      // Its own condition may read others, through a `let`; none reads itself.
      for (const Formula& test : program_.uses[use].residual) fill_aggregates(test, scope);
      for (const KeyPart& part : program_.uses[use].keys) {
        if (part.left) fill_aggregates(*part.left, scope);
      }
      frame_.set_aggregate(binding, aggregates_.value(use, frame_, *this));
    }
  }
}

// The left sides of groups that changed will be asked for soon: their index is on the way from memory meanwhile, then they are.
void Network::foresee_aggregates(bool index) const {
  if (aggregates_.dirty_count() > kForeseenMax) return;
  aggregates_.for_each_dirty([&](NodeId node, std::uint32_t hash) { foresee_lefts(node, hash, index); });
}

void Network::foresee_lefts(NodeId node, std::uint32_t hash, bool index) const {
  for (const StageId id : program_.nodes[node].consumers) {
    const BucketIndex& lefts = stage_states_[id].left;
    if (index) {
      lefts.prefetch(hash);
    } else if (const TokenId t = lefts.bucket(hash); t != kNone) {
      __builtin_prefetch(&tokens_[t]);
    }
  }
}

void Network::begin_hints(FactTypeId type, Row key) {
  hint_step_ = 1;
  for (const NodeId node : program_.types[type].sample_nodes) {
    if (hints_ == hints_of_.size()) return;
    if (begin_hint(node, key, hints_of_[hints_])) ++hints_;
  }
}

void Network::go_on_with_hints(FactId fact) {
  for (std::uint32_t i = 0; i < hints_; ++i) go_on_with_hint(hints_of_[i], fact, hint_step_);
  if (++hint_step_ == kHintSteps) hints_ = 0;
}

bool Network::begin_hint(NodeId node, Row key, PutHint& hint) const {
  if (!aggregates_.begin_hint(node, key, hint.of)) return false;
  hint.left = kNone;
  if (!program_.nodes[node].consumers.empty()) stage_states_[program_.nodes[node].consumers[0]].left.prefetch(hint.of.hash);
  return true;
}

void Network::go_on_with_hint(PutHint& hint, FactId fact, std::uint32_t step) const {
  aggregates_.go_on_with(hint.of, fact, step);
  if (step == 1) {
    if (program_.nodes[hint.of.node].consumers.empty()) return;
    hint.left = stage_states_[program_.nodes[hint.of.node].consumers[0]].left.bucket(hint.of.hash);
    if (hint.left != kNone) __builtin_prefetch(&tokens_[hint.left]);
  } else if (hint.left != kNone && step == 2) {
    if (const TokenId next = tokens_[hint.left].left.next; next != kNone) __builtin_prefetch(&tokens_[next]);
    // Meanwhile the token may be another's.
    hint.left = tokens_[hint.left].output();
    if (hint.left >= tokens_.end()) hint.left = kNone;
    if (hint.left != kNone) __builtin_prefetch(&tokens_[hint.left]);
  } else if (hint.left != kNone && tokens_[hint.left].value < values_.end()) {
    __builtin_prefetch(&values_[tokens_[hint.left].value]);
  }
}

bool Network::settle_aggregates() {
  bool any = false;
  while (aggregates_.has_dirty()) {
    any = true;
    aggregates_.take_dirty(settling_);
    for (std::size_t i = 0; i < settling_.size(); ++i) {
      const Aggregates::Dirty dirty = settling_[i];
      if (i + 2 * kSettledAhead < settling_.size())
        foresee_lefts(settling_[i + 2 * kSettledAhead].node, settling_[i + 2 * kSettledAhead].hash, true);
      if (i + kSettledAhead < settling_.size()) foresee_lefts(settling_[i + kSettledAhead].node, settling_[i + kSettledAhead].hash, false);
      const bool told = aggregates_.take_news(dirty.node, told_) && !dirty.all;
      for (const StageId id : program_.nodes[dirty.node].consumers) {
        const StagePlan& stage = program_.stages[id];
        const BucketIndex& lefts = stage_states_[id].left;
        matches_.clear();
        if (dirty.all) {
          for (std::uint32_t b = 0; b < lefts.bucket_count(); ++b) {
            for (TokenId t = lefts.bucket_at(b); t != kNone; t = tokens_[t].left.next) matches_.push_back({t, Truth::kTrue});
          }
        } else if (told) {
          for (const TokenId t : told_) {
            if (tokens_[t].alive && tokens_[t].next == id) matches_.push_back({t, Truth::kTrue});
          }
        } else {
          for (TokenId t = lefts.bucket(dirty.hash); t != kNone; t = tokens_[t].left.next) {
            if (tokens_[t].left.hash == dirty.hash && aggregates_.has_news(stage.node, t)) matches_.push_back({t, Truth::kTrue});
          }
        }
        for (TokenId t = lefts.unknown(); t != kNone; t = tokens_[t].left.next) matches_.push_back({t, Truth::kTrue});
        take_matches(0, [&](const Match& match) { settle_aggregate(match.id, stage, id, dirty.group); });
      }
    }
  }
  return any;
}

}  // namespace flyball::engine
