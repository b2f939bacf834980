// Text forms of scalar values, both ways: literals in rules, JSON strings, messages to people.
// Reading is exact (decimal digits, never through a double) and total: nullopt on anything malformed.
// None of these allocates beyond the returned string. Thread-safe: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/interner.h"
#include "model/time.h"
#include "model/value.h"

namespace flyball {

// Decimal text ("0.92", "-3", "1e3") scaled by `scale_e` powers of ten to an integer, ties away from zero
// beyond the last kept digit; nullopt if malformed or out of int64. parse_scaled_decimal("0.92", 9) is 920'000'000.
std::optional<std::int64_t> parse_scaled_decimal(std::string_view text, int scale_e);

std::optional<std::int64_t> parse_duration_ns(std::string_view text);  // "1h30m", "250ms", "-2.5s", "2d", "1w", "1.5us", "10ns"
std::optional<Value> parse_timestamp(std::string_view rfc3339);        // kTimestamp; 0001-01-01T00:00:00Z .. 9999-12-31T23:59:59.999999999Z
std::optional<std::int64_t> parse_percent_e9(std::string_view text);   // "92%" or a ratio "0.92"
std::optional<std::int64_t> parse_size_bytes(std::string_view text);   // "2GiB" "10MB" "512B"; a bare number is bytes
std::optional<std::int64_t> parse_bitrate_bps(std::string_view text);  // "10Gbps" "2.5Mbps" "64kbps" "100bps"
std::optional<std::int64_t> parse_pps(std::string_view text);          // "3Mpps" "20kpps" "5pps"
std::optional<IpAddress> parse_ip(std::string_view text);              // "10.0.0.1", "fe80::1"; no zones, no leading zeros
std::optional<Cidr> parse_cidr(std::string_view text);                 // host bits kept as written; see has_host_bits
bool has_host_bits(const Cidr& cidr);
Cidr clear_host_bits(const Cidr& cidr);

std::string format_duration(std::int64_t ns);                        // CEL's: seconds with up to nine decimals, "120s", "0.25s"
std::string format_duration_human(std::int64_t ns);                  // "1h30m", "250ms": as an author would write it
std::string format_timestamp(const Value& timestamp);                // RFC 3339, UTC, shortest fraction
std::string format_percent(std::int64_t ratio_e9);                   // "92%", "0.5%"
std::string format_scaled_decimal(std::int64_t value, int scale_e);  // format_scaled_decimal(920'000'000, 9) is "0.92"
std::string format_size(std::int64_t bytes);                         // largest unit that divides exactly: "2GiB", "1500B"
std::string format_bitrate(std::int64_t bps);                        // "10Gbps"
std::string format_pps(std::int64_t pps);
std::string format_ip(const IpAddress& ip);  // RFC 5952
std::string format_cidr(const Cidr& cidr);
std::string format_double(double d);       // shortest that reads back; "1.0" keeps its point; "NaN", "inf", "-inf"
std::string quote(std::string_view text);  // JSON string escapes, with quotes

// Any value as an author would write it in a rule: "up" quoted, 92%, 2m, 10.0.0.1, [1, 2], {"a": 1}, unknown.
std::string to_source(const Value& v, const Interner& in);
// Any value as text inside an f-string or a log line: like to_source but top-level strings unquoted.
std::string to_text(const Value& v, const Interner& in);
// Canonical JSON of a value (interface.md's forms): percent 0.92, duration "120s", timestamp RFC 3339, size and bitrate
// numbers, ip and cidr strings, map keys sorted. Doubles that are not finite become strings. Errors become null.
void append_json(std::string& out, const Value& v, const Interner& in);

// "1 rule", "2 rules"; `many`: the plural that does not end in an s.
std::string plural(std::uint64_t n, std::string_view noun, std::string_view many = {});

}  // namespace flyball
