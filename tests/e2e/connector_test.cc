// The HAProxy connector beside a real service and a real HAProxy: what is not seen any more is unknown, never healthy, and comes
// back by itself. Skipped where HAProxy is not installed.
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "tests/e2e/service.h"

namespace flyball::e2e {
namespace {

const std::string kHaproxy = "/usr/sbin/haproxy";

// Says that all is well only while it is known.
const char* const kWatch = R"(
module watch
import infra.lb
import infra.connector
fact Healthy key (server) { server: string }
fact Blind key (connector) { connector: string }
rule healthy { when { s: LbServer where health in ["up", "unchecked"] } then { derive Healthy { server: s.server } } }
rule blind { when { c: ConnectorState where not seeing } then { derive Blind { connector: c.connector } } }
action Alarm key (server) { server: string }
rule lost { when { s: LbServer  check stale(s.health) } then { do Alarm { server: s.server } } }
decision can_take {
  input { server: string }
  output { answer: string }
  case healthy when { some Healthy where server == input.server } return { answer: "yes" }
  default return { answer: "nobody knows" }
}
rule ready_again { cooldown 1ms when { a: Alarm } then { do ReadyServer { lb: "lb1", backend: "web", server: a.server } } }
)";

}  // namespace

TEST_CASE("HAProxy dies: its servers are unknown, not healthy; it comes back, and so do they; what could not be done is a failed action") {
  if (!std::filesystem::exists(kHaproxy)) {
    WARN("skipped: HAProxy is not installed");
    return;
  }
  const Folder folder;
  const std::string rules = std::string(FLYBALL_SOURCE_DIR) + "/rules/";
  Service service(folder, kWatch, {rules + "lb/types.fly", rules + "connector/types.fly"});
  REQUIRE(service.listening());
  const std::string config =
      folder.write("haproxy.cfg", "global\n  stats socket " + folder / "s.sock" +
                                      " mode 600 level admin\ndefaults\n  mode http\n  timeout connect 1s\n"
                                      "  timeout client 5s\n  timeout server 5s\nbackend web\n  server web1 127.0.0.1:9\n");
  const std::vector<std::string> haproxy_words = {"-db", "-f", config};
  auto haproxy = std::make_unique<Child>(folder, "haproxy", haproxy_words, kHaproxy);
  Child connector(folder, "connector",
                  {"connect", "haproxy", "--name", "lb1", "--socket", folder / "s.sock", "--every", "100ms", "--facts",
                   service.endpoint("facts"), "--actions", service.endpoint("actions")});
  REQUIRE(service.eventually_says({"facts", "--type", "Healthy"}, "web1"));

  haproxy->signal(SIGKILL);
  haproxy->wait();
  // At once it says that it cannot see; when the facts are too old, they are unknown, and nobody calls the server healthy.
  CHECK(service.eventually_says({"facts", "--type", "Blind"}, "lb1"));
  CHECK(service.eventually_says({"facts", "--type", "LbServer"}, "stale"));
  CHECK(service.eventually_says({"facts", "--type", "ReadyServer"}, "state: \"failed\""));  // in HAProxy's absence
  const std::vector<std::string> question = {"ask", "can_take", R"({"server":"web1"})"};
  const std::string answer = service.query(question).out;
  CHECK(answer.find("\"nobody knows\"") != std::string::npos);
  CHECK(answer.find("\"skipped\":[\"healthy\"]") != std::string::npos);
  CHECK(service.query({"status"}).out.find(" 0 stale") == std::string::npos);

  std::filesystem::remove(folder / "s.sock");
  haproxy = std::make_unique<Child>(folder, "haproxy2", haproxy_words, kHaproxy);
  CHECK(eventually([&] { return service.query({"facts", "--type", "Blind"}).out == "no facts\n"; }));
  CHECK(eventually([&] { return service.query({"facts", "--type", "LbServer"}).out.find("stale") == std::string::npos; }));
  CHECK(service.query(question).out.find("\"yes\"") != std::string::npos);
  CHECK(connector.running());
  CHECK(connector.stop() == 0);
  CHECK(service.child().stop() == 0);
  haproxy->signal(SIGKILL);
  haproxy->wait();
}

TEST_CASE("a connector that cannot do its work says so by its exit status") {
  const Folder folder;
  const Finished blind = flyball({"connect", "haproxy", "--socket", folder / "none.sock", "--print", "--count", "2", "--every", "50ms"});
  CHECK(blind.status == 1);
  CHECK(blind.err.find("cannot see: cannot connect to") != std::string::npos);
  const Finished wrong = flyball({"connect", "haproxy", "--socket", folder / "none.sock", "--actions", "tcp://192.0.2.1:7704"});
  CHECK(wrong.status == 64);
  CHECK(wrong.err.find("192.0.2.1") != std::string::npos);
  // A service whose rules know none of its actions: it is told, and the connector says it.
  Service service(folder, kRules);
  REQUIRE(service.listening());
  Child connector(folder, "connector",
                  {"connect", "haproxy", "--socket", folder / "none.sock", "--facts", service.endpoint("facts"), "--actions",
                   service.endpoint("actions")});
  CHECK(connector.await_err("takes no actions: there is no action `infra.lb."));
  CHECK(connector.stop() == 0);
  CHECK(service.child().stop() == 0);
}

}  // namespace flyball::e2e
