// Text forms: exact, total, and the same both ways.
#include "model/text.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "model/civil.h"

using namespace flyball;

namespace {
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
std::string json(const Value& v, const Interner& in) {
  std::string out;
  append_json(out, v, in);
  return out;
}
}  // namespace

TEST_CASE("decimals are read exactly, to the last representable number") {
  CHECK(parse_scaled_decimal("0.92", 9) == 920'000'000);
  CHECK(parse_scaled_decimal("-3", 0) == -3);
  CHECK(parse_scaled_decimal("1e3", 0) == 1000);
  CHECK(parse_scaled_decimal("1.5E-3", 9) == 1'500'000);
  CHECK(parse_scaled_decimal("9223372036854775807", 0) == kMax);
  CHECK(parse_scaled_decimal("-9223372036854775808", 0) == kMin);
  CHECK(parse_scaled_decimal("-0", 3) == 0);
  CHECK(parse_scaled_decimal("0.4999999999999999999999", 0) == 0);
  CHECK(parse_scaled_decimal("0.5", 0) == 1);
  CHECK(parse_scaled_decimal("-0.5", 0) == -1);
  CHECK(parse_scaled_decimal("0e99999999999", 9) == 0);
  CHECK(parse_scaled_decimal("1e-99999999999", 9) == 0);
  CHECK(parse_scaled_decimal("000000000000000000000000001", 0) == 1);
  for (const char* bad : {"", "-", "--1", "+1", "1.", ".", "1e", "1e+", "0x10", " 1", "1 ", "1,5", "NaN", "9223372036854775808",
                          "-9223372036854775809", "1e19", "1e99999999999", "１"}) {
    INFO(bad);
    CHECK_FALSE(parse_scaled_decimal(bad, 0));
  }
  CHECK(format_scaled_decimal(920'000'000, 9) == "0.92");
  CHECK(format_scaled_decimal(-1, 9) == "-0.000000001");
  CHECK(format_scaled_decimal(kMin, 9) == "-9223372036.854775808");
  CHECK(format_scaled_decimal(5, 0) == "5");
}

TEST_CASE("durations") {
  CHECK(parse_duration_ns("1h30m") == 5'400'000'000'000);
  CHECK(parse_duration_ns("250ms") == 250'000'000);
  CHECK(parse_duration_ns("-2.5s") == -2'500'000'000);
  CHECK(parse_duration_ns("1.5us") == 1500);
  CHECK(parse_duration_ns("10ns") == 10);
  CHECK(parse_duration_ns("2d") == 172'800'000'000'000);
  CHECK(parse_duration_ns("1w") == 604'800'000'000'000);
  CHECK(parse_duration_ns("0") == 0);
  CHECK(parse_duration_ns("9223372036854775807ns") == kMax);
  CHECK(parse_duration_ns("-9223372036854775808ns") == kMin);
  CHECK(parse_duration_ns("9223372036.854775807s") == kMax);
  for (const char* bad :
       {"", "-", "s", "1", "1.5", "1x", "1h30", "h1", "1 h", "9223372036854775808ns", "320000000000s", "1h-30m", "1e3s", "1..5s", "1.s"}) {
    INFO(bad);
    CHECK_FALSE(parse_duration_ns(bad));
  }
  CHECK(format_duration(120'000'000'000) == "120s");
  CHECK(format_duration(250'000'000) == "0.25s");
  CHECK(format_duration(-1'500'000'000) == "-1.5s");
  CHECK(format_duration_human(5'400'000'000'000) == "1h30m");
  CHECK(format_duration_human(250'000'000) == "250ms");
  CHECK(format_duration_human(1'500'000'000) == "1s500ms");
  CHECK(format_duration_human(604'800'000'000'000) == "1w");
  CHECK(format_duration_human(0) == "0s");
  for (const std::int64_t ns :
       {kMin, kMax, std::int64_t{-1}, std::int64_t{1}, std::int64_t{86'400'000'000'001}, std::int64_t{-61'000'000'000}}) {
    CHECK(parse_duration_ns(format_duration_human(ns)) == ns);
    CHECK(parse_duration_ns(format_duration(ns)) == ns);
  }
}

TEST_CASE("timestamps: leap years, offsets, limits") {
  CHECK(parse_timestamp("1970-01-01T00:00:00Z") == Value::timestamp(0, 0));
  CHECK(parse_timestamp("2000-02-29T12:00:00Z") == Value::timestamp(951'825'600, 0));
  CHECK(parse_timestamp("2009-02-13T23:31:30Z") == Value::timestamp(1'234'567'890, 0));
  CHECK(parse_timestamp("2009-02-13T23:31:30.5+01:30") == Value::timestamp(1'234'567'890 - 5400, 500'000'000));
  CHECK(parse_timestamp("1969-12-31T23:59:59.999999999Z") == Value::timestamp(-1, 999'999'999));
  CHECK(parse_timestamp("0001-01-01T00:00:00Z") == Value::timestamp(kTimestampSecondsMin, 0));
  CHECK(parse_timestamp("9999-12-31T23:59:59.999999999Z") == Value::timestamp(kTimestampSecondsMax, 999'999'999));
  for (const char* bad : {"",
                          "2001-02-29T00:00:00Z",
                          "1900-02-29T00:00:00Z",
                          "2100-02-29T00:00:00Z",
                          "2000-13-01T00:00:00Z",
                          "2000-00-01T00:00:00Z",
                          "2000-01-32T00:00:00Z",
                          "2000-04-31T00:00:00Z",
                          "2000-01-01T24:00:00Z",
                          "2000-01-01T00:60:00Z",
                          "2000-01-01T00:00:60Z",
                          "2000-01-01 00:00:00Z",
                          "2000-01-01T00:00:00",
                          "2000-01-01T00:00:00+1:00",
                          "2000-01-01T00:00:00.Z",
                          "2000-01-01T00:00:00Zx",
                          "2000-01-01T00:00:00.1234567891Z",
                          "0000-01-01T00:00:00Z",
                          "10000-01-01T00:00:00Z",
                          "0001-01-01T00:00:00+00:01",
                          "9999-12-31T23:59:59-00:01",
                          "2000-01-01T00:00:00+24:00"}) {
    INFO(bad);
    CHECK_FALSE(parse_timestamp(bad));
  }
  for (const char* text : {"1970-01-01T00:00:00Z", "2024-02-29T23:59:59.5Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z",
                           "1600-03-01T00:00:00Z"}) {
    CHECK(format_timestamp(*parse_timestamp(text)) == text);
  }
}

TEST_CASE("the calendar agrees with itself over every day of 800 years and at the ends") {
  std::int64_t day = days_from_civil(1600, 1, 1);
  for (std::int64_t y = 1600; y < 2400; ++y) {
    for (int m = 1; m <= 12; ++m) {
      for (int d = 1; d <= days_in_month(y, m); ++d, ++day) {
        const CivilDate c = civil_from_days(day);
        if (c.year != y || c.month != m || c.day != d || days_from_civil(y, m, d) != day) FAIL("day " << day);
      }
    }
  }
  CHECK(civil_from_days(days_from_civil(1, 1, 1)).year == 1);
  CHECK(civil_from_days(days_from_civil(9999, 12, 31)).day == 31);
  CHECK(day_of_week(0) == 4);
  CHECK(day_of_week(-5) == 6);
}

TEST_CASE("percent, sizes and rates") {
  CHECK(parse_percent_e9("92%") == 920'000'000);
  CHECK(parse_percent_e9("0.92") == 920'000'000);
  CHECK(parse_percent_e9("0.5%") == 5'000'000);
  CHECK_FALSE(parse_percent_e9("%"));
  CHECK_FALSE(parse_percent_e9("92 %"));
  CHECK(format_percent(920'000'000) == "92%");
  CHECK(format_percent(5'000'000) == "0.5%");
  CHECK(format_percent(1) == "0.0000001%");
  CHECK(parse_size_bytes("2GiB") == 2'147'483'648);
  CHECK(parse_size_bytes("10MB") == 10'000'000);
  CHECK(parse_size_bytes("512B") == 512);
  CHECK(parse_size_bytes("512") == 512);
  CHECK(parse_size_bytes("1.5KiB") == 1536);
  CHECK(parse_size_bytes("7EiB") == std::int64_t{7} << 60);
  CHECK_FALSE(parse_size_bytes("8EiB"));
  CHECK(parse_size_bytes("-8EiB") == kMin);
  CHECK_FALSE(parse_size_bytes("2gib"));
  CHECK_FALSE(parse_size_bytes("GiB"));
  CHECK(parse_bitrate_bps("10Gbps") == 10'000'000'000);
  CHECK(parse_bitrate_bps("2.5Mbps") == 2'500'000);
  CHECK(parse_bitrate_bps("64kbps") == 64'000);
  CHECK_FALSE(parse_bitrate_bps("10GBps"));
  CHECK(parse_pps("3Mpps") == 3'000'000);
  CHECK(format_size(2'147'483'648) == "2GiB");
  CHECK(format_size(1500) == "1500B");
  CHECK(format_size(0) == "0B");
  CHECK(format_bitrate(10'000'000'000) == "10Gbps");
  CHECK(format_bitrate(1) == "1bps");
  CHECK(format_pps(20'000) == "20kpps");
}

TEST_CASE("addresses: RFC 5952 out, nothing sloppy in") {
  for (const char* text : {"10.0.0.1", "255.255.255.255", "0.0.0.0", "::", "::1", "fe80::1", "2001:db8::1:0:0:1", "1::", "::ffff:1.2.3.4",
                           "1:2:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"}) {
    INFO(text);
    const auto ip = parse_ip(text);
    REQUIRE(ip);
    CHECK(format_ip(*ip) == text);
  }
  CHECK(format_ip(*parse_ip("2001:DB8:0:0:1:0:0:1")) == "2001:db8::1:0:0:1");
  CHECK(format_ip(*parse_ip("2001:db8:0:1:1:1:1:1")) == "2001:db8:0:1:1:1:1:1");
  CHECK(format_ip(*parse_ip("0:0:0:0:0:0:0:0")) == "::");
  CHECK(format_ip(*parse_ip("::1.2.3.4")) == "::102:304");
  for (const char* bad : {"",
                          "1.2.3",
                          "1.2.3.4.5",
                          "01.2.3.4",
                          "256.1.1.1",
                          "1.2.3.-4",
                          "1.2.3.4 ",
                          ":",
                          ":::",
                          "1::2::3",
                          "1:2:3:4:5:6:7",
                          "1:2:3:4:5:6:7:8:9",
                          "1:2:3:4:5:6:7:",
                          ":1:2:3:4:5:6:7",
                          "12345::",
                          "g::",
                          "fe80::1%eth0",
                          "1:2:3:4:5:6:7:1.2.3.4",
                          "1:2:3:4:5:6:7::8",
                          "::1.2.3"}) {
    INFO(bad);
    CHECK_FALSE(parse_ip(bad));
  }
  const auto net = parse_cidr("10.20.0.0/16");
  REQUIRE(net);
  CHECK(net->contains(*parse_ip("10.20.255.1")));
  CHECK_FALSE(net->contains(*parse_ip("10.21.0.0")));
  CHECK_FALSE(net->contains(*parse_ip("::ffff:10.20.0.1")));
  CHECK(parse_cidr("0.0.0.0/0")->contains(*parse_ip("255.1.2.3")));
  CHECK_FALSE(parse_cidr("0.0.0.0/0")->contains(*parse_ip("::1")));
  CHECK(parse_cidr("2001:db8::/33")->contains(*parse_ip("2001:db8:7fff::1")));
  CHECK_FALSE(parse_cidr("2001:db8::/33")->contains(*parse_ip("2001:db8:8000::1")));
  CHECK(parse_cidr("::1/128")->contains(*parse_ip("::1")));
  CHECK(has_host_bits(*parse_cidr("10.20.1.0/16")));
  CHECK_FALSE(has_host_bits(*net));
  CHECK(format_cidr(clear_host_bits(*parse_cidr("10.20.1.7/13"))) == "10.16.0.0/13");
  for (const char* bad :
       {"", "/", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "::/129", "10.0.0.0/8/8", "10.0.0.0/8 "}) {
    INFO(bad);
    CHECK_FALSE(parse_cidr(bad));
  }
}

TEST_CASE("doubles read back and look like doubles") {
  CHECK(format_double(1.0) == "1.0");
  CHECK(format_double(-0.0) == "-0.0");
  CHECK(format_double(0.1) == "0.1");
  CHECK(format_double(-4.5e-3) == "-0.0045");
  CHECK(format_double(1e15) == "1000000000000000.0");
  CHECK(format_double(1e23) == "1e23");
  CHECK(format_double(5e-324) == "5e-324");
  CHECK(format_double(std::nan("")) == "NaN");
  CHECK(format_double(-INFINITY) == "-inf");
  for (const double d : {1.7976931348623157e308, 2.2250738585072014e-308, 123456.789, 1.0 / 3, 1e16, 1e-5, 9007199254740993.0}) {
    CHECK(std::stod(format_double(d)) == d);
  }
}

TEST_CASE("values as source, text and JSON") {
  Interner in;
  const Value list = in.list(std::vector<Value>{Value::integer(1), in.string("a\"b\n"), Value::percent_e9(800'000'000)});
  CHECK(to_source(list, in) == "[1, \"a\\\"b\\n\", 80%]");
  CHECK(json(list, in) == "[1,\"a\\\"b\\n\",0.8]");
  const Value map = in.map(std::vector<MapEntry>{{in.string("b"), Value::integer(2)}, {in.string("a"), Value::null()}});
  CHECK(to_source(map, in) == "{\"a\": null, \"b\": 2}");
  CHECK(json(map, in) == "{\"a\":null,\"b\":2}");
  CHECK(to_text(in.string("up"), in) == "up");
  CHECK(to_source(in.string("up"), in) == "\"up\"");
  CHECK(to_source(in.range(Value::integer(1), Value::integer(5), true), in) == "1..<5");
  CHECK(to_source(Value::unknown(), in) == "unknown");
  CHECK(to_source(Value::time_of_day_ns(22LL * 3600 * 1'000'000'000), in) == "22:00");
  CHECK(to_source(Value::uinteger(7), in) == "7u");
  CHECK(to_source(in.bytes(std::string_view("a\0\xff", 3)), in) == "b\"a\\x00\\xff\"");
  CHECK(json(in.bytes("abcd"), in) == "\"YWJjZA==\"");
  CHECK(json(Value::duration_ns(120'000'000'000), in) == "\"120s\"");
  CHECK(json(Value::real(std::nan("")), in) == "\"NaN\"");
  CHECK(json(Value::real(2.0), in) == "2.0");
  CHECK(json(Value::unknown(), in) == "null");
  CHECK(json(Value::size_bytes(2048), in) == "2048");
  CHECK(quote("\x01\x7f") == "\"\\u0001\\u007f\"");
}
