// Accumulator: the values of one group of an aggregate, by delta: a sum that nothing rounds, or the values in order.
//
// Sums of ints and units are 128-bit integers; sums of doubles are exact (engine/expr/exact_sum.h) and rounded once when
// asked, so neither order nor history shows. Not thread-safe. Complexity: O(1) for sums, O(log values) for min and max.
#pragma once

#include <map>
#include <memory>

#include "engine/compile/program_data.h"
#include "engine/expr/exact_sum.h"
#include "model/int128.h"
#include "model/interner.h"
#include "model/value.h"

namespace flyball::engine {

class Accumulator {
 public:
  // Neither null nor unknown; one kind for all.
  void add(AggregateFn fn, const Value& v);
  void subtract(AggregateFn fn, const Value& v);
  std::int64_t count() const { return count_; }
  // Of nothing: 0 for sums, else null. Unknown on overflow.
  Value result(AggregateFn fn, Kind kind, Interner& in) const;
  void mark(Interner& in) const;

 private:
  // Same-kind values by content of scalars; strings by handle only group equal ones, the order is judged in result().
  struct Less {
    bool operator()(const Value& a, const Value& b) const;
  };
  std::int64_t count_ = 0;
  Int128 sum_ = 0;
  std::unique_ptr<ExactSum> doubles_;
  std::map<Value, std::int64_t, Less> ordered_;
};

}  // namespace flyball::engine
