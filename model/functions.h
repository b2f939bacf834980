// The functions of the expression language: one table, read by the checker (names, signatures), the evaluator
// (dispatch by Fn) and the reference documentation. Nothing else lists a function.
//
// A signature is written in CEL's notation: "string.contains(string) -> bool" for a method, "size(string) -> int" for
// a global. Type words are the language's (`list<A>`, `map<A, B>`, `optional<A>`, `type`); `A` and `B` are type
// variables, `N` one for numbers, units and timestamps alone; `dyn` takes anything; `N...` at the end is one or more of it. A global with a
// dotted name has it in front: "math.abs(int) -> int". Receiver and arguments reach the evaluator as one sequence, receiver first;
// overloads of a name share their Fn.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace flyball {

enum class Fn : std::uint16_t {
  kNone,
  kSize,
  kContains,
  kStartsWith,
  kEndsWith,
  kMatches,
  kInt,
  kUint,
  kDouble,
  kString,
  kBytes,
  kBool,
  kDuration,
  kTimestamp,
  kType,
  kDyn,
  kIp,
  kCidr,
  kPercent,
  kBitrate,
  kPps,
  kGetFullYear,
  kGetMonth,
  kGetDate,
  kGetDayOfMonth,
  kGetDayOfWeek,
  kGetDayOfYear,
  kGetHours,
  kGetMinutes,
  kGetSeconds,
  kGetMilliseconds,
  kLowerAscii,
  kUpperAscii,
  kTrim,
  kReplace,
  kSplit,
  kJoin,
  kSubstring,
  kIndexOf,
  kLastIndexOf,
  kCharAt,
  kReverse,
  kQuote,
  kFormat,
  kAbs,
  kSign,
  kLeast,
  kGreatest,
  kCeil,
  kFloor,
  kRound,
  kTrunc,
  kSqrt,
  kIsNan,
  kIsInf,
  kIsFinite,
  kBitAnd,
  kBitOr,
  kBitXor,
  kBitNot,
  kBitShiftLeft,
  kBitShiftRight,
  kBase64Encode,
  kBase64Decode,
  kSlice,
  kFlatten,
  kDistinct,
  kSort,
  kListsRange,
  kListFirst,
  kListLast,
  kOptionalOf,
  kOptionalNone,
  kOptionalOfNonZero,
  kHasValue,
  kOptionalValue,
  kOr,
  kOrValue,
  kUnwrap,
  kFamily,
  kPrefixLength,
  kMasked,
  kContainsIp,
  kContainsCidr,
  kCidrIp,
  kIsIp,
  kIsCidr,
  kIsLoopback,
  kIsUnspecified,
  kIsLinkLocalUnicast,
  kIsLinkLocalMulticast,
  kIsGlobalUnicast,
  kIsCanonical,
};

struct FunctionInfo {
  Fn fn;
  std::string_view name;  // as called: "contains", "math.abs"
  std::string_view signature;
  std::string_view doc;  // one line, for hover, completion and the reference
};

// Every overload of every function, grouped by name.
std::span<const FunctionInfo> functions();

// What is written like a call and binds names, or looks at its argument without reading it.
struct MacroInfo {
  std::string_view name;       // as written; with a dot: no receiver stands before it
  std::string_view canonical;  // as the tree has it
  std::uint8_t variables = 0;  // names bound, which come first; 0: no comprehension (`has`)
  std::uint8_t least = 0;      // expressions after them
  std::uint8_t most = 0;
  std::string_view form;  // as the reference shows it
  std::string_view doc;
};
std::span<const MacroInfo> macros();

// The parts of the reference: each begins with the first function of that Fn.
struct FunctionGroup {
  Fn first;
  std::string_view title;
};
std::span<const FunctionGroup> function_groups();

}  // namespace flyball
