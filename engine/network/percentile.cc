// p50 p90 p95 p99: the values in order, and the one whose rank it is (nearest rank: a value that was seen, whatever its type).
#include "engine/network/accumulator.h"
#include "engine/network/sorted_blocks.h"
#include "engine/network/statistic.h"

namespace flyball::engine {

namespace {

class Percentile final : public Statistic {
 public:
  explicit Percentile(std::uint8_t p) : p_(p) {}

  void add(const Observation& o) override { values_.insert(one_zero(o.value)); }
  void remove(const Observation& o) override { values_.erase(one_zero(o.value)); }
  Value value(const Observed&) const override { return values_.at((values_.size() * p_ + 99) / 100 - 1); }

 private:
  std::size_t p_;
  SortedBlocks<Value, ScalarLess> values_;
};

}  // namespace

std::unique_ptr<Statistic> make_percentile(const AggregateNode& plan) { return std::make_unique<Percentile>(info_of(plan.fn).percentile); }

}  // namespace flyball::engine
