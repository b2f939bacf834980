// `flyball apply`: a service loads other rules, as a plan has them or as files do; a plan that is not true any more is refused, and then
// nothing changes.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>

#include "tests/e2e/service.h"

namespace flyball::e2e {
namespace {

std::string rules(const std::string& condition, const std::string& more = "") {
  return "fact Probe key (backend) { backend: string  ok: bool  load: int = 0 }\n"
         "action Drain key (backend) { backend: string }\n"
         "action Undrain key (backend) { backend: string }\n"
         "param most: int = 10\n"
         "rule drain { when { p: Probe where " +
         condition + " } then { do Drain { backend: p.backend } } on clear { do Undrain { backend: p.backend } } }\n" + more;
}

constexpr const char* kFacts =
    "{\"time\":100,\"type\":\"Probe\",\"data\":{\"backend\":\"b1\",\"ok\":true,\"load\":20}}\n"
    "{\"time\":101,\"type\":\"Probe\",\"data\":{\"backend\":\"b2\",\"ok\":false,\"load\":5}}\n";

std::string digest_of(const Service& service) {
  const std::string status = service.query({"status", "--json"}).out;
  const std::string key = "\"program\":{\"digest\":\"";
  const std::size_t at = status.find(key);
  return at == std::string::npos ? "none" : status.substr(at + key.size(), 32);
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("apply: a plan made against a service is loaded there, once, and what was under way goes on") {
  const Folder folder;
  Service service(folder, rules("not ok"), {"--actions", folder / "actions.jsonl"});
  REQUIRE(service.listening());
  REQUIRE(service.pub(probe("b1", false)).status == 0);
  REQUIRE(service.eventually_says({"facts", "--type", "Drain"}, "\"b1\""));
  const std::string before = digest_of(service);
  const std::string after = folder.write("new.fly", rules("not ok or load > most")), facts = folder.write("facts.jsonl", kFacts);
  const std::string file = folder / "new.plan";
  const Finished plan = service.query({"plan", after, "--facts", facts, "--out", file});
  INFO(plan.out << plan.err);
  REQUIRE(plan.status == 2);
  CHECK(has(plan.out, "1 added, 0 removed"));
  CHECK(digest_of(service) == before);

  const Finished applied = service.query({"apply", file});
  INFO(applied.out << applied.err);
  REQUIRE(applied.status == 0);
  CHECK(has(applied.out, "applied: 1 rule; 1 fact, 1 episode and 1 action go on"));
  CHECK(has(applied.out, "not kept: the service has no data folder"));
  CHECK(digest_of(service) != before);
  CHECK(has(service.query({"status"}).out, ", applied at "));
  // Again: it runs them already.
  const Finished again = service.query({"apply", file, "--json"});
  CHECK(again.status == 0);
  CHECK(has(again.out, "\"loaded\":false"));
  REQUIRE(service
              .pub(R"({"type":"Probe","data":{"backend":"b2","ok":true,"load":11}})"
                   "\n")
              .status == 0);
  REQUIRE(service.eventually_says({"facts", "--type", "Drain"}, "\"b2\""));
  CHECK(service.child().stop() == 0);
  // b1 was drained once, before.
  CHECK(!has(slurp(folder / "actions.jsonl.1"), "\"b1\""));
}

TEST_CASE("apply: a plan whose basis has changed is refused with what changed, and nothing is loaded") {
  const Folder folder;
  Service service(folder, rules("not ok"));
  REQUIRE(service.listening());
  const std::string running = digest_of(service);
  std::filesystem::create_directory(folder / "rules");
  const std::string after = folder.write("rules/new.fly", rules("not ok or load > most")), facts = folder.write("facts.jsonl", kFacts);
  const std::string file = folder / "new.plan";
  REQUIRE(service.query({"plan", folder / "rules", "--facts", facts, "--out", file}).status == 2);
  const auto refused = [&](const std::vector<std::string>& more, const std::string& why) {
    std::vector<std::string> words = {"apply", file};
    words.insert(words.end(), more.begin(), more.end());
    const Finished done = service.query(words);
    INFO(done.out << done.err);
    CHECK(done.status == 1);
    CHECK(done.out.empty());
    CHECK(has(done.err, why));
    CHECK(has(service.query({"status"}).out, "loaded from their files"));
  };
  const std::string plan = slurp(file);
  SECTION("the plan was changed") {
    std::string other = plan;
    other.replace(other.find("load > most"), 11, "load > 9999");
    folder.write("new.plan", other);
    refused({}, "its checksum is wrong");
  }
  SECTION("the plan was cut off") {
    folder.write("new.plan", plan.substr(0, plan.size() / 2));
    refused({}, "its checksum is wrong");
  }
  SECTION("it is too old") { refused({"--max-age", "0s"}, "too old"); }
  SECTION("a file of the new rules changed") {
    folder.write("rules/new.fly", rules("not ok"));
    refused({}, "new.fly` has changed since the plan was made");
    CHECK(service.query({"apply", file, "--carried"}).status == 0);
  }
  SECTION("a file came") {
    folder.write("rules/more.fly", "rule more { when { p: Probe } then { log \"x\" } }\n");
    refused({}, "more.fly` has come to the new rules");
  }
  SECTION("a file went") {
    folder.write("rules/other.fly", rules("not ok"));
    std::filesystem::remove(after);
    refused({}, "other.fly` has come to the new rules");
    std::filesystem::remove(folder / "rules/other.fly");
    refused({}, "the new rules have changed (`" + (folder / "rules") + "` has no rule files)");
  }
  SECTION("the service runs another param") {
    REQUIRE(service.query({"apply", "--set", "most=7"}).status == 0);
    const std::string then = digest_of(service);
    const Finished done = service.query({"apply", file});
    CHECK(done.status == 1);
    CHECK(has(done.err, "the service runs other rules or params (digest " + then));
    CHECK(has(done.err, "(digest " + running + ")"));
    CHECK(digest_of(service) == then);
    CHECK(has(service.child().err(), "the old rules go on"));
  }
  SECTION("the service runs other rules") {
    folder.write("rules.fly", rules("not ok", "rule more { when { p: Probe } then { log \"x\" } }\n"));
    service.child().signal(SIGHUP);
    REQUIRE(service.child().await_err("reloaded: "));
    refused({}, "the service runs other rules or params");
  }
  SECTION("a comment is no other rule, but another text: what was looked at is what is loaded") {
    folder.write("rules.fly", rules("not ok", "# once more\n"));
    service.child().signal(SIGHUP);
    REQUIRE(service.child().await_err("reloaded: "));
    refused({}, "the service runs other rules or params");
  }
}

TEST_CASE("apply: a plan over files is of the same basis as one over the service that runs them") {
  const Folder folder;
  Service service(folder, rules("not ok"), {"--param", "most=12"});
  REQUIRE(service.listening());
  const std::string before = folder.write("before.fly", rules("not ok")), facts = folder.write("facts.jsonl", kFacts);
  const std::string after = folder.write("after.fly", rules("not ok or load > most")), file = folder / "p.plan";
  REQUIRE(flyball({"plan", after, "--against", before, "--facts", facts, "--out", file}).status == 2);
  CHECK(has(service.query({"apply", file}).err, "runs other rules or params"));
  // With the service's param, however it is written.
  REQUIRE(flyball({"plan", after, "--against", before, "--param", "most=012", "--facts", facts, "--out", file}).status != 0);
  REQUIRE(flyball({"plan", after, "--against", before, "--param", "most=12", "--facts", facts, "--out", file}).status == 2);
  CHECK(service.query({"apply", file}).status == 0);
}

TEST_CASE("apply: what was applied goes on after a restart, tables included, until SIGHUP loads the files") {
  const Folder folder;
  const std::string table = "decision pool { input { service: string } output { pool: string }\n  table first from \"pools.csv\" }\n";
  std::filesystem::create_directory(folder / "next");
  folder.write("next/pools.csv", "service,pool\napi,a1\n-,b1\n");
  const std::string after = folder.write("next/new.fly", rules("not ok", table));
  std::string digest;
  {
    Service service(folder, rules("not ok"), {"--data", folder / "data"});
    REQUIRE(service.listening());
    const Finished applied = service.query({"apply", after, "--set", "most=3"});
    INFO(applied.err);
    REQUIRE(applied.status == 0);
    CHECK(has(applied.out, "kept: a restart runs these rules"));
    CHECK(has(service.query({"ask", "pool", R"({"service":"api"})"}).out, "\"a1\""));
    digest = digest_of(service);
    service.child().signal(SIGKILL);
    service.child().wait();
  }
  // Nothing of it is read from where it was.
  std::filesystem::remove_all(folder / "next");
  struct stat kept{};
  REQUIRE(stat((folder / "data/applied.json").c_str(), &kept) == 0);
  CHECK((kept.st_mode & 0777) == 0600);
  {
    Service service(folder, rules("not ok"), {"--data", folder / "data"});
    REQUIRE(service.listening());
    CHECK(has(service.child().err(), "running the rules that were applied at "));
    CHECK(digest_of(service) == digest);
    CHECK(has(service.query({"status", "--json"}).out, "\"params\":[\"most=3\"]"));
    CHECK(has(service.query({"ask", "pool", R"({"service":"x"})"}).out, "\"b1\""));
    // Files that do not check change nothing.
    folder.write("rules.fly", "rule {");
    service.child().signal(SIGHUP);
    REQUIRE(service.child().await_err("the new rules do not check"));
    CHECK(digest_of(service) == digest);
    folder.write("rules.fly", rules("not ok"));
    service.child().signal(SIGHUP);
    REQUIRE(service.child().await_err("reloaded: "));
    CHECK(has(service.query({"status"}).out, "loaded from their files"));
    CHECK(!std::filesystem::exists(folder / "data/applied.json"));
    CHECK(service.child().stop() == 0);
  }
  Service service(folder, rules("not ok"), {"--data", folder / "data"});
  REQUIRE(service.listening());
  CHECK(has(service.query({"status"}).out, "loaded from their files"));
}

TEST_CASE("apply: a damaged folder of applied rules is said, and nothing else is run instead") {
  const Folder folder;
  std::filesystem::create_directory(folder / "data");
  folder.write("data/applied.json", "{\"applied\":1,\"params\":[],\"files\":[],\"tables\":[],\"checksum\":\"00\"}\n");
  Service service(folder, rules("not ok"), {"--data", folder / "data"});
  CHECK(!service.listening());
  CHECK(service.child().wait() == 1);
  CHECK(has(service.child().err(), "applied.json` holds the rules that were applied last"));
  CHECK(has(service.child().err(), "to run the rules of the files, remove it"));
}

TEST_CASE("apply: rules that do not check, that are empty, or that a service does not want, are not loaded") {
  const Folder folder;
  const std::string config = folder.write("flyball.toml", "apply = false\n");
  {
    Service service(folder, rules("not ok"));
    REQUIRE(service.listening());
    const std::string digest = digest_of(service);
    const Finished wrong = service.query({"apply", folder.write("wrong.fly", rules("not okay"))});
    CHECK(wrong.status == 1);
    CHECK(has(wrong.err, "wrong.fly:5:"));
    CHECK(service.query({"apply", folder.write("empty.fly", "")}).status == 1);
    CHECK(service.query({"apply", "--set", "least=7"}).status == 64);
    CHECK(service.query({"apply"}).status == 64);
    CHECK(service.query({"apply", folder / "rules.fly", "--max-age", "1h"}).status == 64);
    CHECK(digest_of(service) == digest);
  }
  Service service(folder, rules("not ok"), {"--config", config});
  REQUIRE(service.listening());
  const Finished refused = service.query({"apply", "--set", "most=7"});
  CHECK(refused.status == 1);
  CHECK(has(refused.err, "this service takes no rules over the bus"));
}

TEST_CASE("apply: when the next recording cannot be begun, the old rules go on, and are what a restart runs") {
  const Folder folder;
  std::filesystem::create_directory(folder / "records");
  Service service(folder, rules("not ok"), {"--data", folder / "data", "--record", folder / "records/r.jsonl"});
  REQUIRE(service.listening());
  const std::string digest = digest_of(service);
  std::filesystem::remove_all(folder / "records");
  const Finished refused = service.query({"apply", "--set", "most=7"});
  CHECK(refused.status == 1);
  CHECK(digest_of(service) == digest);
  CHECK(!std::filesystem::exists(folder / "data/applied.json"));
}

TEST_CASE("apply: when the folder cannot be written for good, the old rules go on, and are what a restart runs") {
  const Folder folder;
  const std::string marker = folder / "failing";
  setenv("LD_PRELOAD", FLYBALL_FAILING_FSYNC, 1);
  setenv("FSYNC_FAILS_WHILE", marker.c_str(), 1);
  const char* const asan = std::getenv("ASAN_OPTIONS");
  const std::string former = asan == nullptr ? "" : asan;
  setenv("ASAN_OPTIONS", (former + ":verify_asan_link_order=0").c_str(), 1);
  Service service(folder, rules("not ok"), {"--data", folder / "data"});
  for (const char* name : {"LD_PRELOAD", "FSYNC_FAILS_WHILE"}) unsetenv(name);
  setenv("ASAN_OPTIONS", former.c_str(), 1);
  REQUIRE(service.listening());
  const std::string applied = folder / "data/applied.json", first = digest_of(service);
  const auto refused = [&](const std::string& running) {
    folder.write("failing", "");
    const Finished done = service.query({"apply", "--set", "most=8"});
    INFO(done.out << done.err);
    CHECK(done.status == 1);
    CHECK(has(done.err, "cannot be written"));
    CHECK(digest_of(service) == running);
    std::filesystem::remove(marker);
  };
  refused(first);
  CHECK(!std::filesystem::exists(applied));
  REQUIRE(service.query({"apply", "--set", "most=7"}).status == 0);
  const std::string kept = slurp(applied), second = digest_of(service);
  CHECK(has(kept, "most=7"));
  refused(second);
  CHECK(slurp(applied) == kept);
  CHECK(!has(service.child().err(), "cannot be put back"));
}

TEST_CASE("apply: a file that is no plan and holds no rules is said to be neither") {
  const Folder folder;
  for (const char* text : {"[]", "{}", "", "  \n", "{\"time\":1,\"tick\":true}\n"}) {
    INFO(text);
    const Finished done = flyball({"apply", folder.write("today.plan", text)});
    CHECK(done.status == 1);
    CHECK(has(done.err, "today.plan` is no plan, and holds no rules"));
  }
}

TEST_CASE("apply: a plan that says it was made in the future is refused: it would never be too old") {
  const Folder folder;
  Service service(folder, rules("not ok"));
  REQUIRE(service.listening());
  const std::string before = digest_of(service), facts = folder.write("facts.jsonl", kFacts);
  const std::string after = folder.write("after.fly", rules("not ok or load > most")), file = folder / "p.plan";
  const auto plan_ahead = [&](const std::string& seconds) {
    std::filesystem::remove(file);
    return run("/usr/bin/env", {"ASAN_OPTIONS=verify_asan_link_order=0", "LD_PRELOAD=" FLYBALL_SHIFTED_CLOCK, "CLOCK_SHIFT_S=" + seconds,
                                FLYBALL_BINARY, "plan", after, "--against", folder / "rules.fly", "--facts", facts, "--out", file})
        .status;
  };
  REQUIRE(plan_ahead("86400") == 2);
  const Finished done = service.query({"apply", file});
  INFO(done.out << done.err);
  CHECK(done.status == 1);
  CHECK(has(done.err, "ahead of this clock"));
  CHECK(has(done.err, "make the plan anew"));
  CHECK(digest_of(service) == before);
  // Clocks that differ by a little are no reason.
  REQUIRE(plan_ahead("30") == 2);
  CHECK(service.query({"apply", file}).status == 0);
}

}  // namespace flyball::e2e
