// See aggregates.h.
#include "model/aggregates.h"

namespace flyball {

namespace {

bool is_number(TypeTag t) { return t == TypeTag::kInt || t == TypeTag::kUint || t == TypeTag::kDouble; }

bool is_unit(TypeTag t) {
  return t == TypeTag::kDuration || t == TypeTag::kPercent || t == TypeTag::kSize || t == TypeTag::kBitrate || t == TypeTag::kPps;
}

bool takes(AggregateOf of, TypeTag t) {
  const bool amount = is_number(t) || is_unit(t);
  switch (of) {
    case AggregateOf::kFacts: return false;
    case AggregateOf::kAny: return t != TypeTag::kNull && t != TypeTag::kDyn && t != TypeTag::kFact && t != TypeTag::kError;
    case AggregateOf::kOrdered:
      return amount || t == TypeTag::kString || t == TypeTag::kBytes || t == TypeTag::kBool || t == TypeTag::kTimestamp ||
             t == TypeTag::kTimeOfDay || t == TypeTag::kIp;
    case AggregateOf::kAmounts: return amount;
    case AggregateOf::kQuantities: return amount || t == TypeTag::kTimestamp;
  }
  return false;
}

}  // namespace

std::string_view to_string(AggregateOf of) {
  switch (of) {
    case AggregateOf::kFacts: return "facts, not values";
    case AggregateOf::kAny: return "values of one type that is known";
    case AggregateOf::kOrdered: return "values with an order";
    case AggregateOf::kAmounts: return "numbers or units";
    case AggregateOf::kQuantities: return "numbers, units or timestamps";
  }
  return "";
}

std::string_view to_string(AggregateGives gives) {
  switch (gives) {
    case AggregateGives::kNumber: return "int";
    case AggregateGives::kSame: return "the same";
    case AggregateGives::kMean: return "double; of units the unit";
    case AggregateGives::kDifference: return "the same; of uints an int, of timestamps a duration";
    case AggregateGives::kSpread: return "double; of units the unit, of timestamps a duration";
    case AggregateGives::kPerSecond: return "double; of sizes a bitrate, of percents, bitrates and pps the unit (per second)";
    case AggregateGives::kFacts: return "a list of facts";
  }
  return "";
}

std::string aggregate_form(const AggregateInfo& info) {
  std::string out(info.word);
  out += "(";
  if (info.number == AggregateNumber::kHowMany) out += "k, ";
  if (info.number == AggregateNumber::kWeight) out += "[weight,] ";
  out += info.of == AggregateOf::kFacts ? "Type" : "Type.field";
  out += " [where e]";
  return out + (info.of_samples ? " over D)" : " [over D])");
}

std::optional<Type> aggregate_type(AggregateFn fn, const Type& value) {
  const AggregateInfo& info = info_of(fn);
  const TypeTag t = value.tag;
  if (!takes(info.of, t)) return std::nullopt;
  switch (info.gives) {
    case AggregateGives::kNumber: return Type::of(TypeTag::kInt);
    case AggregateGives::kSame: return value.without_null();
    case AggregateGives::kMean: return is_number(t) ? Type::of(TypeTag::kDouble) : value.without_null();
    case AggregateGives::kDifference:
      if (t == TypeTag::kUint) return Type::of(TypeTag::kInt);
      return t == TypeTag::kTimestamp ? Type::of(TypeTag::kDuration) : value.without_null();
    case AggregateGives::kSpread:
      if (is_number(t)) return Type::of(TypeTag::kDouble);
      return t == TypeTag::kTimestamp ? Type::of(TypeTag::kDuration) : value.without_null();
    case AggregateGives::kPerSecond:
      if (t == TypeTag::kSize) return Type::of(TypeTag::kBitrate);
      if (is_number(t) || t == TypeTag::kDuration || t == TypeTag::kTimestamp) return Type::of(TypeTag::kDouble);
      return value.without_null();
    case AggregateGives::kFacts: return Type::list_of(Type::of(TypeTag::kDyn));
  }
  return std::nullopt;
}

}  // namespace flyball
