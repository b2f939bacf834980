// Inbox: inputs that wait for their instant: facts and acknowledgements, by (instant, arrival). Values live in reused
// rows, so that an input in order costs no allocation. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/compare.h"
#include "model/fact.h"
#include "model/interner.h"

namespace flyball::engine {

struct Pending {
  Timestamp at;  // the instant that takes it: its stamp, or engine time if it is late
  std::uint64_t arrival = 0;
  FactInput fact;
  bool late = false;
  std::uint32_t ack = 0xFFFF'FFFF;  // index of an acknowledgement instead
};

class Inbox {
 public:
  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  Timestamp next() const { return heap_.empty() ? kTimestampMax : heap_.front().at; }

  void add_fact(Timestamp at, bool late, const FactInput& input) {
    Pending pending;
    if (!spare_.empty()) {
      pending.fact = std::move(spare_.back());
      spare_.pop_back();
    }
    pending.fact = input;
    pending.at = at;
    pending.late = late;
    push(std::move(pending));
  }
  void add_ack(Timestamp at, const AckInput& input) {
    Pending pending;
    pending.at = at;
    pending.fact.stamp = input.stamp;
    if (free_acks_.empty()) {
      pending.ack = static_cast<std::uint32_t>(acks_.size());
      acks_.push_back(input);
    } else {
      pending.ack = free_acks_.back();
      free_acks_.pop_back();
      acks_[pending.ack] = input;
    }
    push(std::move(pending));
  }
  const AckInput& ack(std::uint32_t index) const { return acks_[index]; }

  // All inputs of instant `t`, by (source, sequence, arrival); those without a source first.
  void take(Timestamp t, const Interner& in, std::vector<Pending>& out) {
    while (!heap_.empty() && heap_.front().at == t) {
      std::pop_heap(heap_.begin(), heap_.end(), Later{});
      out.push_back(std::move(heap_.back()));
      heap_.pop_back();
    }
    if (out.size() < 2) return;
    std::sort(out.begin(), out.end(), [&](const Pending& a, const Pending& b) {
      if (a.fact.source != b.fact.source) return compare_total(a.fact.source, b.fact.source, in) < 0;
      return a.fact.seq != b.fact.seq ? a.fact.seq < b.fact.seq : a.arrival < b.arrival;
    });
  }
  // Gives back what take() gave.
  void release(std::vector<Pending>& taken) {
    for (Pending& pending : taken) {
      if (pending.ack != 0xFFFF'FFFF) {
        free_acks_.push_back(pending.ack);
      } else if (spare_.size() < kSpareMax) {
        spare_.push_back(std::move(pending.fact));
      }
    }
    taken.clear();
  }
  void mark(Interner& in) const {
    for (const Pending& p : heap_) {
      for (const Value& v : p.fact.values) in.mark(v);
      in.mark(p.fact.source);
      if (p.ack == 0xFFFF'FFFF) continue;
      for (const Value& v : acks_[p.ack].data) in.mark(v);
      for (const Value& v : acks_[p.ack].result) in.mark(v);
    }
  }

 private:
  static constexpr std::size_t kSpareMax = 4096;
  struct Later {
    bool operator()(const Pending& a, const Pending& b) const { return a.at != b.at ? a.at > b.at : a.arrival > b.arrival; }
  };
  void push(Pending pending) {
    pending.arrival = arrivals_++;
    heap_.push_back(std::move(pending));
    std::push_heap(heap_.begin(), heap_.end(), Later{});
  }
  std::vector<Pending> heap_;
  std::vector<FactInput> spare_;
  std::deque<AckInput> acks_;
  std::vector<std::uint32_t> free_acks_;
  std::uint64_t arrivals_ = 0;
};

}  // namespace flyball::engine
