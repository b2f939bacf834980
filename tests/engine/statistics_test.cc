// The aggregates beyond sums and extremes: what they give, to the sample that leaves and the retract that takes back.
#include "tests/engine/session_harness.h"

using namespace flyball;
using namespace flyball::engine;
using namespace flyball::engine::testing;

namespace {

// What one aggregate is, as a fact that follows it.
struct Watch {
  Watch(const std::string& type, const std::string& aggregate, const std::string& gives, const Limits& limits = {})
      : world(type + "\nevent Start { n: int }\nfact Out key () { is: " + gives + "? }\nrule out { when { let v = " + aggregate +
                  " } then { derive Out { is: v } } }",
              limits) {
    world.put("0s", "Start", "n: 1");  // before the first instant there is nothing
  }
  std::string at(const std::string& time) {
    world.tick(time);
    const Lines lines = world.facts("Out");
    REQUIRE(lines.size() == 1);
    return lines[0];
  }
  World world;
};

const std::string kLoad = "fact Load key (host) ttl 1h { host: string  cpu: percent = 0%  n: int = 0  t: double = 0.0  bytes: size = 0B }";

std::string is(const std::string& value) { return "(is: " + value + ")"; }

}  // namespace

TEST_CASE("percentiles are by nearest rank, of values that were there", "[session][statistics]") {
  Watch p50(kLoad, "p50(Load.n)", "int"), p90(kLoad, "p90(Load.n)", "int");
  for (Watch* w : {&p50, &p90}) {
    CHECK(w->at("1s") == is("null"));
    w->world.put("1s", "Load", "host: \"a\", n: 10");
    CHECK(w->at("2s") == is("10"));
    for (int i = 2; i <= 10; ++i)
      w->world.put("3s", "Load", "host: \"" + std::string(1, static_cast<char>('a' + i)) + "\", n: " + std::to_string(i * 10));
  }
  CHECK(p50.at("4s") == is("50"));
  CHECK(p90.at("4s") == is("90"));
  p90.world.retract("5s", "Load", "host: \"k\"");  // the 100
  CHECK(p90.at("6s") == is("90"));
  p90.world.put("7s", "Load", "host: \"a\", n: 95");
  CHECK(p90.at("8s") == is("95"));
}

TEST_CASE("stddev is exact: of the population, in the unit, whatever came and went", "[session][statistics]") {
  Watch ints(kLoad, "stddev(Load.n)", "double"), units(kLoad, "stddev(Load.cpu)", "percent"), doubles(kLoad, "stddev(Load.t)", "double");
  for (Watch* w : {&ints, &units, &doubles}) {
    w->world.put("1s", "Load", "host: \"a\", n: 2, cpu: 2%, t: 1e16");
    w->world.put("1s", "Load", "host: \"b\", n: 4, cpu: 4%, t: 1.0");
    w->world.put("1s", "Load", "host: \"c\", n: 9, cpu: 9%, t: 3.0");
  }
  CHECK(ints.at("2s") == is("2.943920288775949"));
  CHECK(units.at("2s") == is("2.9439203%"));
  doubles.world.retract("2s", "Load", "host: \"a\"");
  CHECK(doubles.at("3s") == is("1.0"));
  ints.world.retract("2s", "Load", "host: \"a\"");
  ints.world.retract("2s", "Load", "host: \"b\"");
  CHECK(ints.at("3s") == is("0.0"));
}

TEST_CASE("a sample leaves at its stamp plus the window, not before", "[session][statistics]") {
  Watch w(kLoad, "first(Load.n over 10s)", "int");
  w.world.put("1s", "Load", "host: \"a\", n: 1");
  w.world.put("5s", "Load", "host: \"b\", n: 2");
  w.world.put("5s", "Load", "host: \"a\", n: 3");
  CHECK(w.at("10s999999999ns") == is("1"));
  CHECK(w.at("11s") == is("3"));  // of those at 5s the first key
  w.world.retract("12s", "Load", "host: \"a\"");
  CHECK(w.at("12s") == is("2"));
  CHECK(w.at("15s") == is("null"));
}

TEST_CASE("the last sample is by stamp, then key, not by arrival", "[session][statistics]") {
  Watch w(kLoad, "last(Load.n over last 2)", "int");
  w.world.put("5s", "Load", "host: \"b\", n: 1");
  w.world.put("5s", "Load", "host: \"a\", n: 2");
  CHECK(w.at("5s") == is("1"));
  w.world.put("3s", "Load", "host: \"a\", n: 3");  // late
  CHECK(w.at("6s") == is("1"));
  w.world.put("7s", "Load", "host: \"a\", n: 4");
  CHECK(w.at("7s") == is("4"));
}

TEST_CASE("changes are counted in each key's own series", "[session][statistics]") {
  Watch w("fact Link key (port) ttl 1h { port: string  up: bool }", "changes(Link.up over 10s)", "int");
  CHECK(w.at("0s") == is("0"));
  for (int t = 1; t <= 4; ++t) {
    w.world.put(std::to_string(t) + "s", "Link", "port: \"a\", up: true");
    w.world.put(std::to_string(t) + "s", "Link", "port: \"b\", up: false");
  }
  CHECK(w.at("4s") == is("0"));
  w.world.put("5s", "Link", "port: \"a\", up: false");
  w.world.put("6s", "Link", "port: \"a\", up: true");
  CHECK(w.at("6s") == is("2"));
  w.world.put("5500ms", "Link", "port: \"a\", up: false");  // late, between two
  CHECK(w.at("7s") == is("2"));
  CHECK(w.at("14s") == is("1"));  // only 5s and later: the step to 5s is gone
  CHECK(w.at("15500ms") == is("0"));
}

TEST_CASE("rates are of counters, reset and all, key by key", "[session][statistics]") {
  Watch w(kLoad, "rate(Load.n over 1m)", "double"), bytes(kLoad, "rate(Load.bytes over 1m)", "bitrate"),
      delta(kLoad, "delta(Load.n over 1m)", "int");
  for (Watch* x : {&w, &bytes, &delta}) {
    x->world.put("10s", "Load", "host: \"a\", n: 100, bytes: 100B");
    CHECK(x->at("11s") == is("null"));
    x->world.put("20s", "Load", "host: \"a\", n: 130, bytes: 130B");
    x->world.put("30s", "Load", "host: \"a\", n: 20, bytes: 20B");  // began again
    x->world.put("10s", "Load", "host: \"b\", n: 0, bytes: 0B");    // late
    x->world.put("40s", "Load", "host: \"b\", n: 30, bytes: 30B");
  }
  CHECK(w.at("40s") == is("3.5"));  // (30 + 20) in 20 s, 30 in 30 s
  CHECK(bytes.at("40s") == is("28bps"));
  CHECK(delta.at("40s") == is("-50"));
  CHECK(w.at("70s") == is("2.0"));  // what was at 10s is gone: 20 in 10 s
  CHECK(delta.at("70s") == is("-110"));
}

TEST_CASE("slopes are of the best line", "[session][statistics]") {
  Watch n(kLoad, "deriv(Load.n over 1m)", "double"), cpu(kLoad, "deriv(Load.cpu over 1m)", "percent");
  for (Watch* x : {&n, &cpu}) {
    x->world.put("1s", "Load", "host: \"a\", n: 1, cpu: 1%");
    x->world.put("2s", "Load", "host: \"a\", n: 3, cpu: 3%");
    x->world.put("3s", "Load", "host: \"a\", n: 4, cpu: 4%");
  }
  CHECK(n.at("3s") == is("1.5"));
  CHECK(cpu.at("3s") == is("1.5%"));
  n.world.put("3s", "Load", "host: \"a\", n: 0");  // another at that stamp takes its place
  CHECK(n.at("4s") == is("-0.5"));
}

TEST_CASE("what is infinite makes the rate unknown for as long as it is in the window, alone or not", "[session][statistics]") {
  Watch w("fact Load key (host) { host: string  a: double  b: double }", "rate(Load by a / b over 10s)", "double");
  w.world.put("1s", "Load", "host: \"a\", a: 1.0, b: 0.0");
  w.world.tick("2s");
  w.world.put("3s", "Load", "host: \"a\", a: 2.0, b: 1.0");
  w.world.put("5s", "Load", "host: \"a\", a: 6.0, b: 1.0");
  w.world.tick("10s");
  CHECK(w.at("11s") == is("2.0"));
}

TEST_CASE("the smoothed mean goes by arrival", "[session][statistics]") {
  Watch w(kLoad, "ewma(0.5, Load.n over 10s)", "double");
  w.world.put("1s", "Load", "host: \"a\", n: 8");
  w.world.put("3s", "Load", "host: \"a\", n: 16");
  CHECK(w.at("3s") == is("12.0"));
  w.world.put("2s", "Load", "host: \"a\", n: 0");  // late: it arrived last
  CHECK(w.at("4s") == is("6.0"));
  CHECK(w.at("11s") == is("8.0"));
  CHECK(w.at("12s") == is("16.0"));
}

TEST_CASE("the smoothed mean forgets what weighs nothing any more", "[session][statistics]") {
  Watch w(kLoad, "ewma(0.5, Load.n over 1h)", "double");
  w.world.put("1s", "Load", "host: \"a\", n: 9000000000000000000");
  for (int i = 2; i <= 65; ++i) w.world.put(fmt::format("{}s", i), "Load", "host: \"a\", n: 0");
  CHECK(w.at("66s") == is(fmt::format("{}", 9e18 * 0x1p-64)));  // of 65
  w.world.put("67s", "Load", "host: \"a\", n: 0");
  CHECK(w.at("68s") == is("0.0"));
}

TEST_CASE("the smoothed mean of many loses what leaves within", "[session][statistics]") {
  Watch w(kLoad, "ewma(0.25, Load.n over 1h)", "double");
  std::vector<std::pair<std::string, int>> samples;
  const auto expected = [&] {
    double mean = samples.front().second;
    for (std::size_t i = 1; i < samples.size(); ++i) mean = std::fma(0.25, samples[i].second - mean, mean);
    return is(fmt::format("{}", mean));
  };
  for (int i = 1; i <= 60; ++i) {
    samples.emplace_back(i % 3 == 0 ? "a" : i % 7 == 0 ? "b" : "c", i * i % 97);
    w.world.put(fmt::format("{}s", i), "Load", fmt::format("host: \"{}\", n: {}", samples.back().first, samples.back().second));
  }
  CHECK(w.at("61s") == expected());
  for (const char* gone : {"a", "c"}) {  // holes that stay, and more than half of all
    w.world.retract("62s", "Load", fmt::format("host: \"{}\"", gone));
    std::erase_if(samples, [&](const auto& sample) { return sample.first == gone; });
    CHECK(w.at("63s") == expected());
  }
}

TEST_CASE("distinct counts values, of nothing 0", "[session][statistics]") {
  Watch w("event Flow { source: string  port: int? }", "distinct(Flow.source over 10s)", "int");
  CHECK(w.at("0s") == is("0"));
  w.world.put("1s", "Flow", "source: \"a\"");
  w.world.put("2s", "Flow", "source: \"b\"");
  w.world.put("3s", "Flow", "source: \"a\"");
  CHECK(w.at("4s") == is("2"));
  CHECK(w.at("12s") == is("1"));
  CHECK(w.at("13s") == is("0"));
}

TEST_CASE("events without a key are one series", "[session][statistics]") {
  Watch w("event Beat { n: int }", "delta(Beat.n over 10s)", "int");
  w.world.put("1s", "Beat", "n: 5");
  CHECK(w.at("1s") == is("null"));
  w.world.put("2s", "Beat", "n: 9");
  CHECK(w.at("2s") == is("4"));
}

TEST_CASE("a stale fact leaves them unknown, of samples the newest one's", "[session][statistics]") {
  Watch live("fact Load key (host) ttl 10s { host: string  n: int }", "p99(Load.n)", "int");
  live.world.put("1s", "Load", "host: \"a\", n: 1");
  live.world.put("5s", "Load", "host: \"b\", n: 2");
  CHECK(live.at("10s") == is("2"));
  CHECK(live.at("11s").ends_with("stale"));
  live.world.retract("12s", "Load", "host: \"a\"");
  CHECK(live.at("12s") == is("2"));

  Watch seen("fact Load key (host) ttl 10s { host: string  n: int }", "p99(Load.n over 1m)", "int");
  seen.world.put("1s", "Load", "host: \"a\", n: 1");
  seen.world.put("5s", "Load", "host: \"b\", n: 2");
  CHECK(seen.at("14s") == is("2"));
  CHECK(seen.at("15s").ends_with("stale"));
}

TEST_CASE("the oldest samples beyond the limit of a key leave", "[session][statistics]") {
  Limits limits;
  limits.samples_per_key = 10;
  Watch w(kLoad, "p50(Load.n over 1h)", "int", limits);
  for (int i = 1; i <= 30; ++i) w.world.put(std::to_string(i) + "s", "Load", "host: \"a\", n: " + std::to_string(i));
  CHECK(w.at("30s") == is("25"));
  CHECK(w.world.session->counters().samples_dropped == 20);
}

TEST_CASE("topk gives facts, of equal ones by key, and follows every field of them", "[session][statistics]") {
  Watch w("fact Load key (host) ttl 1h { host: string  n: int  note: string = \"-\" }",
          "topk(2, Load by n).map(l, l.host + \"=\" + l.note)", "list<string>");
  CHECK(w.at("0s") == is("[]"));
  w.world.put("1s", "Load", "host: \"c\", n: 5");
  w.world.put("1s", "Load", "host: \"b\", n: 5");
  w.world.put("1s", "Load", "host: \"a\", n: 1");
  CHECK(w.at("1s") == is("[\"b=-\", \"c=-\"]"));
  w.world.put("2s", "Load", "host: \"a\", n: 9");
  CHECK(w.at("2s") == is("[\"a=-\", \"b=-\"]"));
  w.world.put("3s", "Load", "host: \"b\", n: 5, note: \"x\"");
  CHECK(w.at("3s") == is("[\"a=-\", \"b=x\"]"));
  w.world.retract("4s", "Load", "host: \"a\"");
  CHECK(w.at("4s") == is("[\"b=x\", \"c=-\"]"));
}

TEST_CASE("a window's statistics go on after a reload", "[session][statistics]") {
  const std::string rules =
      kLoad + "\nfact Out key () { is: double? }\nrule out { when { let v = ewma(0.5, Load.n over 1m) } then { derive Out { is: v } } }";
  World w(rules);
  w.put("1s", "Load", "host: \"a\", n: 8");
  w.put("3s", "Load", "host: \"a\", n: 16");
  w.put("2s", "Load", "host: \"a\", n: 0");
  w.tick("4s");
  CHECK(w.facts("Out") == Lines{is("6.0")});
  w.reload(rules + "\n# another text");
  w.tick("5s");
  CHECK(w.facts("Out") == Lines{is("6.0")});
  w.tick("61s");
  CHECK(w.facts("Out") == Lines{is("8.0")});
}
