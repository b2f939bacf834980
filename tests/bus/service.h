// A service for tests: a BusServer on ipc:// in a directory of its own, with a handler that writes down what it gets.
// Everything runs in one thread: until() polls the server and pumps the clients in turn.
#pragma once

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "bus/transport/server.h"
#include "tests/bus/fixture.h"
#include "tests/bus/raw_peer.h"

namespace flyball::bus::test {

struct TempDir {
  std::filesystem::path path;
  TempDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "flyball-bus-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    path = pattern;
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  std::string ipc(const std::string& name) const { return "ipc://" + (path / name).string(); }
};

struct Recorder : ServerHandler {
  World& w;
  std::vector<std::string> facts;  // as JSON lines
  std::vector<AckInput> acks;
  std::vector<std::string> troubles;
  std::vector<std::string> gaps;
  std::vector<std::string> asked;
  std::function<Result<void>(const FactInput&)> judge;
  std::function<Result<void>(const AckInput&)> judge_ack;
  bool commit_fails = false;
  std::vector<Value> output;
  std::vector<std::string> skipped{"degraded"};

  explicit Recorder(World& world) : w(world) {}

  Result<void> on_fact(FactInput& f) override {
    if (judge) {
      if (auto ok = judge(f); !ok) return ok;
    }
    std::string line;
    append_fact(line, f, w.schema, w.in);
    facts.push_back(std::move(line));
    return {};
  }
  Result<void> on_ack(AckInput& a) override {
    acks.push_back(a);
    return judge_ack ? judge_ack(a) : Result<void>{};
  }
  void on_gap(std::string_view source, std::uint64_t from, std::uint64_t through) override {
    gaps.push_back(std::string(source) + " " + std::to_string(from) + ".." + std::to_string(through));
  }
  Result<void> on_commit() override { return commit_fails ? fail("the disk is full") : Result<void>{}; }
  void on_trouble(const std::string& message) override { troubles.push_back(message); }
  Result<AnswerView> on_ask(DecisionId decision, const std::vector<Value>& input) override {
    const std::string service(w.in.text(input[0]));
    asked.push_back(service);
    if (service == "nobody") return fail("no case applies");
    output = {w.in.string(service + "-pool"), Value::duration_ns(500'000'000)};
    return AnswerView{decision, &output, "internal", {12'500'000'000}, 7, &skipped};
  }
  std::string on_explain(const AnswerView&) override { return "for people"; }
  Result<std::string> on_why(std::string_view id) override { return "{\"action\":\"" + std::string(id) + "\",\"lines\":[1,2.5,\"x\"]}"; }
  Result<std::string> on_why_not(std::string_view rule, const std::vector<std::pair<std::string, std::string>>& with) override {
    std::string out = "{\"rule\":\"" + std::string(rule) + "\"";
    for (const auto& [k, v] : with) out += ",\"" + k + "\":\"" + v + "\"";
    return out + "}";
  }
  Result<std::string> on_facts(std::string_view type) override {
    if (type == "Nope") return fail("there is no fact type `Nope`");
    return std::string("{\"facts\":[]}");
  }
  Result<std::string> on_status() override { return std::string("{\"uptime\":\"1s\"}"); }
  Result<std::string> on_rules(bool texts) override {
    return std::string("{\"digest\":\"3f2a\",\"from\":\"files\",\"params\":[]") +
           (texts ? ",\"files\":[{\"path\":\"web.fly\",\"text\":\"module web\"}],\"tables\":[]}" : "}");
  }
  Result<std::string> on_apply(std::string_view request) override {
    applied.emplace_back(request);
    if (request.find("\"expect\":\"3f2a\"") == std::string_view::npos) return fail("the service runs other rules");
    return std::string("{\"digest\":\"77c1\",\"former\":\"3f2a\",\"loaded\":true}");
  }
  Result<std::string> on_snapshot(std::string_view id, std::uint64_t offset) override {
    if (!id.empty() && id != "c-1") return fail("there is no such copy any more");
    return "{\"id\":\"c-1\",\"bytes\":12,\"offset\":" + std::to_string(offset) + ",\"data\":\"Zmx5YmFsbA==\"}";
  }
  std::vector<std::string> applied;  // requests
  Result<std::string> on_insight(std::string_view by, bool nodes) override {
    if (by == "size") return fail("rules cannot be ordered by `size`", "by time, work, matches, memory, firings or name");
    return std::string("{\"rules\":[{\"rule\":\"net.drain\",\"work\":12}],\"rules_left_out\":") + (nodes ? "1}" : "0}");
  }
};

struct Service {
  TempDir dir;
  World w;
  Recorder handler{w};
  ServerConfig config;
  std::unique_ptr<BusServer> server;

  explicit Service(const std::function<void(ServerConfig&)>& adjust = {}) {
    config.facts_bind = {dir.ipc("facts")};
    config.plain_bind = {dir.ipc("plain")};
    config.out_bind = {dir.ipc("out")};
    config.actions_bind = {dir.ipc("actions")};
    config.queries_bind = {dir.ipc("queries")};
    config.wall_clock = [] { return Timestamp{1'000 * kNsPerSecond}; };
    if (adjust) adjust(config);
    start();
  }
  void start() {
    // A closed socket stops listening a moment later.
    auto s = BusServer::open(config, w.schema, w.in, handler);
    for (int i = 0; i < 200 && !s; ++i) {
      ::usleep(5'000);
      s = BusServer::open(config, w.schema, w.in, handler);
    }
    if (!s) throw std::runtime_error(s.error().message);
    server = std::move(*s);
  }
  void stop() { server.reset(); }

  // Polls the server and calls `pump` until `done`; false after twenty seconds.
  bool until(const std::function<bool()>& done, const std::function<void()>& pump = {}, int timeout_ms = 20'000) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      if (server) static_cast<void>(server->poll(1));
      if (pump) pump();
    }
    return true;
  }
  // Lets things happen that must not.
  void settle(const std::function<void()>& pump = {}, int ms = 60) {
    until([] { return false; }, pump, ms);
  }

  ActionOutput action(const std::string& id, std::uint32_t number = 1) {
    ActionOutput a;
    a.time = {107'500'000'000};
    a.id = id;
    a.action = w.fence;
    a.rule_name = "ha.rules.fence_dead";
    a.data = {w.in.string("db1")};
    a.try_number = number;
    return a;
  }
};

// What the peer hears until it has heard `n` messages (or twenty seconds have gone).
inline std::vector<std::string> wait_for(Service& s, RawPeer& p, std::size_t n) {
  std::vector<std::string> heard;
  s.until([&] { return heard.size() >= n; },
          [&] {
            for (auto& m : p.heard()) heard.push_back(m);
          });
  return heard;
}

}  // namespace flyball::bus::test
