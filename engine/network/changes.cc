// changes: how often a value differs from the one before it, in each key's series; all keys' together.
#include <unordered_map>

#include "engine/network/series.h"

namespace flyball::engine {

namespace {

class Changes final : public Statistic {
 public:
  explicit Changes(bool one_series) : one_series_(one_series) {}

  void add(const Observation& o) override {
    insert_with_neighbours(series_[one_series_ ? 0 : o.fact], o, [this](const Value& a, const Value& b, int sign) { count(a, b, sign); });
  }
  void remove(const Observation& o) override {
    const auto at = series_.find(one_series_ ? 0 : o.fact);
    erase_with_neighbours(at->second, o, [this](const Value& a, const Value& b, int sign) { count(a, b, sign); });
    if (at->second.empty()) series_.erase(at);
  }
  Value value(const Observed&) const override { return Value::integer(changes_); }

 private:
  void count(const Value& before, const Value& after, int sign) {
    if (one_zero(before) != one_zero(after)) changes_ += sign;
  }
  bool one_series_;
  std::unordered_map<FactId, Series> series_;
  std::int64_t changes_ = 0;
};

}  // namespace

std::unique_ptr<Statistic> make_changes(const AggregateNode& plan) { return std::make_unique<Changes>(plan.one_series); }

}  // namespace flyball::engine
