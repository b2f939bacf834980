// Inbox: inputs that wait for their instant: facts and acknowledgements, by (instant, arrival). They lie in a pool and
// never move, only their places in the heap do; an input in order costs no allocation. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>
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
  std::uint32_t ack = 0xFFFF'FFFF;  // index of an acknowledgement instead
};
using PendingId = std::uint32_t;

class Inbox {
 public:
  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  Timestamp next() const { return heap_.empty() ? kTimestampMax : heap_.front().at; }

  // `at`: the instant that takes it: its stamp, or engine time if it is late.
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
  const Pending& operator[](PendingId id) const { return slot(id); }
  const AckInput& ack(std::uint32_t index) const { return acks_[index]; }

  // All inputs of instant `t` (those that waited for one before it, too: it was passed over), by (source, sequence, arrival); those without
  // a source first.
  void take(Timestamp t, const Interner& in, std::vector<PendingId>& out) {
    while (!heap_.empty() && heap_.front().at <= t) {
      if (heap_.size() > 1) std::pop_heap(heap_.begin(), heap_.end(), Later{});
      out.push_back(heap_.back().id);
      heap_.pop_back();
    }
    if (out.size() < 2) return;
    std::sort(out.begin(), out.end(), [&](PendingId x, PendingId y) {
      const Pending &a = slot(x), &b = slot(y);
      if (a.fact.source != b.fact.source) return compare_total(a.fact.source, b.fact.source, in) < 0;
      return a.fact.seq != b.fact.seq ? a.fact.seq < b.fact.seq : a.arrival < b.arrival;
    });
  }
  // Gives back what take() gave.
  void release(std::vector<PendingId>& taken) {
    for (const PendingId id : taken) {
      Pending& pending = slot(id);
      if (pending.ack != 0xFFFF'FFFF) {
        free_acks_.push_back(pending.ack);
        pending.ack = 0xFFFF'FFFF;
      }
      if (free_.size() >= kSpareMax) std::vector<Value>().swap(pending.fact.values);
      free_.push_back(id);
    }
    taken.clear();
  }
  struct Waiting {
    Timestamp at;
    const Pending* input = nullptr;
    const AckInput* ack = nullptr;  // where it is one
  };
  // All that wait, in order of arrival.
  std::vector<Waiting> in_order() const {
    std::vector<Place> places = heap_;
    std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.arrival < b.arrival; });
    std::vector<Waiting> out;
    for (const Place& place : places) {
      const Pending& p = slot(place.id);
      out.push_back({place.at, &p, p.ack == 0xFFFF'FFFF ? nullptr : &acks_[p.ack]});
    }
    return out;
  }
  void mark(Interner& in) const {
    for (const Place& place : heap_) {
      const Pending& p = slot(place.id);
      if (p.ack == 0xFFFF'FFFF) {
        for (const Value& v : p.fact.values) in.mark(v);
        in.mark(p.fact.source);
        continue;
      }
      for (const Value& v : acks_[p.ack].data) in.mark(v);
      for (const Value& v : acks_[p.ack].result) in.mark(v);
    }
  }

 private:
  static constexpr PendingId kChunk = 64;
  static constexpr std::size_t kSpareMax = 4096;  // rows kept for what comes next
  struct Place {
    Timestamp at;
    std::uint64_t arrival = 0;
    PendingId id = 0;
  };
  struct Later {
    bool operator()(const Place& a, const Place& b) const { return a.at != b.at ? a.at > b.at : a.arrival > b.arrival; }
  };
  Pending& make(Timestamp at) {
    PendingId id = end_;
    if (free_.empty()) {
      if (end_++ % kChunk == 0) chunks_.push_back(std::make_unique<Pending[]>(kChunk));
    } else {
      id = free_.back();
      free_.pop_back();
    }
    Pending& pending = slot(id);
    pending.arrival = arrivals_;
    heap_.push_back({at, arrivals_++, id});
    if (heap_.size() > 1) std::push_heap(heap_.begin(), heap_.end(), Later{});
    return pending;
  }
  Pending& slot(PendingId id) { return chunks_[id / kChunk][id % kChunk]; }
  const Pending& slot(PendingId id) const { return chunks_[id / kChunk][id % kChunk]; }
  std::vector<Place> heap_;
  std::vector<std::unique_ptr<Pending[]>> chunks_;  // of the pool
  PendingId end_ = 0;
  std::vector<PendingId> free_;
  std::deque<AckInput> acks_;
  std::vector<std::uint32_t> free_acks_;
  std::uint64_t arrivals_ = 0;
};

}  // namespace flyball::engine
