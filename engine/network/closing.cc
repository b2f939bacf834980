// Three patterns that form a cycle, a → b → c → a (compile/plan_closing.cc). Pairs of a and b are not kept unless there is a c that closes
// them: so a hub costs what its cycles cost, and not n² pairs.
//
//   a comes   the b's that join it, or the c's that join it and the b's between, whichever are fewer      (closing_rights)
//   b comes   the a's that it joins, or the c's that join it and the a's between, whichever are fewer     (closing_lefts)
//   c comes   if it is the first of its key: the pairs that it closes, from the side that has fewer       (close_pairs)
//   c goes    if it was the last of its key: the pairs that it closed                                     (settle_closings)
//
// INVARIANT: a pair whose keys are known is there just when an item of c's alpha has the hash of its key (hash for hash, so that whoever
// asks is told the same). A pair of which one key is unknown is there always, as of any join. A c whose key is unknown may close anything:
// while there is one, all pairs are kept, as of any join.
#include <algorithm>

#include "engine/network/network.h"

namespace flyball::engine {

namespace {

// The hash of an index by these fields; nothing where one is unknown.
template <typename Fields>
bool add_hash(std::uint64_t& h, Row row, const Fields& pairs, std::uint32_t ClosingPlan::Pair::* field) {
  for (const ClosingPlan::Pair& pair : pairs) {
    const Value& v = row[pair.*field];
    if (v.is_error()) return false;
    h = mix(h, hash_value(v));
  }
  return true;
}

// What a and b say that c must be.
enum class KeyOfThird : std::uint8_t { kKnown, kUnknown, kNever };
KeyOfThird key_of_third(const ClosingPlan& plan, Row a, Row b, std::uint32_t& hash) {
  std::uint64_t h = 0;
  for (const ClosingPlan::Part& part : plan.c_key) {
    const Value& v = (part.of_a ? a : b)[part.field];
    if (v.is_error()) return KeyOfThird::kUnknown;
    if (v.is_null() && !part.null_joins) return KeyOfThird::kNever;
    h = mix(h, hash_value(v));
  }
  hash = fold(h);
  return KeyOfThird::kKnown;
}

constexpr auto kLeft = &ClosingPlan::Pair::left;
constexpr auto kRight = &ClosingPlan::Pair::right;

}  // namespace

std::uint32_t Network::entry_in(std::uint32_t item, std::uint32_t index) const {
  for (std::uint32_t i = 0; i < index; ++i) item = items_[item].more;
  return item;
}

// The a's token, found by an item of its alpha; kNone: it has none yet.
TokenId& Network::closing_token(const ClosingPlan& plan, std::uint32_t item) { return items_[entry_in(item, plan.a_by_c)].tokens; }

void Network::note_closing_token(StageId stage, std::uint32_t item, TokenId token) {
  const StagePlan& a = program_.stages[stage];
  const ClosingPlan& plan = program_.closings[a.closing];
  if (plan.first == stage) closing_token(plan, item) = token;
}

// Of all rings, whatever stood there.
void Network::note_closing_tokens() {
  const auto opens_ring = [&](const Token& t) {
    return t.alive && t.stage != kNone && t.item != kNone && stage_states_[t.stage].closing != kNone && t.parent == kNone;
  };
  for (TokenId t = 0; t < tokens_.end(); ++t) {
    if (!opens_ring(tokens_[t])) continue;
    for (std::uint32_t e = items_[tokens_[t].item].more; e != kNone; e = items_[e].more) items_[e].tokens = kNone;
  }
  for (TokenId t = 0; t < tokens_.end(); ++t) {
    if (opens_ring(tokens_[t])) note_closing_token(tokens_[t].stage, tokens_[t].item, t);
  }
}

template <typename Visit>
void Network::each_entry(const StagePlan& stage, std::uint32_t index, std::uint32_t hash, Visit visit) const {
  const BucketIndex& bucket = alphas_.index(alphas_[stage.alpha], index).bucket;
  for (std::uint32_t e = bucket.bucket(hash); e != kNone; e = items_[e].link.next) {
    if (items_[e].link.hash == hash && !visit(e, items_[e].item(e))) return;
  }
}

bool Network::has_entry(const StagePlan& stage, std::uint32_t index, std::uint32_t hash) const {
  bool any = false;
  each_entry(stage, index, hash, [&](std::uint32_t, std::uint32_t) {
    any = true;
    return false;
  });
  return any;
}

// Whether the pair is to be there.
bool Network::is_closed(const ClosingPlan& plan, Row a, Row b) const {
  std::uint32_t hash = 0;
  switch (key_of_third(plan, a, b, hash)) {
    case KeyOfThird::kUnknown: return true;
    case KeyOfThird::kNever: return false;
    case KeyOfThird::kKnown: break;
  }
  const StagePlan& c = program_.stages[plan.first + 2];
  return has_entry(c, c.index, hash);
}

// Goes along both lists at once: true if the first ends first.
template <typename Next, typename OtherNext>
bool Network::is_shorter(std::uint32_t first, Next next, std::uint32_t other, OtherNext other_next) {
  while (first != kNone && other != kNone) {
    first = next(first);
    other = other_next(other);
  }
  return first == kNone;
}

// This update still has to bring its fact to the stage: until then it is not there.
bool Network::is_pending(StageId stage) const {
  return std::any_of(activations_.begin(), activations_.end(), [&](const Activation& a) { return a.stage == stage; });
}

// The b's, as items, that a's token in the frame has to be paired with; of known keys.
void Network::closing_rights(const ClosingPlan& plan, Row a, std::uint32_t hash, std::vector<std::uint32_t>& out) const {
  const StagePlan &b = program_.stages[plan.first + 1], &c = program_.stages[plan.first + 2];
  const BucketIndex& direct = alphas_.index(alphas_[b.alpha], b.index).bucket;
  const BucketIndex& around = alphas_.index(alphas_[c.alpha], plan.c_by_a).bucket;
  const auto next = [&](std::uint32_t e) { return items_[e].link.next; };
  std::uint64_t by_a = 0;
  const bool known = add_hash(by_a, a, plan.ac, kLeft);
  const std::uint32_t c_hash = fold(by_a);
  if (!known || is_shorter(direct.bucket(hash), next, around.bucket(c_hash), next)) {
    each_entry(b, b.index, hash, [&](std::uint32_t, std::uint32_t item) {
      if (is_closed(plan, a, stores_[b.type].row(items_[item].fact))) out.push_back(item);
      return true;
    });
    return;
  }
  each_entry(c, plan.c_by_a, c_hash, [&](std::uint32_t e, std::uint32_t) {
    std::uint64_t h = 0;
    if (!add_hash(h, a, plan.ab, kLeft) || !add_hash(h, stores_[c.type].row(items_[e].fact), plan.bc, kRight)) return true;
    each_entry(b, plan.b_by_both, fold(h), [&](std::uint32_t, std::uint32_t item) {
      // Its own entry says whether its key is known; who is found by both keys may only have their hash.
      if (items_[entry_in(item, b.index)].place == Place::kHashed && is_closed(plan, a, stores_[b.type].row(items_[item].fact)))
        out.push_back(item);
      return true;
    });
    return true;
  });
  only_once(out);
  // A b whose field towards c is unknown has a key that is unknown: the pair is always there.
  const BucketIndex& open = alphas_.index(alphas_[b.alpha], plan.b_by_c).bucket;
  for (std::uint32_t e = open.unknown(); e != kNone; e = items_[e].link.next) {
    const std::uint32_t item = items_[e].item(e);  // the first index is the item's own
    const std::uint32_t own = entry_in(item, b.index);
    if (items_[own].place == Place::kHashed && items_[own].link.hash == hash) out.push_back(item);
  }
}

// The tokens of a's that this b has to be paired with; of known keys.
void Network::closing_lefts(const ClosingPlan& plan, Row b, std::uint32_t hash, std::vector<std::uint32_t>& out) {
  const StagePlan &a = program_.stages[plan.first], &c = program_.stages[plan.first + 2];
  const BucketIndex& direct = stage_states_[plan.first + 1].left;
  const BucketIndex& around = alphas_.index(alphas_[c.alpha], plan.c_by_b).bucket;
  const auto next_token = [&](TokenId t) { return tokens_[t].left.next; };
  const auto next_entry = [&](std::uint32_t e) { return items_[e].link.next; };
  std::uint64_t by_b = 0;
  const bool known = add_hash(by_b, b, plan.bc, kLeft);
  const std::uint32_t c_hash = fold(by_b);
  if (!known || is_shorter(direct.bucket(hash), next_token, around.bucket(c_hash), next_entry)) {
    for (TokenId t = direct.bucket(hash); t != kNone; t = tokens_[t].left.next) {
      if (tokens_[t].left.hash == hash && is_closed(plan, stores_[a.type].row(tokens_[t].fact), b)) out.push_back(t);
    }
    return;
  }
  each_entry(c, plan.c_by_b, c_hash, [&](std::uint32_t e, std::uint32_t) {
    std::uint64_t h = 0;
    if (!add_hash(h, b, plan.ab, kRight) || !add_hash(h, stores_[c.type].row(items_[e].fact), plan.ac, kRight)) return true;
    each_entry(a, plan.a_by_both, fold(h), [&](std::uint32_t, std::uint32_t item) {
      const TokenId t = closing_token(plan, item);
      if (t != kNone && tokens_[t].left_place == Place::kHashed && is_closed(plan, stores_[a.type].row(tokens_[t].fact), b))
        out.push_back(t);
      return true;
    });
    return true;
  });
  only_once(out);
  const BucketIndex& open = alphas_.index(alphas_[a.alpha], plan.a_by_c).bucket;
  for (std::uint32_t e = open.unknown(); e != kNone; e = items_[e].link.next) {
    const TokenId t = items_[e].tokens;
    if (t != kNone && tokens_[t].left_place == Place::kHashed && tokens_[t].left.hash == hash) out.push_back(t);
  }
}

void Network::only_once(std::vector<std::uint32_t>& of) {
  std::sort(of.begin(), of.end());
  of.erase(std::unique(of.begin(), of.end()), of.end());
}

// Whether a pair is there because of a c, and goes with it.
bool Network::is_guarded(const ClosingPlan& plan, TokenId pair) const {
  const StagePlan& b = program_.stages[plan.first + 1];
  return tokens_[pair].left_place == Place::kHashed && tokens_[tokens_[pair].parent].left_place == Place::kHashed &&
         items_[entry_in(tokens_[pair].item, b.index)].place == Place::kHashed;
}

TokenId Network::guarded_pair(const ClosingPlan& plan, std::uint32_t hash) const {
  for (TokenId t = stage_states_[plan.first + 2].left.bucket(hash); t != kNone; t = tokens_[t].left.next) {
    if (tokens_[t].left.hash == hash && is_guarded(plan, t)) return t;
  }
  return kNone;
}

void Network::make_pair(const ClosingPlan& plan, TokenId a, std::uint32_t item) {
  const StagePlan& b = program_.stages[plan.first + 1];
  load(a);
  left_key(stage_states_[plan.first + 1], b, a, left_key_);
  const Truth pair = truth_and(pair_truth(b, left_key_, stores_[b.type].row(items_[item].fact)), items_[item].truth);
  const Truth truth = truth_and(pair, tokens_[a].truth);
  if (truth != Truth::kFalse) make_token(plan.first + 1, a, items_[item].fact, item, truth, false);
}

// The c has come, and its key is known. What it closes meets it as it is made.
void Network::close_pairs(const ClosingPlan& plan, const Activation& activation) {
  const StagePlan &a = program_.stages[plan.first], &b = program_.stages[plan.first + 1], &c = program_.stages[plan.first + 2];
  const AlphaItem& own = items_[entry_in(activation.item, c.index)];
  if (own.place != Place::kHashed || guarded_pair(plan, own.link.hash) != kNone) return;  // another, or it before, has closed them
  const Row row = stores_[c.type].row(activation.fact);
  std::uint64_t to_b = 0, to_a = 0;
  if (!add_hash(to_b, row, plan.bc, kRight) || !add_hash(to_a, row, plan.ac, kRight)) return;
  const auto next = [&](std::uint32_t e) { return items_[e].link.next; };
  const BucketIndex& from_a = alphas_.index(alphas_[a.alpha], plan.a_by_c).bucket;
  const BucketIndex& from_b = alphas_.index(alphas_[b.alpha], plan.b_by_c).bucket;
  const bool b_pending = is_pending(plan.first + 1);
  std::vector<std::pair<TokenId, std::uint32_t>> pairs;
  const auto consider = [&](std::uint32_t a_item, std::uint32_t b_item) {
    const TokenId t = closing_token(plan, a_item);
    if (t == kNone || tokens_[t].left_place != Place::kHashed) return;
    const AlphaItem& at = items_[entry_in(b_item, b.index)];
    if (at.place != Place::kHashed || at.link.hash != tokens_[t].left.hash) return;
    if (b_pending && at.fact == activation.fact) return;  // it comes by itself
    pairs.emplace_back(t, b_item);
  };
  if (is_shorter(from_a.bucket(fold(to_a)), next, from_b.bucket(fold(to_b)), next)) {
    each_entry(a, plan.a_by_c, fold(to_a), [&](std::uint32_t, std::uint32_t a_item) {
      std::uint64_t h = 0;
      if (!add_hash(h, stores_[a.type].row(items_[a_item].fact), plan.ab, kLeft)) return true;
      add_hash(h, row, plan.bc, kRight);
      each_entry(b, plan.b_by_both, fold(h), [&](std::uint32_t, std::uint32_t b_item) {
        consider(a_item, b_item);
        return true;
      });
      return true;
    });
  } else {
    each_entry(b, plan.b_by_c, fold(to_b), [&](std::uint32_t, std::uint32_t b_item) {
      std::uint64_t h = 0;
      if (!add_hash(h, stores_[b.type].row(items_[b_item].fact), plan.ab, kRight)) return true;
      add_hash(h, row, plan.ac, kRight);
      each_entry(a, plan.a_by_both, fold(h), [&](std::uint32_t, std::uint32_t a_item) {
        consider(a_item, b_item);
        return true;
      });
      return true;
    });
  }
  std::sort(pairs.begin(), pairs.end());
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  for (const auto& [t, item] : pairs) {
    ++stage_states_[plan.first + 1].work.pairs;
    // Hash for hash: a pair that another key's c would close stands or falls with that one.
    if (is_closed_by(plan, tokens_[t].fact, items_[item].fact, own.link.hash)) make_pair(plan, t, item);
  }
}

bool Network::is_closed_by(const ClosingPlan& plan, FactId a, FactId b, std::uint32_t hash) const {
  const Row a_row = stores_[program_.stages[plan.first].type].row(a);
  const Row b_row = stores_[program_.stages[plan.first + 1].type].row(b);
  std::uint32_t mine = 0;
  return key_of_third(plan, a_row, b_row, mine) == KeyOfThird::kKnown && mine == hash;
}

// A c comes whose key is unknown: all pairs from now on.
void Network::keep_all_pairs(std::uint32_t closing) {
  closings_[closing].keeps_all = true;
  const ClosingPlan& plan = program_.closings[closing];
  const StagePlan& b = program_.stages[plan.first + 1];
  const BucketIndex& left = stage_states_[plan.first + 1].left;
  std::vector<TokenId> all;
  for (std::uint32_t n = 0; n < left.bucket_count(); ++n) {
    for (TokenId t = left.bucket_at(n); t != kNone; t = tokens_[t].left.next) all.push_back(t);
  }
  const bool b_pending = is_pending(plan.first + 1);
  std::vector<std::uint32_t> had, items;
  for (const TokenId t : all) {
    had.clear();
    items.clear();
    for (TokenId child = tokens_[t].first_child; child != kNone; child = tokens_[child].next_sibling) had.push_back(tokens_[child].item);
    std::sort(had.begin(), had.end());
    each_entry(b, b.index, tokens_[t].left.hash, [&](std::uint32_t, std::uint32_t item) {
      if (b_pending && items_[item].fact == activations_.front().fact) return true;
      if (!std::binary_search(had.begin(), had.end(), item)) items.push_back(item);
      return true;
    });
    for (const std::uint32_t item : items) make_pair(plan, t, item);
  }
}

// The last c has gone whose key was unknown, or its key is known: what nothing closes goes. That costs no more than to have kept it.
void Network::keep_closed_pairs(std::uint32_t closing) {
  closings_[closing].keeps_all = false;
  const ClosingPlan& plan = program_.closings[closing];
  const StagePlan &b = program_.stages[plan.first + 1], &c = program_.stages[plan.first + 2];
  const BucketIndex& left = stage_states_[plan.first + 1].left;
  std::vector<TokenId> unclosed;
  for (std::uint32_t n = 0; n < left.bucket_count(); ++n) {
    for (TokenId t = left.bucket_at(n); t != kNone; t = tokens_[t].left.next) {
      for (TokenId pair = tokens_[t].first_child; pair != kNone; pair = tokens_[pair].next_sibling) {
        const Token& p = tokens_[pair];
        if (items_[entry_in(p.item, b.index)].place != Place::kHashed || p.left_place == Place::kUnknown) continue;
        if (p.left_place == Place::kOut || !has_entry(c, c.index, p.left.hash)) unclosed.push_back(pair);
      }
    }
  }
  for (const TokenId pair : unclosed) delete_token(pair);
}

// What the update did to the c's keys, before anything is joined.
void Network::settle_closings() {
  for (std::size_t i = 0; i < unclosed_.size(); ++i) {
    const auto [closing, hash] = unclosed_[i];
    const ClosingPlan& plan = program_.closings[closing];
    const StagePlan& c = program_.stages[plan.first + 2];
    if (closings_[closing].keeps_all || has_entry(c, c.index, hash)) continue;
    for (TokenId t = guarded_pair(plan, hash); t != kNone; t = guarded_pair(plan, hash)) delete_token(t);
  }
  unclosed_.clear();
  for (std::size_t i = 0; i < opened_.size(); ++i) {
    const StagePlan& c = program_.stages[program_.closings[opened_[i]].first + 2];
    const bool any = alphas_.index(alphas_[c.alpha], c.index).bucket.unknown() != kNone;
    if (any == closings_[opened_[i]].keeps_all) continue;
    any ? keep_all_pairs(opened_[i]) : keep_closed_pairs(opened_[i]);
  }
  opened_.clear();
}

}  // namespace flyball::engine
