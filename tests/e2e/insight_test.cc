// `flyball top`, `profile` and `graph --live`, as a user would use them; what they say of time is never compared.
#include <catch2/catch.hpp>
#include <csignal>

#include "tests/e2e/service.h"

namespace flyball::e2e {
namespace {

TEST_CASE("top: of a running service, with what happened in between; the service without one is said") {
  const Folder folder;
  Service service(folder, kRules);
  REQUIRE(service.listening());
  service.pub(probe("b1", true) + probe("b2", false));
  const Finished once = service.query({"top", "--once", "--every", "100ms"});
  INFO(once.out << once.err);
  CHECK(once.status == 0);
  CHECK(once.out.find(" rules; 2 facts taken (0/s)") != std::string::npos);
  CHECK(once.out.find("drain\n") != std::string::npos);
  CHECK(once.out.find("Probe\n") != std::string::npos);
  CHECK(once.out.find('\033') == std::string::npos);
  const Finished json = service.query({"top", "--looks", "2", "--every", "100ms", "--json", "--by", "work"});
  CHECK(json.status == 0);
  CHECK(std::count(json.out.begin(), json.out.end(), '\n') == 2);
  CHECK(json.out.find("{\"now\":{\"plan\":\"") == 0);
  CHECK(json.out.find(R"("sampling":true,"facts":2)") != std::string::npos);
  CHECK(json.out.find(R"("since":{)") != std::string::npos);
  service.child().signal(SIGTERM);
  CHECK(service.child().wait() == 0);
  const Finished gone = service.query({"top", "--once"});
  CHECK(gone.status == 1);
  CHECK(gone.err.find("nobody answers") != std::string::npos);
}

TEST_CASE("top: wrong usage") {
  CHECK(flyball({"top", "--once", "--looks", "2"}).status == 64);
  CHECK(flyball({"top", "--looks", "0"}).status == 64);
  CHECK(flyball({"top", "--every", "1ms"}).status == 64);
  CHECK(flyball({"top", "--rules", "0"}).status == 64);
  CHECK(flyball({"top", "--by", "size"}).status == 64);
}

TEST_CASE("top: a reload between two looks is no difference") {
  const Folder folder;
  Service service(folder, kRules);
  REQUIRE(service.listening());
  service.pub(probe("b1", true));
  Child top(folder, "top", {"top", "--looks", "400", "--every", "100ms", "--connect", service.endpoint("queries")});
  REQUIRE(top.await_out("facts taken"));
  folder.write("rules.fly", std::string(kRules) + "\nrule more { when { p: Probe where ok } then { log \"ok\" } }\n");
  service.child().signal(SIGHUP);
  CHECK(top.await_out("the rules were loaded anew"));
  CHECK(service.eventually_says({"top", "--once", "--every", "100ms"}, "more\n"));
}

TEST_CASE("graph --live: the network with a service's counters; of other rules it is refused") {
  const Folder folder;
  Service service(folder, kRules);
  REQUIRE(service.listening());
  service.pub(probe("b1", true) + probe("b2", false) + probe("b3", false));
  const Finished dot = service.query({"graph", folder / "rules.fly", "--live", "--format", "dot"});
  INFO(dot.out << dot.err);
  CHECK(dot.status == 0);
  CHECK(dot.out.find("label=\"3 · Probe\"") != std::string::npos);
  CHECK(dot.out.find("3 facts came, 0 went") == std::string::npos);
  CHECK(dot.out.find("2 facts came, 0 went, 2 are there") != std::string::npos);
  const Finished text = service.query({"graph", folder / "rules.fly", "--live", "--format", "text", "--rule", "drain"});
  CHECK(text.out.find("2 made, 0 deleted, 2 stand") != std::string::npos);
  CHECK(service.query({"graph", folder / "rules.fly", "--live"}).out.find("<svg") == 0);
  const std::string other =
      folder.write("other.fly", std::string(kRules) + "\nrule more { when { p: Probe where ok } then { log \"ok\" } }\n");
  const Finished refused = service.query({"graph", other, "--live"});
  CHECK(refused.status == 1);
  CHECK(refused.err.find("the service runs other rules than these") != std::string::npos);
}

TEST_CASE("profile: counters of one pass, exactly; from a pipe, too; what is wrong is said once") {
  const Folder folder;
  const std::string rules = folder.write("rules.fly", kRules);
  std::string lines = "{\"time\":0,\"type\":\"Nonsense\",\"data\":{}}\n";
  for (int i = 1; i <= 200; ++i) lines += "{\"time\":" + std::to_string(i) + "," + probe("b" + std::to_string(i % 7), i % 3 != 0).substr(1);
  const std::string facts = folder.write("facts.jsonl", lines);
  const Finished shown = flyball({"profile", rules, "--facts", facts, "--for", "50ms"});
  INFO(shown.out << shown.err);
  CHECK(shown.status == 0);
  CHECK(shown.out.find("200 inputs in ") == 0);
  CHECK(shown.err.find(":1: ") != std::string::npos);
  CHECK(shown.err.find(":1: ") == shown.err.rfind(":1: "));
  const auto counters = [](const std::string& json) {
    const std::size_t at = json.find("\"facts\":");
    return json.substr(at, json.find(",\"rule_time\":") - at);
  };
  const Finished file = flyball({"profile", rules, "--facts", facts, "--for", "20ms", "--json"});
  const Finished pipe = flyball({"profile", rules, "--facts", "-", "--json"}, lines);
  CHECK(file.status == 0);
  CHECK(pipe.status == 0);
  CHECK(counters(file.out) == counters(pipe.out));
  CHECK(counters(file.out).find("\"facts\":200,") == 0);
  CHECK(flyball({"profile", rules}).status == 64);
  CHECK(flyball({"profile", "--facts", facts}).status == 64);
  CHECK(flyball({"profile", rules, "--facts", facts, "--for", "0s"}).status == 64);
  CHECK(flyball({"profile", rules, "--facts", folder / "nowhere.jsonl"}).status == 1);
  CHECK(flyball({"profile", folder.write("bad.fly", "rule r { when { x: Nope } }"), "--facts", facts}).status == 1);
}

}  // namespace
}  // namespace flyball::e2e
