// What the rows of a table that hold make together, by its hit policy. `table first` is run_table.cc's: it stops at one row.
#include <algorithm>
#include <numeric>

#include "engine/decide/decider.h"
#include "engine/expr/exact_sum.h"
#include "model/check.h"
#include "model/compare.h"

namespace flyball::engine {

namespace {

// The place of an output among its closed set's members; null, and what is none of them, after all.
std::size_t rank(const TablePlan::Ranked& ranked, const Value* output) {
  return static_cast<std::size_t>(std::find(ranked.members.begin(), ranked.members.end(), output[ranked.output]) - ranked.members.begin());
}

}  // namespace

// Of two hits: below 0 if the first goes before the second.
int Decider::compare_rank(const TablePlan& plan, std::size_t a, std::size_t b) const {
  for (const TablePlan::Ranked& r : plan.ranked) {
    const std::size_t x = rank(r, hit_output(plan, a)), y = rank(r, hit_output(plan, b));
    if (x != y) return x < y ? -1 : 1;
  }
  return 0;
}

std::unexpected<Error> Decider::refuse_conflict(const DecisionPlan& plan, const char* policy, const char* why) {
  conflict_ = true;
  return fail("decision `" + plan.name + "` is in conflict: rows " + rows_text(hits_) + " hold",
              std::string("`table ") + policy + "` " + why);
}

// Nulls count for nothing; of nothing but nulls a least and a greatest is null.
Result<Value> Decider::aggregate_hits(const DecisionPlan& plan) {
  const TablePlan& table = *plan.table;
  if (table.policy == HitPolicy::kCollectMin || table.policy == HitPolicy::kCollectMax) {
    std::size_t best = hits_.size();
    for (std::size_t i = 0; i < hits_.size(); ++i) {
      const Value& v = *hit_output(table, i);
      if (v.is_null()) continue;
      const int c = best == hits_.size() ? -1 : compare_total(v, *hit_output(table, best), interner_);
      if (best == hits_.size() || (table.policy == HitPolicy::kCollectMin ? c < 0 : c > 0)) best = i;
    }
    if (best == hits_.size()) return Value::null();
    answering_.assign(1, hits_[best]);
    return *hit_output(table, best);
  }
  answering_ = hits_;
  ExactSum reals;
  IntegerSum integers;
  UnsignedSum naturals;
  for (std::size_t i = 0; i < hits_.size(); ++i) {
    const Value& v = *hit_output(table, i);
    if (v.is(Kind::kDouble)) {
      reals.add(v.as_double());
    } else if (v.is(Kind::kUint)) {
      naturals.add(static_cast<std::uint64_t>(v.bits));
    } else if (!v.is_null()) {
      integers.add(v.bits);
    }
  }
  if (table.aggregated == Kind::kDouble) return Value::real(reals.value());
  std::optional<std::int64_t> sum = integers.value();
  if (table.aggregated == Kind::kUint) {
    const std::optional<std::uint64_t> natural = naturals.value();
    sum = natural ? std::optional(static_cast<std::int64_t>(*natural)) : std::nullopt;
  }
  if (!sum) return fail("decision `" + plan.name + "` has no answer here: the sum of rows " + rows_text(hits_) + " is out of range");
  return Value{table.aggregated, 0, 0, 0, *sum};
}

// The first of the rows that the answer is made of; -1 if none holds.
Result<int> Decider::run_hits(const DecisionPlan& plan, std::uint32_t first_place, Value* output) {
  const TablePlan& table = *plan.table;
  find_hits(table, first_place);
  if (hits_.empty()) return -1;
  std::size_t one = 0;
  switch (table.policy) {
    case HitPolicy::kUnique:
      if (hits_.size() > 1) return refuse_conflict(plan, "unique", "allows one row at a time");
      break;
    case HitPolicy::kAny:
      for (std::size_t i = 1; i < hits_.size(); ++i) {
        if (!std::equal(hit_output(table, 0), hit_output(table, 0) + table.outputs, hit_output(table, i)))
          return refuse_conflict(plan, "any", "allows several rows only if their outputs are equal");
      }
      break;
    case HitPolicy::kPriority:
      for (std::size_t i = 1; i < hits_.size(); ++i) {
        if (compare_rank(table, i, one) < 0) one = i;
      }
      break;
    case HitPolicy::kCollect:
    case HitPolicy::kRuleOrder:
      answering_ = hits_;
      list_.assign(hit_output(table, 0), hit_output(table, hits_.size()));
      return static_cast<int>(hits_[0]);
    case HitPolicy::kOutputOrder: {
      std::vector<std::size_t> order(hits_.size());
      std::iota(order.begin(), order.end(), std::size_t{0});
      std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return compare_rank(table, a, b) < 0; });
      for (const std::size_t i : order) {
        answering_.push_back(hits_[i]);
        list_.insert(list_.end(), hit_output(table, i), hit_output(table, i) + table.outputs);
      }
      return static_cast<int>(answering_[0]);
    }
    case HitPolicy::kCollectSum:
    case HitPolicy::kCollectCount:
    case HitPolicy::kCollectMin:
    case HitPolicy::kCollectMax: {
      const Result<Value> v = aggregate_hits(plan);
      if (!v) return std::unexpected(v.error());
      output[0] = *v;
      if (answering_.empty()) answering_ = hits_;
      return static_cast<int>(answering_[0]);
    }
    case HitPolicy::kFirst: FB_CHECK(false);
  }
  answering_.assign(1, hits_[one]);
  std::copy(hit_output(table, one), hit_output(table, one) + table.outputs, output);
  return static_cast<int>(hits_[one]);
}

}  // namespace flyball::engine
