// The aggregates of the language: one table, read by the parser (their words), the checker (what they take and give), the
// engine, hover, completion and the reference documentation. Nothing else lists an aggregate.
//
// What each computes exactly is in docs/explanation/semantics.md §4. Plain data; immutable.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/type.h"

namespace flyball {

enum class AggregateFn : std::uint8_t {
  kCount,
  kSum,
  kAvg,
  kMin,
  kMax,
  kStddev,
  kP50,
  kP90,
  kP95,
  kP99,
  kRate,
  kDelta,
  kDeriv,
  kEwma,
  kDistinct,
  kFirst,
  kLast,
  kTopk,
  kChanges,
};

// What an aggregate takes of each fact or sample.
enum class AggregateOf : std::uint8_t {
  kFacts,       // nothing: the facts themselves
  kAny,         // values of any one type
  kOrdered,     // what has an order
  kAmounts,     // numbers and units
  kQuantities,  // numbers, units and timestamps
};

enum class AggregateGives : std::uint8_t {
  kNumber,      // an int
  kSame,        // the type of the values
  kMean,        // of numbers a double, of units the unit
  kDifference,  // of numbers and units the same (of uints an int), of timestamps a duration
  kSpread,      // of numbers a double, of units the unit, of timestamps a duration
  kPerSecond,   // per second: of sizes a bitrate, of durations and timestamps a double, of other units the unit
  kFacts,       // a list of facts
};

// The number before the type: `topk(3, …)`.
enum class AggregateNumber : std::uint8_t { kNone, kHowMany, kWeight };

struct AggregateInfo {
  AggregateFn fn;
  std::string_view word;
  AggregateOf of;
  AggregateGives gives;
  AggregateNumber number = AggregateNumber::kNone;
  bool of_samples = false;       // only with a window: it is about what came after what
  bool zero_of_nothing = false;  // else null
  std::uint8_t percentile = 0;
  std::string_view doc;  // one line, for hover, completion and the reference
};

// By AggregateFn.
inline constexpr std::array<AggregateInfo, 19> kAggregates{{
    {.fn = AggregateFn::kCount,
     .word = "count",
     .of = AggregateOf::kFacts,
     .gives = AggregateGives::kNumber,
     .zero_of_nothing = true,
     .doc = "how many there are"},
    {.fn = AggregateFn::kSum,
     .word = "sum",
     .of = AggregateOf::kAmounts,
     .gives = AggregateGives::kSame,
     .zero_of_nothing = true,
     .doc = "their exact sum"},
    {.fn = AggregateFn::kAvg,
     .word = "avg",
     .of = AggregateOf::kAmounts,
     .gives = AggregateGives::kMean,
     .doc = "their mean, exact and rounded once"},
    {.fn = AggregateFn::kMin, .word = "min", .of = AggregateOf::kOrdered, .gives = AggregateGives::kSame, .doc = "the least"},
    {.fn = AggregateFn::kMax, .word = "max", .of = AggregateOf::kOrdered, .gives = AggregateGives::kSame, .doc = "the greatest"},
    {.fn = AggregateFn::kStddev,
     .word = "stddev",
     .of = AggregateOf::kQuantities,
     .gives = AggregateGives::kSpread,
     .doc = "the standard deviation of all of them (of the population), exact and rounded once; of one value 0"},
    {.fn = AggregateFn::kP50,
     .word = "p50",
     .of = AggregateOf::kQuantities,
     .gives = AggregateGives::kSame,
     .percentile = 50,
     .doc = "the least value that 50 % of them do not exceed (nearest rank): the median"},
    {.fn = AggregateFn::kP90,
     .word = "p90",
     .of = AggregateOf::kQuantities,
     .gives = AggregateGives::kSame,
     .percentile = 90,
     .doc = "the least value that 90 % of them do not exceed"},
    {.fn = AggregateFn::kP95,
     .word = "p95",
     .of = AggregateOf::kQuantities,
     .gives = AggregateGives::kSame,
     .percentile = 95,
     .doc = "the least value that 95 % of them do not exceed"},
    {.fn = AggregateFn::kP99,
     .word = "p99",
     .of = AggregateOf::kQuantities,
     .gives = AggregateGives::kSame,
     .percentile = 99,
     .doc = "the least value that 99 % of them do not exceed"},
    {.fn = AggregateFn::kRate,
     .word = "rate",
     .of = AggregateOf::kAmounts,
     .gives = AggregateGives::kPerSecond,
     .of_samples = true,
     .doc = "growth per second of counters, from the first sample to the last; a fall is a counter that began again at 0"},
    {.fn = AggregateFn::kDelta,
     .word = "delta",
     .of = AggregateOf::kQuantities,
     .gives = AggregateGives::kDifference,
     .of_samples = true,
     .doc = "the last sample less the first"},
    {.fn = AggregateFn::kDeriv,
     .word = "deriv",
     .of = AggregateOf::kQuantities,
     .gives = AggregateGives::kPerSecond,
     .of_samples = true,
     .doc = "slope per second of the line that fits the samples best (least squares)"},
    {.fn = AggregateFn::kEwma,
     .word = "ewma",
     .of = AggregateOf::kAmounts,
     .gives = AggregateGives::kMean,
     .number = AggregateNumber::kWeight,
     .of_samples = true,
     .doc = "the exponentially weighted mean, in the order of arrival: each sample moves it by the weight (1/8 if none is given)"},
    {.fn = AggregateFn::kDistinct,
     .word = "distinct",
     .of = AggregateOf::kAny,
     .gives = AggregateGives::kNumber,
     .zero_of_nothing = true,
     .doc = "how many different values there are"},
    {.fn = AggregateFn::kFirst,
     .word = "first",
     .of = AggregateOf::kAny,
     .gives = AggregateGives::kSame,
     .of_samples = true,
     .doc = "the value of the oldest sample by stamp; of several, by key"},
    {.fn = AggregateFn::kLast,
     .word = "last",
     .of = AggregateOf::kAny,
     .gives = AggregateGives::kSame,
     .of_samples = true,
     .doc = "the value of the newest sample by stamp; of several, by key"},
    {.fn = AggregateFn::kTopk,
     .word = "topk",
     .of = AggregateOf::kQuantities,
     .gives = AggregateGives::kFacts,
     .number = AggregateNumber::kHowMany,
     .doc = "the k facts (or samples) with the greatest values, greatest first, of equal ones by key: a list of their fields"},
    {.fn = AggregateFn::kChanges,
     .word = "changes",
     .of = AggregateOf::kAny,
     .gives = AggregateGives::kNumber,
     .of_samples = true,
     .zero_of_nothing = true,
     .doc = "how often the value differed from that of the sample before"},
}};

constexpr const AggregateInfo& info_of(AggregateFn fn) { return kAggregates[static_cast<std::size_t>(fn)]; }

// Whether nothing to aggregate makes it null.
constexpr bool may_be_null(AggregateFn fn) { return !info_of(fn).zero_of_nothing && fn != AggregateFn::kTopk; }

// Of ewma, where none is given: as TCP smooths its round-trip times (RFC 6298).
inline constexpr double kDefaultWeight = 0.125;

// As the reference shows it: `rate(Type.field [where e] over D) -> per second`. And what it takes, in words.
std::string aggregate_form(const AggregateInfo& info);
std::string_view to_string(AggregateOf of);
std::string_view to_string(AggregateGives gives);

// The most facts a topk gives.
inline constexpr std::int64_t kTopMax = 1000;

// What it gives of values of that type, which is neither open nor null (of topk `list<dyn>`: the facts' type is the checker's to say);
// nullopt: it does not take them.
std::optional<Type> aggregate_type(AggregateFn fn, const Type& value);

}  // namespace flyball
