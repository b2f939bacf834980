// Thresholds: how many gates a value opens, against trying each constant.
#include "engine/network/thresholds.h"

#include <catch2/catch.hpp>
#include <limits>

#include "engine/expr/operators.h"
#include "model/interner.h"

namespace flyball::engine {
namespace {

void agrees(Kind kind, const std::vector<Value>& values) {
  Interner in;
  for (const bool above : {true, false}) {
    Thresholds thresholds(0, above, kind);
    std::vector<std::pair<Value, bool>> tests;
    for (const bool inclusive : {false, true}) {
      for (const Value& v : values) {
        if (!Thresholds::is_gate(v)) continue;
        thresholds.add(v, inclusive, static_cast<std::uint32_t>(tests.size()));
        tests.emplace_back(v, inclusive);
      }
    }
    thresholds.seal();
    for (const Value& v : values) {
      for (std::uint32_t near = 0; near <= thresholds.size() + 1; ++near) {
        const std::optional<std::uint32_t> position = thresholds.position(v, near);
        REQUIRE(position);
        for (std::uint32_t gate = 0; gate < thresholds.size(); ++gate) {
          const auto& [constant, inclusive] = tests[thresholds.alpha(gate)];
          const Compare op =
              above ? (inclusive ? Compare::kGreaterEqual : Compare::kGreater) : (inclusive ? Compare::kLessEqual : Compare::kLess);
          REQUIRE((gate < *position) == compare(op, v, constant, in).is_true());
        }
      }
    }
    CHECK(!thresholds.position(Value::null(), 0));
    CHECK(!thresholds.position(Value::unknown(), 0));
  }
}

}  // namespace

TEST_CASE("a value opens the gates that its comparisons say") {
  const std::int64_t low = std::numeric_limits<std::int64_t>::min(), high = std::numeric_limits<std::int64_t>::max();
  std::vector<Value> ints, durations, uints, doubles;
  for (const std::int64_t i : {low, low + 1, std::int64_t{-7}, std::int64_t{-1}, std::int64_t{0}, std::int64_t{1}, std::int64_t{8}, high}) {
    ints.push_back(Value::integer(i));
    durations.push_back(Value::duration_ns(i));
    uints.push_back(Value::uinteger(static_cast<std::uint64_t>(i)));
  }
  const double inf = std::numeric_limits<double>::infinity();
  for (const double d : {-inf, -1e300, -1.5, -1e-310, -0.0, 0.0, 1e-310, 0.5, 2.0, 1e300, inf, std::numeric_limits<double>::quiet_NaN()}) {
    doubles.push_back(Value::real(d));
  }
  agrees(Kind::kInt, ints);
  agrees(Kind::kDuration, durations);
  agrees(Kind::kUint, uints);
  agrees(Kind::kDouble, doubles);
}

}  // namespace flyball::engine
