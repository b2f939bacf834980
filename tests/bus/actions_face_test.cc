// The assured actions face: delivery, redelivery, stable ids, limits. No action is lost silently, none is done twice by one executor.
#include <catch2/catch.hpp>

#include "bus/transport/action_executor.h"
#include "tests/bus/raw_peer.h"
#include "tests/bus/service.h"

using namespace flyball;
using namespace flyball::bus;
using namespace flyball::bus::test;

namespace {

const auto adjusted = [](ServerConfig& c) {
  c.epoch = "00ff00ff00ff00ff";
  c.limits.executor_silent_ns = 300'000'000;
};

const std::string kHello = R"({"op":"hello","executor":"ha-1","actions":["Fence"],"credit":2})";
const std::string kWelcome = R"({"op":"welcome","v":1,"epoch":"00ff00ff00ff00ff","credit":2})";

std::string action_json(const std::string& id, int number = 1, bool again = false) {
  return R"({"op":"action","id":")" + id + R"(","action":"ha.rules.Fence","rule":"ha.rules.fence_dead","time":107.5,"try":)" +
         std::to_string(number) + R"(,"data":{"target":"db1"})" + (again ? ",\"again\":true}" : "}");
}

std::string one(Service& s, RawPeer& p, const std::string& json) {
  p.say(json);
  const auto heard = wait_for(s, p, 1);
  return heard.size() == 1 ? heard[0] : "heard " + std::to_string(heard.size());
}

}  // namespace

TEST_CASE("an action waits for its executor, is delivered and done") {
  Service s(adjusted);
  s.server->publish_action(s.action("a1"));
  CHECK(s.server->counters().outbox == 1);
  RawPeer e(s.config.actions_bind[0]);
  e.say(kHello);
  CHECK(wait_for(s, e, 2) == std::vector<std::string>{kWelcome, action_json("a1")});
  CHECK(one(s, e, R"({"op":"done","id":"a1","state":"acked","result":{"ip":"10.0.0.1"}})") == R"({"op":"ok","id":"a1"})");
  REQUIRE(s.handler.acks.size() == 1);
  CHECK(s.handler.acks[0].id == "a1");
  CHECK(s.handler.acks[0].action == s.w.fence);
  CHECK(s.handler.acks[0].state == ActionState::kAcked);
  REQUIRE(s.handler.acks[0].result.size() == 2);
  CHECK(s.handler.acks[0].result[0] == s.w.in.ip({{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 10, 0, 0, 1}, true}));
  CHECK(s.server->counters().outbox == 0);
  // With an executor there, it leaves at once; a hello as a sign of life brings nothing twice.
  s.server->publish_action(s.action("a2"));
  CHECK(wait_for(s, e, 1) == std::vector<std::string>{action_json("a2")});
  CHECK(one(s, e, kHello) == kWelcome);
  s.settle();
  CHECK(e.heard().empty());
  CHECK(one(s, e, R"({"op":"done","id":"a2","state":"failed","error":"no route"})") == R"({"op":"ok","id":"a2"})");
  CHECK(s.handler.acks[1].state == ActionState::kFailed);
  CHECK(s.handler.acks[1].error == "no route");
}

TEST_CASE("credit bounds what an executor has in hand; order is kept") {
  Service s(adjusted);
  RawPeer e(s.config.actions_bind[0]);
  one(s, e, kHello);
  for (const char* id : {"a1", "a2", "a3", "a4"}) s.server->publish_action(s.action(id));
  CHECK(wait_for(s, e, 2) == std::vector<std::string>{action_json("a1"), action_json("a2")});
  s.settle();
  CHECK(e.heard().empty());
  e.say(R"({"op":"done","id":"a2"})");
  CHECK(wait_for(s, e, 2) == std::vector<std::string>{action_json("a3"), R"({"op":"ok","id":"a2"})"});
  CHECK(s.server->counters().outbox == 3);
  CHECK(s.server->counters().outbox_assigned == 2);
}

TEST_CASE("a killed executor gets its unfinished actions again when it comes back") {
  Service s(adjusted);
  auto e = std::make_unique<RawPeer>(s.config.actions_bind[0]);
  one(s, *e, kHello);
  s.server->publish_action(s.action("a1"));
  s.server->publish_action(s.action("a2"));
  CHECK(wait_for(s, *e, 2).size() == 2);
  CHECK(one(s, *e, R"({"op":"done","id":"a1"})") == R"({"op":"ok","id":"a1"})");
  e.reset();  // dies with a2 in hand
  s.settle({}, 30);
  RawPeer back(s.config.actions_bind[0]);
  back.say(kHello);
  CHECK(wait_for(s, back, 2) == std::vector<std::string>{kWelcome, action_json("a2", 1, true)});
  CHECK(s.server->counters().actions_redelivered == 1);
}

TEST_CASE("actions of a dead or silent executor go to another one of their type") {
  Service s(adjusted);
  auto dead = std::make_unique<RawPeer>(s.config.actions_bind[0]);
  one(s, *dead, kHello);
  s.server->publish_action(s.action("a1"));
  CHECK(wait_for(s, *dead, 1).size() == 1);
  RawPeer other(s.config.actions_bind[0]);
  RawPeer stranger(s.config.actions_bind[0]);
  const std::string hello_other = R"({"op":"hello","executor":"ha-2","actions":["*"],"credit":5})";
  const std::string hello_stranger = R"({"op":"hello","executor":"net-1","actions":["DrainLink"]})";
  one(s, other, hello_other);
  one(s, stranger, hello_stranger);
  SECTION("killed") { dead.reset(); }
  SECTION("hung: connected, but says nothing any more") {}
  std::vector<std::string> got;
  std::vector<std::string> strange;
  REQUIRE(s.until([&] { return !got.empty(); },
                  [&] {
                    other.say(R"({"op":"ping"})");
                    for (auto& m : other.heard()) {
                      if (m != R"({"op":"pong"})") got.push_back(m);
                    }
                    for (auto& m : stranger.heard()) strange.push_back(m);
                  }));
  CHECK(got[0] == action_json("a1", 1, true));
  CHECK(strange.empty());
  // The other one is done; if the first says so, too, it is told that it is known.
  other.say(R"({"op":"done","id":"a1"})");
  REQUIRE(s.until([&] { return !s.handler.acks.empty(); }));
  CHECK(s.server->counters().outbox == 0);
}

TEST_CASE("the engine's next try replaces the former; an ended action leaves the outbox") {
  Service s(adjusted);
  RawPeer e(s.config.actions_bind[0]);
  one(s, e, kHello);
  s.server->publish_action(s.action("a1"));
  wait_for(s, e, 1);
  // The handler of the failure sends the next try from inside, as a session does.
  s.handler.judge_ack = [&](const AckInput& a) -> Result<void> {
    if (a.state == ActionState::kFailed) s.server->publish_action(s.action("a1", 2));
    return {};
  };
  e.say(R"({"op":"done","id":"a1","try":1,"state":"failed"})");
  CHECK(wait_for(s, e, 2) == std::vector<std::string>{action_json("a1", 2), R"({"op":"ok","id":"a1","try":1})"});
  // A late failure of the first try does not end the second.
  const auto acks = s.handler.acks.size();
  CHECK(one(s, e, R"({"op":"done","id":"a1","try":1,"state":"failed"})") == R"({"op":"ok","id":"a1","try":1})");
  CHECK(s.handler.acks.size() == acks);
  CHECK(s.server->counters().outbox == 1);
  ActionOutput ended = s.action("a1", 2);
  ended.state = ActionState::kFailed;
  s.server->publish_action(ended);
  CHECK(s.server->counters().outbox == 0);
  // Proposed ones and those of rules in shadow are never handed out.
  ActionOutput proposed = s.action("a5");
  proposed.state = ActionState::kProposed;
  s.server->publish_action(proposed);
  ActionOutput shadow = s.action("a6");
  shadow.shadow = true;
  s.server->publish_action(shadow);
  s.settle();
  CHECK(e.heard().empty());
}

TEST_CASE("what nothing waits for any more is handed out to nobody, and its place is free for the next") {
  Service s(adjusted);
  s.server->publish_action(s.action("a1"));
  s.server->publish_action(s.action("a2"));
  s.server->withdraw_action("a1");
  s.server->withdraw_action("never sent");
  CHECK(s.server->counters().outbox == 1);
  CHECK(s.server->counters().actions_withdrawn == 1);
  RawPeer e(s.config.actions_bind[0]);
  e.say(R"({"op":"hello","executor":"ha-1","actions":["Fence"],"credit":1})");
  auto heard = wait_for(s, e, 2);
  REQUIRE(heard.size() == 2);
  CHECK(heard[1] == action_json("a2"));
  // In its hands: it is not told, but its place is free, and it is never redelivered.
  s.server->publish_action(s.action("a3"));
  s.server->withdraw_action("a2");
  CHECK(wait_for(s, e, 1) == std::vector<std::string>{action_json("a3")});
  e.close();
  s.settle({}, 30);
  RawPeer back(s.config.actions_bind[0]);
  back.say(kHello);
  CHECK(wait_for(s, back, 2) == std::vector<std::string>{kWelcome, action_json("a3", 1, true)});
  s.settle();
  CHECK(back.heard().empty());
  // Done after all: the engine is asked, and says that it does not know it.
  s.handler.judge_ack = [](const AckInput&) -> Result<void> { return fail("no such action waits"); };
  CHECK(one(s, back, R"({"op":"done","id":"a2"})") == R"({"op":"ok","id":"a2","error":"no such action waits"})");
}

TEST_CASE("a full outbox fails the action instead of losing it") {
  Service s([](ServerConfig& c) { c.limits.outbox_actions_max = 2; });
  for (const char* id : {"a1", "a2", "a3"}) s.server->publish_action(s.action(id));
  CHECK(s.handler.acks.empty());  // not from inside the engine's call
  static_cast<void>(s.server->poll(0));
  REQUIRE(s.handler.acks.size() == 1);
  CHECK(s.handler.acks[0].id == "a3");
  CHECK(s.handler.acks[0].state == ActionState::kFailed);
  CHECK(s.handler.acks[0].error == "not handed out: the outbox is full: 2 actions of its type wait for executors");
  CHECK(s.server->counters().actions_overflowed == 1);
}

TEST_CASE("a type that nobody carries out takes no other type's place, and its full outbox is said once") {
  Service s([](ServerConfig& c) {
    adjusted(c);
    c.limits.outbox_actions_max = 2;
  });
  RawPeer e(s.config.actions_bind[0]);
  one(s, e, kHello);
  const auto drain = [&](const std::string& id) {
    ActionOutput a = s.action(id);
    a.action = s.w.drain;
    a.data = {s.w.in.string("r1"), s.w.in.string("e1"), s.w.in.string("hot")};
    return a;
  };
  for (const char* id : {"d1", "d2", "d3", "d4"}) s.server->publish_action(drain(id));
  const std::string full =
      "the outbox of action `net.rules.DrainLink` is full: 2 wait and no executor takes them; more of them fail at once";
  CHECK(s.handler.troubles == std::vector<std::string>{full});
  s.server->publish_action(s.action("a1"));
  CHECK(wait_for(s, e, 1) == std::vector<std::string>{action_json("a1")});
  CHECK(s.handler.acks.size() == 2);
  CHECK(s.server->counters().actions_overflowed == 2);
  // Once it has emptied, another flood is said again.
  s.server->withdraw_action("d1");
  s.server->withdraw_action("d2");
  for (const char* id : {"d5", "d6", "d7"}) s.server->publish_action(drain(id));
  CHECK(s.handler.troubles == std::vector<std::string>{full, full});
}

TEST_CASE("an answer that cannot be read is a failure, and said") {
  Service s(adjusted);
  RawPeer e(s.config.actions_bind[0]);
  one(s, e, kHello);
  s.server->publish_action(s.action("a1"));
  wait_for(s, e, 1);
  CHECK(one(s, e, R"({"op":"done","id":"a1","result":{"ip":"not one"}})") ==
        R"({"op":"ok","id":"a1","error":"`ip` of the result of `Fence`: expected an ip, got \"not one\""})");
  REQUIRE(s.handler.acks.size() == 1);
  CHECK(s.handler.acks[0].state == ActionState::kFailed);
  s.handler.judge_ack = [](const AckInput&) { return fail("no such action is waiting"); };
  CHECK(one(s, e, R"({"op":"done","id":"zz"})") == R"({"op":"ok","id":"zz","error":"no such action is waiting"})");
  CHECK(one(s, e, R"({"op":"done"})") == R"({"op":"error","error":"`id` is missing"})");
  CHECK(one(s, e, R"({"op":"don","id":"a1"})") ==
        R"({"op":"error","error":"there is no op `don` on the actions face; did you mean `done`?"})");
}

TEST_CASE("hellos of executors are checked") {
  Service s(adjusted);
  RawPeer e(s.config.actions_bind[0]);
  CHECK(one(s, e, R"({"op":"done","id":"a1"})") == R"({"op":"who"})");
  CHECK(one(s, e, R"({"op":"hello","executor":"x","actions":["Fense"]})") ==
        R"({"op":"error","error":"there is no action `Fense`; did you mean `Fence`?"})");
  CHECK(one(s, e, R"({"op":"hello","executor":"x","actions":["LinkStats"]})") ==
        R"({"op":"error","error":"`LinkStats` is not an action"})");
  CHECK(one(s, e, R"({"op":"hello","executor":"x"})") ==
        R"({"op":"error","error":"`actions`: expected an array of action types; \"*\" means all"})");
  CHECK(one(s, e, kHello) == kWelcome);
  RawPeer twin(s.config.actions_bind[0]);
  CHECK(one(s, twin, kHello) == R"({"op":"busy","error":"another live executor has the name `ha-1`"})");
}

TEST_CASE("ActionExecutor does each try once, whatever is redelivered, and repeats its answers until they are known") {
  Service s(adjusted);
  auto made = ActionExecutor::connect({.endpoint = s.config.actions_bind[0], .executor = "ha-1", .actions = {"Fence"}});
  REQUIRE(made.has_value());
  ActionExecutor& e = **made;
  std::vector<std::string> worked;
  std::vector<ActionRequest> in_hand;
  bool answer = true;
  e.on_action([&](const ActionRequest& a) {
    worked.push_back(a.id + "/" + std::to_string(a.try_number) + " " + a.action + " " + a.data.text("target").value_or("?") + " " +
                     a.data.json());
    if (answer) {
      e.done(a, FactBody().text("ip", "10.0.0.1").duration("took", 2 * kNsPerSecond));
    } else {
      in_hand.push_back(a);
    }
  });
  const auto pump = [&] { e.pump(0); };
  s.server->publish_action(s.action("a1"));
  REQUIRE(s.until([&] { return e.counters().done == 1 && e.unconfirmed() == 0; }, pump));
  CHECK(worked == std::vector<std::string>{R"(a1/1 ha.rules.Fence db1 {"target":"db1"})"});
  CHECK(s.handler.acks.at(0).result.at(1) == Value::duration_ns(2 * kNsPerSecond));

  // The service dies after delivery, and a new one, which has the action again (from its journal), sends it once more.
  answer = false;
  s.server->publish_action(s.action("a2"));
  REQUIRE(s.until([&] { return in_hand.size() == 1; }, pump));
  s.stop();
  e.done(in_hand[0], FactBody().text("ip", "10.0.0.2"));
  CHECK(e.unconfirmed() == 1);
  s.start();
  s.server->publish_action(s.action("a2"));
  REQUIRE(s.until([&] { return e.unconfirmed() == 0 && s.server->counters().outbox == 0; }, pump, 10'000));
  CHECK(worked.size() == 2);
  CHECK(e.counters().welcomes >= 2);
  // The same id, delivered again after it was confirmed, is answered from memory; another try is work.
  s.server->publish_action(s.action("a2"));
  REQUIRE(s.until([&] { return s.server->counters().outbox == 0; }, pump));
  CHECK(worked.size() == 2);
  answer = true;
  s.server->publish_action(s.action("a2", 2));
  // (A repeated answer to the first try may end it before the second is heard of.)
  REQUIRE(s.until([&] { return s.server->counters().outbox == 0 && worked.size() == 3; }, pump));
  s.server->publish_action(s.action("a3"));
  in_hand.clear();
  answer = false;
  REQUIRE(s.until([&] { return in_hand.size() == 1; }, pump));
  CHECK(in_hand[0].id == "a3");
  e.failed(in_hand[0], "no route");
  REQUIRE(s.until([&] { return e.unconfirmed() == 0; }, pump));
  CHECK(s.handler.acks.back().error == "no route");
}
