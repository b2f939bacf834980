// The closest match that `why-not` names: the one that got furthest, whatever came first and however many there are.
#include <algorithm>

#include "tests/engine/session_harness.h"

using namespace flyball;
using namespace flyball::engine;
using namespace flyball::engine::testing;

namespace {

const char* const kFacts = R"(
fact Device key (id) { id: int  maint: bool = false  region: int = 0 }
fact Link key (id) { id: int  device: int = 0  up: bool = true  load: int = 0 }
fact Lock key (device) { device: int }
action Drain key (link) { link: int }
)";

const std::string kDrain = std::string(kFacts) + R"(
rule drain {
  when {
    l: Link where up and load > 90
    d: Device where id == l.device and not maint
    no Lock where device == d.id
  }
  then { do Drain { link: l.id } }
}
)";

std::string sentence(World& w, std::uint32_t rule = 0) { return w.session->why_not(rule, {}).sentence; }

}  // namespace

TEST_CASE("why-not: the match that got furthest, not the first candidate", "[session][explain]") {
  World w(kDrain);
  w.put("1s", "Link", "id: 1, device: 1, load: 95");  // its device is not there
  w.put("1s", "Link", "id: 2, device: 2, load: 95");  // in maintenance
  w.put("1s", "Link", "id: 9, device: 9, load: 95");  // locked
  w.put("1s", "Device", "id: 2, maint: true");
  w.put("1s", "Device", "id: 9");
  w.put("1s", "Lock", "device: 9");
  w.tick("1s");
  const WhyNot why = w.session->why_not(0, {});
  CHECK(why.sentence == "line 3 of `when` is not met: Lock { device: 9 } is there");
  REQUIRE(why.blocker);
  CHECK(why.blocker->values[0] == Value::integer(9));
  REQUIRE(why.bound.size() == 2);
  CHECK(why.bound[0].values[0] == Value::integer(9));
  // Of the others by name: the candidate that its join finds, not one that meets more of what has nothing to do with it.
  CHECK(w.session->why_not(0, {{"l.id", Value::integer(2)}}).sentence ==
        "line 2 of `when` is not met by the closest, Device { id: 2, maint: true, region: 0 }: maint is true");
  CHECK(w.session->why_not(0, {{"l.id", Value::integer(1)}}).sentence ==
        "line 2 of `when` is not met by the closest, Device { id: 9, maint: false, region: 0 }: id is 9, l.device is 1");
}

TEST_CASE("a condition that cannot be evaluated is said to be that, and why", "[session][explain]") {
  World w(R"(
fact Device key (id) { id: int  name: string  pattern: string  zone: string = "UTC"  seen: timestamp? }
action Drain key (device) { device: int }
rule drain {
  when { d: Device where id > 0 and name.matches(pattern) }
  then { do Drain { device: d.id } }
  until { some Device where name.matches(pattern) and id == 7 }
}
rule late { when { d: Device where id > 0 and timestamp("2030-01-01T00:00:00Z").getHours(zone) > 3 } then { log "late" } }
rule gone { when { no Device where name.matches(pattern) } then { log "gone" } }
)");
  w.put("1s", "Device", R"(id: 1, name: "core-1", pattern: "^db(", zone: "Europe/Madird")");
  w.tick("1s");
  WhyNot why = w.session->why_not(0, {});
  REQUIRE(why.lines.size() == 1);
  CHECK(why.lines[0].verdict == "unknown");
  CHECK(why.lines[0].problem == "bad pattern: missing ): ^db(");
  CHECK(why.sentence.ends_with("pattern is \"^db(\" (bad pattern: missing ): ^db()"));
  why = w.session->why_not(1, {});
  REQUIRE(why.lines.size() == 1);
  CHECK(why.lines[0].problem == "there is no time zone \"Europe/Madird\"");
  why = w.session->why_not(2, {});
  REQUIRE(why.lines.size() == 1);
  CHECK(why.lines[0].problem == "bad pattern: missing ): ^db(");

  // What is only not known has no problem, nor has what is false.
  w.put("2s", "Device", R"(id: 1, name: "core-1", pattern: "^db")");
  w.tick("2s");
  why = w.session->why_not(0, {});
  REQUIRE(why.lines.size() == 1);
  CHECK(why.lines[0].verdict == "false");
  CHECK(why.lines[0].problem.empty());
}

TEST_CASE("why: what is known of an unknown line is kept with it", "[session][explain]") {
  World w(R"(
fact Device key (id) { id: int  name: string  pattern: string }
action Drain key (device) { device: int }
action Undrain key (device) { device: int }
rule drain {
  keep 5s
  when { d: Device where name.matches(pattern) }
  then { do Drain { device: d.id } }
  on clear { do Undrain { device: d.id } }
}
)");
  w.put("1s", "Device", R"(id: 1, name: "db-1", pattern: "^db")");
  w.put("2s", "Device", R"(id: 1, name: "db-1", pattern: "^db(")");
  w.tick("20s");
  for (const std::string& id : w.session->explained()) {
    const std::optional<Explanation> why = w.session->why(id);
    REQUIRE(why);
    REQUIRE(why->lines.size() == 1);
    CHECK((why->lines[0].verdict == "unknown") == !why->lines[0].problem.empty());
  }
  CHECK(w.session->explained() == std::vector<std::string>(w.said.ids.rbegin(), w.said.ids.rend()));
}

TEST_CASE("why-not: of many facts, whatever the order they came in", "[session][explain]") {
  std::vector<std::string> said;
  for (const bool backwards : {false, true}) {
    World w(kDrain);
    constexpr int kLinks = 130'000;  // more than are looked at beside the tokens
    std::vector<int> ids(kLinks);
    for (int i = 0; i < kLinks; ++i) ids[static_cast<std::size_t>(backwards ? kLinks - 1 - i : i)] = i;
    for (const int id : ids) {
      FactInput link = w.input("1s", "Link", "id: 0");
      link.values[0] = Value::integer(id);
      link.values[1] = Value::integer(id);
      link.values[3] = Value::integer(id >= kLinks - 3 ? 95 : 10);
      REQUIRE(w.session->put(link));
    }
    for (int id = kLinks - 3; id < kLinks; ++id) {
      w.put("1s", "Device", fmt::format("id: {}, maint: {}", id, id == kLinks - 3));
      w.put("1s", "Lock", fmt::format("device: {}", id));
    }
    w.tick("1s");
    said.push_back(sentence(w));
  }
  CHECK(said[0] == "line 3 of `when` is not met: Lock { device: 129998 } is there");
  CHECK(said[1] == said[0]);
}

TEST_CASE("why-not: of several facts that are in the way the first by key, whichever came first", "[session][explain]") {
  const std::string rules = std::string(kFacts) + R"(
rule drain {
  when {
    d: Device
    no Link where device == d.id and not up
  }
  then { do Drain { link: d.id } }
}
)";
  for (const bool backwards : {false, true}) {
    World w(rules);
    w.put("1s", "Device", "id: 1");
    for (int i = 0; i < 5; ++i) w.put("1s", "Link", fmt::format("id: {}, device: 1, up: false", backwards ? 9 - i : 5 + i));
    w.tick("1s");
    CHECK(sentence(w) == "line 2 of `when` is not met: Link { id: 5, device: 1, up: false, load: 0 } is there");
  }
}

TEST_CASE("why-not: what it could not look at it does not call met", "[session][explain]") {
  World w(std::string(kFacts) + R"(
rule free { when { l: Link  no Lock where device >= l.id and device <= l.id } then { do Drain { link: l.id } } }
)");
  for (int i = 0; i < 1'200; ++i) {  // together more pairs than are looked at
    w.put("1s", "Link", fmt::format("id: {}", i));
    w.put("1s", "Lock", fmt::format("device: {}", i));
  }
  w.tick("1s");
  REQUIRE(w.heard().empty());
  const WhyNot why = w.session->why_not(0, {});
  CHECK(why.status == "line");
  CHECK(why.sentence == "line 2 of `when` is not met: Lock { device: 0 } is there");
}

TEST_CASE("why-not: of candidates the one that meets most, also behind the condition that fails first", "[session][explain]") {
  World w(std::string(kFacts) + R"(
rule r { when { l: Link where load > 90 and up and device == 7 } then { do Drain { link: l.id } } }
)");
  w.put("1s", "Link", "id: 1, load: 10, up: false");
  w.put("1s", "Link", "id: 2, load: 89, device: 7");
  w.tick("1s");
  CHECK(sentence(w) == "line 1 of `when` is not met by the closest, Link { id: 2, device: 7, up: true, load: 89 }: load is 89");
}

TEST_CASE("why-not: `same` says what it would have to be", "[session][explain]") {
  World w(std::string(kFacts) + R"(
rule r { when { a: Lock  l: Link same device as a } then { do Drain { link: l.id } } }
)");
  w.put("1s", "Lock", "device: 5");
  w.put("1s", "Link", "id: 1, device: 4");
  w.tick("1s");
  CHECK(sentence(w) == "line 2 of `when` is not met: no Link fits: none has device 5");
}

TEST_CASE("why-not: `every`, an aggregate, a hold and branches, each from the match that got furthest", "[session][explain]") {
  World w(std::string(kFacts) + R"(
rule every_one { when { d: Device where not maint  every Link where device == d.id satisfies up } then { do Drain { link: d.id } } }
rule many { when { d: Device  check count(Link where device == d.id and not up) >= 3 } then { do Drain { link: d.id } } }
rule long { when { d: Device where not maint  l: Link where device == d.id and not up for 10s } then { do Drain { link: d.id } } }
rule ways {
  when {
    d: Device where not maint
    either { some Lock where device == d.id } or { some Link where device == d.id and load > 90 }
  }
  then { do Drain { link: d.id } }
}
)");
  w.put("1s", "Device", "id: 1, maint: true");
  w.put("1s", "Device", "id: 2");
  w.put("2s", "Link", "id: 1, device: 2, up: false");
  w.put("2s", "Link", "id: 2, device: 2");
  w.tick("5s");
  CHECK(sentence(w, 0) == "line 2 of `when` is not met: Link { id: 1, device: 2, up: false, load: 0 } does not satisfy it");
  CHECK(sentence(w, 1) == "line 2 of `when` is not met: count(Link where …) is 0");  // of device 1: of equals the first by key
  const WhyNot waits = w.session->why_not(2, {});
  CHECK(waits.sentence == "line 2 of `when` has been true for 3s, it needs 10s: due at 1970-01-01T00:00:12Z");
  CHECK(waits.until == at("12s"));
  REQUIRE(waits.bound.size() == 2);
  CHECK(waits.bound[0].values[0] == Value::integer(2));
  CHECK(sentence(w, 3).find("line 2 of `when` is not met: there is no such Lock") == 0);
}

TEST_CASE("why-not: a production with a pattern that nothing is tied to", "[session][explain]") {
  World w(R"(
module p strategy depth
mutable fact Phase key () { name: string }
mutable fact Goal key (id) { id: int  done: bool = false }
mutable fact Tool key (id) { id: int  goal: int }
rule use { when { p: Phase where name == "work"  g: Goal where not done  t: Tool where goal == g.id } then { log "used" } }
)");
  w.put("1s", "Phase", R"(name: "rest")");
  w.put("1s", "Goal", "id: 1");
  w.put("1s", "Tool", "id: 1, goal: 1");
  w.tick("1s");
  CHECK(sentence(w) == R"(line 1 of `when` is not met by the closest, Phase { name: "rest" }: name is "rest")");
  w.put("2s", "Tool", "id: 1, goal: 2");
  w.put("2s", "Phase", R"(name: "work")");
  w.tick("2s");
  CHECK(sentence(w) == "line 3 of `when` is not met by the closest, Tool { id: 1, goal: 2 }: goal is 2, g.id is 1");
  w.put("3s", "Tool", "id: 1, goal: 1");
  w.tick("3s");
  CHECK(w.session->why_not(0, {}).status == "fired");
}

TEST_CASE("why-not: a production that has fired, and one whose line fails", "[session][explain]") {
  World w(R"(
module p strategy depth
mutable fact Goal key (id) { id: int  done: bool = false }
mutable fact Tool key (id) { id: int  goal: int }
rule use { when { g: Goal where not done  t: Tool where goal == g.id } then { log "used" } }
)");
  w.put("1s", "Goal", "id: 1");
  w.put("1s", "Goal", "id: 2");
  w.put("1s", "Tool", "id: 1, goal: 3");
  w.tick("1s");
  CHECK(sentence(w) == "line 2 of `when` is not met by the closest, Tool { id: 1, goal: 3 }: goal is 3, g.id is 1");
  w.put("2s", "Tool", "id: 2, goal: 2");
  w.tick("2s");
  const WhyNot fired = w.session->why_not(0, {});
  CHECK(fired.status == "fired");
  CHECK(fired.sentence.find("it has fired for these facts as they are") != std::string::npos);
}
