// Joins by where something lies: an address in a prefix, a time in a window (JoinSpan). Both sides stand in their hash indexes under what
// is equal and a cell (SpanCells), and look for each other there. Who cannot be placed (null, unknown, not a number) stands with the
// unknown, and meets everybody.
#include <algorithm>

#include "engine/expr/order_place.h"
#include "engine/network/network.h"

namespace flyball::engine {

namespace {

Uint128 position(const IpAddress& a) {
  Uint128 out = 0;
  for (const std::uint8_t byte : a.bytes) out = out << 8 | byte;
  return out;
}

Uint128 position(const Value& v) { return static_cast<std::uint64_t>(order_place(v)) ^ (std::uint64_t{1} << 63); }

}  // namespace

// Of a value alone, `low` and `high` are the same.
std::optional<Span> Network::span_of(const SpanFields& form, const Value& low, const Value& high) const {
  if (form.form == SpanFields::Form::kPlaces) {
    if (low.kind != form.kind || high.kind != form.kind || is_nan(low) || is_nan(high)) return std::nullopt;
    return Span{position(low), position(high)};
  }
  if (low.is(Kind::kIp)) {
    const Uint128 at = position(interner_.ip_of(low));
    return Span{at, at};
  }
  if (!low.is(Kind::kCidr)) return std::nullopt;
  const Cidr& prefix = interner_.cidr_of(low);
  const unsigned free_bits = (prefix.address.is_v4 ? 32U : 128U) - prefix.prefix_length;
  const Uint128 rest = free_bits == 128 ? ~Uint128{0} : (Uint128{1} << free_bits) - 1;
  const Uint128 first = position(prefix.address) & ~rest;
  return Span{first, first | rest};
}

std::optional<Span> Network::own_span(const SpanFields& of, Row row) const {
  std::optional<Span> span = span_of(of, row[of.low], row[of.high]);
  if (span && !of.is_span) span->high = span->low;  // a prefix, too: of one that lies in another
  return span;
}

std::optional<Span> Network::asked_span(const JoinSpan& by, std::uint32_t scope, FrameBuffer& frame) const {
  const auto value = [&](const KeyPart& part) {
    return part.left ? frame.value(*part.left, scope) : Value(frame.row(part.left_binding)[part.left_field]);
  };
  const bool has_two = !by.own.is_span && by.own.form == SpanFields::Form::kPlaces;
  const Value low = value(by.low);
  std::optional<Span> span = span_of(by.own, low, has_two ? value(by.high) : low);
  if (span && by.own.is_span) span->high = span->low;
  return span;
}

void Network::left_span(const StagePlan& stage, LeftKey& key) {
  const std::optional<Span> span = asked_span(*stage.span, program_.chains[stage.chain].scope, frame_);
  if (!span) {
    key.status = KeyStatus::kUnknown;
    return;
  }
  key.span = *span;
}

// The hash under which the left side of a stage with a span stands.
std::uint32_t Network::left_place(StageState& state, const LeftKey& key) {
  SpanCells& cells = span_cells_[state.span];
  if (state.left.empty() && state.met.empty()) cells.clear();
  return fold(mix(key.hash, cells.place(key.span)));
}

// The hashes, each once, of what is equal by `hash` and may have something in common with the span, into places_. False: any.
bool Network::find_places(const SpanCells& cells, const Span& asked, std::uint32_t hash) {
  places_.clear();
  if (!cells.each(asked, [&](std::uint64_t cell) { places_.push_back(fold(mix(hash, cell))); })) return false;
  if (places_.size() < 2) return true;
  std::sort(places_.begin(), places_.end());
  places_.erase(std::unique(places_.begin(), places_.end()), places_.end());
  return true;
}

// The cells of an index have another width.
void Network::place_entries_anew(AlphaIndex& index) {
  std::vector<std::uint32_t> entries;
  for (std::uint32_t b = 0; b < index.bucket.bucket_count(); ++b) {
    for (std::uint32_t e = index.bucket.bucket_at(b); e != kNone; e = items_[e].link.next) entries.push_back(e);
  }
  const FactStore& store = stores_[program_.alphas[index.alpha].type];
  for (const std::uint32_t e : entries) place_entry(index, e, store.row(items_[e].fact));
}

void Network::place_lefts_anew(StageId id) {
  StageState& state = stage_states_[id];
  const StagePlan& stage = program_.stages[id];
  std::vector<TokenId> lefts;
  for (const BucketIndex* index : {&state.left, &state.met}) {
    for (std::uint32_t b = 0; b < index->bucket_count(); ++b) {
      for (TokenId t = index->bucket_at(b); t != kNone; t = tokens_[t].left.next) lefts.push_back(t);
    }
  }
  TokenRecords records{tokens_};
  LeftKey key;
  for (const TokenId t : lefts) {
    load(t);
    left_key(state, stage, t, key);
    BucketIndex& index = tokens_[t].met == Truth::kTrue ? state.met : state.left;
    index.remove(records, t);
    if (key.status == KeyStatus::kKnown) index.insert(records, t, left_place(state, key));
    if (key.status == KeyStatus::kUnknown) index.insert_unknown(records, t);
  }
}

}  // namespace flyball::engine
