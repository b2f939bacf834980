// The functions of the expression language: one table, read by the checker (names, signatures), the evaluator
// (dispatch by Fn) and the reference documentation. Nothing else lists a function.
//
// A signature is written in CEL's notation: "string.contains(string) -> bool" for a method, "size(string) -> int" for
// a global. Type words are the language's; `A` and `B` are type variables; `dyn` takes anything.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace flyball {

enum class Fn : std::uint16_t {
  kNone,
  kSize, kContains, kStartsWith, kEndsWith, kMatches,
  kInt, kUint, kDouble, kString, kBytes, kBool, kDuration, kTimestamp, kType, kDyn, kIp, kCidr,
  kGetFullYear, kGetMonth, kGetDate, kGetDayOfMonth, kGetDayOfWeek, kGetDayOfYear, kGetHours, kGetMinutes, kGetSeconds, kGetMilliseconds,
  kLowerAscii, kUpperAscii, kTrim, kReplace, kSplit, kJoin, kSubstring, kIndexOf, kLastIndexOf, kCharAt,
  kAbs, kLeast, kGreatest, kCeil, kFloor, kRound,
  kFamily, kPrefixLength, kMasked, kContainsIp, kIsIp, kIsCidr,
};

struct FunctionInfo {
  Fn fn;
  std::string_view name;        // as called: "contains", "math.abs"
  std::string_view signature;
  std::string_view doc;         // one line, for hover, completion and the reference
};

// Every overload of every function, grouped by name.
std::span<const FunctionInfo> functions();

}  // namespace flyball
