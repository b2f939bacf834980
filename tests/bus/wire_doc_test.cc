// docs/reference/wire.md is true: its exchanges are held with a real server, its bytes are the bytes, its programs run.
// UPDATE_GOLDEN=1 rewrites the hex dumps; the difference is read.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/bus/raw_peer.h"
#include "tests/bus/service.h"

using namespace flyball;
using namespace flyball::bus;
using namespace flyball::bus::test;

namespace {

const std::string kPage = std::string(FLYBALL_SOURCE_DIR) + "/docs/reference/wire.md";
const std::string kActionId = "5a0e6a8d2f3b4c5d6e7f80919293a4b5";

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream in(path);
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

// "  83 a2 6f 70 …", sixteen bytes a line.
std::vector<std::string> dump(const std::string& bytes) {
  std::vector<std::string> out;
  char cell[4];
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i % 16 == 0) out.emplace_back(" ");
    std::snprintf(cell, sizeof cell, " %02x", static_cast<unsigned>(static_cast<unsigned char>(bytes[i])));
    out.back() += cell;
  }
  return out;
}

ServerConfig adjusted(ServerConfig c) {
  c.epoch = "00ff00ff00ff00ff";
  return c;
}

// One block of an exchange: gives back its lines with the bytes that really went over the wire.
std::vector<std::string> hold(const std::string& face, const std::vector<std::string>& block) {
  Service s([](ServerConfig& c) { c = adjusted(std::move(c)); });
  const bool topics = face == "plain" || face == "out";
  const std::string endpoint = face == "facts"     ? s.config.facts_bind[0]
                               : face == "actions" ? s.config.actions_bind[0]
                               : face == "queries" ? s.config.queries_bind[0]
                               : face == "plain"   ? s.config.plain_bind[0]
                                                   : s.config.out_bind[0];
  RawPeer peer(endpoint, face == "plain" ? PeerKind::kPub : face == "out" ? PeerKind::kSub : PeerKind::kDealer);
  if (face == "out") REQUIRE(s.until([&] { return s.server->wanted("action."); }));
  if (face == "plain") {
    REQUIRE(s.until([&] { return s.server->counters().plain_in > 0; },
                    [&] { peer.send_parts({"Vm", RawPeer::pack(R"({"vm":"v0","running":true})")}); }));
    s.settle();
    s.handler.facts.clear();
  }
  std::vector<std::string> out;
  std::vector<std::string> heard;
  for (const std::string& line : block) {
    if (line.starts_with("  ")) continue;
    INFO(line);
    out.push_back(line);
    std::string text = line.substr(line.find(' ') + 1);
    std::string topic;
    if (topics && !line.starts_with("!")) {
      topic = text.substr(0, text.find(' '));
      text = text.substr(text.find(' ') + 1);
    }
    std::string bytes;
    if (line.starts_with("→ ")) {
      bytes = RawPeer::pack(text);
      REQUIRE(bytes.front() != '?');
      if (topics) {
        const std::size_t before = s.handler.facts.size();
        peer.send_parts({topic, bytes});
        REQUIRE(s.until([&] { return s.handler.facts.size() > before; }));
        CHECK(s.handler.troubles.empty());
      } else {
        peer.send(bytes);
      }
    } else if (line.starts_with("← ")) {
      REQUIRE(s.until([&] { return !heard.empty(); },
                      [&] {
                        for (auto& m : peer.heard_bytes()) heard.push_back(std::move(m));
                      }));
      bytes = heard.front();
      heard.erase(heard.begin());
      CHECK(packed_to_json(bytes).value_or("unreadable") == text);
    } else if (line == "! the rules send a Fence") {
      s.server->publish_action(s.action(kActionId));
    } else if (line == "! a Hot ceases") {
      s.server->publish_derived({{5'000'000'000}, s.w.derived, false, {s.w.in.string("e1"), Value::percent_e9(920'000'000)}});
    } else {
      FAIL("not understood: " << line);
    }
    for (std::string& d : dump(bytes)) out.push_back(std::move(d));
  }
  return out;
}

// The text of ```python file=NAME.
std::string program(const std::string& name) {
  std::string out;
  bool inside = false;
  for (const std::string& line : lines_of(kPage)) {
    if (inside && line == "```") return out;
    if (inside) out += line + "\n";
    if (line == "```python file=" + name) inside = true;
  }
  FAIL("no program " << name);
  return out;
}

// A child process running Python; its output goes to a file.
class Python {
 public:
  Python(const TempDir& dir, const std::string& name, const std::string& code, const std::vector<std::string>& arguments)
      : output_((dir.path / (name + ".out")).string()) {
    const std::string script = (dir.path / name).string();
    std::ofstream(script) << code;
    std::vector<std::string> words = {"/usr/bin/python3", script};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& w : words) argv.push_back(w.data());
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      static_cast<void>(!std::freopen(output_.c_str(), "w", stdout));
      ::dup2(1, 2);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
  }
  ~Python() {
    if (pid_ > 0 && !ended()) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }
  Python(const Python&) = delete;
  Python& operator=(const Python&) = delete;
  bool ended() {
    if (!done_) done_ = ::waitpid(pid_, &status_, WNOHANG) == pid_;
    return done_;
  }
  int status() const { return WIFEXITED(status_) ? WEXITSTATUS(status_) : -1; }
  std::string output() const {
    std::ifstream in(output_);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }

 private:
  std::string output_;
  pid_t pid_ = 0;
  int status_ = 0;
  bool done_ = false;
};

bool python_has_zmq() { return std::system("/usr/bin/python3 -c 'import zmq, msgpack' >/dev/null 2>&1") == 0; }

}  // namespace

TEST_CASE("the exchanges in the documentation happen, byte for byte") {
  const bool update = std::getenv("UPDATE_GOLDEN") != nullptr;
  const auto page = lines_of(kPage);
  std::vector<std::string> next;
  std::size_t blocks = 0;
  for (std::size_t i = 0; i < page.size(); ++i) {
    next.push_back(page[i]);
    if (!page[i].starts_with("```wire ")) continue;
    ++blocks;
    std::vector<std::string> block;
    std::size_t end = i + 1;
    while (end < page.size() && page[end] != "```") block.push_back(page[end++]);
    const auto real = hold(page[i].substr(8), block);
    if (!update) {
      INFO("line " << i + 1);
      CHECK(block == real);
    }
    next.insert(next.end(), real.begin(), real.end());
    i = end - 1;
  }
  CHECK(blocks == 7);
  if (update) {
    std::ofstream out(kPage);
    for (const std::string& line : next) out << line << "\n";
  }
}

TEST_CASE("the publisher of the documentation publishes") {
  if (!python_has_zmq()) {
    WARN("python3-zmq or python3-msgpack is not installed: skipped");
    return;
  }
  Service s;
  Python p(s.dir, "publisher.py", program("publisher.py"), {s.config.facts_bind[0]});
  REQUIRE(s.until([&] { return p.ended(); }));
  CHECK(p.status() == 0);
  CHECK(
      p.output() ==
      "acknowledged 1 []\nacknowledged 2 []\nacknowledged 3 [{'seq': 3, 'error': '`util` of `LinkStats`: expected a percent, got \"high\"; "
      "write a ratio such as 0.92, or \"92%\"'}]\n");
  REQUIRE(s.handler.facts.size() == 2);
  CHECK(s.handler.facts[1].find(R"("util":0.95,"errors":0,"oper":"up"},"source":"example-1","seq":2})") != std::string::npos);
}

TEST_CASE("the executor of the documentation carries out each action once, and survives a restart of the service") {
  if (!python_has_zmq()) {
    WARN("python3-zmq or python3-msgpack is not installed: skipped");
    return;
  }
  Service s;
  const auto drain = [&](const std::string& id, const std::string& port) {
    ActionOutput a;
    a.id = id;
    a.action = s.w.drain;
    a.rule_name = "net.rules.drain_hot_link";
    a.data = {s.w.in.string("e1"), s.w.in.string(port), s.w.in.string("hot")};
    return a;
  };
  Python p(s.dir, "executor.py", program("executor.py"), {s.config.actions_bind[0]});
  s.server->publish_action(drain("a1", "et1"));
  REQUIRE(s.until([&] { return s.handler.acks.size() == 1; }));
  CHECK(s.handler.acks[0].state == ActionState::kAcked);
  s.stop();
  s.start();
  s.server->publish_action(drain("a1", "et1"));
  s.server->publish_action(drain("a2", "et2"));
  REQUIRE(s.until([&] { return s.handler.acks.size() == 3; }));
  CHECK(p.output() == "draining e1 et1\ndraining e1 et2\n");
}

TEST_CASE("the question, the tap and the plain publisher of the documentation work") {
  if (!python_has_zmq()) {
    WARN("python3-zmq or python3-msgpack is not installed: skipped");
    return;
  }
  Service s;
  Python question(s.dir, "question.py", program("question.py"), {s.config.queries_bind[0]});
  REQUIRE(s.until([&] { return question.ended(); }));
  CHECK(question.output() == "api-pool from internal\n");
  Python tap(s.dir, "tap.py", program("tap.py"), {s.config.out_bind[0]});
  REQUIRE(s.until([&] { return s.server->wanted("action.x"); }));
  s.server->publish_action(s.action("a1"));
  REQUIRE(s.until([&] { return !tap.output().empty(); }));
  CHECK(tap.output() == "action.ha.rules.Fence {'target': 'db1'}\n");
  Python plain(s.dir, "plain.py", program("plain.py"), {s.config.plain_bind[0]});
  REQUIRE(s.until([&] { return plain.ended(); }));
  CHECK(plain.status() == 0);
  CHECK_FALSE(s.handler.facts.empty());
  CHECK(s.handler.troubles.empty());
}

TEST_CASE("the Python client to copy: batches, a restart, actions, questions") {
  if (!python_has_zmq()) {
    WARN("python3-zmq or python3-msgpack is not installed: skipped");
    return;
  }
  Service s;
  const std::string code = R"(
import sys, threading
sys.path.insert(0, sys.argv[1])
import flyball_bus as fb
facts, actions, queries = sys.argv[2:5]

def carry_out(action):
    if action["data"]["target"] == "db1":
        return {"ip": "10.0.0.1", "took": 0.25}
    raise RuntimeError("no such host")

executor = fb.Executor("py-1", ["Fence"], carry_out, endpoint=actions)
publisher = fb.Publisher("py-1", endpoint=facts)
for i in range(2000):
    publisher.put("LinkStats", {"device": "e1", "port": "p%d" % i, "util": 0.25}, at=i)
publisher.put("LinkStats", {"device": "e1"})
assert publisher.flush(15), publisher.complaint
print("refused", publisher.refused, flush=True)
for i in range(2000, 2100):
    publisher.put("LinkStats", {"device": "e1", "port": "p%d" % i, "util": 0.25}, at=i)
    publisher.pump(0.01)
assert publisher.flush(15), publisher.complaint
q = fb.Questions(queries)
print(q.ask("pick_pool", service="api", client="::1")["output"], flush=True)
print([sorted(a) for a in q.ask_all("pick_pool", [{"service": "api", "client": "::1"}, {}])], flush=True)
try:
    q.ask("nope")
except ValueError as e:
    print(e, flush=True)
while True:
    executor.pump(0.1)
)";
  Python p(
      s.dir, "client.py", code,
      {std::string(FLYBALL_SOURCE_DIR) + "/clients/python", s.config.facts_bind[0], s.config.actions_bind[0], s.config.queries_bind[0]});
  REQUIRE(s.until([&] { return s.handler.facts.size() >= 2'020; }));
  s.stop();
  s.start();
  s.server->publish_action(s.action("a1"));
  ActionOutput other = s.action("a2");
  other.data = {s.w.in.string("db2")};
  s.server->publish_action(other);
  const bool done = s.until([&] { return s.handler.acks.size() >= 2 || p.ended(); });
  INFO(p.output());
  REQUIRE(done);
  REQUIRE_FALSE(p.ended());
  CHECK(p.output() ==
        "refused [(2001, '`port` of `LinkStats` is missing')]\n{'pool': 'api-pool', 'timeout': 0.5}\n"
        "[['as_of', 'from', 'output', 'position', 'skipped'], ['error']]\nthere is no decision `nope`\n");
  // Facts taken before the restart and not yet acknowledged come again; none is missing.
  for (int i = 0; i < 2'100; ++i) {
    const std::string port = "\"port\":\"p" + std::to_string(i) + "\"";
    const auto found = std::count_if(s.handler.facts.begin(), s.handler.facts.end(),
                                     [&](const std::string& f) { return f.find(port) != std::string::npos; });
    if (found < 1) FAIL("lost " << port);
  }
  CHECK(s.handler.acks[0].result.at(1) == Value::duration_ns(250'000'000));
  CHECK(s.handler.acks[1].error == "no such host");
}
