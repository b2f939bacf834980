// Counters between two looks: first look, growth, restart, servers that come and go, recent response times, shares.
#include <catch2/catch.hpp>
#include <cmath>

#include "connectors/haproxy/facts.h"
#include "connectors/haproxy/meter.h"

using namespace flyball;
using namespace flyball::connectors;
using namespace flyball::connectors::haproxy;

namespace {

constexpr Timestamp at(double seconds) { return {static_cast<std::int64_t>(seconds * 1e9)}; }

StatRow row(std::string server, std::int64_t requests, std::int64_t errors = 0, std::optional<std::int64_t> response_ms = 0) {
  StatRow r;
  r.backend = "web";
  r.server = std::move(server);
  r.requests = requests;
  r.responses_5xx = errors;
  r.response_ms = response_ms;
  return r;
}

// HAProxy's own moving average, to the integer.
struct HaproxyAverage {
  std::int64_t sum = 0, requests = 0;
  void request(std::int64_t ms) {
    sum = sum - (sum + kAverageWindow - 1) / kAverageWindow + ms;
    ++requests;
  }
  std::int64_t shown() const {
    const std::int64_t n = std::min(std::max<std::int64_t>(requests, 1), kAverageWindow);
    return (sum + n - 1) / n;
  }
};

}  // namespace

TEST_CASE("the first look counts nothing, the second what happened since", "[haproxy]") {
  Meter meter;
  auto first = meter.look({row("web1", 1000, 50)}, 7, at(1));
  CHECK(first[0].delta.requests == 0);
  CHECK(first[0].interval_ns == 0);
  CHECK_FALSE(first[0].share_e9);
  auto second = meter.look({row("web1", 1040, 53)}, 7, at(1.5));
  CHECK(second[0].delta.requests == 40);
  CHECK(second[0].delta.responses_5xx == 3);
  CHECK(second[0].interval_ns == 500'000'000);
}

TEST_CASE("counters of a new process start from zero", "[haproxy]") {
  Meter meter;
  meter.look({row("web1", 1000, 50)}, 7, at(1));
  SECTION("another pid, even if the counters are higher") {
    auto now = meter.look({row("web1", 1200, 60)}, 8, at(2));
    CHECK(now[0].delta.requests == 1200);
  }
  SECTION("the same pid (as in containers), counters lower") {
    auto now = meter.look({row("web1", 30, 2)}, 7, at(2));
    CHECK(now[0].delta.requests == 30);
    CHECK(now[0].delta.responses_5xx == 2);
  }
}

TEST_CASE("a server that appears counts from zero, one that vanishes is named once", "[haproxy]") {
  Meter meter;
  meter.look({row("web1", 1000), row("web2", 10)}, 7, at(1));
  CHECK(meter.vanished().empty());
  auto now = meter.look({row("web1", 1001), row("web4", 5)}, 7, at(2));
  CHECK(now[1].delta.requests == 5);
  CHECK(meter.vanished() == std::vector<std::pair<std::string, std::string>>{{"web", "web2"}});
  meter.look({row("web1", 1001), row("web4", 5)}, 7, at(3));
  CHECK(meter.vanished().empty());
}

TEST_CASE("shares are of the backend's servers and add up", "[haproxy]") {
  Meter meter;
  meter.look({row("web1", 0), row("web2", 0), row("web3", 0), row("", 0)}, 7, at(1));
  auto now = meter.look({row("web1", 30), row("web2", 60), row("web3", 10), row("", 100)}, 7, at(2));
  CHECK(now[0].share_e9 == 300'000'000);
  CHECK(now[1].share_e9 == 600'000'000);
  CHECK(now[2].share_e9 == 100'000'000);
  CHECK_FALSE(now[3].share_e9);
}

TEST_CASE("the mean of the last requests is recovered from HAProxy's moving average", "[haproxy]") {
  Meter meter;
  HaproxyAverage average;
  double t = 0;
  const auto poll = [&](int requests, std::int64_t ms) {
    for (int i = 0; i < requests; ++i) average.request(ms);
    t += 0.5;
    return meter.look({row("web1", average.requests, 0, average.shown())}, 7, at(t))[0].recent_ms;
  };
  CHECK_FALSE(poll(50, 4));  // no before
  for (int i = 0; i < 20; ++i) poll(50, 4);
  const auto calm = poll(50, 4);
  REQUIRE(calm);
  CHECK(*calm < 20);
  // From 4 ms to 200 ms: HAProxy's own average needs hundreds of requests, ours two polls.
  poll(50, 200);
  const auto slow = poll(50, 200);
  REQUIRE(slow);
  CHECK(average.shown() < 60);
  CHECK(std::abs(*slow - 200) < 20);
  poll(50, 4);
  const auto again = poll(50, 4);
  REQUIRE(again);
  CHECK(*again < 24);
  CHECK(average.shown() > 25);
}

TEST_CASE("too few requests give no recent response time, and old ones are forgotten", "[haproxy]") {
  Meter meter;
  HaproxyAverage average;
  for (int i = 0; i < 1000; ++i) average.request(5);
  double t = 0;
  for (int i = 0; i < 100; ++i) {
    average.request(5);
    t += 0.5;
    const auto recent = meter.look({row("web1", average.requests, 0, average.shown())}, 7, at(t))[0].recent_ms;
    CHECK_FALSE(recent);  // 2 requests a second: never 64 within 10 s
  }
}

TEST_CASE("facts carry the vocabulary's names and exact forms", "[haproxy]") {
  Meter meter;
  meter.look({row("web1", 0), row("", 0)}, 7, at(10));
  StatRow now = row("web1", 30, 3, 12);
  now.status = "UP 2/3";
  now.address = "10.0.0.1:80";
  now.check_status = "L7OK";
  now.check_code = 200;
  now.connect_errors = 2;
  StatRow total = row("", 30);
  total.status = "UP";
  const auto readings = meter.look({now, total}, 7, at(10.5));
  ServerState state{.backend = "web",
                    .server = "web1",
                    .address = "10.0.0.1",
                    .port = 80,
                    .operation = Operation::kRunning,
                    .weight = 25,
                    .configured_weight = 100,
                    .has_check = true};
  const auto facts =
      to_facts("edge", ProcessInfo{.version = "2.6", .pid = 7, .uptime_s = 3, .idle_percent = 97}, readings, {state}, at(10.5));
  REQUIRE(facts.size() == 3);
  CHECK(facts[0].type == "infra.lb.LbProcess");
  CHECK(*facts[0].find("idle") == WireValue(std::string("97%")));
  const WireFact& server = facts[1];
  CHECK(server.type == "infra.lb.LbServer");
  CHECK(*server.find("lb") == WireValue(std::string("edge")));
  CHECK(*server.find("admin") == WireValue(std::string("ready")));
  CHECK(*server.find("health") == WireValue(std::string("up")));
  CHECK(*server.find("weight") == WireValue(std::string("25%")));
  CHECK(*server.find("errors") == WireValue(std::int64_t{5}));
  CHECK(*server.find("requests") == WireValue(std::int64_t{30}));
  CHECK(*server.find("interval") == WireValue(std::string("0.5s")));
  CHECK(*server.find("share") == WireValue(std::string("100%")));
  CHECK(*server.find("response_time") == WireValue(std::string("0.012s")));
  CHECK(*server.find("response_recent") == WireValue());
  CHECK(facts[2].type == "infra.lb.LbBackend");
  CHECK(*facts[2].find("request_rate") == WireValue(60.0));

  // A server that only `show stat` knows was added between the two questions: the next look has it.
  CHECK(to_facts("edge", {}, readings, {}, at(10.5)).size() == 2);
  const WireFact gone = retraction("edge", "web", "web1", at(11));
  CHECK(gone.retract);
  CHECK(gone.fields.size() == 3);
}
