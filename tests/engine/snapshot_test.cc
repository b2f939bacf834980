// Snapshots: into another process, of other rules, damaged or hostile; that the future is the same is tested on random programs
// (tests/reference/takeover_test.cc), here what those do not have.
#include <cstdlib>
#include <random>

#include "engine/session/snapshot_bytes.h"
#include "tests/engine/session_harness.h"

using namespace flyball;
using namespace flyball::engine;
using namespace flyball::engine::testing;

namespace {

const char* const kEpisodes = R"(
fact Host key (name) ttl 1m { name: string  ip: ip?  net: cidr?  load: double  up: bool }
event Ping { host: string  ms: duration }
mutable fact Seen key (host) { host: string  n: int }
fact Bad key (host) { host: string  why: string }
action Fence key (host) tries 3 every 5s timeout 2s { host: string  wait: duration }
action Tell rate 2 per 1m { text: string }
rule bad { when { h: Host where not up for 10s } then { derive Bad { host: h.name, why: f"down, {h.load}" } } }
rule fence { cooldown 20s when { b: Bad  h: Host where name == b.host }
  then { do Fence { host: b.host, wait: 1s } derive Mark { of: b.host } } on clear { do Tell { text: f"{b.host} is back" } } }
fact Mark key (of) { of: string }
rule quiet { when { h: Host where up  no Ping where host == h.name for 15s } then { do Tell { text: f"{h.name} is quiet" } } }
rule slow { when { check p99(Ping.ms over 30s) > 100ms } then { do Tell { text: "slow" } } until { check count(Ping over 10s) == 0 } }
rule count_it { keep 7s when { h: Host where load > 0.5 } then { assert Seen { host: h.name, n: 1 } } }
)";

const char* const kProductions = R"(
module m strategy lex
fact Host key (name) ttl 1m { name: string  ip: ip?  net: cidr?  load: double  up: bool }
event Ping { host: string  ms: duration }
mutable fact Seen key (host) { host: string  n: int }
fact Bad key (host) { host: string }
action Fence key (host) { host: string  wait: duration }
rule first { when { h: Host  no Seen where host == h.name } then { assert Seen { host: h.name, n: 0 } } }
rule more { when { p: Ping  s: Seen where host == p.host and n < 5 } then { set s { n: s.n + 1 } do Fence { host: s.host, wait: p.ms } } }
rule enough { when { s: Seen where n >= 5 } then { retract s } }
rule bad { when { h: Host where not up } then { derive Bad { host: h.name } } }
rule worse { when { b: Bad  s: Seen where host == b.host and n in 1..2  check count(Bad) > 1 } then { set s { n: 4 } } }
)";

void step(World& w, int n) {
  const std::string time = fmt::format("{}s", n);
  const std::string host = fmt::format("\"h{}\"", n % 3);
  if (n % 2 == 0) {
    w.put(time, "Host",
          fmt::format("name: {}, ip: ip(\"10.0.0.{}\"), net: cidr(\"10.0.0.0/8\"), load: {}, up: {}", host, n % 5,
                      n % 7 > 3 ? "0.75" : "0.25", n % 11 < 4 ? "true" : "false"));
  }
  if (n % 3 == 0) w.put(time, "Ping", fmt::format("host: {}, ms: {}ms", host, n * 7 % 190));
  if (n % 17 == 0) w.ack(time, "Fence", fmt::format("host: {}", host));
  if (n % 5 == 0) w.tick(time);
}

constexpr int kSteps = 150;

}  // namespace

TEST_CASE("another process goes on from a snapshot, wherever it is taken", "[snapshot]") {
  const char* const rules = GENERATE(kEpisodes, kProductions);
  World w(rules);
  Lines expected;
  for (int n = 1; n <= kSteps; ++n) step(w, n);
  expected = w.heard();
  const std::vector<std::string> ids = w.said.ids;
  CHECK(expected.size() > 20);
  for (int at = 0; at <= kSteps; at += 11) {
    auto first = std::make_unique<World>(rules);
    for (int n = 1; n <= at; ++n) step(*first, n);
    Lines got = first->heard();
    std::vector<std::string> said = first->said.ids;
    const std::string bytes = first->session->snapshot();
    first.reset();
    World second(rules);
    const Result<void> restored = second.session->restore(bytes);
    INFO((restored ? "" : restored.error().message));
    REQUIRE(restored.has_value());
    CHECK(second.heard().empty());  // nothing is said twice
    for (int n = at + 1; n <= kSteps; ++n) step(second, n);
    for (const std::string& line : second.heard()) got.push_back(line);
    said.insert(said.end(), second.said.ids.begin(), second.said.ids.end());
    INFO("at " << at);
    REQUIRE(got == expected);
    REQUIRE(said == ids);
  }
}

TEST_CASE("a snapshot of what was restored is the same snapshot", "[snapshot]") {
  World w(kEpisodes);
  for (int n = 1; n <= 60; ++n) step(w, n);
  const std::string once = w.session->snapshot();
  CHECK(w.session->snapshot() == once);  // taking it changes nothing
  World again(kEpisodes);
  REQUIRE(again.session->restore(once).has_value());
  World third(kEpisodes);
  REQUIRE(third.session->restore(again.session->snapshot()).has_value());
  CHECK(third.session->snapshot().size() == again.session->snapshot().size());
}

TEST_CASE("a fact that waits for its instant is the one that is there already when it is restored", "[snapshot]") {
  const char* const rules = R"(
fact Host key (name) { name: string  up: bool }
action Fence { host: string }
rule down { when { h: Host where not up } then { do Fence { host: h.name } } }
)";
  World first(rules);
  first.put("1s", "Host", R"(name: "a", up: true)");
  first.put("2s", "Host", R"(name: "a", up: false)");  // waits
  World second(rules);
  REQUIRE(second.session->restore(first.session->snapshot()).has_value());
  second.put("3s", "Host", R"(name: "a", up: false)");
  second.tick("4s");
  CHECK(second.session->fact_count(second.program->schema().type_id("Host")) == 1);
  CHECK(second.heard().size() == 1);
}

TEST_CASE("rules in quarantine stay there in a session that is restored", "[snapshot][quarantine]") {
  const std::string rules = R"(
fact A key (id) { id: int }
fact B key (id) { id: int }
action Page { n: int }
rule one { when { a: A } then { do Page { n: a.id } } }
rule all { when { a: A  cross b: B } then { do Page { n: 0 } } }
)";
  Limits limits;
  limits.matches_per_instant = 50;
  World w(rules, limits);
  for (int i = 0; i < 10; ++i) w.put("1s", "A", fmt::format("id: {}", i));
  for (int i = 0; i < 10; ++i) w.put("2s", "B", fmt::format("id: {}", i));
  w.tick("2s");
  REQUIRE(w.session->quarantined().size() == 1);
  World next(rules, limits);
  REQUIRE(next.session->restore(w.session->snapshot()).has_value());
  CHECK(next.heard().empty());
  REQUIRE(next.session->quarantined().size() == 1);
  CHECK(next.session->quarantined()[0].text == w.session->quarantined()[0].text);
  CHECK(next.session->counters().tokens == 10);
  next.retract("3s", "B", "id: 3");
  next.put("3s", "A", "id: 77");
  next.tick("3s");
  CHECK(next.heard() == Lines{"3s Page(n: 77) sent"});
}

TEST_CASE("what is no snapshot, damaged, or of other rules is refused in words", "[snapshot]") {
  World w(kEpisodes);
  for (int n = 1; n <= 40; ++n) step(w, n);
  const std::string bytes = w.session->snapshot();
  const auto refusal = [](const std::string& given, const std::string& rules = kEpisodes) {
    World next(rules);
    const Result<void> restored = next.session->restore(given);
    return restored ? "none" : restored.error().message;
  };
  CHECK(refusal(bytes) == "none");
  CHECK(refusal("") == "this is no snapshot");
  CHECK(refusal("GIF89a") == "this is no snapshot");
  CHECK(refusal(bytes.substr(0, 20)) == "the snapshot ends too early");
  CHECK(refusal(bytes.substr(0, bytes.size() - 1)) == "the snapshot is damaged: its checksum is not that of its bytes");
  std::string flipped = bytes;
  flipped[bytes.size() / 2] ^= 1;
  CHECK(refusal(flipped) == "the snapshot is damaged: its checksum is not that of its bytes");
  std::string newer = bytes;
  newer[16] = 9;
  CHECK(refusal(newer) == "the snapshot is of version 9, this is for version 1");
  std::string rules = kEpisodes;
  rules.replace(rules.find("for 10s"), 7, "for 11s");
  CHECK(refusal(bytes, rules) == "the snapshot is of other rules");
}

// Whoever can write the file can make the checksum, too.
TEST_CASE("hostile bytes with a good checksum are refused, or restored to some session that runs", "[snapshot]") {
  const char* const more = std::getenv("SNAPSHOT_ROUNDS");
  const int rounds = more != nullptr ? std::atoi(more) : 1500;
  for (const char* const rules : {kEpisodes, kProductions}) {
    World w(rules);
    for (int n = 1; n <= 60; ++n) step(w, n);
    const std::string bytes = w.session->snapshot();
    const std::string body = bytes.substr(0, bytes.size() - 16);
    constexpr std::size_t kHead = 33;  // magic, version, whose it is
    std::mt19937 random(static_cast<std::uint32_t>(rounds));
    int refused = 0, restored = 0;
    for (int round = 0; round < rounds; ++round) {
      std::string bad = body;
      for (std::uint64_t i = 1 + random() % 3; i > 0; --i) {
        const std::size_t at = kHead + random() % (bad.size() - kHead);
        switch (random() % 4) {
          case 0: bad[at] = static_cast<char>(random()); break;
          case 1: bad[at] ^= static_cast<char>(1U << random() % 8); break;
          case 2: bad.erase(at, 1 + random() % 4); break;
          default: bad.insert(at, std::string(1 + random() % 4, static_cast<char>(random()))); break;
        }
        if (bad.size() <= kHead) bad = body;
      }
      Session next(*w.program, w.in, w.said);
      if (!next.restore(bad + snapshot_checksum(bad))) {
        ++refused;
        continue;
      }
      ++restored;
      next.tick(Timestamp{next.now().ns + 5 * kNsPerSecond});
      for (int n = 61; n <= 70; ++n) (void)next.put(w.input(fmt::format("{}s", n), "Ping", fmt::format("host: \"h{}\", ms: 7ms", n % 3)));
      next.finish();
      (void)next.snapshot();
    }
    CHECK(refused > rounds / 3);
    CHECK(restored > rounds / 100);
    w.heard();
  }
}
