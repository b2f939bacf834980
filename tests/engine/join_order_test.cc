// The order in which the patterns of a rule are joined: what is assumed of a new program, and what a session's figures change.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "engine/compile/program_data.h"
#include "engine/outline.h"
#include "tests/engine/session_harness.h"

namespace flyball::engine {
namespace {

using testing::World;

constexpr const char* kTypes = R"(
module t
fact Device key (id) { id: int  site: int  name: string }
fact Link key (id) { id: int  device: int  up: bool }
fact Net key (id) { id: int  net: cidr  first: int  last: int }
fact Host key (id) { id: int  addr: ip }
fact Site key (id) { id: int  region: int }
fact Alarm key (link) { link: int  site: int }
)";

std::string with(const std::string& lines, const std::string& alarm) {
  return std::string(kTypes) + "rule r { when { " + lines + " } then { derive Alarm { " + alarm + " } } }\n";
}

// The lines of the first rule's patterns, from 1, in the order in which they are joined.
std::string order_of(const Program& program) {
  std::string out;
  for (const JoinRun& run : program.data().join_runs) {
    if (!run.main) continue;
    for (const std::uint32_t p : run.order) out += std::to_string(run.patterns[p].line + 1);
  }
  return out;
}

Program measured_by(World& world) {
  const Statistics measured = world.session->statistics();
  JoinOptions joins;
  joins.measured = &measured;
  Result<Program> next = compile(world.program->rules(), world.in, {}, Trees::kKeep, world.program.get(), joins);
  REQUIRE(next.has_value());
  return std::move(*next);
}

}  // namespace

TEST_CASE("what nothing is known of is joined as it is written, unless that is evidently worse") {
  const auto order = [](const std::string& lines, const std::string& alarm = "link: l.id, site: d.site") {
    return order_of(*World(with(lines, alarm)).program);
  };
  CHECK(order("l: Link where not up  d: Device where id == l.device") == "12");
  CHECK(order("d: Device  l: Link where device == d.id and not up") == "12");
  // Every link with every site, and then the one device that joins both.
  CHECK(order("l: Link  cross s: Site  d: Device where id == l.device and site == s.id") == "132");
  // One device, and its links.
  CHECK(order("l: Link  d: Device where id == l.device and id == 7") == "21");
  // What lies in what leaves few, from both sides, also if a `check` says so.
  CHECK(order("n: Net  cross s: Site  h: Host where id == s.id and addr in n.net", "link: h.id, site: n.id") == "132");
  CHECK(order("n: Net  cross s: Site  h: Host where id == s.id and n.first <= id and id < n.last", "link: h.id, site: n.id") == "132");
  CHECK(order("n: Net  cross s: Site  h: Host where id == s.id  check h.id in n.first..n.last", "link: h.id, site: n.id") == "132");
  // Nothing is joined: there is no better order.
  CHECK(order("l: Link  cross d: Device  cross s: Site") == "123");
}

TEST_CASE("a line with a memory stays where it is, and so do patterns around it") {
  World world(with("l: Link  cross d: Device for 5s  s: Site where id == d.site  x: Link where device == d.id and id == l.id",
                   "link: l.id, site: d.site"));
  for (const JoinRun& run : world.program->data().join_runs) {
    for (const JoinRun::Pattern& p : run.patterns) CHECK(p.line != 1);
  }
  const ChainPlan& chain = world.program->data().chains[world.program->data().rules[0].chains[0]];
  std::vector<std::uint32_t> lines;
  for (StageId s = chain.first; s < chain.first + chain.count; ++s) lines.push_back(world.program->data().stages[s].line);
  const auto place = [&](std::uint32_t line) { return std::find(lines.begin(), lines.end(), line) - lines.begin(); };
  CHECK(place(0) < place(1));
  CHECK(place(1) < place(2));
  CHECK(place(1) < place(3));
}

TEST_CASE("a session's figures choose the order of the next program, and only rules with another order are matched anew") {
  // As it is written: each of the links of a device with each other one. Hardly a site has the region that is asked for.
  World world(with("l: Link  d: Device where id == l.device  s: Site where id == d.site and region > 90", "link: l.id, site: s.id") +
              "rule other { when { l: Link where not up  d: Device where id == l.device } then { log \"{l.id} {d.id}\" } }\n");
  CHECK(order_of(*world.program).starts_with("123"));
  for (int s = 0; s < 40; ++s) (void)world.put("1s", "Site", fmt::format("id: {}, region: {}", s, s == 7 ? 99 : 1));
  for (int d = 0; d < 200; ++d) (void)world.put("1s", "Device", fmt::format("id: {}, site: {}, name: \"d\"", d, d % 40));
  for (int l = 0; l < 10'500; ++l) (void)world.put("1s", "Link", fmt::format("id: {}, device: {}, up: true", l, l % 200));
  world.tick("2s");
  const std::vector<std::string> alarms = world.facts("Alarm");
  CHECK(alarms.size() == 263);
  REQUIRE(world.session->join_advice().size() == 1);
  CHECK(world.session->join_advice()[0].rule == 0);
  CHECK(world.session->join_advice()[0].first_line == 2);
  CHECK(world.session->join_advice()[0].gain > 8);

  auto next_program = std::make_unique<Program>(measured_by(world));
  CHECK(order_of(*next_program) == "32112");
  const PlanStory story = plan_stories(*next_program, {0}).front();
  CHECK(story.ways.front().order.starts_with("lines 3, 2, 1: by measured figures, as written it would be "));
  world.said.schema = &next_program->schema();
  auto next = std::make_unique<Session>(*next_program, world.in, world.said);
  const TakenOver taken = next->take_over(*world.session);
  CHECK(taken.anew.empty());
  world.session = std::move(next);
  world.program = std::move(next_program);
  CHECK(world.facts("Alarm") == alarms);
  CHECK(world.session->join_advice().empty());
  world.heard();
  (void)world.retract("3s", "Site", "id: 7");
  world.tick("4s");
  CHECK(world.facts("Alarm").empty());
  // The first line that fails is the first as they are written.
  const WhyNot none = world.session->why_not(0, {});
  CHECK(none.sentence.starts_with("line 3 of `when` is not met"));
  CHECK(none.bound.size() == 2);

  // The same figures again, or no better ones: the order stays.
  (void)world.put("5s", "Site", "id: 7, region: 99");
  world.tick("6s");
  CHECK(order_of(measured_by(world)) == "32112");
}

}  // namespace flyball::engine
