// The assured facts face: sequences, acknowledgements, resume, credit, takeover, malformed messages.
#include <zmq.h>

#include <catch2/catch.hpp>

#include "bus/transport/fact_publisher.h"
#include "tests/bus/raw_peer.h"
#include "tests/bus/service.h"

using namespace flyball;
using namespace flyball::bus;
using namespace flyball::bus::test;

namespace {

std::string link_fact(const std::string& port, const std::string& util = "0.5") {
  return R"({"type":"LinkStats","time":12.5,"data":{"device":"e1","port":")" + port + R"(","util":)" + util + "}}";
}

// Says `json` and returns the next `n` answers.
std::vector<std::string> talk(Service& s, RawPeer& p, const std::string& json, std::size_t n = 1) {
  p.say(json);
  std::vector<std::string> heard;
  s.until([&] { return heard.size() >= n; },
          [&] {
            for (auto& m : p.heard()) heard.push_back(m);
          });
  return heard;
}

std::string one(Service& s, RawPeer& p, const std::string& json) {
  auto heard = talk(s, p, json);
  return heard.size() == 1 ? heard[0] : "heard " + std::to_string(heard.size());
}

const auto fixed_epoch = [](ServerConfig& c) { c.epoch = "00ff00ff00ff00ff"; };

}  // namespace

TEST_CASE("a publisher that left without a word is away in the next status") {
  Service s(fixed_epoch);
  RawPeer gone(s.config.facts_bind[0]), there(s.config.facts_bind[0]);
  one(s, gone, R"({"op":"hello","source":"a"})");
  one(s, there, R"({"op":"hello","source":"b"})");
  gone.close();
  CHECK(s.until([&] { return !s.server->sources().at(0).connected; }));
  CHECK(s.server->sources().at(1).connected);
}

TEST_CASE("a publisher is welcomed, and its facts are acknowledged in sequence") {
  Service s(fixed_epoch);
  RawPeer p(s.config.facts_bind[0]);
  CHECK(one(s, p, R"({"op":"hello","source":"gnmi-1","v":1})") ==
        R"({"op":"welcome","v":1,"epoch":"00ff00ff00ff00ff","seq":0,"resume":false,"credit":16384})");
  CHECK(one(s, p, R"({"op":"facts","seq":1,"facts":[)" + link_fact("a") + "," + link_fact("b") + "]}") ==
        R"({"op":"ack","seq":2,"credit":16384})");
  REQUIRE(s.handler.facts.size() == 2);
  CHECK(
      s.handler.facts[1] ==
      R"({"time":12.5,"type":"net.types.LinkStats","data":{"device":"e1","port":"b","lag":null,"util":0.5,"errors":0,"oper":"up"},"source":"gnmi-1","seq":2})");
  // Once more the same: acknowledged again, taken once. Overlapping: only the new one is taken.
  CHECK(one(s, p, R"({"op":"facts","seq":1,"facts":[)" + link_fact("a") + "]}") == R"({"op":"ack","seq":2,"credit":16384})");
  CHECK(one(s, p, R"({"op":"facts","seq":2,"facts":[)" + link_fact("b") + "," + link_fact("c") + "]}") ==
        R"({"op":"ack","seq":3,"credit":16384})");
  CHECK(s.handler.facts.size() == 3);
  CHECK(s.server->counters().facts_duplicate == 2);
  CHECK(one(s, p, R"({"op":"ping"})") == R"({"op":"pong"})");
  // A fact without time is stamped at arrival.
  CHECK(one(s, p, R"({"op":"facts","seq":4,"facts":[{"type":"Vm","data":{"vm":"v1","running":true}}]})") ==
        R"({"op":"ack","seq":4,"credit":16384})");
  CHECK(s.handler.facts.back().starts_with(R"({"time":1000,"type":"net.types.Vm")"));
}

TEST_CASE("a gap is asked for once, and filled") {
  Service s(fixed_epoch);
  RawPeer p(s.config.facts_bind[0]);
  one(s, p, R"({"op":"hello","source":"g"})");
  CHECK(one(s, p, R"({"op":"facts","seq":3,"facts":[)" + link_fact("c") + "]}") == R"({"op":"resend","seq":1})");
  p.say(R"({"op":"facts","seq":4,"facts":[)" + link_fact("d") + "]}");
  s.settle();
  CHECK(p.heard().empty());
  CHECK(s.handler.facts.empty());
  CHECK(one(s, p, R"({"op":"facts","seq":1,"facts":[)" + link_fact("a") + "," + link_fact("b") + "]}") ==
        R"({"op":"ack","seq":2,"credit":16384})");
  CHECK(one(s, p, R"({"op":"facts","seq":4,"facts":[)" + link_fact("d") + "]}") == R"({"op":"resend","seq":3})");
}

TEST_CASE("bad facts are refused one by one, with the reason, and keep their sequence") {
  Service s(fixed_epoch);
  RawPeer p(s.config.facts_bind[0]);
  one(s, p, R"({"op":"hello","source":"g"})");
  CHECK(one(s, p,
            R"({"op":"facts","seq":1,"facts":[)" + link_fact("a", "\"high\"") + "," + link_fact("b") +
                R"(,{"type":"LinkStat","data":{}},{"type":"Hot","data":{}},7,)" + link_fact("c") + "]}") ==
        R"({"op":"ack","seq":6,"credit":16384,"refused":[)"
        R"({"seq":1,"error":"`util` of `LinkStats`: expected a percent, got \"high\"; write a ratio such as 0.92, or \"92%\""},)"
        R"({"seq":3,"error":"there is no fact type `LinkStat`; did you mean `LinkStats`?"},)"
        R"({"seq":4,"error":"`Hot` is derived by rules and cannot be put from outside"},)"
        R"({"seq":5,"error":"expected a fact as a map with `type` and `data`, got an integer"}]})");
  CHECK(s.handler.facts.size() == 2);
  CHECK(s.server->counters().facts_refused == 4);
  s.handler.judge = [](const FactInput&) { return fail("stamped too far ahead"); };
  CHECK(one(s, p, R"({"op":"facts","seq":7,"facts":[)" + link_fact("d") + "]}") ==
        R"({"op":"ack","seq":7,"credit":16384,"refused":[{"seq":7,"error":"stamped too far ahead"}]})");
}

TEST_CASE("keys of a facts message and of its facts may come in any order") {
  Service s(fixed_epoch);
  RawPeer p(s.config.facts_bind[0]);
  one(s, p, R"({"op":"hello","source":"g"})");
  CHECK(
      one(s, p,
          R"({"facts":[{"data":{"running":true,"vm":"v1"},"op":"put","time":"2026-11-22T10:00:00Z","type":"Vm"}],"seq":1,"op":"facts"})") ==
      R"({"op":"ack","seq":1,"credit":16384})");
  CHECK(s.handler.facts[0] == R"({"time":1795341600,"type":"net.types.Vm","data":{"vm":"v1","running":true},"source":"g","seq":1})");
}

TEST_CASE("acknowledgements of actions may come with the facts") {
  Service s(fixed_epoch);
  RawPeer p(s.config.facts_bind[0]);
  one(s, p, R"({"op":"hello","source":"g"})");
  CHECK(
      one(s, p,
          R"({"op":"facts","seq":1,"facts":[{"time":3,"ack":{"action":"Fence","data":{"target":"db1"},"state":"acked","result":{"ip":"10.0.0.1"}}}]})") ==
      R"({"op":"ack","seq":1,"credit":16384})");
  REQUIRE(s.handler.acks.size() == 1);
  CHECK(s.handler.acks[0].action == s.w.fence);
  CHECK(s.handler.acks[0].stamp.ns == 3 * kNsPerSecond);
}

TEST_CASE("who does not say hello is asked who it is; nonsense is told so") {
  Service s(fixed_epoch);
  RawPeer p(s.config.facts_bind[0]);
  CHECK(one(s, p, R"({"op":"facts","seq":1,"facts":[]})") == R"({"op":"who"})");
  CHECK(one(s, p, R"({"op":"ping"})") == R"({"op":"who"})");
  CHECK(one(s, p, R"({"op":"helo","source":"g"})") ==
        R"({"op":"error","error":"there is no op `helo` on the facts face; did you mean `hello`?"})");
  CHECK(one(s, p, R"({"op":"hello"})") == R"({"op":"error","error":"`source` is missing"})");
  CHECK(one(s, p, R"({"op":"hello","source":""})") == R"({"op":"error","error":"`source` is empty"})");
  CHECK(one(s, p, R"({"op":"hello","source":"h"})").starts_with(R"({"op":"welcome","v":1,)"));  // without `v`: version 1
  CHECK(one(s, p, R"({"op":"hello","source":"g","v":2})") == R"({"op":"error","error":"this service speaks version 1 of the protocol"})");
  CHECK(one(s, p, R"({"op":"hello","source":"g","frist":2})") ==
        R"({"op":"error","error":"`hello` has no key `frist`; did you mean `first`?"})");
  CHECK(one(s, p, R"([1])") == R"({"op":"error","error":"a message is a MessagePack map with an `op`, got an array"})");
  CHECK(one(s, p, R"({"seq":1})") == R"({"op":"error","error":"`op` is missing"})");
  one(s, p, R"({"op":"hello","source":"g"})");
  CHECK(one(s, p, R"({"op":"facts","seq":0,"facts":[]})") == R"({"op":"error","error":"`seq`: expected a whole number from 1 on"})");
  CHECK(one(s, p, R"({"op":"facts","seq":1})") == R"({"op":"error","error":"`facts` is missing"})");
  // Well-formed, and of another shape: what was expected, and what is there.
  CHECK(one(s, p, R"({"op":"facts","seq":1,"facts":{"type":"Vm"}})") ==
        R"({"op":"error","error":"`facts`: expected an array at byte 21, got a map"})");
  CHECK(one(s, p, R"({"op":"facts","seq":[1],"facts":[]})") == R"({"op":"error","error":"`seq`: expected a whole number, got an array"})");
  CHECK(one(s, p, R"({"op":{"facts":1}})") == R"({"op":"error","error":"`op`: expected a string, got a map"})");
  CHECK(one(s, p, R"({"op":"facts","seq":1,"facts":[{"type":"Vm","time":[1],"data":{}}]})") ==
        R"({"op":"ack","seq":1,"credit":16384,"refused":[{"seq":1,"error":"`time`: expected a single value at byte 36, got an array"}]})");
  CHECK(s.server->counters().malformed == 12);
}

TEST_CASE("no truncation and no single-byte change of a facts message does more than be refused") {
  Service s(fixed_epoch);
  RawPeer p(s.config.facts_bind[0]);
  one(s, p, R"({"op":"hello","source":"g"})");
  const std::string good = RawPeer::pack(R"({"op":"facts","seq":1,"facts":[)" + link_fact("a") + "," + link_fact("b") + "]}");
  std::size_t sent = 1;
  const auto drain = [&] { p.heard_bytes(); };
  for (std::size_t n = 0; n < good.size(); ++n) p.send(good.substr(0, n)), ++sent;
  s.until([&] { return s.server->counters().messages_in >= sent; }, drain);
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (int c = 0; c < 256; c += (i < 40 ? 1 : 5)) {
      std::string changed = good;
      changed[i] = static_cast<char>(c);
      p.send(changed);
      ++sent;
    }
    REQUIRE(s.until([&] { return s.server->counters().messages_in >= sent; }, drain));
  }
  s.settle(drain);
  for (auto& t : s.handler.troubles) UNSCOPED_INFO(t);
  CHECK(s.handler.troubles.empty());
  CHECK(s.server->sources().size() == 1);
  UNSCOPED_INFO(s.server->counters().replies_dropped << " " << s.server->counters().messages_in << " " << s.server->counters().facts_in
                                                     << " " << s.server->sources()[0].connected << s.server->sources()[0].seq);
  // Still in its senses: the sequence may have moved, the conversation goes on.
  CHECK(one(s, p, R"({"op":"ping"})") == R"({"op":"pong"})");
}

TEST_CASE("unreadable bytes refuse the rest of their message, not the next one") {
  Service s(fixed_epoch);
  RawPeer p(s.config.facts_bind[0]);
  one(s, p, R"({"op":"hello","source":"g"})");
  std::string m;
  MsgpackWriter w(m);
  w.map(3), w.text_entry("op", "facts"), w.uint_entry("seq", 1), w.string("facts");
  w.array(3);
  m += RawPeer::pack(link_fact("a"));
  m += "\xc1\xc1\xc1";
  p.send(m);
  std::vector<std::string> heard;
  REQUIRE(s.until([&] { return !heard.empty(); }, [&] { heard = p.heard(); }));
  CHECK(
      heard[0] ==
      R"({"op":"ack","seq":3,"credit":16384,"refused":[{"seq":2,"through":3,"error":"expected a fact as a map with `type` and `data`, got the byte 0xc1, which MessagePack never uses"}]})");
  CHECK(s.handler.facts.size() == 1);
  CHECK(one(s, p, R"({"op":"facts","seq":4,"facts":[)" + link_fact("d") + "]}") == R"({"op":"ack","seq":4,"credit":16384})");
}

TEST_CASE("bad text inside one fact does not hide the next") {
  Service s(fixed_epoch);
  RawPeer p(s.config.facts_bind[0]);
  one(s, p, R"({"op":"hello","source":"g"})");
  std::string m = RawPeer::pack(R"({"op":"facts","seq":1,"facts":[)" + link_fact("XX") + "," + link_fact("b") + "]}");
  m.replace(m.find("XX"), 2, "\xff\xfe");
  p.send(m);
  std::vector<std::string> heard;
  REQUIRE(s.until([&] { return !heard.empty(); }, [&] { heard = p.heard(); }));
  INFO(heard[0]);
  CHECK(heard[0].find("`port` of `LinkStats`: at byte 73") != std::string::npos);
  CHECK(heard[0].find(": a string is not UTF-8\"}]") != std::string::npos);
  CHECK(heard[0].find("not MessagePack") == std::string::npos);
  CHECK(s.handler.facts.size() == 1);
}

TEST_CASE("one source has one live publisher; a second waits, or takes over when it says so") {
  Service s(fixed_epoch);
  RawPeer a(s.config.facts_bind[0]);
  RawPeer b(s.config.facts_bind[0]);
  one(s, a, R"({"op":"hello","source":"g"})");
  CHECK(one(s, b, R"({"op":"hello","source":"g"})") == R"({"op":"busy","error":"another live publisher has the name `g`"})");
  s.settle();
  CHECK(a.heard() == std::vector<std::string>{R"({"op":"ping"})"});
  CHECK(one(s, b, R"({"op":"hello","source":"g","takeover":true})").starts_with(R"({"op":"welcome")"));
  s.settle();
  const auto told = a.heard();
  REQUIRE_FALSE(told.empty());
  CHECK(told.back() == R"({"op":"bye","error":"another publisher took `g` over"})");
  CHECK(one(s, a, R"({"op":"facts","seq":1,"facts":[]})") == R"({"op":"who"})");
  // When the second is gone, the first may have it back.
  b.close();
  std::string answer;
  for (int i = 0; i < 100 && !answer.starts_with(R"({"op":"welcome")"); ++i) {
    s.settle({}, 20);
    answer = one(s, a, R"({"op":"hello","source":"g"})");
  }
  CHECK(answer.starts_with(R"({"op":"welcome")"));
}

TEST_CASE("where a publisher goes on: resume, first, and what is lost") {
  Service s(fixed_epoch);
  RawPeer a(s.config.facts_bind[0]);
  // A service that does not know the source starts where the publisher does.
  CHECK(one(s, a, R"({"op":"hello","source":"g","instance":"i1","first":25})") ==
        R"({"op":"welcome","v":1,"epoch":"00ff00ff00ff00ff","seq":24,"resume":true,"credit":16384})");
  CHECK(one(s, a, R"({"op":"facts","seq":25,"facts":[)" + link_fact("a") + "]}") == R"({"op":"ack","seq":25,"credit":16384})");
  // The same process again: go on after 25. What it no longer has is a gap, and said so.
  CHECK(one(s, a, R"({"op":"hello","source":"g","instance":"i1","first":30})") ==
        R"({"op":"welcome","v":1,"epoch":"00ff00ff00ff00ff","seq":29,"resume":true,"credit":16384})");
  CHECK(s.handler.gaps == std::vector<std::string>{"g 26..29"});
  // Another process: its numbers mean nothing; it goes on from here.
  CHECK(one(s, a, R"({"op":"hello","source":"g","instance":"i2","first":3})") ==
        R"({"op":"welcome","v":1,"epoch":"00ff00ff00ff00ff","seq":29,"resume":false,"credit":16384})");
}

TEST_CASE("what was refused is still known when the publisher comes back without having heard of it") {
  Service s(fixed_epoch);
  auto p = std::make_unique<RawPeer>(s.config.facts_bind[0]);
  one(s, *p, R"({"op":"hello","source":"g","instance":"i"})");
  // It goes before the acknowledgement can reach it.
  p->say(R"({"op":"facts","seq":1,"facts":[)" + link_fact("a") + "," + link_fact("b", "\"high\"") + "]}");
  p.reset();
  REQUIRE(s.until([&] { return s.server->counters().facts_refused == 1; }));
  s.settle();
  RawPeer back(s.config.facts_bind[0]);
  const std::string hello = R"({"op":"hello","source":"g","instance":"i","first":)";
  const std::string refused =
      R"(,"refused":[{"seq":2,"error":"`util` of `LinkStats`: expected a percent, got \"high\"; write a ratio such as 0.92, or \"92%\""}])";
  const std::string welcome = R"({"op":"welcome","v":1,"epoch":"00ff00ff00ff00ff","seq":2,"resume":true,"credit":16384)";
  CHECK(one(s, back, hello + "1}") == welcome + refused + "}");
  // As long as it says that it holds the fact, it has not been told; then it has.
  CHECK(one(s, back, hello + "1}") == welcome + refused + "}");
  CHECK(one(s, back, hello + "3}") == welcome + "}");
  CHECK(one(s, back, R"({"op":"facts","seq":3,"facts":[)" + link_fact("c") + "]}") == R"({"op":"ack","seq":3,"credit":16384})");
  // Another process knows nothing of these numbers.
  CHECK(one(s, back, R"({"op":"facts","seq":4,"facts":[7]})").find("\"refused\"") != std::string::npos);
  back.close();
  s.settle({}, 30);
  RawPeer other(s.config.facts_bind[0]);
  CHECK(one(s, other, R"({"op":"hello","source":"g","instance":"j","first":1})").find("refused") == std::string::npos);
}

TEST_CASE("FactPublisher hears of a refusal once, also when only its next welcome tells it") {
  TempDir dir;
  void* context = zmq_ctx_new();
  void* router = zmq_socket(context, ZMQ_ROUTER);
  REQUIRE(zmq_bind(router, dir.ipc("facts").c_str()) == 0);
  auto p = FactPublisher::connect({.endpoint = dir.ipc("facts"), .source = "g"});
  REQUIRE(p.has_value());
  FactPublisher& pub = **p;
  std::vector<std::uint64_t> refused;
  pub.on_refused([&](std::uint64_t seq, const std::string&) { refused.push_back(seq); });
  for (int i = 0; i < 3; ++i) REQUIRE(pub.put("Vm", FactBody().integer("vm", i)).has_value());
  const std::string first_welcome = R"({"op":"welcome","v":1,"epoch":"e","seq":0,"resume":false,"credit":100})";
  const std::string next_welcome =
      R"({"op":"welcome","v":1,"epoch":"e","seq":3,"resume":true,"credit":100,"refused":[{"seq":1,"error":"no"},{"seq":3,"error":"no"}]})";
  int hellos = 0;
  char peer[256], body[65'536];
  for (int i = 0; i < 2'000 && pub.pending() > 0; ++i) {
    pub.pump(5);
    int n = 0;
    while ((n = zmq_recv(router, peer, sizeof peer, ZMQ_DONTWAIT)) > 0) {
      const int size = zmq_recv(router, body, sizeof body, 0);
      const std::string said = packed_to_json(std::string_view(body, static_cast<std::size_t>(size))).value_or("");
      const bool hello = said.find("\"hello\"") != std::string::npos;
      if (hello && ++hellos == 2) CHECK(said.find("\"first\":1") != std::string::npos);
      // Its facts are taken, and no acknowledgement comes back: the connection is a new one.
      const std::string answer = RawPeer::pack(hello ? (hellos == 1 ? first_welcome : next_welcome) : R"({"op":"who"})");
      zmq_send(router, peer, static_cast<std::size_t>(n), ZMQ_SNDMORE);
      zmq_send(router, answer.data(), answer.size(), 0);
    }
  }
  CHECK(pub.pending() == 0);
  CHECK(refused == std::vector<std::uint64_t>{1, 3});
  CHECK(pub.counters().refused == 2);
  p->reset();
  zmq_close(router);
  zmq_ctx_term(context);
}

TEST_CASE("a message at the wrong face is told which one is right") {
  Service s(fixed_epoch);
  RawPeer facts(s.config.facts_bind[0]), actions(s.config.actions_bind[0]), queries(s.config.queries_bind[0]);
  CHECK(one(s, facts, R"({"op":"ask","decision":"pick_pool","input":{}})") ==
        R"({"op":"error","error":"there is no op `ask` on the facts face; the queries face has it: is this the right endpoint?"})");
  CHECK(one(s, facts, R"({"op":"hello","executor":"x","actions":["*"]})") ==
        R"({"op":"error","error":"this is the facts face: executors say hello on the actions face; is this the right endpoint?"})");
  CHECK(one(s, actions, R"({"op":"hello","source":"x"})") ==
        R"({"op":"error","error":"this is the actions face: publishers say hello on the facts face; is this the right endpoint?"})");
  CHECK(one(s, actions, R"({"op":"facts","seq":1,"facts":[]})") ==
        R"({"op":"error","error":"there is no op `facts` on the actions face; the facts face has it: is this the right endpoint?"})");
  CHECK(one(s, queries, R"({"op":"done","id":"a"})") ==
        R"({"op":"error","error":"there is no op `done` on the queries face; the actions face has it: is this the right endpoint?"})");
  CHECK(one(s, queries, R"({"op":"hello","source":"x"})").find("nobody says hello on the queries face") != std::string::npos);
  CHECK(s.server->counters().malformed == 4);
  CHECK(s.server->counters().questions_refused == 2);
}

TEST_CASE("what could not be made durable is not acknowledged") {
  Service s(fixed_epoch);
  RawPeer p(s.config.facts_bind[0]);
  one(s, p, R"({"op":"hello","source":"g"})");
  s.handler.commit_fails = true;
  p.say(R"({"op":"facts","seq":1,"facts":[)" + link_fact("a") + "]}");
  bool failed = false;
  for (int i = 0; i < 200 && !failed; ++i) failed = !s.server->poll(5).has_value();
  CHECK(failed);
  CHECK(p.heard().empty());
}

TEST_CASE("a welcome does not acknowledge what is not durable yet") {
  Service s(fixed_epoch);
  RawPeer p(s.config.facts_bind[0]);
  one(s, p, R"({"op":"hello","source":"g"})");
  s.handler.commit_fails = true;
  // Both are there before the service looks: the facts, and a hello that asks how far it came.
  p.say(R"({"op":"facts","seq":1,"facts":[)" + link_fact("a") + "]}");
  p.say(R"({"op":"hello","source":"g"})");
  ::usleep(100'000);
  bool failed = false;
  for (int i = 0; i < 200 && !failed; ++i) failed = !s.server->poll(5).has_value();
  CHECK(failed);
  CHECK(p.heard().empty());
}

TEST_CASE("a new source takes the place of the one that is away for the longest") {
  Service s([](ServerConfig& c) {
    fixed_epoch(c);
    c.limits.sources_max = 2;
  });
  RawPeer a(s.config.facts_bind[0]), b(s.config.facts_bind[0]), c(s.config.facts_bind[0]);
  const auto hello = [](const char* name) { return R"({"op":"hello","source":")" + std::string(name) + "\"}"; };
  one(s, a, hello("a"));
  one(s, b, hello("b"));
  CHECK(one(s, c, hello("c")) == R"({"op":"error","error":"there are 2 sources already, all connected"})");
  b.say(R"({"op":"bye"})");
  s.until([&] { return !s.server->sources()[1].connected; });
  CHECK(one(s, c, hello("c")).find("welcome") != std::string::npos);
  const auto sources = s.server->sources();
  REQUIRE(sources.size() == 2);
  CHECK(sources[0].source == "a");
  CHECK(sources[1].source == "c");
  CHECK(one(s, b, hello("b")).find("error") != std::string::npos);
}

TEST_CASE("FactPublisher delivers everything once, in order, across a restart of the service") {
  Service s;
  auto p = FactPublisher::connect({.endpoint = s.config.facts_bind[0], .source = "gnmi-1", .batch_facts_max = 7});
  REQUIRE(p.has_value());
  FactPublisher& pub = **p;
  std::vector<std::string> refused;
  pub.on_refused([&](std::uint64_t seq, const std::string& error) { refused.push_back(std::to_string(seq) + " " + error); });
  const auto put = [&](int i) {
    FactBody b;
    b.text("device", "e1").text("port", "p" + std::to_string(i)).real("util", 0.25);
    REQUIRE(pub.put("LinkStats", b, Timestamp{i * kNsPerSecond}).has_value());
  };
  for (int i = 1; i <= 100; ++i) put(i);
  REQUIRE(s.until([&] { return pub.pending() == 0; }, [&] { pub.pump(0); }));
  CHECK(s.handler.facts.size() == 100);
  CHECK(pub.connected());

  s.stop();
  for (int i = 101; i <= 200; ++i) {
    put(i);
    pub.pump(0);
  }
  CHECK(pub.pending() == 100);
  s.start();  // another epoch, without memory
  REQUIRE(s.until([&] { return pub.pending() == 0; }, [&] { pub.pump(1); }, 10'000));
  REQUIRE(s.handler.facts.size() == 200);
  for (int i = 1; i <= 200; ++i) {
    CHECK(s.handler.facts[static_cast<std::size_t>(i - 1)].find("\"port\":\"p" + std::to_string(i) + "\"") != std::string::npos);
    CHECK(s.handler.facts[static_cast<std::size_t>(i - 1)].ends_with("\"seq\":" + std::to_string(i) + "}"));
  }
  CHECK(refused.empty());
  CHECK(pub.counters().welcomes >= 2);

  REQUIRE(pub.put_record(R"({"time":"2026-11-22T10:00:00.000000001Z","type":"Vm","data":{"vm":"v","running":1},"source":"x","seq":3})")
              .has_value());
  REQUIRE(pub.put_record(R"({"time":1795341600.000000001,"type":"Vm","data":{"vm":"v","running":true}})").has_value());
  CHECK(pub.put_record(R"({"time":1,"tick":true})").error().message == "a tick cannot be published");
  CHECK(pub.put_record(R"({"time":1,"recovered":true})").error().message == "`recovered` cannot be published");
  REQUIRE(s.until([&] { return pub.pending() == 0; }, [&] { pub.pump(1); }));
  CHECK(refused == std::vector<std::string>{"201 `running` of `Vm`: expected a bool, got 1"});
  CHECK(s.handler.facts.back() ==
        R"({"time":1795341600.000000001,"type":"net.types.Vm","data":{"vm":"v","running":true},"source":"gnmi-1","seq":202})");
}

TEST_CASE("FactPublisher's buffer has a limit and says so; credit bounds what is on its way") {
  Service s([](ServerConfig& c) { c.limits.publisher_credit = 10; });
  auto p = FactPublisher::connect({.endpoint = s.config.facts_bind[0], .source = "g", .buffer_facts_max = 50, .batch_facts_max = 4});
  REQUIRE(p.has_value());
  FactPublisher& pub = **p;
  FactBody b;
  b.text("vm", "v").boolean("running", true);
  for (int i = 0; i < 50; ++i) REQUIRE(pub.put("Vm", b).has_value());
  const auto full = pub.put("Vm", b);
  REQUIRE_FALSE(full.has_value());
  CHECK(full.error().message == "50 facts wait for the service: the buffer is full");
  // Welcomed, but the service takes nothing yet: no more than the credit leaves.
  REQUIRE(s.until([&] { return pub.counters().welcomes > 0; }, [&] { pub.pump(0); }));
  for (int i = 0; i < 20; ++i) pub.pump(1);
  CHECK(pub.counters().sent == 8);
  REQUIRE(s.until([&] { return pub.pending() == 0; }, [&] { pub.pump(0); }));
  CHECK(s.handler.facts.size() == 50);
  CHECK(pub.put("Vm", b).has_value());
  CHECK_FALSE(pub.put("Vm", FactBody().text("vm", std::string(2'000'000, 'x')), {}).has_value());
}

TEST_CASE("another process continues a source where the former stopped") {
  Service s;
  {
    auto p = FactPublisher::connect({.endpoint = s.config.facts_bind[0], .source = "g"});
    REQUIRE(p.has_value());
    for (int i = 0; i < 3; ++i) REQUIRE((*p)->put("Vm", FactBody().text("vm", "v").boolean("running", i % 2 == 0)).has_value());
    REQUIRE(s.until([&] { return (*p)->pending() == 0; }, [&] { (*p)->pump(0); }));
  }
  auto p = FactPublisher::connect({.endpoint = s.config.facts_bind[0], .source = "g"});
  REQUIRE(p.has_value());
  REQUIRE((*p)->put("Vm", FactBody().text("vm", "w").boolean("running", true)).has_value());
  REQUIRE(s.until([&] { return (*p)->pending() == 0; }, [&] { (*p)->pump(0); }));
  REQUIRE(s.handler.facts.size() == 4);
  CHECK(s.handler.facts[3].ends_with("\"seq\":4}"));
  CHECK(s.server->sources().at(0).seq == 4);
}
