// `flyball whatif --connect`: a copy of what a service is in the middle of, tried here; the service sends nothing and changes nothing.
#include <catch2/catch.hpp>
#include <csignal>

#include "tests/e2e/service.h"

namespace flyball::e2e {
namespace {

const std::string kPool = R"(
module web
fact Probe key (backend) { backend: string  latency: duration }
fact Busy key (backend) { backend: string }
action Drain key (backend) { backend: string }
param slow: duration = 200ms
rule drain { when { p: Probe where latency > slow for 1h } then { do Drain { backend: p.backend } } }
rule busy { when { p: Probe where latency > slow } then { derive Busy { backend: p.backend } } }
)";

std::string slow_probe(const std::string& backend, const std::string& latency) {
  return R"({"type":"Probe","data":{"backend":")" + backend + R"(","latency":")" + latency + "\"}}\n";
}
bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("whatif: facts and params tried on a copy of a service, holds included; the service stays as it is") {
  const Folder folder;
  Service service(folder, kPool, {"--actions", folder / "actions.jsonl", "--record", folder / "record.jsonl"});
  REQUIRE(service.listening());
  REQUIRE(service.pub(slow_probe("b1", "300ms")).status == 0);
  REQUIRE(service.eventually_says({"facts"}, "\"b1\""));

  // b1's hold goes on in the copy: it is met within the hour.
  const Finished put = service.query({"whatif", "--put", R"(Probe {"backend":"b2","latency":"1s"})", "--for", "61m"});
  INFO(put.out << put.err);
  CHECK(put.status == 0);
  CHECK(has(put.out, "web.drain: Drain { backend: \"b2\" }"));
  CHECK(has(put.out, "Busy { backend: \"b2\" } holds"));
  CHECK(!has(put.out, "Drain { backend: \"b1\" }"));
  CHECK(has(put.out, "action lines 1 added, 0 removed"));

  const Finished gone = service.query({"whatif", "--retract", R"(Probe {"backend":"b1"})", "--for", "61m", "--json"});
  CHECK(has(gone.out, "\"change\":\"removed\""));
  CHECK(has(gone.out, "\"puts\":0,\"retracts\":1,\"sets\":0,\"added\":0,\"removed\":1"));

  // Of one param the last counts; it takes over as a reload does, so the hold is as old as it was.
  const Finished set = service.query({"whatif", "--set", "slow=100ms", "--set", "slow=400ms", "--for", "61m"});
  INFO(set.out << set.err);
  CHECK(has(set.out, "Busy { backend: \"b1\" } no longer holds"));
  CHECK(has(set.out, "action lines 0 added, 1 removed"));

  const Finished nothing = service.query({"whatif", "--retract", R"(Probe {"backend":"b9"})"});
  CHECK(nothing.status == 0);
  CHECK(has(nothing.err, "there is no such fact, so nothing goes"));
  // What a put brings is not there before it: first goes what goes.
  const Finished both = service.query(
      {"whatif", "--put", R"(Probe {"backend":"b1","latency":"1ms"})", "--retract", R"(Probe {"backend":"b1"})", "--for", "61m"});
  CHECK(has(both.out, "action lines 0 added, 1 removed"));
  CHECK(both.err.empty());

  CHECK(has(service.query({"status"}).out, "facts: 1 taken"));
  CHECK(has(service.query({"facts"}).out, "b1"));
  CHECK(!has(service.query({"facts"}).out, "b2"));
  CHECK(service.child().stop() == 0);
  CHECK(slurp(folder / "actions.jsonl").empty());
  CHECK(!has(slurp(folder / "record.jsonl"), "b2"));
}

TEST_CASE("whatif: after rules were loaded that leave one out the copy is of the rules that run, holds included") {
  const Folder folder;
  // Before all others, with a hold of its own: without it everything behind has another number.
  std::string many = kPool;
  many.insert(many.find("rule drain"),
              "rule zeroth { when { p: Probe where latency > 5s for 2h } then { do Drain { backend: p.backend } } }\n"
              "rule first { when { p: Probe where backend == \"b7\"  no Busy where backend == p.backend } then { log \"x\" } }\n");
  Service service(folder, many, {"--actions", folder / "actions.jsonl"});
  REQUIRE(service.listening());
  for (const char* name : {"z", "y", "b7", "b1"}) REQUIRE(service.pub(slow_probe(name, "300ms")).status == 0);
  REQUIRE(service.eventually_says({"facts"}, "\"b1\""));
  const auto tried = [&] {
    const Finished put = service.query({"whatif", "--put", R"(Probe {"backend":"b2","latency":"1s"})", "--for", "61m"});
    INFO(put.out << put.err);
    CHECK(put.status == 0);
    CHECK(has(put.out, "web.drain: Drain { backend: \"b2\" }"));
    CHECK(!has(put.out, "Drain { backend: \"b1\" }"));
    CHECK(has(put.out, "action lines 1 added, 0 removed"));
    const Finished gone = service.query({"whatif", "--retract", R"(Probe {"backend":"b1"})", "--for", "61m", "--json"});
    CHECK(has(gone.out, "\"added\":0,\"removed\":1"));
  };
  tried();
  const Finished applied = service.query({"apply", folder.write("fewer.fly", kPool)});
  INFO(applied.out << applied.err);
  REQUIRE(applied.status == 0);
  CHECK(has(applied.out, "only what changed was matched"));
  tried();
  folder.write("rules.fly", many);
  service.child().signal(SIGHUP);
  REQUIRE(service.child().await_err("reloaded: "));
  tried();
  CHECK(has(service.query({"status"}).out, "facts: 4 taken"));
  CHECK(service.child().stop() == 0);
  CHECK(slurp(folder / "actions.jsonl").empty());
}

TEST_CASE("whatif: what is wrong is said with the word that is, and its place in it") {
  const Folder folder;
  const std::string rules = folder.write("rules.fly", kPool), facts = folder.write("facts.jsonl", "{\"time\":1,\"tick\":true}\n");
  const auto wrong = [&](const std::vector<std::string>& words, const std::string& why) {
    std::vector<std::string> all = {"whatif", rules, "--facts", facts};
    all.insert(all.end(), words.begin(), words.end());
    const Finished done = flyball(all);
    INFO(done.err);
    CHECK(done.status == 1);
    CHECK(done.out.empty());
    CHECK(has(done.err, "flyball: error: whatif: " + why));
  };
  wrong({"--put", R"(Probe {"backend":"b1",,})"}, R"(`--put Probe {"backend":"b1",,}`: not JSON at column 23)");
  wrong({"--put", R"(Probe {"backend":"b1","latency":"1s"})", "--retract", R"(Prob {"backend":"b1"})"},
        R"(`--retract Prob {"backend":"b1"}`: there is no fact type `Prob`)");
  wrong({"--put", R"({"backend":"b1"})"}, R"(`--put {"backend":"b1"}`: the type is missing)");
  wrong({"--put", R"(Probe {"backend":"b1"})"}, R"(`--put Probe {"backend":"b1"}`: `latency` of `Probe` is missing)");
  wrong({"--put", R"(Busy {"backend":"b1"})"}, R"(`--put Busy {"backend":"b1"}`: )");
  CHECK(flyball({"whatif", rules, "--facts", facts, "--set", "fast=1s"}).status == 64);
  CHECK(flyball({"whatif", "--facts", facts, "--put", "Probe {}"}).status == 64);
  CHECK(flyball({"whatif", rules, "--connect", "ipc://" + (folder / "x"), "--put", "Probe {}"}).status == 64);
  CHECK(has(flyball({"whatif", "--connect", "ipc://" + (folder / "x"), "--put", "Probe {}"}).err, "nobody answers at"));
}

TEST_CASE("whatif: params over a recording") {
  const Folder folder;
  const std::string rules = folder.write("rules.fly", kPool);
  const std::string facts =
      folder.write("facts.jsonl", "{\"time\":100,\"type\":\"Probe\",\"data\":{\"backend\":\"b1\",\"latency\":\"150ms\"}}\n");
  const Finished set = flyball({"whatif", rules, "--facts", facts, "--set", "slow=100ms", "--for", "2h"});
  INFO(set.out << set.err);
  CHECK(set.status == 0);
  // The hold begins when the param changes: before that the line was not true.
  CHECK(has(set.out, "+ 1970-01-01T01:01:40Z  web.drain: Drain { backend: \"b1\" }"));
  CHECK(has(set.out, "0 put, 0 retracted, 1 set at 1970-01-01T00:01:41Z, then 2h"));
}

}  // namespace flyball::e2e
