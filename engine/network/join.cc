// Stages: a fact coming from the right meets the tokens that wait on the left, and the other way round.
//
// A key part that is unknown may be equal to anything, so records with unknown keys stand aside in a list of their own
// and meet everything; their pairs are judged part by part.
#include <algorithm>

#include "engine/network/network.h"
#include "model/compare.h"

namespace flyball::engine {

// Where every part of the key is a field, its way to the fact is known beforehand: each stage before makes one token.
void Network::plan_join(StageId id) {
  const StagePlan& stage = program_.stages[id];
  if (stage.kind != StageKind::kPattern && stage.kind != StageKind::kExists) return;
  const std::size_t first = join_parts_.size();
  for (const KeyPart& key : stage.keys) {
    StageId at = id;
    JoinPart part;
    part.field = static_cast<std::uint16_t>(key.left_field);
    for (bool found = false; !found; ++part.hops) {
      const ChainPlan& chain = program_.chains[program_.stages[at].chain];
      if (at == chain.first && chain.shared == kNoId) break;
      if (at == chain.first) {
        const ChainPlan& joins = program_.chains[chain.shared];
        at = joins.first + joins.count - 1;
      } else {
        --at;
      }
      const StagePlan& before = program_.stages[at];
      found = before.binding == key.left_binding && (before.kind == StageKind::kPattern || before.kind == StageKind::kBound);
      part.type = found ? before.type : kNoId;
    }
    if (key.left || part.type == kNoId) {
      join_parts_.resize(first);
      return;
    }
    --part.hops;
    join_parts_.push_back(part);
  }
  stage_states_[id].parts = static_cast<std::uint32_t>(first);
}

// What the left side `t` of the stage joins by. If those are no fields, `t` stands in the frame.
void Network::left_values(const StageState& state, const StagePlan& stage, TokenId t, LeftKey& key) {
  if (state.parts == kNone) {
    const std::uint32_t scope = program_.chains[stage.chain].scope;
    for (std::size_t i = 0; i < stage.keys.size(); ++i) {
      const KeyPart& part = stage.keys[i];
      key.values[i] = part.left ? frame_.value(*part.left, scope) : frame_.row(part.left_binding)[part.left_field];
    }
    return;
  }
  Value* value = key.values;
  for (const JoinPart& part : std::span(join_parts_.data() + state.parts, stage.keys.size())) {
    TokenId from = t;
    for (std::uint8_t hop = 0; hop < part.hops; ++hop) from = tokens_[from].parent;
    *value++ = stores_[part.type].row(tokens_[from].fact)[part.field];
  }
}

// And how it is looked for.
void Network::left_key(const StageState& state, const StagePlan& stage, TokenId t, LeftKey& key) {
  left_values(state, stage, t, key);
  key.status = KeyStatus::kKnown;
  std::uint64_t h = 0;
  for (std::size_t i = 0; i < stage.keys.size(); ++i) {
    const KeyPart& part = stage.keys[i];
    const Value& v = key.values[i];
    if (v.is_null() && !part.null_joins) {
      key.status = KeyStatus::kNever;
      return;
    }
    if (!part.hashed) continue;
    if (v.is_error()) key.status = KeyStatus::kUnknown;
    h = mix(h, hash_value(v));
  }
  key.hash = fold(h);
  if (state.span != kNone && key.status == KeyStatus::kKnown) left_span(stage, key);
}

// Joins and residual tests of the pair (token in the frame, row); the row's own tests are the alpha's.
Truth Network::pair_truth(const StagePlan& stage, const LeftKey& key, Row row) {
  Truth truth = Truth::kTrue;
  for (std::size_t i = 0; i < stage.keys.size(); ++i) {
    const KeyPart& part = stage.keys[i];
    const Value& left = key.values[i];
    if (part.hashed && row.has(part.own_field, left) && !left.is_null() && !left.is_error()) continue;
    const Value right = row[part.own_field];
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
  meet_lefts(activation);
  if (const ClosingPlan* closing = closing_of(state.closing); closing != nullptr && activation.stage == closing->first + 2)
    close_pairs(*closing, activation);
}

void Network::meet_lefts(const Activation& activation) {
  StageState& state = stage_states_[activation.stage];
  if (state.left.empty()) return;
  // Its place in the index says what it joins by.
  std::uint32_t entry = activation.item;
  for (std::uint32_t i = 0; i < state.index; ++i) entry = items_[entry].more;
  const AlphaItem& own = items_[entry];
  if (own.place == Place::kOut) return;
  std::uint32_t hash = own.link.hash;
  const bool by_span = state.span != kNone && own.place == Place::kHashed;
  if (own.place == Place::kHashed && !by_span && state.left.bucket(hash) == kNone && state.left.unknown() == kNone)
    return;  // most meet nobody
  const StagePlan& stage = program_.stages[activation.stage];
  const bool exists = stage.kind == StageKind::kExists;
  const Row row = stores_[stage.type].row(activation.fact);

  matches_.clear();
  LeftKey& key = left_key_;
  const bool needs_frame = this->needs_frame(state, stage);
  const auto meet = [&](TokenId t) {
    ++state.work.pairs;
    if (needs_frame) load(t);
    left_values(state, stage, t, key);
    const Truth pair = truth_and(pair_truth(stage, key, row), activation.truth);
    if (pair == Truth::kFalse) return;
    matches_.push_back({t, exists || stage.fresh_truth ? pair : truth_and(pair, tokens_[t].truth)});
  };
  const auto meet_all_of = [&](std::uint32_t place) {
    for (TokenId t = state.left.bucket(place); t != kNone; t = tokens_[t].left.next) {
      if (tokens_[t].left.hash == place) meet(t);
    }
  };
  const std::uint64_t looked = state.work.pairs;
  Span asked;
  if (by_span) {
    const AlphaIndex& index = alphas_.index(alphas_[stage.alpha], state.index);
    (void)right_key(index, row, hash);
    asked = own_span(index.span, row).value_or(Span{});
  }
  const ClosingPlan* const closing = closing_of(state.closing);
  if (own.place == Place::kHashed && closing != nullptr && activation.stage == closing->first + 1) {
    candidates_.clear();
    closing_lefts(*closing, row, hash, candidates_);
    for (const TokenId t : candidates_) meet(t);
  } else if (by_span && find_places(span_cells_[state.span], asked, hash)) {
    for (const std::uint32_t place : places_) meet_all_of(place);
  } else if (own.place == Place::kHashed && !by_span) {
    meet_all_of(hash);
  } else {
    for (std::uint32_t b = 0; b < state.left.bucket_count(); ++b) {
      for (TokenId t = state.left.bucket_at(b); t != kNone; t = tokens_[t].left.next) meet(t);
    }
  }
  for (TokenId t = state.left.unknown(); t != kNone; t = tokens_[t].left.next) meet(t);
  if (by_span && span_cells_[state.span].note(asked, state.work.pairs - looked, matches_.size(), state.left.size())) {
    place_lefts_anew(activation.stage);
  }

  take_matches(0, [&](const Match& match) {
    if (!exists) {
      make_token(activation.stage, match.id, activation.fact, activation.item, match.truth, false);
      return;
    }
    Token& left = tokens_[match.id];
    if (left.met >= match.truth) return;
    if (left.met == Truth::kUnknown) delete_witness(match.id);
    if (make_token(activation.stage, match.id, activation.fact, activation.item, match.truth, true) == kNone) return;
    set_met(match.id, match.truth);
    touched_exists_.push_back(match.id);
  });
}

template <typename Meet>
void Network::each_right(const StagePlan& stage, const LeftKey& key, Meet meet) {
  const AlphaIndex& index = alphas_.index(alphas_[stage.alpha], stage.index);
  const BucketIndex& right = index.bucket;
  const auto meet_all_of = [&](std::uint32_t hash) {
    for (std::uint32_t e = right.bucket(hash); e != kNone; e = items_[e].link.next) {
      if (items_[e].link.hash == hash && meet(e)) return true;
    }
    return false;
  };
  if (key.status == KeyStatus::kKnown && !stage.span) {
    if (meet_all_of(key.hash)) return;
  } else if (key.status == KeyStatus::kKnown && find_places(index.cells, key.span, key.hash)) {
    for (const std::uint32_t place : places_) {
      if (meet_all_of(place)) return;
    }
  } else {
    for (std::uint32_t b = 0; b < right.bucket_count(); ++b) {
      for (std::uint32_t e = right.bucket_at(b); e != kNone; e = items_[e].link.next) {
        if (meet(e)) return;
      }
    }
  }
  for (std::uint32_t e = right.unknown(); e != kNone; e = items_[e].link.next) {
    if (meet(e)) return;
  }
}

void Network::join_left(TokenId t, const StagePlan& stage, StageId id) {
  const bool exists = stage.kind == StageKind::kExists;
  StageState& state = stage_states_[id];
  if (needs_frame(state, stage)) load(t);
  LeftKey& key = left_key_;
  left_key(state, stage, t, key);
  TokenRecords records{tokens_};
  alphas_.index(alphas_[stage.alpha], stage.index).bucket.prefetch(key.hash);
  if (key.status == KeyStatus::kKnown) state.left.insert(records, t, state.span == kNone ? key.hash : left_place(state, key));
  if (key.status == KeyStatus::kUnknown) state.left.insert_unknown(records, t);
  if (exists) {
    if (key.status != KeyStatus::kNever) find_witness(t, stage, id, key);
    settle_exists(t);
    return;
  }
  if (key.status == KeyStatus::kNever) return;
  const FactStore& store = stores_[stage.type];
  const Truth so_far = stage.fresh_truth ? Truth::kTrue : tokens_[t].truth;
  const std::size_t base = matches_.size();
  const auto meet = [&](std::uint32_t e) {
    ++state.work.pairs;
    const AlphaItem& entry = items_[e];
    const Truth pair = truth_and(pair_truth(stage, key, store.row(entry.fact)), entry.truth);
    if (pair != Truth::kFalse) matches_.push_back({entry.item(e), truth_and(pair, so_far)});
    return false;
  };
  const ClosingPlan* const closing = closing_of(state.closing);
  if (closing != nullptr && id == closing->first + 1 && key.status == KeyStatus::kKnown) {
    candidates_.clear();
    closing_rights(*closing, stores_[program_.stages[closing->first].type].row(tokens_[t].fact), key.hash, candidates_);
    for (const std::uint32_t item : candidates_) meet(item);
    const BucketIndex& right = alphas_.index(alphas_[stage.alpha], stage.index).bucket;
    for (std::uint32_t e = right.unknown(); e != kNone; e = items_[e].link.next) meet(e);
  } else {
    const std::uint64_t looked = state.work.pairs;
    each_right(stage, key, meet);
    note_rights(stage, state, key, state.work.pairs - looked, matches_.size() - base);
  }
  take_matches(base, [&](const Match& match) { make_token(id, t, items_[match.id].fact, match.id, match.truth, false); });
}

// Where the line compares by order: the entry of a true witness, kNone if there is none at all; nothing if all must be looked at.
std::optional<std::uint32_t> Network::best_witness(TokenId t, const StagePlan& stage, const LeftKey& key) {
  AlphaIndex& index = alphas_.index(alphas_[stage.alpha], stage.index);
  if (key.status != KeyStatus::kKnown || index.bucket.unknown() != kNone) return std::nullopt;
  AlphaIndex::Order& order =
      *std::find_if(index.orders.begin(), index.orders.end(), [&](const AlphaIndex::Order& o) { return o.number == stage.order; });
  const std::uint32_t best = order.best.best(key.hash, standing(index, order));
  if (best == kNone) return kNone;
  const FactStore& store = stores_[stage.type];
  const std::uint32_t scope = program_.chains[stage.chain].scope;
  StageState& state = stage_states_[static_cast<StageId>(&stage - program_.stages.data())];
  ++state.work.pairs;
  const Row row = store.row(items_[best].fact);
  if (order.key(row[order.field]) == AlphaIndex::Order::kFirst) return std::nullopt;  // it cannot be compared, or hides one that cannot
  const Formula& test = stage.residual[stage.order_test];
  frame_.set_row(stage.binding, row);
  if (frame_.truth(test, scope) == Truth::kFalse) return kNone;
  const auto is_true = [&](std::uint32_t e) {
    return truth_and(pair_truth(stage, key, store.row(items_[e].fact)), items_[e].truth) == Truth::kTrue;
  };
  // The best would be everybody's, and all would ask again when it goes.
  const Instruction& compare = test.code.instructions()[0];
  const Operand& other = compare.a.binding == stage.binding ? compare.b : compare.a;
  const Value& left = frame_.row(other.binding)[other.index];
  const BestFirst::Key bound = order.key(left);
  if (left.kind == order.kind && bound != AlphaIndex::Order::kFirst) {
    const auto op = static_cast<Compare>(compare.sub);
    const bool may_be_equal = op == Compare::kGreaterEqual || op == Compare::kLessEqual;
    const std::uint32_t e = order.best.some(key.hash, may_be_equal ? bound : bound + 1, fold(mix(0, t)), standing(index, order));
    if (e != best && is_true(e)) return e;
  }
  if (is_true(best)) return best;
  return std::nullopt;
}

// Looks for a true witness of the left side in the frame; where there is none, for one that is unknown.
void Network::find_witness(TokenId t, const StagePlan& stage, StageId id, const LeftKey& key) {
  StageState& state = stage_states_[id];
  const FactStore& store = stores_[stage.type];
  Match best{kNone, tokens_[t].met};
  std::optional<std::uint32_t> known;
  if (stage.order != kNoId) known = best_witness(t, stage, key);
  if (known && *known != kNone) best = {items_[*known].item(*known), Truth::kTrue};
  const auto consider = [&](std::uint32_t e) {
    ++state.work.pairs;
    const AlphaItem& entry = items_[e];
    const Truth pair = truth_and(pair_truth(stage, key, store.row(entry.fact)), entry.truth);
    if (pair > best.truth) best = {entry.item(e), pair};
    return best.truth == Truth::kTrue;
  };
  const std::uint64_t looked = state.work.pairs;
  if (!known) each_right(stage, key, consider);
  note_rights(stage, state, key, state.work.pairs - looked, best.truth == Truth::kTrue ? 1 : 0);
  if (best.id == kNone) return;
  if (tokens_[t].met == Truth::kUnknown) delete_witness(t);
  if (make_token(id, t, items_[best.id].fact, best.id, best.truth, true) != kNone) set_met(t, best.truth);
}

// The witness of this one has gone.
void Network::find_witness(TokenId t) {
  const Token& token = tokens_[t];
  if (token.next == kNone || token.met == Truth::kTrue) return;
  const StagePlan& stage = program_.stages[token.next];
  if (stage.kind != StageKind::kExists) return;  // the token has gone, its id is another's
  const StageState& state = stage_states_[token.next];
  if (needs_frame(state, stage)) load(t);
  LeftKey& key = left_key_;
  left_key(state, stage, t, key);
  if (key.status != KeyStatus::kNever) find_witness(t, stage, token.next, key);
}

void Network::delete_witness(TokenId left) {
  TokenId child = tokens_[left].first_child;
  while (child != kNone && !tokens_[child].witness) child = tokens_[child].next_sibling;
  if (child != kNone) delete_token(child);
}

// Which of its stage's two indexes the left side stands in, depends on it.
void Network::set_met(TokenId left, Truth truth) {
  Token& token = tokens_[left];
  const bool was_met = token.met == Truth::kTrue;
  const bool is_met = truth == Truth::kTrue;
  token.met = truth;
  if (was_met == is_met || token.left_place == Place::kOut) return;
  StageState& state = stage_states_[token.next];
  TokenRecords records{tokens_};
  const Place place = token.left_place;
  const std::uint32_t hash = token.left.hash;
  (was_met ? state.met : state.left).remove(records, left);
  BucketIndex& to = is_met ? state.met : state.left;
  if (place == Place::kHashed) {
    to.insert(records, left, hash);
  } else {
    to.insert_unknown(records, left);
  }
}

FactId Network::first_witness(TokenId left, std::size_t looks) {
  const StagePlan& stage = program_.stages[tokens_[left].next];
  if (tokens_[left].met != Truth::kTrue) return kNone;
  const Row row_before = frame_.row(stage.binding);
  load(left);
  LeftKey& key = left_key_;
  left_key(stage_states_[tokens_[left].next], stage, left, key);
  const FactStore& store = stores_[stage.type];
  FactId best = kNone;
  each_right(stage, key, [&](std::uint32_t e) {
    const AlphaItem& entry = items_[e];
    if (entry.truth == Truth::kTrue && pair_truth(stage, key, store.row(entry.fact)) == Truth::kTrue &&
        (best == kNone || store.compare_keys(entry.fact, best, interner_) < 0)) {
      best = entry.fact;
    }
    return --looks == 0;
  });
  frame_.set_row(stage.binding, row_before);
  return best;
}

void Network::left_activate(TokenId t) {
  const StageId id = tokens_[t].next;
  const StagePlan& stage = program_.stages[id];
  ++stage_states_[id].work.left;
  place_.at(WorkPart::kStage, id);
  switch (stage.kind) {
    case StageKind::kBound:          // bind() goes on by itself
    case StageKind::kShared: break;  // has no left side: its tokens are made with those of the joins
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

// The witness says what `some` and `no` are; the token carries on with one child, or none.
void Network::settle_exists(TokenId left) {
  const Token& token = tokens_[left];
  if (token.next == kNone) return;
  if (stage_states_[token.next].kind != StageKind::kExists) return;  // the token has gone, its id is another's
  const StagePlan& stage = program_.stages[token.next];
  Truth truth = token.met;
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
