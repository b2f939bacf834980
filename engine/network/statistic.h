// Statistic: what an aggregate keeps of its group beyond a count and a sum, by delta. Adding and removing are exact: the
// value depends on what is in, never on how it came there (ewma: on the order in which what is in arrived).
//
// One implementation per family: spread.cc (stddev), percentile.cc, distinct.cc, growth.cc (rate delta deriv), changes.cc,
// sample_order.cc (first last ewma), top.cc (topk). Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "engine/compile/program_data.h"
#include "engine/network/fact_store.h"
#include "model/int128.h"
#include "model/interner.h"
#include "model/time.h"
#include "model/value.h"

namespace flyball::engine {

// A fact or sample that counts, and its value: neither null nor unknown.
struct Observation {
  Value value;
  FactId fact = 0;
  Timestamp stamp;            // samples only, as the next
  std::uint64_t arrival = 0;  // place in the order of arrival
  std::uint32_t item = 0;     // of the aggregate's
};

// Where observations come from, for what their value does not tell.
struct Observed {
  const FactStore& store;
  const std::unordered_map<std::uint32_t, std::vector<Value>>* rows;  // of samples; null: live facts
  Interner& in;
  Row row(const Observation& o) const { return rows != nullptr ? Row(rows->at(o.item).data()) : store.row(o.fact); }
};

class Statistic {
 public:
  virtual ~Statistic() = default;
  virtual void add(const Observation& o) = 0;
  // Of what was added, with the same stamp and arrival.
  virtual void remove(const Observation& o) = 0;
  // Something is in.
  virtual Value value(const Observed& observed) const = 0;
};

// For what count, sum, avg, min and max are not.
std::unique_ptr<Statistic> make_statistic(const AggregateNode& plan);

std::unique_ptr<Statistic> make_spread(const AggregateNode& plan);
std::unique_ptr<Statistic> make_percentile(const AggregateNode& plan);
std::unique_ptr<Statistic> make_distinct();
std::unique_ptr<Statistic> make_changes(const AggregateNode& plan);
std::unique_ptr<Statistic> make_growth(const AggregateNode& plan);  // delta, rate, deriv
std::unique_ptr<Statistic> make_end(const AggregateNode& plan);     // first, last
std::unique_ptr<Statistic> make_top(const AggregateNode& plan);
std::unique_ptr<Statistic> make_smoothed(const AggregateNode& plan);

// The values of a kind as whole numbers: units in their own, timestamps in nanoseconds. Not of doubles.
Int128 whole_number(const Value& v);
// And back; unknown where it does not fit.
Value of_whole(Kind kind, Int128 n);
// Equal values are the same Value: there is one zero.
constexpr Value one_zero(const Value& v) { return v.is(Kind::kDouble) && v.as_double() == 0 ? Value::real(0.0) : v; }
// Unknown, if it is not finite.
Value finite(double d);

}  // namespace flyball::engine
