// Inbox: inputs that wait for their instant: facts and acknowledgements, by (instant, arrival). They lie in a pool and
// never move, only their places do: the first stands by itself, the others in a heap. An input in order costs no allocation and no heap.
// Not thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "model/compare.h"
#include "model/fact.h"
#include "model/interner.h"

namespace flyball::engine {

struct Pending {
  std::uint64_t arrival = 0;
  FactInput fact;
  std::uint32_t hash = 0;  // of the fact's key, if its type has one
  bool late = false;
  static constexpr std::uint32_t kNoAck = 0xFFFF'FFFF;
  std::uint32_t ack = kNoAck;  // index of an acknowledgement instead
  bool is_ack() const { return ack != kNoAck; }
};

class Inbox {
 public:
  bool empty() const { return first_.input == nullptr; }
  std::size_t size() const { return empty() ? 0 : heap_.size() + 1; }
  Timestamp next() const { return first_.at; }

  // `at`: the instant that takes it: its stamp, or engine time if it is late. `hash`: of the fact's key, if its type has one.
  void add_fact(Timestamp at, bool late, const FactInput& input, std::uint32_t hash) {
    Pending& pending = make(at);
    pending.fact = input;
    pending.hash = hash;
    pending.late = late;
  }
  void add_ack(Timestamp at, const AckInput& input) {
    Pending& pending = make(at);
    pending.fact.stamp = input.stamp;
    pending.fact.source = Value::null();
    pending.fact.seq = 0;
    if (free_acks_.empty()) {
      pending.ack = static_cast<std::uint32_t>(acks_.size());
      acks_.push_back(input);
    } else {
      pending.ack = free_acks_.back();
      free_acks_.pop_back();
      acks_[pending.ack] = input;
    }
  }
  const AckInput& ack(std::uint32_t index) const { return acks_[index]; }

  // The one that waits for instant `t` (or for one before it: it was passed over), if it is the only one that waits; else null. Most are.
  Pending* take_alone(Timestamp t) {
    if (!heap_.empty() || first_.at > t) return nullptr;
    return std::exchange(first_, Place{}).input;
  }
  // All inputs of instant `t` and before, by (source, sequence, arrival); those without a source first.
  void take(Timestamp t, const Interner& in, std::vector<Pending*>& out) {
    while (!empty() && first_.at <= t) {
      out.push_back(first_.input);
      take_first();
    }
    if (out.size() < 2) return;
    std::sort(out.begin(), out.end(), [&](const Pending* a, const Pending* b) {
      if (a->fact.source != b->fact.source) return compare_total(a->fact.source, b->fact.source, in) < 0;
      return a->fact.seq != b->fact.seq ? a->fact.seq < b->fact.seq : a->arrival < b->arrival;
    });
  }
  // Gives back what was taken.
  void release(Pending* pending) {
    if (pending->is_ack()) {
      free_acks_.push_back(pending->ack);
      pending->ack = Pending::kNoAck;
    }
    if (spare_ == nullptr) {
      spare_ = pending;
      return;
    }
    if (free_.size() >= kSpareMax) std::vector<Value>().swap(pending->fact.values);
    free_.push_back(pending);
  }
  struct Waiting {
    Timestamp at;
    const Pending* input = nullptr;
    const AckInput* ack = nullptr;  // where it is one
  };
  // All that wait, in order of arrival.
  std::vector<Waiting> in_order() const {
    std::vector<Place> places = heap_;
    if (!empty()) places.push_back(first_);
    std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.arrival < b.arrival; });
    std::vector<Waiting> out;
    out.reserve(places.size());
    for (const Place& place : places) {
      out.push_back({place.at, place.input, place.input->is_ack() ? &acks_[place.input->ack] : nullptr});
    }
    return out;
  }
  void mark(Interner& in) const {
    if (!empty()) mark(*first_.input, in);
    for (const Place& place : heap_) mark(*place.input, in);
  }

 private:
  void mark(const Pending& input, Interner& in) const {
    if (!input.is_ack()) {
      for (const Value& v : input.fact.values) in.mark(v);
      in.mark(input.fact.source);
      return;
    }
    for (const Value& v : acks_[input.ack].data) in.mark(v);
    for (const Value& v : acks_[input.ack].result) in.mark(v);
  }
  static constexpr std::size_t kChunk = 64;
  static constexpr std::size_t kSpareMax = 4096;  // rows kept for what comes next
  struct Place {
    Timestamp at = kTimestampMax;
    std::uint64_t arrival = 0;  // the input's: many have one stamp, and inputs lie far apart
    Pending* input = nullptr;
  };
  struct Later {
    bool operator()(const Place& a, const Place& b) const { return a.at != b.at ? a.at > b.at : a.arrival > b.arrival; }
  };
  Pending& make(Timestamp at) {
    Pending* const pending = spare_ != nullptr ? std::exchange(spare_, nullptr) : take_free();
    pending->arrival = arrivals_++;
    if (empty()) {
      first_ = {at, pending->arrival, pending};
    } else {
      add_further({at, pending->arrival, pending});
    }
    return *pending;
  }
  void add_further(Place place) {
    if (place.at < first_.at) std::swap(place, first_);
    heap_.push_back(place);
    std::push_heap(heap_.begin(), heap_.end(), Later{});
  }
  void take_first() {
    first_ = Place{};
    if (heap_.empty()) return;
    std::pop_heap(heap_.begin(), heap_.end(), Later{});
    first_ = heap_.back();
    heap_.pop_back();
  }
  Pending* take_free() {
    if (free_.empty()) {
      chunks_.push_back(std::make_unique<Pending[]>(kChunk));
      for (std::size_t i = kChunk; i-- > 0;) free_.push_back(&chunks_.back()[i]);
    }
    Pending* const pending = free_.back();
    free_.pop_back();
    return pending;
  }
  Place first_;                                     // the earliest
  std::vector<Place> heap_;                         // of the others
  std::vector<std::unique_ptr<Pending[]>> chunks_;  // of the pool
  Pending* spare_ = nullptr;                        // the last that was given back
  std::vector<Pending*> free_;
  std::deque<AckInput> acks_;
  std::vector<std::uint32_t> free_acks_;
  std::uint64_t arrivals_ = 0;
};

}  // namespace flyball::engine
