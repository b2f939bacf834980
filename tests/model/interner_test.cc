// Interner: one handle per content, stable views, and a collection that frees exactly what nothing holds.
#include "model/interner.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/compare.h"
#include "model/text.h"

using namespace flyball;

TEST_CASE("equal content is one handle, of every kind and length") {
  Interner in;
  for (std::size_t n = 0; n < 70; ++n) {
    const std::string s(n, 'x');
    CHECK(in.string(s) == in.string(std::string(n, 'x')));
    CHECK(in.text(in.string(s)) == s);
    CHECK(in.find_string(s) == in.string(s));
  }
  CHECK(in.find_string("never seen").is_null());
  CHECK(in.string("a") != in.bytes("a"));
  CHECK(in.ip(*parse_ip("10.0.0.1")) == in.ip(*parse_ip("10.0.0.1")));
  CHECK(in.ip(*parse_ip("10.0.0.1")) != in.ip(*parse_ip("::ffff:10.0.0.1")));
  CHECK(in.cidr(*parse_cidr("10.0.0.0/8")) != in.cidr(*parse_cidr("10.0.0.0/9")));
  CHECK(in.list(std::vector<Value>{}) == in.list(std::vector<Value>{}));
  CHECK(in.list(std::vector<Value>{Value::integer(1)}) != in.list(std::vector<Value>{Value::real(1)}));
  CHECK(in.optional_of(Value::null()) != Interner::optional_none());
  const std::vector<MapEntry> ab{{in.string("a"), Value::integer(1)}, {in.string("b"), Value::integer(2)}};
  const std::vector<MapEntry> ba{ab[1], ab[0]};
  CHECK(in.map(ab) == in.map(ba));
  CHECK(in.map_get(in.map(ab), in.string("b")) == Value::integer(2));
  CHECK(in.map_get(in.map(ab), in.string("c")).is_error());
}

TEST_CASE("a number finds its key under any numeric kind") {
  Interner in;
  const Value m = in.map(std::vector<MapEntry>{{Value::integer(1), in.string("one")}, {Value::uinteger(2), in.string("two")}});
  CHECK(in.map_get(m, Value::uinteger(1)) == in.string("one"));
  CHECK(in.map_get(m, Value::real(2.0)) == in.string("two"));
  CHECK(in.map_get(m, Value::real(2.5)).is_error());
  CHECK(in.map_get(m, Value::integer(-1)).is_error());
}

TEST_CASE("handles agree with a reference over many strings") {
  Interner in;
  std::mt19937_64 random(7);
  std::unordered_map<std::string, Value> known;
  for (int i = 0; i < 50'000; ++i) {
    std::string s(random() % 40, 'a');
    for (char& c : s) c = static_cast<char>('a' + random() % 3);
    const Value v = in.string(s);
    const auto [it, fresh] = known.emplace(s, v);
    REQUIRE((it->second == v));
  }
  for (const auto& [s, v] : known) REQUIRE(in.text(v) == s);
}

TEST_CASE("too large and too deep are errors, not handles") {
  Interner in;
  CHECK(in.string(std::string(Interner::kMaxContentBytes + 1, 'x')).is_error());
  Value v = Value::integer(1);
  std::uint32_t depth = 0;
  while (!v.is_error() && depth < 1000) {
    v = in.list(std::vector<Value>{v});
    ++depth;
  }
  CHECK(depth == Interner::kMaxDepth + 1);
}

TEST_CASE("sweep frees what is not marked, and no more") {
  Interner in;
  std::vector<Value> noted;
  in.string("given before");
  const Value known = in.string("known before");
  Value listed;
  {
    Interner::Notes notes(in);
    listed = in.list(std::vector<Value>{in.string("noted, and longer than an inline text")});
    CHECK(in.string("known before") == known);
    CHECK(in.find_string("known before") == known);
    CHECK(in.list(std::vector<Value>{in.string("noted, and longer than an inline text")}) == listed);
    noted = notes.take();
    CHECK(noted.size() == 3);
    CHECK(notes.take().empty());
  }
  const std::string inner = "inside a list, reached through it only";
  const Value kept = in.list(std::vector<Value>{in.string(inner), in.optional_of(in.string("opt"))});
  std::vector<Value> garbage;
  for (int i = 0; i < 1000; ++i) garbage.push_back(in.string("some garbage number " + std::to_string(i)));
  const std::size_t handles = in.handles_used(), bytes = in.bytes_used();
  in.begin_mark();
  in.mark(kept);
  for (const Value& v : noted) in.mark(v);
  in.mark(Value::unknown());
  in.mark(Interner::optional_none());
  CHECK(in.sweep() > 0);
  CHECK(in.handles_used() == handles - 1001);
  CHECK(in.bytes_used() < bytes);
  // What is made and collected again and again leaves nothing that is counted as alive; the tables keep their room.
  const std::size_t alive = in.bytes_alive();
  CHECK(alive < in.bytes_used());
  std::size_t most = 0;
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 2'000; ++i) (void)in.string("garbage of a round " + std::to_string(round) + ", number " + std::to_string(i));
    CHECK(in.bytes_alive() > alive + 2'000 * 20);
    CHECK((round < 2 || in.bytes_used() <= most));  // free handles have a list that grows once
    most = in.bytes_used();
    in.begin_mark();
    in.mark(kept);
    for (const Value& v : noted) in.mark(v);
    in.sweep();
    CHECK(in.bytes_alive() <= alive);
  }
  CHECK(in.text(in.items(kept)[0]) == inner);
  CHECK(in.text(in.optional_value(in.items(kept)[1])) == "opt");
  CHECK(in.text(in.items(listed)[0]) == "noted, and longer than an inline text");
  CHECK(in.find_string("known before") == known);
  CHECK(in.find_string("given before").is_null());
  CHECK(in.find_string("some garbage number 5").is_null());
  CHECK(in.string(inner) == in.items(kept)[0]);
  // Freed handles serve again.
  for (int i = 0; i < 1000; ++i) in.string("other text " + std::to_string(i));
  CHECK(in.handles_used() == handles - 1);
  CHECK(in.text(in.items(kept)[0]) == inner);
}

TEST_CASE("the total order: NaN last, minus zero first, everything comparable") {
  Interner in;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<Value> values{Value::null(),
                            Value::boolean(false),
                            Value::boolean(true),
                            Value::integer(INT64_MIN),
                            Value::integer(-1),
                            Value::integer(5),
                            Value::uinteger(0),
                            Value::uinteger(UINT64_MAX),
                            Value::real(-INFINITY),
                            Value::real(-0.0),
                            Value::real(0.0),
                            Value::real(1),
                            Value::real(INFINITY),
                            Value::real(nan),
                            Value::duration_ns(-1),
                            Value::timestamp(-1, 5),
                            Value::timestamp(-1, 6),
                            in.string(""),
                            in.string("a"),
                            in.string("a\xff"),
                            in.string("b"),
                            in.ip(*parse_ip("1.2.3.4")),
                            in.ip(*parse_ip("::1")),
                            in.cidr(*parse_cidr("10.0.0.0/8")),
                            in.cidr(*parse_cidr("10.0.0.0/9")),
                            in.list(std::vector<Value>{}),
                            in.list(std::vector<Value>{Value::integer(1)}),
                            in.list(std::vector<Value>{Value::integer(1), Value::integer(0)}),
                            in.list(std::vector<Value>{Value::integer(2)}),
                            Interner::optional_none(),
                            in.optional_of(Value::null())};
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (std::size_t j = 0; j < values.size(); ++j) {
      INFO(i << ' ' << j);
      const int expected = i < j ? -1 : i > j ? 1 : 0;
      CHECK(compare_total(values[i], values[j], in) == expected);
    }
  }
}

TEST_CASE("CEL equality and order across kinds of numbers") {
  Interner in;
  const auto eq = [&](Value a, Value b) { return cel_equal(a, b, in); };
  const auto lt = [&](Value a, Value b) { return cel_compare(a, b, in) == std::partial_ordering::less; };
  CHECK(eq(Value::integer(1), Value::real(1.0)));
  CHECK(eq(Value::uinteger(1), Value::integer(1)));
  CHECK(eq(Value::integer(9007199254740993), Value::real(9007199254740992.0)));
  CHECK(as_kind(Value::integer(9007199254740993), Kind::kDouble).is_null());
  CHECK(as_kind(Value::real(9007199254740992.0), Kind::kInt) == Value::integer(9007199254740992));
  CHECK(lt(Value::integer(-1), Value::uinteger(0)));
  CHECK(lt(Value::integer(INT64_MAX), Value::uinteger(1ULL << 63)));
  CHECK(lt(Value::integer(INT64_MAX), Value::real(9223372036854777857.0)));
  CHECK(lt(Value::real(-0.5), Value::uinteger(0)));
  CHECK(lt(Value::real(-1.5), Value::integer(-1)));
  CHECK(eq(Value::real(0.0), Value::real(-0.0)));
  const Value nan = Value::real(std::numeric_limits<double>::quiet_NaN());
  CHECK_FALSE(eq(nan, nan));
  CHECK_FALSE(eq(in.list(std::vector<Value>{nan}), in.list(std::vector<Value>{nan})));
  CHECK(cel_compare(nan, Value::integer(1), in) == std::partial_ordering::unordered);
  CHECK_FALSE(eq(in.string("1"), Value::integer(1)));
  CHECK_FALSE(cel_compare(in.string("1"), Value::integer(1), in));
  CHECK_FALSE(cel_compare(Value::null(), Value::null(), in));
  CHECK_FALSE(cel_compare(in.list(std::vector<Value>{}), in.list(std::vector<Value>{}), in));
  CHECK(eq(in.list(std::vector<Value>{Value::integer(1)}), in.list(std::vector<Value>{Value::real(1)})));
  CHECK(eq(in.map(std::vector<MapEntry>{{Value::integer(1), Value::real(2)}}),
           in.map(std::vector<MapEntry>{{Value::uinteger(1), Value::integer(2)}})));
  CHECK_FALSE(eq(Value::percent_e9(0), Value::integer(0)));
}

TEST_CASE("the beginning of a value in the total order never contradicts it", "[compare]") {
  Interner in;
  std::vector<Value> all = {Value::null(), Value::boolean(false), Value::boolean(true), Value::unknown()};
  for (const std::int64_t n :
       {INT64_MIN, INT64_MIN + 1, std::int64_t{-1} << 59, std::int64_t{-1} << 58, std::int64_t{-70'000}, std::int64_t{-1}, std::int64_t{0},
        std::int64_t{1}, std::int64_t{255}, std::int64_t{1} << 57, std::int64_t{1} << 58, INT64_MAX}) {
    all.push_back(Value::integer(n));
    all.push_back(Value::percent_e9(n));
    all.push_back(Value::uinteger(static_cast<std::uint64_t>(n)));
    all.push_back(Value::real(static_cast<double>(n)));
  }
  for (const double d : {-0.0, 0.5, -0.5, 1e-300, -1e300, std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(),
                         std::numeric_limits<double>::quiet_NaN(), -std::numeric_limits<double>::quiet_NaN()})
    all.push_back(Value::real(d));
  for (const char* text : {"", "a", "aaaaaaa", "aaaaaaab", "aaaaaab", "b", "\x7f", "\xc3\xa9", "\xff"}) {
    all.push_back(in.string(text));
    all.push_back(in.bytes(text));
  }
  for (const bool is_v4 : {true, false}) {
    for (const std::uint8_t last : {std::uint8_t{0}, std::uint8_t{1}, std::uint8_t{200}}) {
      IpAddress ip;
      ip.is_v4 = is_v4;
      if (is_v4) ip.bytes[10] = ip.bytes[11] = 0xFF;
      ip.bytes[15] = last;
      all.push_back(in.ip(ip));
      ip.bytes[is_v4 ? 12 : 0] = last;
      all.push_back(in.ip(ip));
    }
  }
  for (const Value& a : all) {
    for (const Value& b : all) {
      if (compare_total(a, b, in) < 0) CHECK(order_prefix(a, in) <= order_prefix(b, in));
    }
  }
  CHECK(order_prefix(Value::integer(7), in) < order_prefix(Value::integer(8), in));
  CHECK(order_prefix(in.string("ab"), in) < order_prefix(in.string("b"), in));
}
