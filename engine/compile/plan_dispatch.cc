// Which of its ways each condition is found by: the one that the fewest others share. `kind == "link" and addr in …` written a
// thousand times is found by the address; by its kind all thousand would be tried together.
#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <unordered_map>

#include "engine/compile/plan_builder.h"

namespace flyball::engine {

namespace {

constexpr std::uint32_t kIndexMin = 4;   // so few of one form are tried one by one; by value they are always found
constexpr std::uint32_t kFewShared = 4;  // so many are as good as one

std::uint64_t mixed(std::uint64_t h, std::uint64_t with) {
  h = (h ^ with) * 0x9E37'79B9'7F4A'7C15ULL;
  return h ^ (h >> 29);
}

// The conditions of one type that facts, or samples, are to find.
class Chooser {
 public:
  void add(DispatchPlan& plan) {
    plans_.push_back(&plan);
    for (const Reach& r : plan.reaches) {
      Group& group = groups_[group_of(r)];
      ++group.size;
      for (const Reach::Interval& i : r.intervals) {
        group.lows.push_back(i.low);
        group.highs.push_back(i.high);
      }
      each_entry(r, [&](std::uint64_t entry) { ++shared_[entry]; });
    }
    if (plan.threshold.field != kNoId) ++thresholds_[side_of(plan.threshold)];
  }

  void choose() {
    for (auto& [key, group] : groups_) {
      std::sort(group.lows.begin(), group.lows.end());
      std::sort(group.highs.begin(), group.highs.end());
    }
    for (DispatchPlan* plan : plans_) {
      std::optional<Reach> best;
      Merit least;
      for (Reach& r : plan->reaches) {
        if (r.form != Reach::Form::kValues && groups_[group_of(r)].size < kIndexMin) continue;
        if (is_threshold(r, plan->threshold)) continue;
        const Merit m = merit(r);
        if (best && least <= m) continue;
        least = m;
        best = std::move(r);
      }
      plan->reaches.clear();
      // A new fact is tried on half of the thresholds of a field, more or less.
      const DispatchPlan::Threshold& t = plan->threshold;
      const bool by_order = t.field != kNoId && (!best || std::get<0>(least) > thresholds_[side_of(t)] / 2);
      if (!best || by_order) continue;
      plan->reaches.push_back(std::move(*best));
      plan->threshold = {};
    }
  }

 private:
  using Merit = std::tuple<std::uint32_t, bool, std::uint32_t, std::uint32_t, Reach::Form>;  // the least is the best
  struct Group {
    std::uint32_t size = 0;
    std::vector<std::int64_t> lows, highs;  // of intervals
  };

  static std::uint64_t group_of(const Reach& r) { return std::uint64_t{r.field} << 8 | static_cast<std::uint64_t>(r.form); }
  static std::uint64_t side_of(const DispatchPlan::Threshold& t) { return std::uint64_t{t.field} << 1 | (t.above ? 1U : 0U); }
  template <typename Visit>
  static void each_entry(const Reach& r, const Visit& visit) {
    const std::uint64_t start = mixed(1, group_of(r));
    for (const Value& v : r.values) visit(mixed(start, hash_value(v)));
    for (const Cidr& c : r.networks) {
      std::uint64_t h = mixed(start, c.prefix_length * 2U + (c.address.is_v4 ? 1U : 0U));
      for (const std::uint8_t byte : c.address.bytes) h = mixed(h, byte);
      visit(h);
    }
    for (const std::string& t : r.texts) {
      std::uint64_t h = mixed(start, t.size());
      for (const char c : t) h = mixed(h, static_cast<unsigned char>(c));
      visit(h);
    }
  }

  // How many conditions are tried together with one that is found so: with the same value, prefix or text, or at an interval's low end.
  std::uint32_t sharers(const Reach& r) {
    std::uint32_t most = 0;
    each_entry(r, [&](std::uint64_t entry) { most = std::max(most, shared_[entry]); });
    const Group& group = groups_[group_of(r)];
    for (const Reach::Interval& i : r.intervals) {
      const auto begun = std::upper_bound(group.lows.begin(), group.lows.end(), i.low) - group.lows.begin();
      const auto ended = std::lower_bound(group.highs.begin(), group.highs.end(), i.low) - group.highs.begin();
      most = std::max(most, static_cast<std::uint32_t>(begun - ended));
    }
    return most <= kFewShared ? 0 : most;
  }
  Merit merit(const Reach& r) { return {sharers(r), r.form != Reach::Form::kValues, ~r.bits, r.field, r.form}; }
  // An interval without an end on one side is better found by order: what is crossed counts, not what is met.
  static bool is_threshold(const Reach& r, const DispatchPlan::Threshold& t) {
    if (r.form != Reach::Form::kIntervals || t.field != r.field || r.intervals.size() != 1) return false;
    return t.above ? r.intervals[0].high == INT64_MAX : r.intervals[0].low == INT64_MIN;
  }

  std::vector<DispatchPlan*> plans_;
  std::map<std::uint64_t, Group> groups_;
  std::unordered_map<std::uint64_t, std::uint32_t> shared_, thresholds_;  // counts
};

}  // namespace

void PlanBuilder::choose_dispatch() {
  for (FactTypeId t = 0; t < out_.types.size(); ++t) {
    Chooser alphas, windows;
    for (const AlphaId id : out_.types[t].alphas) alphas.add(out_.alphas[id].dispatch);
    const FactType& type = out_.rule_set.schema.types[t];
    for (const NodeId id : out_.types[t].sample_nodes) {
      AggregateNode& node = out_.nodes[id];
      // Windows of the last N of each key count what they refuse: what is in their way must be the same for all samples of a key.
      const auto may_skip = [&](std::uint32_t field) { return node.over_ns || type.is_key_field(field); };
      std::erase_if(node.dispatch.reaches, [&](const Reach& r) { return !may_skip(r.field); });
      if (node.dispatch.threshold.field != kNoId && !may_skip(node.dispatch.threshold.field)) node.dispatch.threshold = {};
      windows.add(node.dispatch);
    }
    alphas.choose();
    windows.choose();
  }
}

}  // namespace flyball::engine
