// Every action on a real HAProxy, looked at afterwards; and refusals, lies and repetitions on a fake one.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "connectors/haproxy/executor.h"
#include "connectors/haproxy/facts.h"
#include "tests/connectors/fake_socket.h"
#include "tests/connectors/real_haproxy.h"

using namespace flyball;
using namespace flyball::connectors;
using namespace flyball::connectors::haproxy;
using flyball::connectors::testing::FakeSocket;
using flyball::connectors::testing::RealHaproxy;
using flyball::connectors::testing::TempFolder;

namespace {

Order order(const std::string& id, const std::string& action, const std::string& server,
            std::map<std::string, WireValue, std::less<>> more = {}) {
  Order o{id, "infra.lb." + action, std::move(more)};
  o.fields.try_emplace("backend", std::string("web"));
  o.fields.try_emplace("server", server);
  return o;
}

ServerState state_of(const RuntimeSocket& socket, const std::string& server) {
  const auto states = parse_servers_state(socket.ask("show servers state web").value());
  REQUIRE(states);
  for (const ServerState& s : *states) {
    if (s.server == server) return s;
  }
  return ServerState{.server = "none"};
}

#define REQUIRE_HAPROXY()                      \
  if (!RealHaproxy::installed()) {             \
    WARN("skipped: HAProxy is not installed"); \
    return;                                    \
  }

}  // namespace

TEST_CASE("drain, ready, maint and weight take effect on a real HAProxy", "[haproxy][real]") {
  REQUIRE_HAPROXY();
  RealHaproxy haproxy;
  const RuntimeSocket socket(haproxy.socket_path());
  HaproxyExecutor executor(socket, "haproxy", [](DurationNs) {});

  CHECK(executor.execute(order("1", "DrainServer", "web1")).error == "");
  CHECK(admin_of(state_of(socket, "web1")) == "drain");
  CHECK(executor.execute(order("2", "ReadyServer", "web1")).error == "");
  CHECK(admin_of(state_of(socket, "web1")) == "ready");
  CHECK(executor.execute(order("3", "SetWeight", "web1", {{"weight", 0.25}})).error == "");
  CHECK(state_of(socket, "web1").weight == 25);
  CHECK(executor.execute(order("4", "SetWeight", "web1", {{"weight", std::string("0.1%")}})).error == "");
  CHECK(state_of(socket, "web1").weight == 1);  // a small share is still a share
  CHECK(executor.execute(order("5", "SetWeight", "web1", {{"weight", std::string("100%")}})).error == "");
  CHECK(state_of(socket, "web1").weight == 100);
  CHECK(executor.execute(order("6", "MaintServer", "web1")).error == "");
  CHECK(admin_of(state_of(socket, "web1")) == "maint");
  CHECK(executor.execute(order("7", "DrainServer", "web1")).error == "`web/web1` is in maintenance, which a drain would end");
  CHECK(admin_of(state_of(socket, "web1")) == "maint");
}

TEST_CASE("what is already so is success, and an id is done once", "[haproxy][real]") {
  REQUIRE_HAPROXY();
  RealHaproxy haproxy;
  const RuntimeSocket socket(haproxy.socket_path());
  HaproxyExecutor executor(socket, "haproxy", [](DurationNs) {});
  CHECK(executor.execute(order("a", "DrainServer", "web1")).done);
  CHECK(executor.execute(order("b", "DrainServer", "web1")).done);
  // Redelivered after somebody made it ready again: the id was done, it is not done twice.
  CHECK(executor.execute(order("c", "ReadyServer", "web1")).done);
  CHECK(executor.execute(order("a", "DrainServer", "web1")).done);
  CHECK(admin_of(state_of(socket, "web1")) == "ready");
}

TEST_CASE("a server is added, made ready, and removed on a real HAProxy", "[haproxy][real]") {
  REQUIRE_HAPROXY();
  RealHaproxy haproxy;
  const RuntimeSocket socket(haproxy.socket_path());
  HaproxyExecutor executor(socket, "haproxy", [](DurationNs) {});
  const std::string address = "127.0.0.1:" + std::to_string(haproxy.server_port(2));
  const Order add =
      order("1", "AddServer", "web4", {{"address", address}, {"check_every", std::string("100ms")}, {"weight", std::int64_t{50}}});
  CHECK(executor.execute(add).error == "");
  const ServerState web4 = state_of(socket, "web4");
  CHECK(admin_of(web4) == "ready");
  CHECK(web4.has_check);
  CHECK(web4.weight == 50);
  CHECK(web4.configured_weight == 50);

  // After a restart of the connector the same order comes again: the server is there already, at that address.
  HaproxyExecutor restarted(socket, "haproxy", [](DurationNs) {});
  CHECK(restarted.execute(add).error == "");
  CHECK(restarted.execute(order("2", "AddServer", "web4", {{"address", std::string("127.0.0.1:1")}})).error ==
        "`web/web4` exists already, at " + address);

  CHECK(executor.execute(order("3", "DelServer", "web4")).error == "");
  CHECK(state_of(socket, "web4").server == "none");
  CHECK(restarted.execute(order("3", "DelServer", "web4")).error == "");
}

TEST_CASE("HAProxy's refusals are reported in its own words", "[haproxy][real]") {
  REQUIRE_HAPROXY();
  RealHaproxy haproxy;
  HaproxyExecutor executor(RuntimeSocket(haproxy.socket_path()), "haproxy", [](DurationNs) {});
  CHECK(executor.execute(order("1", "DrainServer", "nope")).error == "HAProxy: \"No such server.\"");
  Order elsewhere = order("2", "DrainServer", "web1");
  elsewhere.fields["backend"] = std::string("nowhere");
  CHECK(executor.execute(elsewhere).error == "HAProxy: \"Can't find backend.\"");
  Order fixed = order("3", "SetWeight", "s1", {{"weight", 0.5}});
  fixed.fields["backend"] = std::string("fixed");
  CHECK(executor.execute(fixed).error.find("static LB algorithm") != std::string::npos);
}

TEST_CASE("a HAProxy that is gone is a failure, and the same order succeeds when it is back", "[haproxy][real]") {
  REQUIRE_HAPROXY();
  RealHaproxy haproxy;
  const RuntimeSocket socket(haproxy.socket_path());
  HaproxyExecutor executor(socket, "haproxy", [](DurationNs) {});
  haproxy.kill();
  const Outcome gone = executor.execute(order("1", "DrainServer", "web1"));
  CHECK_FALSE(gone.done);
  CHECK(gone.error.starts_with("cannot connect to "));
  haproxy.start();
  CHECK(executor.execute(order("1", "DrainServer", "web1")).done);
  CHECK(admin_of(state_of(socket, "web1")) == "drain");
}

TEST_CASE("silence is not success: the effect is looked at", "[haproxy]") {
  TempFolder folder;
  const std::string path = folder.path() + "/s";
  const std::string states = testing::sample("show_servers_state.txt");
  FakeSocket fake(path, [&](const std::string& command) {
    // Says yes, does nothing.
    if (command == "show stat") return FakeSocket::Answer{.text = testing::sample("show_stat.csv")};
    return FakeSocket::Answer{.text = command.starts_with("show servers state") ? states : "\n"};
  });
  HaproxyExecutor executor(RuntimeSocket(path), "haproxy", [](DurationNs) {});
  CHECK(executor.execute(order("1", "DrainServer", "web1")).error ==
        "HAProxy took `set server web/web1 state drain`, but the server is ready");
  CHECK(executor.execute(order("2", "SetWeight", "web1", {{"weight", 0.5}})).error ==
        "HAProxy took the weight 50 of `web/web1`, but it is 25");
  CHECK(executor.execute(order("3", "DelServer", "web3")).error == "HAProxy took `del server web/web3`, but the server is still there");
  // A failure is not remembered: the same id is tried again.
  const std::size_t before = fake.commands().size();
  CHECK_FALSE(executor.execute(order("1", "DrainServer", "web1")).done);
  CHECK(fake.commands().size() > before);
}

TEST_CASE("no field can smuggle a command", "[haproxy]") {
  TempFolder folder;
  const std::string path = folder.path() + "/s";
  FakeSocket fake(path, [](const std::string&) { return FakeSocket::Answer{.text = "\n"}; });
  HaproxyExecutor executor(RuntimeSocket(path), "haproxy", [](DurationNs) {});
  for (const char* bad : {"web1; shutdown sessions server web/web2", "web1\ndisable server web/web2", "", "web/web2", "web1 state ready"}) {
    CHECK(executor.execute(order("1", "DrainServer", bad)).error.starts_with("`server` is not a name HAProxy could know"));
  }
  for (const char* bad : {"127.0.0.1", "127.0.0.1:0", "127.0.0.1:80 check", "example.com:80", "300.0.0.1:80", "127.0.0.1:99999",
                          "[::1]:80;x", ":80", "127.0.0.1:80\nx"}) {
    CHECK(executor.execute(order("2", "AddServer", "web9", {{"address", std::string(bad)}}))
              .error.starts_with("`address` is not an IP address and a port"));
  }
  CHECK(executor.execute(order("3", "SetWeight", "web1")).error == "`weight` is not a percent from 0%");
  CHECK(executor.execute(order("4", "SetWeight", "web1", {{"weight", -0.5}})).error == "`weight` is not a percent from 0%");
  CHECK(executor.execute(order("5", "Reboot", "web1")).error == "the haproxy connector knows no action `infra.lb.Reboot`");
  CHECK(executor.execute(order("6", "DrainServer", "web1", {{"lb", std::string("other")}})).error ==
        "this connector is for the load balancer `haproxy`, not `other`");
  CHECK(
      executor.execute(order("7", "AddServer", "web9", {{"address", std::string("127.0.0.1:80")}, {"weight", std::int64_t{257}}})).error ==
      "weight, rise, fall, maxconn or check_every is out of range");
  CHECK(fake.commands().empty());
}

TEST_CASE("sessions get their grace before they are cut off", "[haproxy]") {
  TempFolder folder;
  const std::string path = folder.path() + "/s";
  bool maint = false, deleted = false;
  int busy_looks = 0;
  std::string states = testing::sample("show_servers_state.txt");
  FakeSocket fake(path, [&](const std::string& command) {
    std::string text = "\n";
    if (command.starts_with("show servers state")) {
      text = states;
      const std::size_t at = text.find("3 web 1 web1 127.0.0.1 2 0");
      if (deleted)
        text.erase(at, text.find('\n', at) - at + 1);
      else if (maint)
        text.replace(at, 26, "3 web 1 web1 127.0.0.1 0 1");
    } else if (command == "show stat") {
      text = testing::sample("show_stat.csv");
      if (++busy_looks <= 3) text.replace(text.find("web,web1,0,0,0"), 14, "web,web1,0,0,2");
    } else if (command == "set server web/web1 state maint") {
      maint = true;
    } else if (command == "del server web/web1") {
      text = "Server deleted.\n";
      deleted = true;
    }
    return FakeSocket::Answer{.text = text};
  });
  DurationNs slept_ns = 0;
  HaproxyExecutor executor(RuntimeSocket(path), "haproxy", [&](DurationNs ns) { slept_ns += ns; });
  CHECK(executor.execute(order("1", "DelServer", "web1", {{"grace", std::string("1s")}})).error == "");
  CHECK(busy_looks == 4);
  CHECK(slept_ns == 150'000'000);
  const auto commands = fake.commands();
  const auto cut = std::find(commands.begin(), commands.end(), "shutdown sessions server web/web1");
  const auto del = std::find(commands.begin(), commands.end(), "del server web/web1");
  CHECK(cut < del);
  CHECK(del != commands.end());
}

TEST_CASE("a stop during the grace cuts nobody off", "[haproxy]") {
  TempFolder folder;
  const std::string path = folder.path() + "/s";
  bool maint = false;
  FakeSocket fake(path, [&](const std::string& command) {
    std::string text = "\n";
    if (command.starts_with("show servers state")) {
      text = testing::sample("show_servers_state.txt");
      if (maint) text.replace(text.find("3 web 1 web1 127.0.0.1 2 0"), 26, "3 web 1 web1 127.0.0.1 0 1");
    } else if (command == "show stat") {
      text = testing::sample("show_stat.csv");
      text.replace(text.find("web,web1,0,0,0"), 14, "web,web1,0,0,2");
    } else if (command == "set server web/web1 state maint") {
      maint = true;
    }
    return FakeSocket::Answer{.text = text};
  });
  bool stop = false;
  HaproxyExecutor executor(RuntimeSocket(path), "haproxy", [&](DurationNs) { stop = true; }, [&] { return stop; });
  const Outcome outcome = executor.execute(order("1", "DelServer", "web1", {{"grace", std::string("1s")}}));
  CHECK_FALSE(outcome.done);
  CHECK(outcome.error.find("stays in maintenance") != std::string::npos);
  for (const std::string& command : fake.commands()) CHECK((command.starts_with("show") || command.starts_with("set server")));
}
