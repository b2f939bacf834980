// WireScalar: one scalar as a peer wrote it, before its type is known, and its conversion to the Value of a declared
// type. JSON and MessagePack share this, so that both take the same forms and refuse in the same words.
//
// Not here: lists, maps, fields (typed_json.h, msgpack_facts.h). Thread safety: as the Interner's.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "model/interner.h"
#include "model/time.h"
#include "model/type.h"
#include "model/value.h"

namespace flyball::bus {

// Bare ratios beyond it are refused: a percent of more than 1000 % is written with its unit ("1200%").
inline constexpr std::int64_t kRatioMaxE9 = 10'000'000'000;

// The greatest number of a fact: rules have them as integers (`Lost`).
inline constexpr std::uint64_t kMaxSeq = std::numeric_limits<std::int64_t>::max();

struct WireScalar {
  enum class Form : std::uint8_t { kNull, kBool, kInt, kUint, kDouble, kDecimal, kString, kBytes, kTimestamp };
  Form form = Form::kNull;
  std::int64_t integer = 0;    // kInt; kBool 0 or 1; kTimestamp seconds
  std::uint64_t uinteger = 0;  // kUint, above int64's range only
  double real = 0;             // kDouble
  std::uint32_t nanos = 0;     // kTimestamp
  std::string_view text;       // kDecimal: digits as written; kString (UTF-8, checked); kBytes

  static WireScalar null() { return {}; }
  static WireScalar boolean(bool b) { return {Form::kBool, b ? 1 : 0}; }
  static WireScalar decimal(std::string_view digits) { return {Form::kDecimal, 0, 0, 0, 0, digits}; }
  static WireScalar string(std::string_view s) { return {Form::kString, 0, 0, 0, 0, s}; }
};

// What went wrong with one value; the caller adds which field of what.
struct Mismatch {
  std::string path;      // inside the value: "[2]", ".name"; empty at its top
  std::string expected;  // "a percent"
  std::string got;       // "\"high\""
  std::string help;
  bool failed() const { return !expected.empty(); }
};

// The Value of `type` that `scalar` means; false and `mismatch` filled in if none. O(length).
bool to_typed(const WireScalar& scalar, const Type& type, Interner& interner, Value& out, Mismatch& mismatch);

// The instant a peer means by `time`: RFC 3339, seconds since the epoch, or a MessagePack timestamp. nullopt if
// malformed or outside int64 nanoseconds. Decimal seconds are exact to the nanosecond.
std::optional<Timestamp> to_instant(const WireScalar& scalar);

// "null", "true", "0.5", "\"high\"" (long ones shortened), "bytes", …
std::string describe(const WireScalar& scalar);
// "a percent", "an int", "one of \"up\", \"down\"", "a list of strings", …
std::string describe(const Type& type);

// Exact decimal text to integers: nullopt when there is a fraction or it does not fit. "12", "1e3", "5.0".
std::optional<std::int64_t> exact_int(std::string_view digits);
std::optional<std::uint64_t> exact_uint(std::string_view digits);
// Correctly rounded; nullopt when it overflows.
std::optional<double> to_double(std::string_view digits);

}  // namespace flyball::bus
