// `approve when`: what is only proposed, and what becomes of it (semantics.md §8, §10).
#include "tests/engine/session_harness.h"

using namespace flyball;
using namespace flyball::engine;
using namespace flyball::engine::testing;

namespace {

const std::string kTypes = R"(
fact Node key (node) ttl 1m { node: int  load: int = 1 }
event Knock { node: int }
action Drain key (node) tries 2 every 2s timeout 10s { node: int }
action Slow key (node) rate 1 per 10s { node: int }
action Picky key (node) rate 1 per 10s else refuse { node: int }
action Undrain key (node) { node: int }
)";
const std::string kAlways = R"(
rule r {
  approve when true
  when { n: Node }
  then { do Drain { node: n.node } }
  on clear { do Undrain { node: n.node } }
}
)";

Lines proposal_ids(const World& w) {
  Lines out;
  for (const ProposalView& p : w.session->proposals(SIZE_MAX)) out.push_back(p.id);
  return out;
}

}  // namespace

TEST_CASE("what must be approved is proposed, and sent, tried and acknowledged when it is", "[session][approval]") {
  World w(kTypes + kAlways + R"(rule seen { when { d: Drain where state == "proposed" } then { log f"waits: {d.id} {d.tries}" } })");
  w.put("1s", "Node", "node: 1");
  w.tick("100s");
  CHECK(w.heard() == Lines{"1s Drain(node: 1) proposed", "1s log waits: " + w.said.ids[0] + " 0"});
  REQUIRE(w.session->proposals(SIZE_MAX).size() == 1);
  CHECK(w.session->proposals(SIZE_MAX)[0].since == at("1s"));
  CHECK(w.session->counters().actions_unapproved == 1);
  CHECK_FALSE(w.session->next_deadline() == std::optional(at("101s")));

  // Nobody was told to do it: neither done nor failed.
  AckInput done;
  done.id = w.said.ids[0];
  done.stamp = at("101s");
  const Result<void> refused = w.session->ack(done);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message == "this action is only proposed: it waits for approval, and nobody was told to do it");
  w.ack("101s", "Drain", "node: 1", ActionState::kFailed);
  w.tick("101s");
  CHECK(w.session->counters().acks_unmatched == 2);
  CHECK(w.heard().empty());

  w.ack("102s", "Drain", "node: 1", ActionState::kApproved);
  w.tick("102s");
  CHECK(w.heard() == Lines{"1m42s Drain(node: 1) sent"});
  CHECK(proposal_ids(w).empty());
  w.ack("103s", "Drain", "node: 1", ActionState::kFailed);
  w.tick("104s");
  CHECK(w.heard() == Lines{"1m44s Drain(node: 1) sent #2"});

  // A second word finds nothing, and changes nothing.
  done.state = ActionState::kRejected;
  done.stamp = at("105s");
  const Result<void> late = w.session->ack(done);
  REQUIRE_FALSE(late.has_value());
  CHECK(late.error().message == "this action waits for no approval: it is sent");
  done.id = "00000000000000000000000000000000";
  CHECK(w.session->ack(done).error().message == "no such action waits for approval");
  w.ack("105s", "Drain", "node: 1");
  w.tick("105s");
  CHECK(w.facts("Drain").size() == 1);
  CHECK(w.session->counters().actions_acked == 1);
  CHECK(w.session->counters().actions_approved == 1);
}

TEST_CASE("what is rejected is never sent, and stays rejected", "[session][approval]") {
  World w(kTypes + kAlways);
  w.put("1s", "Node", "node: 1");
  w.ack("2s", "Drain", "node: 1", ActionState::kRejected);
  w.ack("3s", "Drain", "node: 1", ActionState::kApproved);
  w.retract("4s", "Node", "node: 1");
  w.tick("1m");
  CHECK(w.heard() == Lines{"1s Drain(node: 1) proposed", "2s Drain(node: 1) rejected", "4s Undrain(node: 1) sent"});
  CHECK(w.session->counters().acks_unmatched == 1);
  CHECK(w.session->counters().actions_rejected == 1);
}

TEST_CASE("what waits for approval expires with its episode, but not that of an event", "[session][approval]") {
  World w(kTypes + kAlways + "rule k { approve when true when { k: Knock } then { do Slow { node: k.node } } }");
  w.put("1s", "Node", "node: 1");
  w.put("1s", "Knock", "node: 7");
  w.retract("5s", "Node", "node: 1");
  w.tick("6s");
  CHECK(w.heard() ==
        Lines{"1s Drain(node: 1) proposed", "1s Slow(node: 7) proposed", "5s Drain(node: 1) expired", "5s Undrain(node: 1) sent"});
  w.ack("7s", "Drain", "node: 1", ActionState::kApproved);
  w.ack("7s", "Slow", "node: 7", ActionState::kApproved);
  w.tick("7s");
  CHECK(w.heard() == Lines{"7s Slow(node: 7) sent"});
}

TEST_CASE("unknown asks; false does not; each run is asked for", "[session][approval]") {
  World w(kTypes + "rule r { approve when 10 / n.load < 3 repeat 10s when { n: Node } then { do Drain { node: n.node } } }");
  w.put("1s", "Node", "node: 1, load: 0");
  w.put("1s", "Node", "node: 2, load: 3");
  w.put("1s", "Node", "node: 3, load: 6");
  w.tick("1s");
  CHECK(w.heard() == Lines{"1s Drain(node: 1) proposed", "1s Drain(node: 2) sent", "1s Drain(node: 3) proposed"});
  // A run later: the newer one of a key takes the place of the one that waits.
  w.put("5s", "Node", "node: 1, load: 1");
  w.put("5s", "Node", "node: 2, load: 9");
  w.ack("6s", "Drain", "node: 2");
  w.tick("11s");
  CHECK(w.heard() == Lines{"11s Drain(node: 1) sent", "11s Drain(node: 2) proposed", "11s Drain(node: 3) proposed"});
  CHECK(proposal_ids(w).size() == 2);
}

TEST_CASE("approved, it waits for its rate, or is refused by it, as what is newly done", "[session][approval]") {
  World w(kTypes + R"(
rule s { approve when n.node > 10 when { n: Node } then { do Slow { node: n.node } } }
rule p { approve when n.node > 10 when { n: Node } then { do Picky { node: n.node } } }
)");
  w.put("1s", "Node", "node: 11");
  w.put("2s", "Node", "node: 1");
  w.tick("3s");
  CHECK(w.heard() == Lines{"1s Slow(node: 11) proposed", "1s Picky(node: 11) proposed", "2s Slow(node: 1) sent", "2s Picky(node: 1) sent"});
  w.ack("4s", "Slow", "node: 11", ActionState::kApproved);
  w.ack("4s", "Picky", "node: 11", ActionState::kApproved);
  w.put("5s", "Node", "node: 2");
  w.tick("5s");
  CHECK(w.heard() ==
        Lines{"4s Slow(node: 11) approved", "4s Picky(node: 11) refused", "5s Slow(node: 2) proposed", "5s Picky(node: 2) refused"});
  // What waits for its rate needs no approval.
  AckInput word;
  word.id = w.said.ids[6];
  word.state = ActionState::kApproved;
  word.stamp = at("6s");
  CHECK(w.session->ack(word).error().message == "this action waits for its rate, not for approval");
  w.tick("30s");
  CHECK(w.heard() == Lines{"12s Slow(node: 11) sent", "22s Slow(node: 2) sent"});
}

TEST_CASE("a rule in shadow proposes nothing", "[session][approval]") {
  World w(kTypes + "rule r { approve when true mode shadow when { n: Node } then { do Drain { node: n.node } } }");
  w.put("1s", "Node", "node: 1");
  w.tick("1s");
  CHECK(w.heard() == Lines{"1s Drain(node: 1) sent shadow"});
  CHECK(w.facts("Drain").empty());
  CHECK(proposal_ids(w).empty());
}

TEST_CASE("why says for which condition it was proposed", "[session][approval]") {
  World w(kTypes + "param most: int = 0\n" +
          R"(rule r { approve when count(Drain where state == "sent") >= most when { n: Node } then { do Drain { node: n.node } } })");
  w.put("1s", "Node", "node: 1");
  w.tick("1s");
  std::optional<Explanation> why = w.session->why("last");
  REQUIRE(why);
  CHECK(why->action.state == ActionState::kProposed);
  CHECK(why->action.try_number == 0);
  REQUIRE(why->approval.has_value());
  CHECK(why->approval->verdict == "true");
  REQUIRE(why->approval->reads.size() == 2);
  CHECK(why->approval->reads[0].first == "count(Drain where …)");
  CHECK(why->approval->reads[0].second == Value::integer(0));
}

TEST_CASE("a cascade that is taken back leaves no proposals, and those of before as they were", "[session][approval]") {
  Limits limits;
  limits.firings_per_instant = 50;
  World w(kTypes + R"(
mutable fact M key () { v: int }
rule r { approve when true when { n: Node } then { do Drain { node: n.node } } }
rule up { when { m: M where v == 1 } then { set m { v: 2 } do Drain { node: 1 } } }
rule down { when { m: M where v == 2 } then { set m { v: 1 } } }
)",
          limits);
  w.put("1s", "Node", "node: 1");
  w.tick("1s");
  const Lines before = proposal_ids(w);
  REQUIRE(before.size() == 1);
  w.put("2s", "M", "v: 3");
  w.tick("2s");
  w.put("3s", "M", "v: 1");
  w.tick("3s");
  CHECK(w.session->counters().runaways == 1);
  if (proposal_ids(w).empty()) {
    // The rule that goes on did it once: the newer one took its place.
    CHECK(w.facts("Drain").size() == 1);
  } else {
    CHECK(proposal_ids(w) == before);
  }
  w.heard();
}

TEST_CASE("beyond the limit of what waits for approval one more is refused, and that is said", "[session][approval]") {
  World w(kTypes + "rule k { approve when true when { k: Knock } then { do Undrain { node: k.node } } }");
  constexpr int kMax = 10'000;
  for (int i = 0; i <= kMax; ++i) w.put("1s", "Knock", "node: " + std::to_string(i));
  w.tick("2s");
  const Lines heard = w.heard();
  REQUIRE(heard.size() == kMax + 2);
  CHECK(heard[kMax] == "1s Undrain(node: 10000) refused");
  CHECK(heard[kMax + 1] == "1s trouble a `Undrain` is refused: 10000 actions wait for approval, which is the limit");
  w.ack("3s", "Undrain", "node: 5", ActionState::kRejected);
  w.put("4s", "Knock", "node: 20000");
  w.tick("4s");
  CHECK(w.heard() == Lines{"3s Undrain(node: 5) rejected", "4s Undrain(node: 20000) proposed"});
}

TEST_CASE("what was proposed waits on under other rules, with its id", "[takeover][approval]") {
  World w(kTypes + kAlways);
  w.put("1s", "Node", "node: 1");
  w.put("1s", "Node", "node: 2");
  w.tick("2s");
  const Lines before = proposal_ids(w);
  REQUIRE(before.size() == 2);
  w.heard();
  const std::string asks_nobody = kTypes + R"(
rule r {
  when { n: Node }
  then { do Drain { node: n.node } }
  on clear { do Undrain { node: n.node } }
}
)";
  SECTION("the same rules") { w.reload(kTypes + kAlways); }
  SECTION("a rule that asks nobody any more sends nothing by itself") { w.reload(asks_nobody); }
  SECTION("there and back") {
    w.reload(asks_nobody);
    w.reload(kTypes + kAlways);
  }
  w.tick("5s");
  CHECK(w.heard().empty());
  CHECK(proposal_ids(w) == before);
  AckInput word;
  word.id = before[0];
  word.state = ActionState::kApproved;
  word.stamp = at("6s");
  CHECK(w.session->ack(word).has_value());
  w.retract("7s", "Node", "node: 2");
  w.tick("7s");
  CHECK(w.heard() == Lines{"6s Drain(node: 1) sent", "7s Drain(node: 2) expired", "7s Undrain(node: 2) sent"});
}

TEST_CASE("what a rule that is gone has proposed is withdrawn", "[takeover][approval]") {
  World w(kTypes + kAlways);
  w.put("1s", "Node", "node: 1");
  w.tick("2s");
  const TakenOver taken = w.reload(kTypes + "rule other { when { n: Node where node > 5 } then { do Drain { node: n.node } } }");
  CHECK(taken.actions_dropped == 1);
  CHECK(proposal_ids(w).empty());
}
