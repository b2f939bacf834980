// See span_index.h.
#include "engine/network/span_index.h"

#include <algorithm>

namespace flyball::engine {

void SpanIndex::insert(std::uint32_t id, std::uint32_t hash, const std::optional<Span>& span) {
  Records records{records_};
  Record& r = records_[id];
  index_.remove(records, id);
  if (index_.empty()) cells_.clear();
  r.hash = hash;
  r.span = span.value_or(Span{});
  if (span) {
    index_.insert(records, id, place_of(r));
  } else {
    index_.insert_unknown(records, id);
  }
}

void SpanIndex::erase(std::uint32_t id) {
  if (!records_.contains(id)) return;
  Records records{records_};
  index_.remove(records, id);
  records_.erase(id);
}

void SpanIndex::clear() {
  index_ = BucketIndex();
  records_.clear();
  cells_.clear();
}

void SpanIndex::find(std::uint32_t hash, const std::optional<Span>& asked, std::vector<std::uint32_t>& out) const {
  std::vector<std::uint32_t> places;
  if (asked && cells_.each(*asked, [&](std::uint64_t cell) { places.push_back(fold(mix(hash, cell))); })) {
    std::sort(places.begin(), places.end());
    places.erase(std::unique(places.begin(), places.end()), places.end());
    for (const std::uint32_t place : places) {
      for (std::uint32_t id = index_.bucket(place); id != kNone;) {
        const Record& r = records_.at(id);
        if (r.link.hash == place && r.hash == hash) out.push_back(id);
        id = r.link.next;
      }
    }
    for (std::uint32_t id = index_.unknown(); id != kNone; id = records_.at(id).link.next) {
      if (records_.at(id).hash == hash) out.push_back(id);
    }
    return;
  }
  for (const auto& [id, r] : records_) {
    if (r.hash == hash) out.push_back(id);
  }
}

void SpanIndex::note(const std::optional<Span>& asked, std::size_t looked, std::size_t matched) {
  if (!asked || !cells_.note(*asked, looked, matched, index_.size())) return;
  Records records{records_};
  for (auto& [id, r] : records_) {
    if (r.place != Place::kHashed) continue;
    index_.remove(records, id);
    index_.insert(records, id, place_of(r));
  }
}

}  // namespace flyball::engine
