// Accumulator: the values of one group of an aggregate, by delta: a sum that nothing rounds, the values in order, or a
// statistic (statistic.h).
//
// Sums of ints and units are 128-bit integers; sums of doubles are exact (engine/expr/exact_sum.h) and rounded once when
// asked, so neither order nor history shows. Not thread-safe. Complexity: O(1) for sums, and for min and max of windows whose
// samples come and leave in order; O(log values) for min and max else.
#pragma once

#include <map>
#include <memory>
#include <variant>

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
    more_ = std::monostate{};
  }
  void add_ordered(const Value& v) { ++make<Ordered>()[v]; }
  std::int64_t count() const { return count_; }
  // Of nothing: 0 for sums and numbers, no facts for topk, else null. Unknown on overflow.
  Value result(const AggregateNode& plan, const Observed& observed) const;
  void mark(Interner& in) const;

 private:
  bool goes_in_order(const AggregateNode& plan, const Value& v) const;

  using InOrder = Extremes<ScalarLess>;                       // of windows of time, while what came first leaves first; else
  using Ordered = std::map<Value, std::int64_t, ScalarLess>;  // the values in order
  template <typename T>
  T* get() const {
    const auto* const held = std::get_if<std::unique_ptr<T>>(&more_);
    return held != nullptr ? held->get() : nullptr;
  }
  template <typename T, typename... Args>
  T& make(Args... args) {
    if (T* const held = get<T>()) return *held;
    return *more_.emplace<std::unique_ptr<T>>(std::make_unique<T>(args...));
  }

  bool any_order_ = false;
  std::int64_t count_ = 0;
  Int128 sum_ = 0;
  // One of them, by what the aggregate is.
  std::variant<std::monostate, std::unique_ptr<ExactSum>, std::unique_ptr<InOrder>, std::unique_ptr<Ordered>, std::unique_ptr<Statistic>>
      more_;
};

}  // namespace flyball::engine
