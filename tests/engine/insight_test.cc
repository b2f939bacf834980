// What the counters of the network say, on streams small enough to count by hand; that the bytes add up; and where the
// engine says it is at work.
#include "engine/insight.h"

#include "tests/engine/session_harness.h"

using namespace flyball;
using namespace flyball::engine;
using namespace flyball::engine::testing;

namespace {

const char* const kLinks = R"(
fact Link key (id) { id: int  device: string = "d"  up: bool = true  load: int = 0 }
fact Device key (name) { name: string  maint: bool = false }
action Alert key (id) { id: int }
rule down {
  when {
    l: Link where not up
    d: Device where name == l.device
  }
  then { do Alert { id: l.id } }
}
)";

const RuleView& rule_of(const Insight& insight, const std::string& name) {
  for (const RuleView& rule : insight.rules) {
    if (rule.name == name) return rule;
  }
  FAIL("there is no rule " << name);
  return insight.rules.front();
}

std::uint64_t accounted(const Insight& insight) {
  std::uint64_t sum = insight.other_bytes;
  for (const RuleView& rule : insight.rules) sum += rule.bytes;
  for (const TypeView& type : insight.types) sum += type.bytes;
  for (const AlphaView& alpha : insight.alphas) sum += alpha.rules.size() == 1 ? 0 : alpha.bytes;
  for (const AggregateView& node : insight.aggregates) sum += node.rules.size() == 1 ? 0 : node.bytes;
  return sum;
}

}  // namespace

TEST_CASE("a join counts its activations, the pairs it looked at and its tokens", "[insight]") {
  World w(kLinks);
  w.put("1s", "Device", R"(name: "a")");
  w.put("1s", "Link", R"(id: 1, device: "a", up: false)");
  w.put("1s", "Link", R"(id: 2, device: "b", up: false)");
  w.put("1s", "Link", R"(id: 3, device: "a", up: true)");
  w.tick("1s");
  Insight insight = w.session->insight();
  const RuleView* rule = &rule_of(insight, "main.down");
  CHECK(rule->right == 2);  // two links that are not up; when the device came, nobody waited for one
  CHECK(rule->left == 2);   // each looked for its device
  CHECK(rule->pairs == 1);  // and one has one there
  CHECK(rule->made == 3);   // two links, one pair
  CHECK(rule->matches == 1);
  CHECK(rule->starts == 1);
  CHECK(rule->firings() == 1);
  CHECK(rule->tests > 0);

  w.put("2s", "Link", R"(id: 1, device: "a", up: true)");
  w.tick("2s");
  insight = w.session->insight();
  rule = &rule_of(insight, "main.down");
  CHECK(rule->deleted == 2);
  CHECK(rule->standing() == 1);
  CHECK(rule->matches == 0);
  CHECK(rule->matches_made == 1);
  CHECK(rule->ends == 1);
}

TEST_CASE("room that facts left which are gone is said to be spare, and used again", "[insight]") {
  World w("fact Lease key (id) { id: int  owner: string }\nrule r { when { l: Lease where id < 0 } then { log \"x\" } }\n");
  const auto leases = [&] { return w.session->insight().types[w.program->schema().type_id("Lease")]; };
  const auto fill = [&](const char* time) {
    for (int i = 0; i < 5'000; ++i) w.put(time, "Lease", fmt::format("id: {}, owner: \"a\"", i));
    w.tick(time);
  };
  fill("1s");
  const TypeView full = leases();
  CHECK(full.live == 5'000);
  CHECK(full.spare_bytes * 4 < full.bytes);  // what is left of the last chunk
  for (int i = 0; i < 4'990; ++i) w.retract("2s", "Lease", fmt::format("id: {}", i));
  w.tick("2s");
  const TypeView few = leases();
  CHECK(few.live == 10);
  CHECK(few.bytes >= full.bytes);
  CHECK(few.spare_bytes * 2 > few.bytes);
  fill("3s");
  CHECK(leases().spare_bytes <= full.spare_bytes + (few.bytes - full.bytes));
  CHECK(leases().bytes == few.bytes);
}

TEST_CASE("an alpha that two rules read is said as shared, and the bytes add up", "[insight]") {
  World w(std::string(kLinks) + R"(
fact Down key (id) { id: int }
fact Most key (n) { n: int }
rule other { when { l: Link where not up  no Device where name == l.device and maint } then { derive Down { id: l.id } } }
rule most { when { check count(Link where not up) >= 2 } then { derive Most { n: count(Link where not up) } } }
)");
  for (int i = 0; i < 3'000; ++i) w.put("1s", "Link", fmt::format("id: {}, up: {}, device: \"d{}\"", i, i % 3 == 0, i % 50));
  for (int i = 0; i < 50; ++i) w.put("1s", "Device", fmt::format("name: \"d{}\"", i));
  w.tick("1s");
  const Insight insight = w.session->insight();
  bool found = false;
  for (const AlphaView& alpha : insight.alphas) {
    if (alpha.rules.size() < 2 || alpha.standing() != 2'000) continue;
    found = true;
    CHECK(alpha.bytes >= 2'000 * 32);
    for (const std::uint32_t rule : alpha.rules) CHECK(insight.rules[rule].shared_bytes >= alpha.bytes);
  }
  CHECK(found);
  REQUIRE(insight.aggregates.size() == 1);
  CHECK(insight.aggregates[0].standing == 2'000);
  CHECK(insight.aggregates[0].puts == 2'000);
  CHECK(rule_of(insight, "main.down").matches == 2'000);
  CHECK(insight.bytes == w.session->counters().memory_bytes);
  CHECK(accounted(insight) == insight.bytes);  // nothing twice: else the rest would have been cut off at 0
  CHECK(insight.other_bytes < insight.bytes / 2);
}

TEST_CASE("counters of a session that is empty are zero, also of rules without lines of their own", "[insight]") {
  World w("fact Port key (id) { id: int }\nrule quiet { when { no Port } then { log \"none\" } }\n");
  const Insight insight = w.session->insight();
  CHECK(rule_of(insight, "main.quiet").made == 0);
  CHECK(rule_of(insight, "main.quiet").firings() == 0);
  w.put("1s", "Port", "id: 1");
  w.tick("1s");
  CHECK(w.session->insight().rules[0].firings() == 0);
  w.retract("2s", "Port", "id: 1");
  w.tick("2s");
  CHECK(w.session->insight().rules[0].starts == 1);
}

namespace {

// Looks where the engine is whenever it says something.
class Looker final : public OutputSink {
 public:
  const Session* session = nullptr;
  std::vector<WorkPart> parts;
  void on_action(const ActionOutput&) override { parts.push_back(WorkPlace::part(session->work_place().word())); }
};

}  // namespace

TEST_CASE("a session says where it is at work, and is idle between calls", "[insight]") {
  World w(kLinks);
  Looker looker;
  Session session(*w.program, w.in, looker);
  looker.session = &session;
  CHECK(WorkPlace::part(session.work_place().word()) == WorkPart::kIdle);
  REQUIRE(session.put(w.input("1s", "Device", R"(name: "a")")));
  REQUIRE(session.put(w.input("1s", "Link", R"(id: 1, device: "a", up: false)")));
  session.tick(at("1s"));
  REQUIRE(looker.parts.size() == 1);
  CHECK(looker.parts[0] == WorkPart::kAgenda);  // what was done is said at the end of the instant
  CHECK(WorkPlace::part(session.work_place().word()) == WorkPart::kIdle);
}

TEST_CASE("a place without a number is of its part, whatever stands for none", "[insight]") {
  WorkPlace place;
  place.at(WorkPart::kAggregate, kNoId);
  CHECK(WorkPlace::part(place.word()) == WorkPart::kAggregate);
}
