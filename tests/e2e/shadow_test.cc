// `mode shadow`: what such a rule would have done, counted beside what active rules did; over a recording and in a running service.
#include <catch2/catch.hpp>

#include "tests/e2e/service.h"

namespace flyball::e2e {
namespace {

const std::string kShadowed = R"(
module m
fact Probe key (backend) { backend: string  load: int }
action Drain key (backend) { backend: string  why: string }
action Page { text: string }
rule drain { when { p: Probe where load > 80 for 10s } then { do Drain { backend: p.backend, why: "held" } } }
rule sooner { mode shadow when { p: Probe where load > 70 for 5s } then { do Drain { backend: p.backend, why: "soon" } } }
rule exact { mode shadow when { p: Probe where load > 80 for 10s } then { do Drain { backend: p.backend, why: "x" } } }
rule silent { mode shadow when { p: Probe where load > 1000 } then { log "nothing" } }
rule page { mode shadow when { p: Probe where load > 90 } then { do Page { text: p.backend } } }
)";

std::string load(int t, const std::string& backend, int load) {
  return "{\"time\":" + std::to_string(t) + R"(,"type":"Probe","data":{"backend":")" + backend + "\",\"load\":" + std::to_string(load) +
         "}}\n";
}
bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("shadow: the same, at another time, only one of them: by action and target") {
  const Folder folder;
  const std::string rules = folder.write("rules.fly", kShadowed);
  const std::string facts = folder.write("facts.jsonl", load(100, "a", 85) + load(101, "b", 75) + load(103, "c", 95) + load(200, "a", 1) +
                                                            load(200, "b", 1) + load(200, "c", 1));
  const Finished done = flyball({"shadow", rules, "--facts", facts});
  INFO(done.out << done.err);
  CHECK(done.status == 0);
  CHECK(has(done.out,
            "shadow m.sooner (Drain): would have done 3, active rules did 2: 0 the same, 2 at another time, 1 only in shadow, 0 only "
            "active\n"));
  CHECK(has(done.out, R"(  @ 1970-01-01T00:01:45Z  Drain {"backend":"a"}, m.drain did it at 1970-01-01T00:01:50Z)"));
  CHECK(has(done.out, R"(  + 1970-01-01T00:01:46Z  Drain {"backend":"b"}: only in shadow)"));
  CHECK(has(done.out, "shadow m.exact (Drain): would have done 2, active rules did 2: 2 the same, 0 at another time"));
  CHECK(has(done.out, "shadow m.page (Page): would have done 1, active rules did 0: 0 the same, 0 at another time, 1 only in shadow"));
  CHECK(!has(done.out, "m.silent"));
  // Replay and plan say the figures beside their own.
  const std::string figures = "shadow m.exact (Drain): would have done 2, active rules did 2: 2 the same, 0 at another time";
  const Finished replay = flyball({"replay", rules, "--facts", facts});
  CHECK(has(replay.err, figures));
  CHECK(!has(flyball({"replay", rules, "--facts", facts, "--quiet"}).err, "shadow"));
  const Finished plan = flyball({"plan", rules, "--against", rules, "--facts", facts});
  CHECK(plan.status == 0);
  CHECK(has(plan.out, figures));
  CHECK(has(flyball({"plan", rules, "--against", rules, "--facts", facts, "--json"}).out, "{\"shadow\":[{\"rule\":\"m.sooner\""));
  // Five seconds apart are too far.
  const Finished near = flyball({"shadow", rules, "--facts", facts, "--moved-within", "2s", "--json"});
  CHECK(has(near.out, R"("rule":"m.sooner","actions":["m.Drain"],"shadow":3,"active":2,"same":0,"other_time":0,"only_shadow":3,)"
                      R"("only_active":2,"open_shadow":0,"open_active":0)"));
  CHECK(has(near.out, R"({"kind":"only_active","time":110,"action":"m.Drain","target":{"backend":"a"},"active_rule":"m.drain"})"));
  CHECK(flyball({"shadow", "--limit", "3"}).status == 64);
}

TEST_CASE("shadow: a running service counts, and sends nothing of it") {
  const Folder folder;
  Service service(folder,
                  "module m\nfact Probe key (backend) { backend: string  ok: bool }\naction Drain key (backend) { backend: string }\n"
                  "rule drain { when { p: Probe where not ok and backend != \"b3\" } then { do Drain { backend: p.backend } } }\n"
                  "rule all { mode shadow when { p: Probe where not ok } then { do Drain { backend: p.backend } } }\n",
                  {"--actions", folder / "actions.jsonl"});
  REQUIRE(service.listening());
  REQUIRE(service.pub(probe("b1", false) + probe("b2", false) + probe("b3", false)).status == 0);
  REQUIRE(service.eventually_says({"shadow"}, "would have done 3, active rules did 2"));
  REQUIRE(eventually([&] {  // time goes on with what comes
    service.pub(probe("b9", true));
    return has(service.query({"shadow"}).out, "2 the same");
  }));
  const Finished shadow = service.query({"shadow", "--json"});
  CHECK(has(shadow.out, R"("same":2,"other_time":0,"only_shadow":0,"only_active":0,"open_shadow":1,"open_active":0)"));
  CHECK(has(service.query({"top", "--once", "--every", "100ms"}).out,
            "shadow m.all (Drain): would have done 3, active rules did 2: 2 the same"));
  CHECK(has(service.query({"top", "--once", "--every", "100ms", "--json"}).out, R"("shadow":[{"rule":"m.all")"));
  CHECK(has(service.query({"status"}).out, "shadow m.all (Drain): would have done 3, active rules did 2: 2 the same"));
  CHECK(has(service.query({"status", "--json"}).out, R"("shadow":[{"rule":"m.all")"));
  CHECK(!has(service.query({"facts", "--type", "Drain"}).out, "\"b3\""));
  CHECK(service.child().stop() == 0);
}

}  // namespace flyball::e2e
