// Which file has which function. See functions.h.
#include "engine/expr/functions.h"

#include "engine/expr/count_interval.h"
#include "engine/expr/operators.h"

namespace flyball::engine {

namespace {

// An optional that has a value does not need the other argument.
bool decided(Fn fn, std::span<const Value> args) {
  return (fn == Fn::kOr || fn == Fn::kOrValue) && args.size() == 2 && args[0].is(Kind::kOptional) && args[0].aux != kNoHandle;
}

}  // namespace

Value call(Fn fn, std::span<const Value> args, Interner& in) {
  if (!decided(fn, args)) {
    for (const Value& a : args) {
      if (a.is_error()) return as_count_interval(a) ? Value::unknown() : a;
    }
  }
  switch (fn) {
    case Fn::kNone: return in.error("unbound function");
    case Fn::kDyn: return args.size() == 1 ? args[0] : no_overload(in);
    case Fn::kInt:
    case Fn::kUint:
    case Fn::kDouble:
    case Fn::kString:
    case Fn::kBytes:
    case Fn::kBool:
    case Fn::kDuration:
    case Fn::kTimestamp:
    case Fn::kType:
    case Fn::kPercent:
    case Fn::kBitrate:
    case Fn::kPps: return args.size() == 1 ? functions::convert(fn, args[0], in) : no_overload(in);
    case Fn::kGetFullYear:
    case Fn::kGetMonth:
    case Fn::kGetDate:
    case Fn::kGetDayOfMonth:
    case Fn::kGetDayOfWeek:
    case Fn::kGetDayOfYear:
    case Fn::kGetHours:
    case Fn::kGetMinutes:
    case Fn::kGetSeconds:
    case Fn::kGetMilliseconds: return functions::time(fn, args, in);
    case Fn::kContains:
    case Fn::kStartsWith:
    case Fn::kEndsWith:
    case Fn::kMatches:
    case Fn::kLowerAscii:
    case Fn::kUpperAscii:
    case Fn::kTrim:
    case Fn::kReplace:
    case Fn::kSplit:
    case Fn::kJoin:
    case Fn::kSubstring:
    case Fn::kIndexOf:
    case Fn::kLastIndexOf:
    case Fn::kCharAt:
    case Fn::kQuote:
    case Fn::kBase64Encode:
    case Fn::kBase64Decode: return functions::text(fn, args, in);
    case Fn::kFormat: return args.size() == 2 ? functions::format(args[0], args[1], in) : no_overload(in);
    case Fn::kAbs:
    case Fn::kSign:
    case Fn::kLeast:
    case Fn::kGreatest:
    case Fn::kCeil:
    case Fn::kFloor:
    case Fn::kRound:
    case Fn::kTrunc:
    case Fn::kSqrt:
    case Fn::kIsNan:
    case Fn::kIsInf:
    case Fn::kIsFinite:
    case Fn::kBitAnd:
    case Fn::kBitOr:
    case Fn::kBitXor:
    case Fn::kBitNot:
    case Fn::kBitShiftLeft:
    case Fn::kBitShiftRight: return functions::math(fn, args, in);
    case Fn::kSize:
    case Fn::kReverse:
    case Fn::kSlice:
    case Fn::kFlatten:
    case Fn::kDistinct:
    case Fn::kSort:
    case Fn::kListsRange:
    case Fn::kListFirst:
    case Fn::kListLast:
    case Fn::kOptionalOf:
    case Fn::kOptionalNone:
    case Fn::kOptionalOfNonZero:
    case Fn::kHasValue:
    case Fn::kOptionalValue:
    case Fn::kOr:
    case Fn::kOrValue:
    case Fn::kUnwrap: return functions::collection(fn, args, in);
    case Fn::kIp:
    case Fn::kCidr:
    case Fn::kFamily:
    case Fn::kPrefixLength:
    case Fn::kMasked:
    case Fn::kContainsIp:
    case Fn::kContainsCidr:
    case Fn::kCidrIp:
    case Fn::kIsIp:
    case Fn::kIsCidr:
    case Fn::kIsLoopback:
    case Fn::kIsUnspecified:
    case Fn::kIsLinkLocalUnicast:
    case Fn::kIsLinkLocalMulticast:
    case Fn::kIsGlobalUnicast:
    case Fn::kIsCanonical: return functions::network(fn, args, in);
  }
  return in.error("unbound function");
}

}  // namespace flyball::engine
