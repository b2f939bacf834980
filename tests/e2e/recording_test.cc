// Recordings as operators use them: made by a service, in either form, replayed to the same bytes; turned, told, damaged.
#include <catch2/catch.hpp>
#include <csignal>
#include <set>

#include "tests/e2e/service.h"

namespace flyball::e2e {
namespace {

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
  CHECK(flyball({"replay", rules, "--facts", rules}).err.find(" refused (first: line ") != std::string::npos);
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

}  // namespace
}  // namespace flyball::e2e
