// Value: the one dynamically tagged datum everybody exchanges; 16 bytes, trivially copyable.
//
// Scalars are held inline. Strings, bytes, lists, maps, addresses, ranges and errors are handles into an
// Interner (interner.h), so equal content is the same handle and equality of two Values made by one
// Interner is a comparison of 16 bytes. (CEL's heterogeneous equality, 1 == 1.0, is compare.h's.)
// Thread safety: a Value is a plain datum. Its handle means something only beside the Interner that made it.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <type_traits>

namespace flyball {

// The order of the enumerators is the order of kinds in compare.h's total order.
enum class Kind : std::uint8_t {
  kNull,
  kBool,
  kInt,        // int64
  kUint,       // uint64
  kDouble,     // IEEE 754 binary64
  kDuration,   // nanoseconds, int64
  kTimestamp,  // seconds since the Unix epoch, int64; nanoseconds 0..999'999'999 in aux
  kPercent,    // ratio in units of 1e-9 (80 % is 800'000'000), int64
  kSize,       // bytes, int64
  kBitrate,    // bit/s, int64
  kPps,        // packets/s, int64
  kTimeOfDay,  // nanoseconds since local midnight, int64
  kString,     // from here to kError: handle into the Interner, in `aux`
  kBytes,
  kIp,
  kCidr,
  kRange,  // lower, upper, half-open
  kList,
  kMap,
  kType,      // a CEL type value, named by its handle
  kOptional,  // CEL optional: a handle to the value, or kNoHandle for none
  kError,     // CEL error = unknown; the handle names the message
};

inline constexpr std::uint32_t kNoHandle = 0xFFFF'FFFF;

struct Value {
  Kind kind = Kind::kNull;
  std::uint8_t reserved_a = 0;
  std::uint16_t reserved_b = 0;
  std::uint32_t aux = 0;
  std::int64_t bits = 0;  // int64 payload; uint64 and double by bit_cast

  static constexpr Value null() { return {}; }
  static constexpr Value boolean(bool b) { return {Kind::kBool, 0, 0, 0, b ? 1 : 0}; }
  static constexpr Value integer(std::int64_t i) { return {Kind::kInt, 0, 0, 0, i}; }
  static constexpr Value uinteger(std::uint64_t u) { return {Kind::kUint, 0, 0, 0, std::bit_cast<std::int64_t>(u)}; }
  static constexpr Value real(double d) { return {Kind::kDouble, 0, 0, 0, std::bit_cast<std::int64_t>(d)}; }
  static constexpr Value duration_ns(std::int64_t ns) { return {Kind::kDuration, 0, 0, 0, ns}; }
  // `nanos` must be within 0..999'999'999.
  static constexpr Value timestamp(std::int64_t seconds, std::uint32_t nanos) { return {Kind::kTimestamp, 0, 0, nanos, seconds}; }
  static constexpr Value percent_e9(std::int64_t ratio_e9) { return {Kind::kPercent, 0, 0, 0, ratio_e9}; }
  static constexpr Value size_bytes(std::int64_t n) { return {Kind::kSize, 0, 0, 0, n}; }
  static constexpr Value bitrate_bps(std::int64_t n) { return {Kind::kBitrate, 0, 0, 0, n}; }
  static constexpr Value pps(std::int64_t n) { return {Kind::kPps, 0, 0, 0, n}; }
  static constexpr Value time_of_day_ns(std::int64_t ns) { return {Kind::kTimeOfDay, 0, 0, 0, ns}; }
  static constexpr Value handle(Kind kind, std::uint32_t id) { return {kind, 0, 0, id, 0}; }
  // An unknown without a message (a stale field, a match that is suspended).
  static constexpr Value unknown() { return {Kind::kError, 0, 0, kNoHandle, 0}; }

  constexpr bool is(Kind k) const { return kind == k; }
  constexpr bool is_null() const { return kind == Kind::kNull; }
  constexpr bool is_error() const { return kind == Kind::kError; }
  constexpr bool is_true() const { return kind == Kind::kBool && bits != 0; }
  constexpr bool is_false() const { return kind == Kind::kBool && bits == 0; }
  constexpr bool is_handle() const { return kind >= Kind::kString; }

  constexpr bool as_bool() const { return bits != 0; }
  constexpr std::int64_t as_int() const { return bits; }
  constexpr std::uint64_t as_uint() const { return std::bit_cast<std::uint64_t>(bits); }
  constexpr double as_double() const { return std::bit_cast<double>(bits); }
  constexpr std::uint32_t as_handle() const { return aux; }

  // Same kind and same content bit for bit. NaN is identical to itself here; 0.0 and -0.0 differ.
  // Two words, not five fields: nothing is compared more often.
  friend constexpr bool operator==(const Value& a, const Value& b) {
    const auto x = std::bit_cast<std::array<std::uint64_t, 2>>(a);
    const auto y = std::bit_cast<std::array<std::uint64_t, 2>>(b);
    return ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0;
  }
};

static_assert(sizeof(Value) == 16 && std::is_trivially_copyable_v<Value>);

// A well-mixed hash of the 16 bytes; equal Values (operator==) hash equally within one Interner.
constexpr std::uint64_t hash_value(const Value& v) {
  std::uint64_t h = std::bit_cast<std::uint64_t>(v.bits) ^ (static_cast<std::uint64_t>(v.aux) << 32 | static_cast<std::uint64_t>(v.kind));
  h = (h ^ (h >> 32)) * 0xD6E8FEB86659FD93ULL;
  h = (h ^ (h >> 32)) * 0xD6E8FEB86659FD93ULL;
  return h ^ (h >> 32);
}

}  // namespace flyball
