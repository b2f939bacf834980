// Queries, plain facts in, everything out, endpoints: the faces without memory.
#include <unistd.h>
#include <zmq.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "bus/transport/plain_publisher.h"
#include "bus/transport/query_client.h"
#include "bus/transport/subscriber.h"
#include "tests/bus/raw_peer.h"
#include "tests/bus/service.h"

using namespace flyball;
using namespace flyball::bus;
using namespace flyball::bus::test;

namespace {

std::string one(Service& s, RawPeer& p, const std::string& json) {
  p.say(json);
  std::vector<std::string> heard;
  s.until([&] { return !heard.empty(); }, [&] { heard = p.heard(); });
  return heard.size() == 1 ? heard[0] : "heard " + std::to_string(heard.size());
}

}  // namespace

TEST_CASE("questions, from DEALER and REQ alike") {
  const PeerKind kind = GENERATE(PeerKind::kDealer, PeerKind::kReq);
  Service s;
  RawPeer p(s.config.queries_bind[0], kind);
  const std::string answer =
      R"("output":{"pool":"api-pool","timeout":0.5},"from":"internal","as_of":12.5,"position":7,"skipped":["degraded"])";
  CHECK(one(s, p, R"({"op":"ask","decision":"pick_pool","input":{"service":"api","client":"192.0.2.7"}})") ==
        R"({"op":"answer",)" + answer + R"(,"decision":"pick_pool"})");
  CHECK(one(s, p, R"({"op":"ask","req":[1,"x"],"decision":"pick_pool","input":{"service":"api","client":"192.0.2.7"}})") ==
        R"({"op":"answer",)" + answer + R"(,"decision":"pick_pool","req":[1,"x"]})");
  const std::string in_batch =
      R"({"output":{"pool":"api-pool","timeout":0.5},"from":"internal","as_of":"1970-01-01T00:00:12.5Z","position":7,"skipped":["degraded"]})";
  CHECK(
      one(s, p,
          R"({"op":"ask","decision":"pick_pool","batch":[{"service":"api","client":"192.0.2.7"},{"service":"api"},{"service":"nobody","client":"::1"},5]})") ==
      R"({"op":"answer","decision":"pick_pool","batch":[)" + in_batch +
          R"(,{"error":"`client` of the input of `pick_pool` is missing"},{"error":"no case applies"},)"
          R"({"error":"expected the fields of the input of `pick_pool` as a map, got an integer"}]})");
  CHECK(one(s, p, R"({"op":"ask","decision":"pick_pool","batch":{"a":1}})") ==
        R"({"op":"error","error":"`batch`: expected an array at byte 33, got a map"})");
  CHECK(one(s, p, R"({"op":"ask","decision":"pick_pol","input":{}})") ==
        R"({"op":"error","error":"there is no decision `pick_pol`; did you mean `pick_pool`?"})");
  CHECK(one(s, p, R"({"op":"ask","decision":"pick_pool","input":{"servce":"api"}})") ==
        R"({"op":"error","error":"the input of `pick_pool` has no field `servce`; did you mean `service`?"})");
  CHECK(one(s, p, R"({"op":"ask","decision":"pick_pool"})") == R"({"op":"error","error":"`ask` has either an `input` or a `batch`"})");
  CHECK(one(s, p, R"({"op":"why","action":"00ff"})") == R"({"op":"answer","answer":{"action":"00ff","lines":[1,2.5,"x"]}})");
  CHECK(one(s, p, R"({"op":"why"})") == R"({"op":"answer","answer":{"action":"last","lines":[1,2.5,"x"]}})");
  CHECK(one(s, p, R"({"op":"why-not","req":3,"rule":"r","with":{"device":"e1","n":5}})") ==
        R"({"op":"answer","req":3,"answer":{"rule":"r","device":"e1","n":"5"}})");
  CHECK(one(s, p, R"({"op":"facts","type":"Nope","req":4})") == R"({"op":"error","req":4,"error":"there is no fact type `Nope`"})");
  CHECK(one(s, p, R"({"op":"status"})") == R"({"op":"answer","answer":{"uptime":"1s"}})");
  CHECK(one(s, p, R"({"op":"dance"})") == R"({"op":"error","error":"there is no op `dance`"})");
  CHECK(one(s, p, R"(17)") == R"({"op":"error","error":"a message is a MessagePack map with an `op`, got an integer"})");
}

TEST_CASE("a batch has a limit") {
  Service s([](ServerConfig& c) { c.limits.batch_questions_max = 1; });
  RawPeer p(s.config.queries_bind[0]);
  CHECK(one(s, p, R"({"op":"ask","decision":"pick_pool","batch":[{},{}]})") ==
        R"({"op":"error","error":"a batch has at most 1 questions"})");
}

TEST_CASE("a message larger than the limit ends its connection and nothing else") {
  Service s([](ServerConfig& c) { c.limits.message_bytes_max = 10'000; });
  RawPeer big(s.config.queries_bind[0]);
  RawPeer small(s.config.queries_bind[0]);
  big.send(std::string(20'000, 'x'));
  s.settle();
  CHECK(big.heard().empty());
  CHECK(s.server->counters().messages_in == 0);
  CHECK(one(s, small, R"({"op":"status"})") == R"({"op":"answer","answer":{"uptime":"1s"}})");
}

TEST_CASE("QueryClient") {
  Service s;
  auto c = QueryClient::connect(s.config.queries_bind[0]);
  REQUIRE(c.has_value());
  // One thread serves and asks: the question goes out first, the answer is fetched by a second call.
  CHECK((*c)->ask("pick_pool", R"({"service":"api","client":"::1"})", 30).error().message.starts_with("no answer from"));
  REQUIRE(s.until([&] { return s.server->counters().questions == 1; }));
  // That answer is stale now, and is passed over.
  CHECK((*c)->query("status", "{}", 30).error().message.starts_with("no answer from"));
  auto nobody = QueryClient::connect(s.dir.ipc("nobody"));
  REQUIRE(nobody.has_value());
  CHECK((*nobody)->query("status", "{}", 60).error().help == "is the service running?");
}

TEST_CASE("answers as JSON are the bytes of `ask` over recorded facts; a bad line of a batch spoils no other") {
  Service s;
  RawPeer p(s.config.queries_bind[0]);
  const std::string answer =
      R"({\"decision\":\"pick_pool\",\"output\":{\"pool\":\"api-pool\",\"timeout\":\"0.5s\"},\"from\":\"internal\",\"as_of\":12.5,\"position\":7,\"skipped\":[\"degraded\"]})";
  CHECK(one(s, p, R"({"op":"ask","req":1,"json":true,"decision":"pick_pool","input":{"service":"api","client":"::1"}})") ==
        R"({"op":"answer","json":")" + answer + R"(","decision":"pick_pool","req":1})");
  CHECK(one(s, p, R"({"op":"status","json":true})") == R"({"op":"answer","json":"{\"uptime\":\"1s\"}"})");
  CHECK(one(s, p, R"({"op":"ask","explain":true,"decision":"pick_pool","input":{}})").find("`explain` is for answers as JSON") !=
        std::string::npos);
  // The client, in a thread of its own: this one serves.
  std::atomic<bool> done{false};
  std::vector<Result<std::string>> answers;
  std::string text;
  std::thread asking([&] {
    auto c = QueryClient::connect(s.config.queries_bind[0]);
    const std::string good = R"({"service":"api","client":"::1"})";
    auto batch = (*c)->ask_batch("pick_pool", {good, "{\"service\":", good, "", R"({"service":"api"})", "[1]", good});
    if (batch) answers = std::move(*batch);
    if (auto one_text = (*c)->explain("pick_pool", good)) text = *one_text;
    done = true;
  });
  CHECK(s.until([&] { return done.load(); }));
  asking.join();
  REQUIRE(answers.size() == 7);
  for (const std::size_t i : {0U, 2U, 6U})
    CHECK(answers[i].value_or("").starts_with(R"({"decision":"pick_pool","output":{"pool":"api-pool","timeout":"0.5s"})"));
  CHECK(answers[1].error().message.starts_with("not JSON at column 12"));
  CHECK(answers[3].error().message.starts_with("not JSON"));
  CHECK(answers[4].error().message == "`client` of the input of `pick_pool` is missing");
  CHECK_FALSE(answers[5].has_value());
  CHECK(text == "for people");
}

TEST_CASE("plain facts: one or many, stamped or not; refusals are counted and reported") {
  Service s;
  auto p = PlainPublisher::connect(s.config.plain_bind[0]);
  REQUIRE(p.has_value());
  PlainPublisher& pub = **p;
  REQUIRE(s.until([&] { return pub.wait_for_subscriber(0); }));
  pub.put("net.types.Vm", FactBody().text("vm", "v1").boolean("running", true), Timestamp{5});
  pub.put("Vm", FactBody().text("vm", "v2").boolean("running", false));
  pub.put("Vm", FactBody().text("vm", "v3").text("running", "yes"));
  pub.put("Nope", FactBody());
  REQUIRE(s.until([&] { return s.server->counters().plain_in + s.server->counters().plain_refused >= 5; }));
  CHECK(s.handler.facts == std::vector<std::string>{R"({"time":0.000000005,"type":"net.types.Vm","data":{"vm":"v1","running":true}})",
                                                    R"({"time":1000,"type":"net.types.Vm","data":{"vm":"v2","running":false}})"});
  CHECK(s.handler.troubles == std::vector<std::string>{"plain `Vm`: `running` of `Vm`: expected a bool, got \"yes\"",
                                                       "plain `Nope`: there is no fact type `Nope`"});
}

TEST_CASE("plain bodies: arrays, reserved keys, parts") {
  Service s;
  RawPeer p(s.config.plain_bind[0], PeerKind::kPub);
  // Until the subscription has arrived, nothing does.
  REQUIRE(s.until([&] { return s.server->counters().plain_in > 0; },
                  [&] { p.send_parts({"Vm", RawPeer::pack(R"({"vm":"v0","running":true})")}); }));
  s.settle();
  s.handler.facts.clear();
  p.send_parts(
      {"Vm", RawPeer::pack(R"([{"vm":"v1","running":true,"@source":"x","@seq":7,"@time":1.5},{"vm":1},{"vm":"v2","@op":"retract"}])")});
  p.send_parts({"Vm", RawPeer::pack(R"({"vm":"v3","running":true,"@tim":1})")});
  p.send_parts({"Vm"});
  p.send_parts({"Vm", "\xc1"});
  p.send_parts({"Vm", RawPeer::pack(R"({"vm":"v4","running":true})") + "x"});
  REQUIRE(s.until([&] { return s.server->counters().plain_refused == 5; }));
  CHECK(s.handler.facts ==
        std::vector<std::string>{R"({"time":1.5,"type":"net.types.Vm","data":{"vm":"v1","running":true},"source":"x","seq":7})",
                                 R"({"time":1000,"type":"net.types.Vm","op":"retract","data":{"vm":"v2"}})",
                                 R"({"time":1000,"type":"net.types.Vm","data":{"vm":"v4","running":true}})"});
  CHECK(s.handler.troubles.at(1) == "plain `Vm`: a plain fact has no key `@tim`; did you mean `@time`?");
}

TEST_CASE("what the service publishes") {
  Service s;
  CHECK_FALSE(s.server->wanted("fact."));
  auto made = Subscriber::connect(s.config.out_bind[0], {"action.", "derived.", "decision.", "log.", "fact."});
  REQUIRE(made.has_value());
  Subscriber& sub = **made;
  REQUIRE(s.until([&] {
    return s.server->wanted("fact.net.types.Vm") && s.server->wanted("log.") && s.server->wanted("action.") &&
           s.server->wanted("decision.x") && s.server->wanted("derived.");
  }));
  CHECK_FALSE(s.server->wanted("other."));
  ActionOutput a = s.action("a1");
  s.server->publish_action(a);
  a.shadow = true;
  a.id = "a2";
  s.server->publish_action(a);
  s.server->publish_derived({{5'000'000'000}, s.w.derived, false, {s.w.in.string("e1"), Value::percent_e9(920'000'000)}});
  s.server->publish_log({{6'000'000'001}, 0, "hello"}, "m.r");
  const std::vector<Value> output{s.w.in.string("p"), Value::duration_ns(1)};
  s.server->publish_decision({s.w.pick_pool, &output, "default", {}, 0, nullptr}, {s.w.in.string("api"), s.w.in.ip({}), Value::integer(1)},
                             {7'000'000'000});
  FactInput f;
  f.type = s.w.vm;
  f.values = {s.w.in.string("v"), Value::boolean(true)};
  f.source = s.w.in.string("g");
  f.seq = 3;
  s.server->publish_fact(f);
  std::vector<std::string> got;
  while (auto m = sub.receive(got.size() < 6 ? 2'000 : 30)) got.push_back(m->topic + " " + m->json);
  CHECK(
      got ==
      std::vector<std::string>{
          R"(action.ha.rules.Fence {"time":107.5,"rule":"ha.rules.fence_dead","action":"Fence","id":"a1","data":{"target":"db1"},"state":"sent","try":1})",
          R"(action.ha.rules.Fence {"time":107.5,"rule":"ha.rules.fence_dead","action":"Fence","id":"a2","data":{"target":"db1"},"state":"sent","try":1,"shadow":true})",
          R"(derived.net.rules.Hot {"time":5,"type":"net.rules.Hot","op":"retract","data":{"device":"e1","util":0.92}})",
          R"(log.m.r {"time":6.000000001,"rule":"m.r","log":"hello"})",
          R"(decision.net.rules.pick_pool {"time":7,"decision":"pick_pool","input":{"service":"api","client":"::","weight":1},"output":{"pool":"p","timeout":"0.000000001s"},"from":"default"})",
          R"(fact.net.types.Vm {"time":0,"type":"net.types.Vm","data":{"vm":"v","running":true},"source":"g","seq":3})",
      });
  CHECK(sub.lost() == 0);
}

TEST_CASE("a subscriber that does not read loses messages, the losses are counted, others lose nothing") {
  Service s([](ServerConfig& c) { c.limits.send_queue = 50; });
  auto made = Subscriber::connect(s.config.out_bind[0], {"log.m"});
  REQUIRE(made.has_value());
  REQUIRE(s.until([&] { return s.server->wanted("log.m.r"); }));
  // One that never reads, with small queues of its own.
  void* context = zmq_ctx_new();
  void* stalled = zmq_socket(context, ZMQ_SUB);
  const int one_message = 1;
  const int none = 0;
  const int bytes = 2'048;
  zmq_setsockopt(stalled, ZMQ_RCVHWM, &one_message, sizeof one_message);
  zmq_setsockopt(stalled, ZMQ_RCVBUF, &bytes, sizeof bytes);
  zmq_setsockopt(stalled, ZMQ_LINGER, &none, sizeof none);
  zmq_setsockopt(stalled, ZMQ_SUBSCRIBE, "log.", 4);
  zmq_connect(stalled, s.config.out_bind[0].c_str());
  REQUIRE(s.until([&] { return s.server->wanted("log.x"); }));
  const std::string text(2'000, 'x');
  for (int i = 0; i < 2'000; ++i) {
    s.server->publish_log({{i}, 0, text}, "m.r");
    REQUIRE((*made)->receive(5'000).has_value());
  }
  CHECK(s.server->counters().published_dropped > 0);
  CHECK((*made)->lost() == 0);
  zmq_close(stalled);
  zmq_ctx_term(context);
}

TEST_CASE("one message has two forms, each for who asked for it") {
  Service s;
  RawPeer packed(s.config.out_bind[0], PeerKind::kSub, "action.");
  auto made = Subscriber::connect(s.config.out_bind[0], {"action.ha."});
  REQUIRE(made.has_value());
  REQUIRE(s.until([&] { return s.server->wanted("action."); }));
  s.settle();
  s.server->publish_action(s.action("a1"));
  const auto line = (*made)->receive(2'000);
  REQUIRE(line.has_value());
  CHECK(line->topic == "action.ha.rules.Fence");
  CHECK(line->json.find("\"action\":\"Fence\"") != std::string::npos);
  std::vector<std::string> heard;
  REQUIRE(s.until([&] { return !heard.empty(); }, [&] { heard = packed.heard(); }));
  CHECK(heard.size() == 1);
  CHECK(heard[0].starts_with(R"({"n":1,"time":107.5)"));
  CHECK_FALSE((*made)->receive(30).has_value());
}

TEST_CASE("a subscriber counts what it lost by the numbers of each topic") {
  TempDir dir;
  auto made = Subscriber::connect(dir.ipc("out2"), {""});
  REQUIRE(made.has_value());
  void* context = zmq_ctx_new();
  void* pub = zmq_socket(context, ZMQ_XPUB);
  REQUIRE(zmq_bind(pub, dir.ipc("out2").c_str()) == 0);
  char subscription[64];
  REQUIRE(zmq_recv(pub, subscription, sizeof subscription, 0) > 0);
  const auto put = [&](const std::string& topic, const std::string& number) {
    zmq_send(pub, topic.data(), topic.size(), ZMQ_SNDMORE);
    zmq_send(pub, "{}", 2, ZMQ_SNDMORE);
    zmq_send(pub, number.data(), number.size(), 0);
  };
  for (const char* n : {"1", "2", "5", "6"}) put("json.a", n);
  put("json.b", "9");
  put("json.b", "x");
  std::size_t got = 0;
  while (got < 5 && (*made)->receive(2'000)) ++got;
  CHECK(got == 5);
  CHECK((*made)->lost() == 2);
  CHECK_FALSE((*made)->receive(30).has_value());
  CHECK((*made)->malformed() == 1);
  zmq_close(pub);
  zmq_ctx_term(context);
}

TEST_CASE("endpoints off this machine are refused, live sockets are not taken over") {
  CHECK(check_endpoint("tcp://127.0.0.1:7701").has_value());
  CHECK(check_endpoint("tcp://[::1]:*").has_value());
  CHECK(check_endpoint("tcp://localhost:0").has_value());
  CHECK(check_endpoint("inproc://x").has_value());
  CHECK(check_endpoint("tcp://0.0.0.0:7701").error().message ==
        "`tcp://0.0.0.0:7701` is not on this machine's loopback: that needs CURVE, which is not in this version");
  for (const char* bad :
       {"tcp://*:7701", "tcp://10.0.0.1:7701", "tcp://[::]:7701", "tcp://[::ffff:127.0.0.2]x:1", "tcp://eth0:1", "tcp://127.0.0.1",
        "tcp://127.0.0.1:99999", "udp://127.0.0.1:1", "ipc://", "", "127.0.0.1:80", "tcp://127.0.0.1:7701x"}) {
    INFO(bad);
    CHECK_FALSE(check_endpoint(bad).has_value());
  }
  CHECK_FALSE(check_endpoint("ipc:///" + std::string(200, 'x')).has_value());

  Service s;
  World w;
  Recorder other(w);
  const auto second = BusServer::open(s.config, w.schema, w.in, other);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().message == "another process listens on `" + s.config.facts_bind[0] + "`");
  // A stale socket file is no obstacle.
  s.stop();
  s.start();
  ServerConfig remote = s.config;
  remote.facts_bind = {"tcp://0.0.0.0:0"};
  CHECK_FALSE(BusServer::open(remote, w.schema, w.in, other).has_value());
}

TEST_CASE("wildcard ports on loopback are resolved; taken ones are said") {
  Service s([](ServerConfig& c) { c.queries_bind = {"tcp://127.0.0.1:*", "tcp://[::1]:*"}; });
  REQUIRE(s.server->endpoints().queries.size() == 2);
  for (const std::string& endpoint : s.server->endpoints().queries) {
    INFO(endpoint);
    RawPeer p(endpoint.find('[') == std::string::npos ? endpoint : s.server->endpoints().queries[0]);
    CHECK(one(s, p, R"({"op":"status"})") == R"({"op":"answer","answer":{"uptime":"1s"}})");
  }
  World w;
  Recorder other(w);
  ServerConfig same;
  same.facts_bind = {s.server->endpoints().queries[0]};
  const auto taken = BusServer::open(same, w.schema, w.in, other);
  REQUIRE_FALSE(taken.has_value());
  CHECK(taken.error().help == "another process has it; is the service running already?");
}

TEST_CASE("an ipc endpoint takes the place of no file, and removes none") {
  World w;
  Recorder heard(w);
  const std::string path = (std::filesystem::temp_directory_path() / ("flyball-ipc-" + std::to_string(::getpid()))).string();
  ServerConfig config;
  config.facts_bind = {"ipc://" + path};
  std::ofstream(path) << "precious";
  const auto refused = BusServer::open(config, w.schema, w.in, heard);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message.find("is a file, not a socket") != std::string::npos);
  std::string kept;
  std::ifstream(path) >> kept;
  CHECK(kept == "precious");
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  const auto folder = BusServer::open(config, w.schema, w.in, heard);
  REQUIRE_FALSE(folder.has_value());
  CHECK(folder.error().message.find("is a folder, not a socket") != std::string::npos);
  std::filesystem::remove(path);
  {
    const auto server = BusServer::open(config, w.schema, w.in, heard);
    REQUIRE(server.has_value());
    // What has taken the place of the socket meanwhile is not ours.
    std::filesystem::remove(path);
    std::ofstream(path) << "precious";
  }
  CHECK(std::filesystem::is_regular_file(path));
  std::filesystem::remove(path);
}

TEST_CASE("a reload changes what bytes mean, and keeps the outbox") {
  Service s;
  World next;
  next.schema.types[next.vm].local = "Machine";
  next.schema.types[next.vm].name = "net.types.Machine";
  next.schema.index();
  s.server->publish_action(s.action("a1"));
  s.server->set_schema(next.schema);
  RawPeer p(s.config.facts_bind[0]);
  p.say(R"({"op":"hello","source":"g"})");
  p.say(R"({"op":"facts","seq":1,"facts":[{"type":"Vm","data":{}}]})");
  std::vector<std::string> heard;
  s.until([&] { return heard.size() >= 2; },
          [&] {
            for (auto& m : p.heard()) heard.push_back(m);
          });
  REQUIRE(heard.size() == 2);
  CHECK(heard[1].find("there is no fact type `Vm`") != std::string::npos);
  CHECK(s.server->counters().outbox == 1);
  s.server->close();
}

TEST_CASE("poll says why it returned") {
  Service s;
  int fds[2];
  REQUIRE(::pipe(fds) == 0);
  CHECK_FALSE(s.server->poll(5, fds[0])->woken);
  REQUIRE(::write(fds[1], "x", 1) == 1);
  CHECK(s.server->poll(1'000, fds[0])->woken);
  ::close(fds[0]);
  ::close(fds[1]);
}
