// Asking a person: what a running service proposes, and what becomes of it.
#include <catch2/catch.hpp>
#include <csignal>

#include "tests/e2e/service.h"

namespace flyball::e2e {
namespace {

constexpr const char* kAskingRules = R"(
fact Vm key (vm) { vm: string }
action DeleteVm key (vm) { vm: string }
rule delete {
  approve when count(Vm) >= 1
  when { v: Vm }
  then { do DeleteVm { vm: v.vm } }
}
)";

std::string vm(const std::string& name) { return R"({"type":"Vm","data":{"vm":")" + name + "\"}}\n"; }

// The id in the line of `status` that names the machine.
std::string id_of(const Service& service, const std::string& name) {
  const std::string status = service.query({"status"}).out;
  const std::size_t at = status.find("DeleteVm { vm: \"" + name + "\" }");
  return at == std::string::npos || at < 34 ? "" : status.substr(at - 34, 32);
}

TEST_CASE("approve and reject: a person's word, listed before, explained, recorded, and replayed to the same") {
  const Folder folder;
  const std::string record = folder / "inputs.jsonl", actions = folder / "actions.jsonl";
  std::string a, b;
  {
    Service service(folder, kAskingRules, {"--record", record, "--actions", actions});
    REQUIRE(service.listening());
    REQUIRE(service.pub(vm("a") + vm("b")).status == 0);
    REQUIRE(service.eventually_says({"status"}, "2 waiting for approval (`flyball approve ID`, `flyball reject ID`):\n"));
    a = id_of(service, "a"), b = id_of(service, "b");
    REQUIRE(a.size() == 32);
    CHECK(service.query({"status", "--json"})
              .out.find("\"proposals\":[{\"id\":\"" + a + "\",\"action\":\"main.DeleteVm\",\"data\":{\"vm\":\"a\"}") != std::string::npos);
    const std::string why = service.query({"why", a}).out;
    CHECK(why.find("proposed, not sent: a person must approve it, because this is so\n  ✓ count(Vm) >= 1\n") != std::string::npos);
    CHECK(why.find("waits for approval since ") != std::string::npos);

    const Finished approved = service.query({"approve", a});
    CHECK(approved.status == 0);
    CHECK(approved.out == "approved: DeleteVm { vm: \"a\" }\n");
    REQUIRE(service.eventually_says({"facts", "--type", "DeleteVm"}, "state: \"sent\""));
    CHECK(service.query({"why", a}).out.find("since then\n  sent at ") != std::string::npos);
    CHECK(service.query({"why", a}).out.find("waits for approval since ") == std::string::npos);
    const Finished again = service.query({"approve", a});
    CHECK(again.status == 1);
    CHECK(again.err.find("this action waits for no approval: it is sent") != std::string::npos);
    CHECK(again.err.find("`flyball status` shows what waits for approval") != std::string::npos);

    const Finished rejected = service.query({"reject", b, "--reason", "somebody works on it", "--json"});
    CHECK(rejected.status == 0);
    CHECK(rejected.out == "{\"action\":\"" + b + "\",\"state\":\"rejected\"}\n");
    REQUIRE(service.eventually_says({"why", b}, "since then\n  rejected at "));
    CHECK(service.query({"why", b}).out.find("  somebody works on it\n") != std::string::npos);

    CHECK(service.query({"approve", "00000000000000000000000000000000"}).err.find("no such action waits for approval") !=
          std::string::npos);
    CHECK(service.query({"approve", "delete"}).status == 64);
    CHECK(service.query({"status"}).out.find("waiting for approval") == std::string::npos);
    CHECK(service.child().stop() == 0);
  }
  const std::string inputs = slurp(record);
  CHECK(inputs.find("\"id\":\"" + a + "\",\"state\":\"approved\"") != std::string::npos);
  CHECK(inputs.find("\"id\":\"" + b + "\",\"state\":\"rejected\",\"error\":\"somebody works on it\"") != std::string::npos);
  const std::string written = slurp(actions);
  CHECK(count_lines(written) == 4);
  const Finished replayed = flyball({"replay", folder / "rules.fly", "--facts", record, "--quiet"});
  CHECK(replayed.status == 0);
  CHECK(replayed.err == "");
  CHECK(replayed.out == written);
}

TEST_CASE("approve: a word among the facts, a reload that asks for none any more, and a cold service") {
  const Folder folder;
  Service service(folder, kAskingRules, {"--require-source", "one"});
  REQUIRE(service.listening());
  CHECK(service.query({"approve", "00000000000000000000000000000000"}).err.find("the service is cold") != std::string::npos);
  REQUIRE(service.pub(vm("a") + vm("b"), {"--source", "one"}).status == 0);
  REQUIRE(service.child().await_err("warm: "));
  REQUIRE(service.eventually_says({"status"}, "2 waiting for approval"));
  const std::string b = id_of(service, "b");

  std::string rules = kAskingRules;
  rules.erase(rules.find("  approve when"), rules.find("  when {") - rules.find("  approve when"));
  folder.write("rules.fly", rules);
  service.child().signal(SIGHUP);
  REQUIRE(service.child().await_err("reloaded: 1 rule"));
  CHECK(service.query({"status"}).out.find("2 waiting for approval") != std::string::npos);
  CHECK(id_of(service, "b") == b);
  CHECK(service.query({"facts", "--type", "DeleteVm"}).out.find("sent") == std::string::npos);

  const std::string word = R"({"ack":{"action":"DeleteVm","data":{"vm":"a"},"state":"approved"}})";
  const Finished published = service.pub(word + "\n", {"--source", "one"});
  INFO(published.err);
  CHECK(published.status == 0);
  REQUIRE(service.eventually_says({"facts", "--type", "DeleteVm"}, "vm: \"a\", id"));
  REQUIRE(service.eventually_says({"facts", "--type", "DeleteVm"}, "state: \"sent\""));
  CHECK(service.query({"status"}).out.find("1 waiting for approval") != std::string::npos);
  CHECK(service.query({"reject", b}).status == 0);
  CHECK(service.child().stop() == 0);
}

}  // namespace
}  // namespace flyball::e2e
