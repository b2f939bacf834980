// Facts looked up by decisions, in the indexes of the alphas that all facts of a type are in.
#include <algorithm>

#include "engine/network/network.h"

namespace flyball::engine {

void Network::plan_lookups() {
  lookups_.resize(program_.types.size());
  for (AlphaId id = 0; id < program_.alphas.size(); ++id) {
    const AlphaPlan& plan = program_.alphas[id];
    if (!plan.tests.empty() || plan.vacant) continue;
    for (std::uint32_t i = 0; i < plan.indexes.size(); ++i) lookups_[plan.type].push_back({id, i});
  }
}

template <typename Suits>
const AlphaIndex* Network::lookup(FactTypeId type, Suits suits) const {
  for (const Lookup& l : lookups_[type]) {
    const AlphaIndex& index = alphas_.index(alphas_[l.alpha], l.index);
    if (suits(index)) return &index;
  }
  return nullptr;
}

void Network::add_bucket(const BucketIndex& bucket, std::uint32_t hash, std::vector<FactId>& out) const {
  for (std::uint32_t e = bucket.bucket(hash); e != kNone; e = items_[e].link.next) {
    if (items_[e].link.hash == hash) out.push_back(items_[e].fact);
  }
}

// They may be equal to anything, and lie anywhere.
void Network::add_unknown(const BucketIndex& bucket, std::vector<FactId>& out) const {
  for (std::uint32_t e = bucket.unknown(); e != kNone; e = items_[e].link.next) out.push_back(items_[e].fact);
}

bool Network::find_equal(FactTypeId type, std::span<const std::uint32_t> fields, std::span<const Value> values,
                         std::vector<FactId>& out) const {
  const AlphaIndex* const index = lookup(type, [&](const AlphaIndex& i) {
    const std::uint32_t all = (std::uint32_t{1} << fields.size()) - 1;
    return i.span.form == SpanFields::Form::kNowhere && i.null_joins == all && std::ranges::equal(i.fields, fields);
  });
  if (index == nullptr) return false;
  std::uint64_t h = 0;
  for (const Value& v : values) h = mix(h, hash_value(v));
  add_bucket(index->bucket, fold(h), out);
  add_unknown(index->bucket, out);
  return true;
}

bool Network::find_around(FactTypeId type, const SpanFields& own, const Value& low, const Value& high, std::vector<FactId>& out) const {
  const AlphaIndex* const index = lookup(type, [&](const AlphaIndex& i) { return i.span == own && i.fields.empty(); });
  const std::optional<Span> known = index == nullptr ? std::nullopt : span_of(own, low, high);
  if (!known) return false;
  const Span asked{known->low, own.is_span ? known->low : known->high};
  std::vector<std::uint32_t> places;
  const std::uint32_t nothing_equal = fold(0);
  if (!index->cells.each(asked, [&](std::uint64_t cell) { places.push_back(fold(mix(nothing_equal, cell))); })) return false;
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  for (const std::uint32_t place : places) add_bucket(index->bucket, place, out);
  add_unknown(index->bucket, out);
  return true;
}

}  // namespace flyball::engine
