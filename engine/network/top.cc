// topk: what counts, by value, and of the greatest k the facts, as maps of their fields. Greatest first; of equal values by key,
// then by stamp and arrival.
#include <algorithm>
#include <map>

#include "engine/network/accumulator.h"
#include "engine/network/statistic.h"

namespace flyball::engine {

namespace {

class Top final : public Statistic {
 public:
  explicit Top(const AggregateNode& plan) : k_(static_cast<std::size_t>(plan.number.as_int())), names_(plan.field_names) {}

  void add(const Observation& o) override { by_value_[one_zero(o.value)].emplace(o.item, o); }
  void remove(const Observation& o) override {
    const auto at = by_value_.find(one_zero(o.value));
    at->second.erase(o.item);
    if (at->second.empty()) by_value_.erase(at);
  }

  Value value(const Observed& observed) const override {
    std::vector<Value> out;
    for (auto at = by_value_.rbegin(); at != by_value_.rend() && out.size() < k_; ++at) {
      std::vector<Observation> equals;
      for (const auto& [item, o] : at->second) equals.push_back(o);
      const std::size_t wanted = std::min(k_ - out.size(), equals.size());
      std::partial_sort(equals.begin(), equals.begin() + static_cast<std::ptrdiff_t>(wanted), equals.end(),
                        [&](const Observation& a, const Observation& b) {
                          if (const int order = observed.store.compare_keys(a.fact, b.fact, observed.in); order != 0) return order < 0;
                          if (a.stamp != b.stamp) return a.stamp < b.stamp;
                          return a.arrival < b.arrival;
                        });
      for (std::size_t i = 0; i < wanted; ++i) {
        const Value fact = fact_map(observed.row(equals[i]), observed.in);
        if (fact.is_error()) return Value::unknown();
        out.push_back(fact);
      }
    }
    return observed.in.list(out);
  }

 private:
  // Unknown if a field is.
  Value fact_map(Row row, Interner& in) const {
    std::vector<MapEntry> entries;
    entries.reserve(names_.size());
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (row[i].is_error()) return Value::unknown();
      entries.push_back({names_[i], row[i]});
    }
    return in.map(entries);
  }

  std::size_t k_;
  std::vector<Value> names_;
  std::map<Value, std::unordered_map<std::uint32_t, Observation>, ScalarLess> by_value_;
};

}  // namespace

std::unique_ptr<Statistic> make_top(const AggregateNode& plan) { return std::make_unique<Top>(plan); }

}  // namespace flyball::engine
