// Recordings as operators use them: made by a service, in either form, replayed to the same bytes; turned, told, damaged.
#include <catch2/catch.hpp>
#include <csignal>
#include <set>

#include "tests/e2e/service.h"

namespace flyball::e2e {
namespace {

TEST_CASE("what a recording is told to hold counts ticks that account for numbers of a source") {
  const Folder folder;
  const std::string lines = folder.write("in.jsonl",
                                         "{\"time\":1,\"type\":\"P\",\"data\":{\"b\":\"x\"},\"source\":\"g\",\"seq\":1}\n"
                                         "{\"time\":2,\"tick\":true,\"source\":\"g\",\"seq\":4}\n"
                                         "{\"time\":3,\"type\":\"P\",\"data\":{\"b\":\"x\"},\"source\":\"g\",\"seq\":5}\n");
  REQUIRE(flyball({"record", folder / "in.rec", "--from", lines}).status == 0);
  for (const std::string& file : {lines, folder / "in.rec"}) {
    const std::string told = flyball({"record", "--info", file, "--json"}).out;
    INFO(told);
    CHECK(told.find("\"facts\":2,\"acks\":0,\"ticks\":1,") != std::string::npos);
    CHECK(told.find("\"unreadable\":0,") != std::string::npos);
    CHECK(told.find("\"g\":{\"facts\":2,\"missing\":0}") != std::string::npos);
  }
}

TEST_CASE("a compact recording of a service replays to the very same actions, and so do the JSON lines made of it") {
  const Folder folder;
  const std::string record = folder / "inputs.rec", actions = folder / "actions.jsonl", lines = folder / "inputs.jsonl";
  {
    Service service(folder, kRules, {"--record", record, "--actions", actions});
    REQUIRE(service.listening());
    Child watcher(folder, "record", {"record", folder / "watched.rec", "--connect", service.endpoint("out")});
    for (int i = 0; i < 20; ++i) {
      const std::string b = "b" + std::to_string(i % 7);
      REQUIRE(service.pub(probe(b, i % 3 != 0) + probe("c" + b, i % 2 == 0)).status == 0);
    }
    CHECK(watcher.stop() == 0);
    CHECK(service.child().stop() == 0);
  }
  const std::string written = slurp(actions);
  REQUIRE(count_lines(written) > 10);
  CHECK(slurp(record).substr(1, 6) == "FLYREC");
  CHECK(flyball({"record", lines, "--from", record}).status == 0);
  for (const std::string& facts : {record, lines}) {
    const Finished replayed = flyball({"replay", folder / "rules.fly", "--facts", facts, "--quiet"});
    CHECK(replayed.status == 0);
    CHECK(replayed.err == "");
    CHECK(replayed.out == written);
    CHECK(flyball({"replay", folder / "rules.fly", "--facts", "-", "--quiet"}, slurp(facts)).out == written);
  }
  // Turned back again it is the same to the byte, but for the sizes of blocks: full ones.
  CHECK(flyball({"record", folder / "again.rec", "--from", lines}).status == 0);
  CHECK(flyball({"record", folder / "again.jsonl", "--from", folder / "again.rec"}).status == 0);
  CHECK(slurp(folder / "again.jsonl") == slurp(lines));
  CHECK(slurp(folder / "again.rec").size() < slurp(lines).size());
  const Finished told = flyball({"record", "--info", record, "--json"});
  CHECK(told.status == 0);
  CHECK(told.out.find("\"form\":\"compact\"") != std::string::npos);
  CHECK(told.out.find("\"closed\":true") != std::string::npos);
  CHECK(told.out.find("\"facts\":40,") != std::string::npos);
  const Finished watched = flyball({"replay", folder / "rules.fly", "--facts", folder / "watched.rec"});
  CHECK(watched.status == 0);
  CHECK(watched.err.find(" 0 refused, ") != std::string::npos);
  // All that reads facts takes it.
  for (const std::vector<std::string>& args : std::vector<std::vector<std::string>>{{"why", "last", folder / "rules.fly", "--facts"},
                                                                                    {"why-not", "drain", folder / "rules.fly", "--facts"},
                                                                                    {"facts", folder / "rules.fly", "--facts"}}) {
    std::vector<std::string> compact = args, json = args;
    compact.push_back(record);
    json.push_back(lines);
    CHECK(flyball(compact).status == 0);
    CHECK(flyball(compact).out == flyball(json).out);
  }
  CHECK(flyball({"plan", folder / "rules.fly", "--against", folder / "rules.fly", "--facts", record}).status == 0);
}

TEST_CASE("kill -9 of a service: its compact recording is whole up to the last acknowledgement") {
  const Folder folder;
  Service service(folder, kRules, {"--record", folder / "in.rec"});
  REQUIRE(service.listening());
  for (int i = 0; i < 5; ++i) REQUIRE(service.pub(probe("p" + std::to_string(i), true)).status == 0);
  service.child().signal(SIGKILL);
  CHECK(service.child().wait() == 128 + SIGKILL);
  const Finished facts = flyball({"facts", folder / "rules.fly", "--facts", folder / "in.rec", "--type", "Probe"});
  CHECK(count_lines(facts.out) == 5);
  CHECK(flyball({"record", "--info", folder / "in.rec"}).out.find("not closed") != std::string::npos);
}

TEST_CASE("limits of the service's configuration hold in its replays: from the recording itself, or by --config") {
  const Folder folder;
  const std::string config = folder.write("flyball.toml", "[limits.facts_of]\n\"main.Probe\" = 2\n[params]\n");
  for (const std::string& name : {std::string("in.rec"), std::string("in.jsonl")}) {
    const std::string record = folder / name, actions = folder / (name + ".actions");
    {
      Service service(folder, kRules, {"--config", config, "--record", record, "--actions", actions});
      REQUIRE(service.listening());
      (void)service.pub(probe("b1", false) + probe("b2", false));
      (void)service.pub(probe("b3", false) + probe("b4", false));
      CHECK(service.child().stop() == 0);
    }
    const std::string written = slurp(actions);
    CHECK(count_lines(written) >= 2);
    CHECK(written.find("\"b3\"") == std::string::npos);
    CHECK(flyball({"replay", folder / "rules.fly", "--facts", record, "--config", config}).out == written);
    const Finished bare = flyball({"replay", folder / "rules.fly", "--facts", record});
    CHECK((bare.out == written) == (name == "in.rec"));
    const Finished plan =
        flyball({"plan", folder / "rules.fly", "--against", folder / "rules.fly", "--facts", record, "--config", config, "--json"});
    CHECK(plan.status == 0);
  }
  CHECK(flyball({"replay", folder / "rules.fly", "--facts", folder / "in.rec", "--config", folder / "none.toml"}).status == 64);
}

TEST_CASE("a damaged recording: said with its place, counted, the rest goes on; --strict stops") {
  const Folder folder;
  const std::string rules = folder.write("rules.fly", kRules);
  std::string lines;
  for (int i = 0; i < 20'000; ++i)
    lines += "{\"time\":" + std::to_string(i) + ",\"type\":\"Probe\",\"data\":{\"backend\":\"b" + std::to_string(i) + "\",\"ok\":true}}\n";
  CHECK(flyball({"record", folder / "a.rec", "--from", folder.write("a.jsonl", lines)}).status == 0);
  std::string bytes = slurp(folder / "a.rec");
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  const std::string damaged = folder.write("b.rec", bytes);
  const Finished replayed = flyball({"replay", rules, "--facts", damaged});
  CHECK(replayed.status == 0);
  CHECK(replayed.err.find("b.rec: byte ") != std::string::npos);
  CHECK(replayed.err.find("this block is damaged") != std::string::npos);
  CHECK(replayed.err.find("1 damaged place (") != std::string::npos);
  CHECK(flyball({"replay", rules, "--facts", damaged, "--strict"}).status == 1);
  CHECK(flyball({"record", "--info", damaged}).status == 1);
  CHECK(flyball({"record", folder / "c.rec", "--from", damaged}).status == 1);
  CHECK(flyball({"record", "--info", folder / "c.rec"}).status == 0);
  // What is no recording at all is refused line by line, as ever.
  const std::string noise = folder.write("noise.jsonl", slurp(rules));
  CHECK(flyball({"replay", rules, "--facts", noise}).err.find(" refused (first: line ") != std::string::npos);
}

TEST_CASE("replay --from and --until: what is left out is not looked at, and what is replayed is the same") {
  const Folder folder;
  const std::string rules = folder.write("rules.fly", kRules);
  std::string lines, middle;
  for (int i = 0; i < 20'000; ++i) {
    const std::string line = "{\"time\":" + std::to_string(i) + ",\"type\":\"Probe\",\"data\":{\"backend\":\"b" + std::to_string(i) +
                             "\",\"ok\":" + (i % 100 == 0 ? "false" : "true") + "}}\n";
    lines += line;
    if (i >= 9'000 && i <= 11'000) middle += line;
  }
  const std::string facts = folder.write("a.jsonl", lines), compact = folder / "a.rec";
  REQUIRE(flyball({"record", compact, "--from", facts}).status == 0);
  const Finished wanted = flyball({"replay", rules, "--facts", folder.write("middle.jsonl", middle), "--until", "11000"});
  REQUIRE(count_lines(wanted.out) >= 21);
  // A block at the end is damaged; only who reads it sees that.
  std::string bytes = slurp(compact);
  const std::size_t last = bytes.rfind("FBLK", bytes.rfind("FBLK") - 1);
  bytes[last + 200] = static_cast<char>(bytes[last + 200] ^ 1);
  const std::string damaged = folder.write("b.rec", bytes);
  CHECK(flyball({"replay", rules, "--facts", damaged}).err.find("1 damaged place") != std::string::npos);
  for (const std::string& from : {facts, compact, damaged}) {
    INFO(from);
    const Finished part = flyball({"replay", rules, "--facts", from, "--from", "9000", "--until", "11000"});
    CHECK(part.status == 0);
    CHECK(part.out == wanted.out);
    CHECK(part.err.find("2001 inputs, 0 refused, 9000 left out as earlier than `--from`, 8999 left out as later than `--until`") !=
          std::string::npos);
  }
  CHECK(flyball({"replay", rules, "--facts", compact, "--from", "5", "--until", "4"}).status == 64);
  CHECK(flyball({"replay", rules, "--facts", compact, "--from", "soon"}).status == 64);
  CHECK(flyball({"replay", rules, "--facts", compact, "--from", "5", "--at", "7"}).status == 64);
}

TEST_CASE("record: words that do not go together") {
  CHECK(flyball({"record", "--info", "a", "--from", "b"}).status == 64);
  CHECK(flyball({"record", "x", "--info", "a"}).status == 64);
  CHECK(flyball({"record", "x", "--from", "a", "--count", "1"}).status == 64);
  CHECK(flyball({"record", "x", "--format", "xml"}).status == 64);
  CHECK(flyball({"record", "--info", "/nowhere/x"}).status == 1);
}

TEST_CASE("a test sends from a compact recording") {
  const Folder folder;
  const std::string rules = folder.write("rules.fly", R"(module main
fact P key (k) { k: string }
action A key (k) { k: string }
rule r { when { p: P } then { do A { k: p.k } } }
test "t" { send from "in.rec"  by 5s expect A { k: "x" } from r }
)");
  CHECK(flyball({"record", folder / "in.rec", "--from", "-"}, R"({"time":1,"type":"P","data":{"k":"x"}})"
                                                              "\n")
            .status == 0);
  const Finished tested = flyball({"test", rules});
  INFO(tested.err << tested.out);
  CHECK(tested.status == 0);
}

// A hold, an action that is answered, a late fact: what there is at a moment is what there was.
const char* const kMomentRules = R"(module main
fact Probe key (backend) ttl 30s { backend: string  ms: int }
fact Slow key (backend) { backend: string }
action Drain key (backend) timeout 20s { backend: string }
rule slow { when { p: Probe where ms > 200 } then { derive Slow { backend: p.backend } } }
rule drain { when { p: Probe where ms > 200 for 10s } then { do Drain { backend: p.backend } } }
rule ask { approve when true  when { p: Probe where ms > 900 } then { do Drain { backend: p.backend } } }
)";
const char* const kMomentFacts =
    "{\"time\":100,\"type\":\"Probe\",\"data\":{\"backend\":\"b1\",\"ms\":250}}\n"
    "{\"time\":105,\"type\":\"Probe\",\"data\":{\"backend\":\"b2\",\"ms\":300}}\n"
    "{\"time\":110,\"type\":\"Probe\",\"data\":{\"backend\":\"b1\",\"ms\":260}}\n"
    "{\"time\":112,\"ack\":{\"action\":\"Drain\",\"data\":{\"backend\":\"b1\"},\"state\":\"acked\"}}\n"
    "{\"time\":107,\"type\":\"Probe\",\"data\":{\"backend\":\"b3\",\"ms\":1}}\n"
    "{\"time\":125,\"type\":\"Probe\",\"data\":{\"backend\":\"b1\",\"ms\":10}}\n";

TEST_CASE("replay --at: the state of a moment, of either form; what came later was not known then") {
  const Folder folder;
  const std::string rules = folder.write("rules.fly", kMomentRules), lines = folder.write("a.jsonl", kMomentFacts);
  CHECK(flyball({"record", folder / "a.rec", "--from", lines}).status == 0);
  for (const std::string& facts : {lines, folder / "a.rec"}) {
    const Finished seen = flyball({"replay", rules, "--facts", facts, "--at", "111"});
    INFO(seen.err << seen.out);
    CHECK(seen.status == 0);
    CHECK(seen.out.find("at 1970-01-01T00:01:51Z, after 3 inputs\nfacts main.Probe (2)\n") == 0);
    CHECK(seen.out.find("derived main.Slow (2)") != std::string::npos);
    CHECK(seen.out.find("main.drain  Probe { backend: \"b1\" }  since 1970-01-01T00:01:50Z (1s)") != std::string::npos);
    CHECK(seen.out.find("Drain { backend: \"b1\" }  sent 1970-01-01T00:01:50Z") != std::string::npos);
    CHECK(seen.out.find(
              "1970-01-01T00:01:55Z (in 4s)  main.drain line 1 of `when` for Probe { backend: \"b2\" } (p: Probe where ms > 200 for "
              "10s): held for long enough, since 1970-01-01T00:01:45Z") != std::string::npos);
    CHECK(seen.out.find("b3") == std::string::npos);  // stamped before, and not there yet
    CHECK(flyball({"replay", rules, "--facts", facts, "--at", "113"}).out.find("b3") != std::string::npos);
    const Finished json = flyball({"replay", rules, "--facts", facts, "--at", "111", "--json"});
    CHECK(json.out.find("{\"at\":111,\"inputs\":3,\"facts\":[{") == 0);
    CHECK(json.out.find("{\"due\":115,\"kind\":\"hold\",\"rule\":\"main.drain\",\"block\":\"when\",\"line\":1,") != std::string::npos);
    CHECK(json.out.find("\"state\":\"sent\",\"tries\":1,\"at\":110}") != std::string::npos);
    CHECK(flyball({"replay", rules, "--facts", facts, "--at", "111", "--limit", "1"}).out.find("  and 1 more\n") != std::string::npos);
    // Before anything, and behind everything.
    CHECK(flyball({"replay", rules, "--facts", facts, "--at", "5"}).out.find("after 0 inputs") != std::string::npos);
    CHECK(flyball({"replay", rules, "--facts", facts, "--at", "300"}).out.find("actions under way (0)\npending (0)\n") !=
          std::string::npos);
    // Why, and why not, then.
    CHECK(flyball({"why", "last", rules, "--facts", facts, "--at", "111"}).out.find("Drain { backend: \"b1\" }") == 0);
    CHECK(flyball({"why", "last", rules, "--facts", facts, "--at", "109"}).status == 1);
    CHECK(flyball({"why-not", "drain", rules, "--facts", facts, "--with", "backend=b2", "--at", "111"}).out.find("true for 6s") !=
          std::string::npos);
    CHECK(flyball({"facts", rules, "--facts", facts, "--at", "101"}).out.find("b2") == std::string::npos);
  }
  CHECK(flyball({"replay", rules, "--facts", lines, "--at", "soon"}).status == 64);
  CHECK(flyball({"replay", rules, "--facts", lines, "--at", "1", "--until", "2"}).status == 64);
  CHECK(flyball({"replay", rules, "--facts", lines, "--at", "1", "--actions", "-"}).status == 64);
}

TEST_CASE("why over a recording goes on behind the proposal: approved, rejected with its reason, still waiting") {
  const Folder folder;
  const std::string rules = folder.write("rules.fly", kMomentRules);
  const std::string fact = "{\"time\":1,\"type\":\"Probe\",\"data\":{\"backend\":\"b1\",\"ms\":1000}}\n";
  const Finished proposed = flyball({"why", "last", rules, "--facts", "-"}, fact);
  CHECK(proposed.out.find("waits for approval since 1970-01-01T00:00:01Z\n") != std::string::npos);
  const std::size_t at = proposed.out.find("id ");
  REQUIRE(at != std::string::npos);
  const std::string id = proposed.out.substr(at + 3, 32);
  const auto after = [&](const std::string& word) {
    return flyball({"why", id, rules, "--facts", "-"},
                   fact + "{\"time\":1.5,\"tick\":true}\n{\"time\":2,\"ack\":{\"id\":\"" + id + "\"," + word + "}}\n")
        .out;
  };
  CHECK(after("\"state\":\"approved\"").find("since then\n  sent at 1970-01-01T00:00:02Z\n") != std::string::npos);
  CHECK(after("\"state\":\"rejected\",\"error\":\"not now\"").find("since then\n  rejected at 1970-01-01T00:00:02Z\n  not now\n") !=
        std::string::npos);
}

TEST_CASE("recovered at a time that is over says that nothing was missed") {
  const Folder folder;
  const std::string rules = folder.write("rules.fly", kMomentRules);
  const Finished done = flyball({"replay", rules, "--facts", "-"},
                                "{\"time\":100,\"tick\":true}\n{\"time\":90,\"recovered\":true}\n{\"time\":110,\"recovered\":true}\n");
  CHECK(done.status == 0);
  CHECK(done.err.find("<stdin>:2: `recovered` at 1970-01-01T00:01:30Z: that time is over already, so nothing was missed") !=
        std::string::npos);
  CHECK(done.err.find("2 inputs, 1 refused (first: line 2)") != std::string::npos);
}

TEST_CASE("until a time at which the engine was away nothing is due that was not due when it went") {
  const Folder folder;
  const std::string rules =
      folder.write("silent.fly",
                   "fact Host key (name) ttl 1h { name: string }\nevent Beat { name: string }\naction Page key (name) { name: string }\n"
                   "rule silent { when { h: Host  no Beat where name == h.name for 30s } then { do Page { name: h.name } } }\n");
  std::string lines = "{\"time\":100,\"type\":\"Host\",\"data\":{\"name\":\"a\"}}\n";
  for (int t = 100; t < 20'100; t += 10)
    lines += "{\"time\":" + std::to_string(t) + ",\"type\":\"Beat\",\"data\":{\"name\":\"a\"}}\n{\"time\":" + std::to_string(t) +
             ",\"tick\":true}\n";
  const std::string before = lines;
  lines += "{\"time\":20500,\"recovered\":true}\n{\"time\":20500,\"type\":\"Beat\",\"data\":{\"name\":\"a\"}}\n";
  for (int t = 20'510; t < 40'000; t += 10)
    lines += "{\"time\":" + std::to_string(t) + ",\"type\":\"Beat\",\"data\":{\"name\":\"a\"}}\n{\"time\":" + std::to_string(t) +
             ",\"tick\":true}\n";
  const std::string facts = folder.write("a.jsonl", lines), compact = folder / "a.rec";
  REQUIRE(flyball({"record", compact, "--from", facts}).status == 0);
  for (const std::string& file : {facts, compact}) {
    INFO(file);
    CHECK(flyball({"replay", rules, "--facts", file, "--until", "20300", "--quiet"}).out.empty());
    CHECK(flyball({"replay", rules, "--facts", file, "--quiet"}).out.empty());
    const Finished plan = flyball(
        {"plan", rules, "--against", folder.write("none.fly", "fact Other { x: int }\n"), "--facts", file, "--until", "20300", "--json"});
    INFO(plan.out);
    CHECK(plan.out.find("\"Page\"") == std::string::npos);
  }
  // Where nothing says that it was away, time goes on.
  const Finished alone = flyball({"replay", rules, "--facts", folder.write("b.jsonl", before), "--until", "20300", "--quiet"});
  CHECK(count_lines(alone.out) == 1);
}

}  // namespace
}  // namespace flyball::e2e
