// Stages: a fact coming from the right meets the tokens that wait on the left, and the other way round.
//
// A key part that is unknown may be equal to anything, so records with unknown keys stand aside in a list of their own
// and meet everything; their pairs are judged part by part.
#include "engine/network/network.h"
#include "model/compare.h"

namespace flyball::engine {

// The values the left side of `stage` joins by, for the token loaded into the frame.
void Network::left_key(const StagePlan& stage, LeftKey& key) {
  key.status = KeyStatus::kKnown;
  const std::uint32_t scope = program_.chains[stage.chain].scope;
  std::uint64_t h = 0;
  for (std::size_t i = 0; i < stage.keys.size(); ++i) {
    const KeyPart& part = stage.keys[i];
    const Value v = part.left ? frame_.value(*part.left, scope) : frame_.row(part.left_binding)[part.left_field];
    key.values[i] = v;
    if (v.is_null() && !part.null_joins) {
      key.status = KeyStatus::kNever;
      return;
    }
    if (!part.hashed) continue;
    if (v.is_error()) key.status = KeyStatus::kUnknown;
    h = mix(h, hash_value(v));
  }
  key.hash = fold(h);
}

// Joins and residual tests of the pair (token in the frame, row); the row's own tests are the alpha's.
Truth Network::pair_truth(const StagePlan& stage, const LeftKey& key, const Value* row) {
  Truth truth = Truth::kTrue;
  for (std::size_t i = 0; i < stage.keys.size(); ++i) {
    const KeyPart& part = stage.keys[i];
    const Value& left = key.values[i];
    const Value& right = row[part.own_field];
    if ((left.is_null() || right.is_null()) && !part.null_joins) return Truth::kFalse;
    if (left.is_error() || right.is_error()) {
      truth = Truth::kUnknown;
    } else if (part.hashed ? left != right : !cel_equal(left, right, interner_)) {
      return Truth::kFalse;
    }
  }
  if (!stage.residual.empty()) {
    const std::uint32_t scope = program_.chains[stage.chain].scope;
    frame_.set_row(stage.binding, row);
    for (const Formula& test : stage.residual) {
      truth = truth_and(truth, frame_.truth(test, scope));
      if (truth == Truth::kFalse) break;
    }
  }
  return truth;
}

void Network::right_activate(const Activation& activation) {
  StageState& state = stage_states_[activation.stage];
  ++state.work.right;
  place_.at(WorkPart::kStage, activation.stage);
  if (state.first) {
    make_token(activation.stage, kNone, activation.fact, activation.item, activation.truth, false);
    return;
  }
  if (state.left.empty()) return;
  const StagePlan& stage = program_.stages[activation.stage];
  const bool exists = stage.kind == StageKind::kExists;
  const Value* row = stores_[stage.type].row(activation.fact);
  std::uint32_t hash = 0;
  const KeyStatus status = right_key(alphas_.index(alphas_[stage.alpha], stage.index), row, hash);
  if (status == KeyStatus::kNever) return;

  matches_.clear();
  LeftKey key;
  const auto meet = [&](TokenId t) {
    ++state.work.pairs;
    load(t);
    left_key(stage, key);
    const Truth pair = truth_and(pair_truth(stage, key, row), activation.truth);
    if (pair == Truth::kFalse) return;
    matches_.push_back({t, exists || stage.fresh_truth ? pair : truth_and(pair, tokens_[t].truth)});
  };
  if (status == KeyStatus::kKnown) {
    for (TokenId t = state.left.bucket(hash); t != kNone; t = tokens_[t].left.next) {
      if (tokens_[t].left.hash == hash) meet(t);
    }
  } else {
    for (std::uint32_t b = 0; b < state.left.bucket_count(); ++b) {
      for (TokenId t = state.left.bucket_at(b); t != kNone; t = tokens_[t].left.next) meet(t);
    }
  }
  for (TokenId t = state.left.unknown(); t != kNone; t = tokens_[t].left.next) meet(t);

  take_matches(0, [&](const Match& match) {
    make_token(activation.stage, match.id, activation.fact, activation.item, match.truth, exists);
    if (!exists) return;
    Token& left = tokens_[match.id];
    (match.truth == Truth::kTrue ? left.count_true : left.count_unknown) += 1;
    touched_exists_.push_back(match.id);
  });
}

void Network::join_left(TokenId t, const StagePlan& stage, StageId id) {
  const bool exists = stage.kind == StageKind::kExists;
  load(t);
  LeftKey key;
  left_key(stage, key);
  TokenRecords records{tokens_};
  StageState& state = stage_states_[id];
  alphas_.index(alphas_[stage.alpha], stage.index).bucket.prefetch(key.hash);
  if (key.status == KeyStatus::kKnown) state.left.insert(records, t, key.hash);
  if (key.status == KeyStatus::kUnknown) state.left.insert_unknown(records, t);

  if (key.status != KeyStatus::kNever) {
    const FactStore& store = stores_[stage.type];
    const BucketIndex& right = alphas_.index(alphas_[stage.alpha], stage.index).bucket;
    const Truth so_far = exists || stage.fresh_truth ? Truth::kTrue : tokens_[t].truth;
    const std::size_t base = matches_.size();
    const auto meet = [&](std::uint32_t e) {
      ++state.work.pairs;
      const AlphaItem& entry = items_[e];
      const Truth pair = truth_and(pair_truth(stage, key, store.row(entry.fact)), entry.truth);
      if (pair != Truth::kFalse) matches_.push_back({entry.item == kNone ? e : entry.item, truth_and(pair, so_far)});
    };
    if (key.status == KeyStatus::kKnown) {
      for (std::uint32_t e = right.bucket(key.hash); e != kNone; e = items_[e].link.next) {
        if (items_[e].link.hash == key.hash) meet(e);
      }
    } else {
      for (std::uint32_t b = 0; b < right.bucket_count(); ++b) {
        for (std::uint32_t e = right.bucket_at(b); e != kNone; e = items_[e].link.next) meet(e);
      }
    }
    for (std::uint32_t e = right.unknown(); e != kNone; e = items_[e].link.next) meet(e);
    take_matches(base, [&](const Match& match) {
      make_token(id, t, items_[match.id].fact, match.id, match.truth, exists);
      if (exists) (match.truth == Truth::kTrue ? tokens_[t].count_true : tokens_[t].count_unknown) += 1;
    });
  }
  if (exists) settle_exists(t);
}

void Network::left_activate(TokenId t) {
  const StageId id = tokens_[t].next;
  const StagePlan& stage = program_.stages[id];
  ++stage_states_[id].work.left;
  place_.at(WorkPart::kStage, id);
  switch (stage.kind) {
    case StageKind::kBound: break;  // bind() goes on by itself
    case StageKind::kPattern:
    case StageKind::kExists: join_left(t, stage, id); break;
    case StageKind::kCheck: {
      load(t);
      const std::uint32_t scope = program_.chains[stage.chain].scope;
      Truth truth = stage.fresh_truth ? Truth::kTrue : tokens_[t].truth;
      for (const Formula& test : stage.residual) {
        truth = truth_and(truth, frame_.truth(test, scope));
        if (truth == Truth::kFalse) break;
      }
      set_output(t, id, truth);
      break;
    }
    case StageKind::kAggregate: aggregate_left(t, stage, id); break;
    case StageKind::kHold: hold_left(t, stage, id); break;
    case StageKind::kAbsence: absence_left(t, stage, id); break;
  }
}

// The counters say what `some` and `no` are; the token carries on with one child, or none.
void Network::settle_exists(TokenId left) {
  const Token& token = tokens_[left];
  if (token.next == kNone) return;
  if (stage_states_[token.next].kind != StageKind::kExists) return;  // the token has gone, its id is another's
  const StagePlan& stage = program_.stages[token.next];
  Truth truth = token.count_true != 0 ? Truth::kTrue : token.count_unknown != 0 ? Truth::kUnknown : Truth::kFalse;
  if (stage.negated) truth = truth_not(truth);
  if (!stage.fresh_truth) truth = truth_and(truth, token.truth);
  set_output(left, token.next, truth);
}

// Gives the token's one successor the truth; makes, replaces or deletes it as needed.
void Network::set_output(TokenId left, StageId stage, Truth truth) {
  const TokenId output = tokens_[left].output();
  if (output != kNone) {
    if (tokens_[output].truth == truth) return;
    delete_token(output);
  }
  if (truth != Truth::kFalse) make_token(stage, left, kNone, kNone, truth, false);
}

}  // namespace flyball::engine
