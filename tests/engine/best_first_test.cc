// BestFirst against a plain list, and the lines that are answered by it against those that look at all.
#include "engine/network/best_first.h"

#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "tests/engine/session_harness.h"

namespace flyball::engine {
namespace {

TEST_CASE("the best that is there, whatever has gone or changed", "[best]") {
  struct Standing {
    std::uint32_t hash = 0;
    std::int64_t key = 0;
  };
  std::map<std::uint32_t, Standing> there;
  BestFirst best;
  const auto is_so = [&](std::uint32_t entry, std::uint32_t hash, std::int64_t key) {
    const auto at = there.find(entry);
    return at != there.end() && at->second.hash == hash && at->second.key == key;
  };
  std::mt19937 random(5);
  const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  for (int i = 0; i < 200'000; ++i) {
    const std::uint32_t entry = below(400), hash = below(i < 100'000 ? 8 : 4000);
    if (random() % 3 == 0) {
      there.erase(entry);
    } else {
      there[entry] = {hash, static_cast<std::int64_t>(random() % 50)};
      best.add(hash, there[entry].key, entry, is_so);
    }
    if (i % 11 != 0) continue;
    const std::uint32_t found = best.best(hash, is_so);
    std::int64_t wanted = -1;
    for (const auto& [e, s] : there) {
      if (s.hash == hash) wanted = std::max(wanted, s.key);
    }
    if (wanted < 0) {
      REQUIRE(found == kNone);
    } else {
      REQUIRE(there.at(found).key == wanted);
      const std::int64_t least = static_cast<std::int64_t>(below(50));
      const std::uint32_t some = best.some(hash, least, static_cast<std::uint32_t>(random()), is_so);
      REQUIRE(there.at(some).hash == hash);
      REQUIRE((some == found || there.at(some).key >= least));
    }
  }
  CHECK(best.bytes() < 1'000'000);
}

TEST_CASE("whoever asks by other ways is given others", "[best]") {
  BestFirst best;
  const auto is_so = [](std::uint32_t, std::uint32_t, std::int64_t) { return true; };
  for (std::uint32_t entry = 0; entry < 1'000; ++entry) best.add(7, entry * 7919 % 1'000, entry, is_so);
  REQUIRE(best.best(7, is_so) != kNone);
  std::map<std::uint32_t, int> given;
  for (std::uint32_t way = 0; way < 1'000; ++way) ++given[best.some(7, 500, way, is_so)];
  CHECK(given.size() > 50);
  for (const auto& [entry, times] : given) CHECK(times < 100);
}

// The places of what has gone are given to memberships of other types.
TEST_CASE("the best of a bucket is never of another type", "[best]") {
  testing::World world(R"(
module t
fact Device key (dev) { dev: string  base: int }
fact T1 key (dev, port) { dev: string  port: int  util: int }
fact T2 key (dev, port) { dev: string  port: int  util: int }
fact Alone1 key (dev) { dev: string }
fact Alone2 key (dev) { dev: string }
rule one {
  when {
    d: Device
    no T1 where dev == d.dev and util > d.base
  }
  then { derive Alone1 { dev: d.dev } }
}
rule two {
  when {
    d: Device
    no T2 where dev == d.dev and util > d.base
  }
  then { derive Alone2 { dev: d.dev } }
}
)");
  REQUIRE(world.put("1s", "T1", "dev: \"e1\", port: 1, util: 95"));
  REQUIRE(world.put("1s", "T1", "dev: \"e1\", port: 2, util: 93"));
  REQUIRE(world.put("1s", "T1", "dev: \"e9\", port: 1, util: 5"));
  REQUIRE(world.put("1s", "T2", "dev: \"x\", port: 1, util: 1"));
  REQUIRE(world.put("1s", "T2", "dev: \"x\", port: 2, util: 1"));
  REQUIRE(world.retract("2s", "T1", "dev: \"e1\", port: 1"));
  REQUIRE(world.put("3s", "T2", "dev: \"e1\", port: 1, util: 95"));
  REQUIRE(world.put("4s", "Device", "dev: \"e1\", base: 90"));
  world.tick("4s");
  CHECK(world.facts("Alone1").empty());  // its port 2 is above
  CHECK(world.facts("Alone2").empty());
}

TEST_CASE("the greatest number there is hides nothing that is unknown", "[best]") {
  testing::World world(R"(
module t
fact L key (k) ttl 7s { k: int  x: int }
fact D key (k) { k: int }
rule r {
  when {
    a: L
    no L where x > a.x
  }
  then { derive D { k: a.k } }
}
)");
  REQUIRE(world.put("1s", "L", "k: 1, x: 5"));
  REQUIRE(world.put("20s", "L", "k: 2, x: 9223372036854775807"));
  world.tick("21s");
  for (const std::string& line : world.heard()) CHECK(line.find("k: 2") == std::string::npos);  // whether 1 is greater is not known
}

// The one is told to look at the best first; the other, which adds nothing, has to look at all.
TEST_CASE("`some` and `no` that compare by order find what is there", "[best]") {
  const auto rules = [](const std::string& plus) {
    return R"(
module t
fact Bid key (id) ttl 15s { id: int  item: int  price: int  ok: bool }
fact Ask key (id) ttl 9s { id: int  item: int  limit: int }
fact Top key (id) { id: int }
fact Met key (id) { id: int }
fact Low key (id) { id: int }
fact Last key (id) { id: int }
rule top {
  when {
    b: Bid where ok
    no Bid where item == b.item and ok and price)" +
           plus + R"( > b.price
  }
  then { derive Top { id: b.id } }
}
rule met {
  when {
    a: Ask
    some Bid where item == a.item and price)" +
           plus + R"( >= a.limit and id != a.id
  }
  then { derive Met { id: a.id } }
}
rule low {
  when {
    a: Ask
    no Bid where price)" +
           plus + R"( < a.limit
  }
  then { derive Low { id: a.id } }
}
rule last {
  when {
    b: Bid
    no Ask where b.id < id)" +
           plus + R"(
  }
  then { derive Last { id: b.id } }
}
)";
  };
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    testing::World quick(rules("")), slow(rules(" + 0"));
    std::mt19937 random(seed);
    for (int i = 0; i < 150; ++i) {
      const auto number = [&](std::uint32_t n) { return std::to_string(random() % n); };
      const bool bid = random() % 2 == 0;
      const std::string id = std::to_string(random() % 12), item = std::to_string(random() % 3);
      const std::string fields =
          bid ? "id: " + id + ", item: " + item + ", price: " + number(6) + ", ok: " + (random() % 3 == 0 ? "false" : "true")
              : "id: " + id + ", item: " + item + ", limit: " + number(6);
      const bool retract = random() % 5 == 0;
      for (testing::World* world : {&quick, &slow}) {
        const std::string time = std::to_string(i + 1) + "s";
        if (retract) {
          REQUIRE(world->retract(time, bid ? "Bid" : "Ask", "id: " + id));
        } else {
          REQUIRE(world->put(time, bid ? "Bid" : "Ask", fields));
        }
        world->tick(time);
      }
      INFO("seed " << seed << " step " << i << " " << fields);
      REQUIRE(quick.said.lines == slow.said.lines);
    }
  }
}

}  // namespace
}  // namespace flyball::engine
