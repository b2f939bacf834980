// The aggregates beyond sums and extremes, semantics.md §4: everything is sorted anew and computed in rationals, by the
// definitions (two passes, not running sums), then rounded by looking for the nearest number. Shares nothing with engine/.
#pragma once

#include <vector>

#include "model/aggregates.h"
#include "model/interner.h"
#include "model/time.h"
#include "tests/reference/naive/mutation.h"
#include "tests/reference/naive/state.h"

namespace flyball::reference {

struct TakenSample {
  Value value;  // neither null nor unknown
  const Key* key = nullptr;
  const std::vector<Value>* fields = nullptr;
  bool hidden = false;  // a stale fact: its fields are not known, but for the key
  Timestamp stamp;
  std::size_t arrival = 0;
};

// The first `k` by (value descending, key, stamp, arrival), as maps of their fields.
Value greatest(std::size_t k, const FactType& type, std::vector<TakenSample> taken, Interner& in);

// `weight`: of ewma. `keyed`: each key is a series of its own.
Value statistic(AggregateFn fn, const Type& value_type, double weight, bool keyed, std::vector<TakenSample> taken, const Interner& in,
                Mutation mutation);

}  // namespace flyball::reference
