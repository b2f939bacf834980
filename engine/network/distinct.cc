// distinct: how many different values there are. Equal content is the same Value within one Interner, so they are told
// apart by their 16 bytes.
#include <unordered_map>

#include "engine/network/statistic.h"

namespace flyball::engine {

namespace {

class Distinct final : public Statistic {
 public:
  void add(const Observation& o) override { ++times_[one_zero(o.value)]; }
  void remove(const Observation& o) override {
    const auto at = times_.find(one_zero(o.value));
    if (--at->second == 0) times_.erase(at);
  }
  Value value(const Observed&) const override { return Value::integer(static_cast<std::int64_t>(times_.size())); }

 private:
  struct Hash {
    std::size_t operator()(const Value& v) const { return hash_value(v); }
  };
  std::unordered_map<Value, std::int64_t, Hash> times_;
};

}  // namespace

std::unique_ptr<Statistic> make_distinct() { return std::make_unique<Distinct>(); }

}  // namespace flyball::engine
