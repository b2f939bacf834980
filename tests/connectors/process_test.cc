// The connectors as processes on a real bus, with a real HAProxy: facts arrive and none is refused, actions are done and their
// failures told, and after kill -9 of the connector or of HAProxy it all goes on.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <set>
#include <thread>

#include "bus/codec/json_lines.h"
#include "bus/transport/server.h"
#include "connectors/haproxy/facts.h"
#include "connectors/haproxy/runtime.h"
#include "connectors/link.h"
#include "tests/connectors/fake_socket.h"
#include "tests/connectors/real_haproxy.h"
#include "tests/connectors/vocabulary.h"

using namespace flyball;
using namespace flyball::connectors;
using flyball::connectors::testing::RealHaproxy;
using flyball::connectors::testing::TempFolder;
using flyball::connectors::testing::Vocabulary;

namespace {

class Connector {
 public:
  Connector(std::string log, std::vector<std::string> words) : log_(std::move(log)), words_(std::move(words)) { start(); }
  ~Connector() { stop(SIGKILL); }
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  void start() {
    std::vector<char*> argv;
    static std::string binary = FLYBALL_BINARY, connect = "connect";
    argv.push_back(binary.data());
    argv.push_back(connect.data());
    for (std::string& word : words_) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      const int fd = ::open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
      ::dup2(fd, 1);
      ::dup2(fd, 2);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
  }
  // Its exit status, or minus the signal that ended it.
  int stop(int signal) {
    if (pid_ <= 0) return 0;
    ::kill(pid_, signal);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  std::string log_;
  std::vector<std::string> words_;
  pid_t pid_ = -1;
};

// A service that writes down what it gets.
struct Service : bus::ServerHandler {
  TempFolder folder;
  Vocabulary v;
  std::vector<FactInput> facts;
  std::vector<AckInput> acks;
  bus::ServerConfig config;
  std::unique_ptr<bus::BusServer> server;

  Service() {
    config.facts_bind = {"ipc://" + folder.path() + "/facts"};
    config.actions_bind = {"ipc://" + folder.path() + "/actions"};
    config.plain_bind = config.out_bind = config.queries_bind = {};
    server = bus::BusServer::open(config, v.rules.schema, v.interner, *this).value();
  }
  Result<void> on_fact(FactInput& fact) override {
    facts.push_back(fact);
    return {};
  }
  Result<void> on_ack(AckInput& ack) override {
    acks.push_back(ack);
    return {};
  }
  Result<bus::AnswerView> on_ask(DecisionId, const std::vector<Value>&) override { return fail("none"); }
  Result<std::string> on_why(std::string_view) override { return fail("none"); }
  Result<std::string> on_why_not(std::string_view, const std::vector<std::pair<std::string, std::string>>&) override {
    return fail("none");
  }
  Result<std::string> on_facts(std::string_view) override { return fail("none"); }
  Result<std::string> on_status() override { return fail("none"); }

  bool until(const std::function<bool()>& done, int seconds = 30) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      static_cast<void>(server->poll(20));
    }
    return true;
  }
  std::set<std::string> types() const {
    std::set<std::string> out;
    for (const FactInput& f : facts) out.insert(v.rules.schema.types[f.type].local);
    return out;
  }
  std::string text(const FactInput& fact, std::string_view field) const {
    const Value value = fact.values[v.rules.schema.types[fact.type].field_index(field)];
    if (value.kind == Kind::kBool) return value.is_true() ? "true" : "false";
    return value.kind == Kind::kString ? std::string(v.interner.text(value)) : "";
  }
  // The newest one where `field` has that text.
  const FactInput* last(std::string_view type, std::string_view field, std::string_view wanted) const {
    for (auto f = facts.rbegin(); f != facts.rend(); ++f) {
      if (v.rules.schema.types[f->type].local == type && f->op == FactOp::kPut && text(*f, field) == wanted) return &*f;
    }
    return nullptr;
  }
  void order(const std::string& id, std::string_view type, std::string_view target, std::uint32_t try_number = 1) {
    ActionOutput a;
    a.time = {1'000 * kNsPerSecond};
    a.id = id;
    a.action = v.rules.schema.type_id(type);
    a.rule_name = "test.rule";
    const FactType& t = v.rules.schema.types[a.action];
    for (std::size_t i = 0; i < t.declared_fields; ++i) a.data.push_back(t.fields[i].default_value.value_or(Value::null()));
    a.data[t.field_index("backend")] = v.interner.string("web");
    a.data[t.field_index("server")] = v.interner.string(target);
    if (const auto weight = t.field_index("weight"); weight != kNoId && t.fields[weight].type.is(TypeTag::kPercent))
      a.data[weight] = Value::percent_e9(250'000'000);
    a.try_number = try_number;
    server->publish_action(a);
  }
  // Waits for the word on `id`: "acked", or "failed: …".
  std::string outcome(const std::string& id) {
    const auto find = [&]() -> const AckInput* {
      for (const AckInput& a : acks) {
        if (a.id == id) return &a;
      }
      return nullptr;
    };
    if (!until([&] { return find() != nullptr; })) return "nothing";
    return find()->state == ActionState::kAcked ? "acked" : "failed: " + find()->error;
  }
};

bool ready() {
  if (std::string(FLYBALL_BINARY).empty() || ::access(FLYBALL_BINARY, X_OK) != 0) {
    WARN("skipped: there is no flyball program yet");
    return false;
  }
  return true;
}

bool ready_with_haproxy() {
  if (!RealHaproxy::installed()) {
    WARN("skipped: HAProxy is not installed");
    return false;
  }
  return ready();
}

}  // namespace

TEST_CASE("the host connector's facts arrive, none is refused, and it leaves when told", "[process]") {
  if (!ready()) return;
  Service service;
  Connector host(service.folder.path() + "/log", {"host", "--every", "100ms", "--facts", service.config.facts_bind[0]});
  CHECK(service.until([&] { return service.types().size() == 5; }));
  CHECK(service.types() == std::set<std::string>{"HostCpu", "HostMemory", "HostLoad", "HostInterface", "ConnectorState"});
  CHECK(service.server->counters().facts_refused == 0);
  CHECK(service.last("ConnectorState", "seeing", "true") != nullptr);
  CHECK(host.stop(SIGTERM) == 0);
  // Its last word: nobody sees any more.
  CHECK(service.until([&] { return service.last("ConnectorState", "reason", "stopped") != nullptr; }));
}

TEST_CASE("an order that takes its time is heard of meanwhile, and the next one waits its turn") {
  Service service;
  std::atomic<bool> stop{false}, in_hand{false}, enough{false};
  std::vector<std::string> done;  // the executor's thread writes it; read after its end
  std::thread thread([&] {
    const ActionLinkConfig config{service.config.actions_bind[0], "test", "test", {"infra.lb.DrainServer"}, [&] { return stop.load(); }};
    (void)serve_actions(config, [&](const Order& order, const Rest& rest) {
      in_hand = true;
      while (!enough) rest(50'000'000);
      done.push_back(order.id);
      return Outcome::success();
    });
  });
  service.order("a1", "DrainServer", "web1");
  const bool began = service.until([&] { return in_hand.load(); });
  service.order("a2", "DrainServer", "web2");
  // Nobody else speaks to this service: these are the executor's signs of life.
  const std::uint64_t before = service.server->counters().messages_in;
  const bool lives = service.until([&] { return service.server->counters().messages_in >= before + 2; });
  enough = true;
  const std::string first = service.outcome("a1"), second = service.outcome("a2");
  stop = true;
  thread.join();
  CHECK(began);
  CHECK(lives);
  CHECK(first == "acked");
  CHECK(second == "acked");
  CHECK(done == std::vector<std::string>{"a1", "a2"});
}

TEST_CASE("actions reach a real HAProxy, and what became of them comes back", "[process]") {
  if (!ready_with_haproxy()) return;
  RealHaproxy haproxy;
  const haproxy::RuntimeSocket socket(haproxy.socket_path());
  Service service;
  Connector connector(service.folder.path() + "/log", {"haproxy", "--socket", haproxy.socket_path(), "--every", "100ms", "--facts",
                                                       service.config.facts_bind[0], "--actions", service.config.actions_bind[0]});
  REQUIRE(service.until([&] { return service.types().size() == 4; }));
  CHECK(service.server->counters().facts_refused == 0);

  service.order("a1", "DrainServer", "web1");
  CHECK(service.outcome("a1") == "acked");
  CHECK(service.until([&] { return service.last("LbServer", "admin", "drain") != nullptr; }));
  service.order("a2", "DrainServer", "nope");
  CHECK(service.outcome("a2") == "failed: HAProxy: \"No such server.\"");
  service.order("a3", "SetWeight", "web2");
  CHECK(service.outcome("a3") == "acked");

  SECTION("kill -9 of the connector: its successor takes the orders that came meanwhile") {
    CHECK(connector.stop(SIGKILL) == -SIGKILL);
    service.order("b1", "ReadyServer", "web1");
    connector.start();
    CHECK(service.outcome("b1") == "acked");
    const std::size_t before = service.facts.size();
    CHECK(service.until([&] { return service.facts.size() > before + 4 && service.last("LbServer", "admin", "ready") != nullptr; }));
  }

  SECTION("kill -9 of HAProxy: blind, then seeing, and what it was told is gone") {
    haproxy.kill();
    CHECK(service.until([&] { return service.last("ConnectorState", "seeing", "false") != nullptr; }));
    service.order("c1", "DrainServer", "web2");
    CHECK(service.outcome("c1").starts_with("failed: cannot connect to "));
    const std::size_t blind = service.facts.size();
    haproxy.start();
    const auto ready_again = [&] {
      for (std::size_t i = blind; i < service.facts.size(); ++i) {
        const FactInput& f = service.facts[i];
        if (service.v.rules.schema.types[f.type].local == "LbServer" && service.text(f, "server") == "web1" &&
            service.text(f, "admin") == "ready")
          return true;
      }
      return false;
    };
    CHECK(service.until(ready_again));
    // The same order once more, as a new try: this time it is carried out.
    service.acks.clear();
    service.order("c1", "DrainServer", "web2", 2);
    CHECK(service.outcome("c1") == "acked");
  }
  CHECK(connector.stop(SIGTERM) == 0);
}
