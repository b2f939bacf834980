// Accumulator: the values of one group of an aggregate, by delta: a sum that nothing rounds, the values in order, or a
// statistic (statistic.h).
//
// Sums of ints and units are 128-bit integers; sums of doubles are exact (engine/expr/exact_sum.h) and rounded once when
// asked, so neither order nor history shows. Not thread-safe. Complexity: O(1) for sums, O(log values) for min and max.
#pragma once

#include <map>
#include <memory>

#include "engine/compile/program_data.h"
#include "engine/expr/exact_sum.h"
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
  void add(const AggregateNode& plan, const Observation& o);
  void subtract(const AggregateNode& plan, const Observation& o);
  std::int64_t count() const { return count_; }
  // Of nothing: 0 for sums and numbers, no facts for topk, else null. Unknown on overflow.
  Value result(const AggregateNode& plan, const Observed& observed) const;
  void mark(Interner& in) const;

 private:
  std::int64_t count_ = 0;
  Int128 sum_ = 0;
  std::unique_ptr<ExactSum> doubles_;
  std::map<Value, std::int64_t, ScalarLess> ordered_;
  std::unique_ptr<Statistic> statistic_;
};

}  // namespace flyball::engine
