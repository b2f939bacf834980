// Accumulator: the values of one group of an aggregate, by delta: a sum that nothing rounds, the values in order, or a
// statistic (statistic.h).
//
// Sums of ints and units are 128-bit integers; sums of doubles are exact (engine/expr/exact_sum.h) and rounded once when
// asked, so neither order nor history shows. Not thread-safe. Complexity: O(1) for sums, and for min and max of windows whose
// samples come and leave in order; O(log values) for min and max else.
#pragma once

#include <map>
#include <memory>

#include "engine/compile/program_data.h"
#include "engine/expr/exact_sum.h"
#include "engine/network/extremes.h"
#include "engine/network/statistic.h"
#include "model/int128.h"
#include "model/interner.h"
#include "model/value.h"

namespace flyball::engine {

// Same-kind values by content of scalars; strings by handle only group equal ones.
struct ScalarLess {
  bool operator()(const Value& a, const Value& b) const;
};

class Accumulator {
 public:
  // Neither null nor unknown; one kind for all.
  // False: the least and greatest are not known any more, before begin_ordered() and add_ordered() of all that is in.
  [[nodiscard]] bool add(const AggregateNode& plan, const Observation& o);
  [[nodiscard]] bool subtract(const AggregateNode& plan, const Observation& o);
  // From now on values may come and leave in any order.
  void begin_ordered() {
    any_order_ = true;
    extremes_.reset();
    ordered_.clear();
  }
  void add_ordered(const Value& v) { ++ordered_[v]; }
  std::int64_t count() const { return count_; }
  // Of nothing: 0 for sums and numbers, no facts for topk, else null. Unknown on overflow.
  Value result(const AggregateNode& plan, const Observed& observed) const;
  void mark(Interner& in) const;

 private:
  bool goes_in_order(const AggregateNode& plan, const Value& v) const;

  std::int64_t count_ = 0;
  Int128 sum_ = 0;
  std::unique_ptr<ExactSum> doubles_;
  std::unique_ptr<Extremes<ScalarLess>> extremes_;     // of windows of time, while what came first leaves first; else
  std::map<Value, std::int64_t, ScalarLess> ordered_;  // the values in order
  bool any_order_ = false;
  std::unique_ptr<Statistic> statistic_;
};

}  // namespace flyball::engine
