// The indexes over where a field must lie, each against asking one reach after the other.
#include "engine/network/field_index.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <limits>
#include <set>

#include "engine/network/sample_routes.h"
#include "model/text.h"
#include "tests/engine/dice.h"
#include "tests/engine/session_harness.h"

namespace flyball::engine {
namespace {

using Numbers = std::multiset<std::uint32_t>;

Numbers found(const IntervalIndex& index, std::int64_t place) {
  Numbers out;
  index.find(place, [&](std::uint32_t number) { out.insert(number); });
  return out;
}

void agrees(const std::vector<std::pair<std::int64_t, std::int64_t>>& intervals, const std::vector<std::int64_t>& places) {
  IntervalIndex index;
  for (std::uint32_t i = 0; i < intervals.size(); ++i) index.add(intervals[i].first, intervals[i].second, i);
  index.seal();
  for (const std::int64_t place : places) {
    Numbers wanted;
    for (std::uint32_t i = 0; i < intervals.size(); ++i) {
      if (intervals[i].first <= place && place <= intervals[i].second) wanted.insert(i);
    }
    REQUIRE(found(index, place) == wanted);
  }
}

}  // namespace

TEST_CASE("an interval index finds what trying each finds, of every three intervals") {
  const std::int64_t lowest = std::numeric_limits<std::int64_t>::min(), highest = std::numeric_limits<std::int64_t>::max();
  const std::vector<std::int64_t> ends = {lowest, lowest + 1, -1, 0, 1, 2, highest - 1, highest};
  std::vector<std::pair<std::int64_t, std::int64_t>> all;
  for (const std::int64_t low : ends) {
    for (const std::int64_t high : ends) {
      if (low <= high) all.emplace_back(low, high);
    }
  }
  agrees({}, ends);
  for (const auto& a : all) {
    agrees({a}, ends);
    for (const auto& b : all) {
      agrees({a, b}, ends);
      if (a > b) continue;
      for (const auto& c : all) agrees({a, b, c}, ends);
    }
  }
}

TEST_CASE("an interval index finds what trying each finds, of many: apart, nested, crossing, far away") {
  Dice dice(7);
  for (int round = 0; round < 60; ++round) {
    const std::uint64_t width = std::uint64_t{1} << dice.below(40), length = 1 + (width >> dice.below(8));
    std::vector<std::pair<std::int64_t, std::int64_t>> intervals;
    std::vector<std::int64_t> places;
    for (std::uint64_t i = 0; i < 1 + dice.below(200); ++i) {
      const auto low = static_cast<std::int64_t>(dice.below(width)) - static_cast<std::int64_t>(width / 2);
      intervals.emplace_back(low, low + static_cast<std::int64_t>(dice.below(length)));
      for (const std::int64_t near : {-1, 0, 1}) {
        places.push_back(intervals.back().first + near);
        places.push_back(intervals.back().second + near);
      }
    }
    if (round % 3 == 0) intervals.emplace_back(std::numeric_limits<std::int64_t>::min(), std::int64_t{1} << 60);  // long empty steps
    agrees(intervals, places);
  }
}

TEST_CASE("a prefix index finds the prefixes that hold an address, and a prefix") {
  Dice dice(7);
  std::vector<Cidr> prefixes;
  const auto random_address = [&] {
    IpAddress a;
    a.is_v4 = dice.below(2) == 0;
    if (a.is_v4) a.bytes[10] = a.bytes[11] = 0xFF;
    for (std::size_t i = a.is_v4 ? 12 : 0; i < 16; ++i) a.bytes[i] = static_cast<std::uint8_t>(dice.below(4) == 0 ? dice.below(256) : 0);
    return a;
  };
  PrefixIndex index;
  for (std::uint32_t i = 0; i < 600; ++i) {
    Cidr c;
    c.address = random_address();
    c.prefix_length = static_cast<std::uint8_t>(dice.below(c.address.is_v4 ? 33 : 129));
    prefixes.push_back(clear_host_bits(c));
    index.add(prefixes.back(), i);
  }
  index.seal();
  for (int i = 0; i < 3'000; ++i) {
    IpAddress ip = random_address();
    if (i % 2 == 0) ip = prefixes[dice.below(prefixes.size())].address;
    Numbers wanted, got;
    for (std::uint32_t n = 0; n < prefixes.size(); ++n) {
      if (prefixes[n].contains(ip)) wanted.insert(n);
    }
    index.find(ip, [&](std::uint32_t n) { got.insert(n); });
    REQUIRE(got == wanted);

    const Cidr inner = prefixes[dice.below(prefixes.size())];
    wanted.clear();
    got.clear();
    for (std::uint32_t n = 0; n < prefixes.size(); ++n) {
      if (inner.prefix_length >= prefixes[n].prefix_length && prefixes[n].contains(inner.address)) wanted.insert(n);
    }
    index.find(inner, [&](std::uint32_t n) { got.insert(n); });
    REQUIRE(got == wanted);
  }
}

TEST_CASE("a text index finds every end, of all texts of up to four letters") {
  std::vector<std::string> texts = {""};
  for (std::size_t i = 0; i < texts.size() && texts[i].size() < 4; ++i) {
    for (const char c : {'a', 'b', '\xC3', '\xA9'}) texts.push_back(texts[i] + c);
  }
  for (const bool heads : {true, false}) {
    TextIndex index(heads);
    std::vector<std::string> ends;
    for (std::size_t i = 1; i < texts.size(); i += 3) {
      index.add(texts[i], static_cast<std::uint32_t>(ends.size()));
      ends.push_back(texts[i]);
    }
    index.seal();
    for (const std::string& text : texts) {
      Numbers wanted, got;
      for (std::uint32_t i = 0; i < ends.size(); ++i) {
        if (heads ? text.starts_with(ends[i]) : text.ends_with(ends[i])) wanted.insert(i);
      }
      index.find(text, [&](std::uint32_t n) { got.insert(n); });
      REQUIRE(got == wanted);
    }
  }
}

TEST_CASE("null and unknown lead to all that they may concern") {
  Interner in;
  Reach reach;
  reach.form = Reach::Form::kIntervals;
  reach.kind = Kind::kInt;
  FieldIndex index(reach);
  for (std::uint32_t i = 0; i < 4; ++i) {
    reach.intervals = {{i * 10, i * 10 + 5}};
    reach.null_fails = i % 2 == 0;
    index.add(reach, i);
  }
  index.seal();
  const auto of = [&](const Value& v) {
    Numbers out;
    index.find(v, in, [&](std::uint32_t n) { out.insert(n); });
    return out;
  };
  CHECK(of(Value::integer(12)) == Numbers{1});
  CHECK(of(Value::integer(7)) == Numbers{});
  CHECK(of(Value::null()) == Numbers{1, 3});
  CHECK(of(Value::unknown()) == Numbers{0, 1, 2, 3});
  CHECK(of(Value::real(12)) == Numbers{0, 1, 2, 3});  // of another kind: nothing is known of it
}

namespace {

const char* const kHosts =
    "fact Host key (id) { id: int  addr: ip  net: cidr?  name: string  load: int  w: double  kind: string = \"host\"  on: bool = true }\n"
    "event Flow { name: string  addr: ip  port: int }\n"
    "fact Hit key (rule, id) { rule: int  id: int }\n";

std::string rules_of(const std::function<std::string(int)>& condition, int count) {
  std::string out = kHosts;
  for (int i = 0; i < count; ++i) {
    out += fmt::format("rule r{0} {{ when {{ h: Host where {1} }} then {{ derive Hit {{ rule: {0}, id: h.id }} }} }}\n", i, condition(i));
  }
  return out;
}

std::uint64_t tests_of(const Session& session) {
  std::uint64_t sum = 0;
  for (const AlphaView& alpha : session.insight().alphas) sum += alpha.tests;
  return sum;
}

std::string host(const std::string& addr, const std::string& name, int load, const std::string& more = "") {
  return fmt::format("id: 1, addr: {}, net: 10.0.0.0/30, name: \"{}\", load: {}, w: {}.5{}", addr, name, load, load, more);
}

}  // namespace

TEST_CASE("a fact is tried on the few of a thousand conditions that its field leads to") {
  struct Form {
    const char* what;
    std::function<std::string(int)> condition;
  };
  const auto octets = [](int i) { return fmt::format("10.{}.{}.0/24", i / 250, i % 250); };
  const std::vector<Form> forms = {
      {"prefixes", [&](int i) { return "addr in " + octets(i); }},
      {"prefixes beside what all share", [&](int i) { return "kind == \"host\" and on == true and addr in " + octets(i); }},
      {"lists of prefixes", [&](int i) { return "addr in [" + octets(i) + fmt::format(", 2001:db8:{:x}::/48]", i + 1); }},
      {"prefixes of prefixes", [&](int i) { return fmt::format("net != null and net in 172.{}.{}.0/24", i / 250, i % 250); }},
      {"how a text begins", [](int i) { return fmt::format("name like \"leaf-{}-*\"", i); }},
      {"how a text begins, as a call", [](int i) { return fmt::format("name.startsWith(\"leaf-{}-\")", i); }},
      {"how a text ends", [](int i) { return fmt::format("name like \"*-{}.example\"", i); }},
      {"how a text ends, as a call", [](int i) { return fmt::format("name.endsWith(\"-{}.example\")", i); }},
      {"one or the other text", [](int i) { return fmt::format("(name == \"spine-{0}\" or name like \"leaf-{0}-*\")", i); }},
      {"bands", [](int i) { return fmt::format("load > {} and load <= {}", i * 10, i * 10 + 10); }},
      {"ranges", [](int i) { return fmt::format("load in {}..<{}", i * 10, i * 10 + 10); }},
      {"two ranges", [](int i) { return fmt::format("(load in {}..{} or load in {}..{})", i * 10, i * 10 + 5, -i * 10 - 5, -i * 10); }},
      {"doubles", [](int i) { return fmt::format("w >= {}.0 and w < {}.0", i, i + 1); }},
      {"doubles that are equal", [](int i) { return fmt::format("w == {}.5", i); }},
  };
  for (const Form& form : forms) {
    INFO(form.what);
    testing::World w(rules_of(form.condition, 1'000));
    REQUIRE(w.put("1s", "Host", host("10.1.7.9", "leaf-257-a", 2'575)).has_value());
    w.tick("1s");
    CHECK(tests_of(*w.session) <= 1);
    REQUIRE(w.put("2s", "Host", host("10.3.9.9", "x-759.example", 7'595)).has_value());
    REQUIRE(w.put("3s", "Host", host("192.168.0.1", "none", -100'000)).has_value());
    w.tick("3s");
    CHECK(tests_of(*w.session) <= 5);
    // What no condition reads of it, and what all of them do.
    REQUIRE(w.put("4s", "Host", host("192.168.0.1", "none", -100'000, ", on: false")).has_value());
    w.tick("4s");
    CHECK(tests_of(*w.session) <= 5);
  }
}

TEST_CASE("a `check` line that names a prefix, an end of a text or a range is found like a `where`") {
  for (const std::string condition : {"h.addr in 10.{0}.{1}.0/24", "h.name like \"leaf-{0}-{1}-*\"", "h.load in {0}{1}0..{0}{1}9"}) {
    std::string text = kHosts;
    for (int i = 0; i < 100; ++i) {
      text += fmt::format("rule r{} {{ when {{ h: Host\n check {} }} then {{ derive Hit {{ rule: {}, id: h.id }} }} }}\n", i,
                          fmt::format(fmt::runtime(condition), i / 10, i % 10), i);
    }
    testing::World w(text);
    REQUIRE(w.put("1s", "Host", host("10.3.7.9", "leaf-3-7-a", 375)).has_value());
    w.tick("1s");
    CHECK(w.facts("Hit") == std::vector<std::string>{"(rule: 37, id: 1)"});
    CHECK(tests_of(*w.session) == 1);
  }
}

TEST_CASE("an event is a sample of the few of a thousand windows that it may pass") {
  const std::vector<std::string> conditions = {"addr in 10.{0}.{1}.0/24", "name like \"leaf-{0}-{1}-*\"", "name.endsWith(\"-{0}-{1}\")",
                                               "port in {0}0{1}0..{0}0{1}9", "(port > {0}0{1}0 and port < {0}0{1}9)"};
  for (const std::string& condition : conditions) {
    std::string text = kHosts;
    for (int i = 0; i < 100; ++i) {
      text +=
          fmt::format("rule r{0} {{ when {{ check count(Flow where {1} over 1m) >= 1 }} then {{ derive Hit {{ rule: {0}, id: 1 }} }} }}\n",
                      i, fmt::format(fmt::runtime(condition), i / 10, i % 10));
    }
    testing::World w(text);
    SampleRoutes routes(w.program->data(), w.in);
    const FactTypeId flow = w.program->schema().type_id("Flow");
    const FactInput near = w.input("1s", "Flow", "name: \"leaf-3-7-a-3-7\", addr: 10.3.7.1, port: 3075");
    const FactInput far = w.input("1s", "Flow", "name: \"\", addr: ::1, port: -1");
    CHECK(routes.taking(flow, near.values.data()).size() == 1);
    CHECK(routes.taking(flow, far.values.data()).empty());
    CHECK(routes.by_content(flow));
    REQUIRE(w.session->put(near).has_value());
    w.tick("2s");
    CHECK(w.facts("Hit") == std::vector<std::string>{"(rule: 37, id: 1)"});
  }
}

// Conditions come and go by reload, past the number from which an index pays and back; what is derived is as if it had always been so.
TEST_CASE("a reload moves facts between conditions that are tried and those that an index finds") {
  const auto condition = [](int i) {
    return i % 3 == 0   ? fmt::format("addr in 10.{}.0.0/16", i)
           : i % 3 == 1 ? fmt::format("name like \"leaf-{}*\"", i)
                        : fmt::format("load in {}..{}", i * 10, i * 10 + 19);
  };
  const auto put_all = [](testing::World& w) {
    for (int i = 0; i < 40; ++i) {
      const std::string fields = fmt::format("id: {0}, addr: 10.{0}.0.1, net: null, name: \"leaf-{0}\", load: {1}, w: 0.0", i, i * 10);
      REQUIRE(w.put("1s", "Host", fields).has_value());
    }
    w.tick("1s");
  };
  testing::World w(rules_of(condition, 3));
  put_all(w);
  int before = 3;
  for (const int count : {9, 10, 11, 12, 40, 13, 11, 2, 40, 1}) {
    // What lies is gone on with, unless more than 16 rules, and most, are others.
    const bool few = std::abs(count - before) <= std::max(16, std::min(count, before));
    CHECK(w.reload(rules_of(condition, count)).anew == (few ? "" : "most rules are others"));
    before = count;
    testing::World fresh(rules_of(condition, count));
    put_all(fresh);
    REQUIRE(w.facts("Hit") == fresh.facts("Hit"));
    // And every way in and out goes on from there.
    for (testing::World* each : {&w, &fresh}) {
      for (const int load : {375, 0}) {
        REQUIRE(each->put("2s", "Host", fmt::format("id: 5, addr: 10.36.0.1, net: null, name: \"leaf-37x\", load: {}, w: 0.0", load))
                    .has_value());
        each->tick("2s");
      }
    }
    REQUIRE(w.facts("Hit") == fresh.facts("Hit"));
    for (testing::World* each : {&w}) {
      REQUIRE(each->put("2s", "Host", "id: 5, addr: 10.5.0.1, net: null, name: \"leaf-5\", load: 50, w: 0.0").has_value());
      each->tick("2s");
    }
  }
}

}  // namespace flyball::engine
