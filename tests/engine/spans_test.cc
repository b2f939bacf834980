// Lines tied by where something lies look at what lies near, and at little else: in both orders, whichever side comes last, also where
// widths differ and where they change.
#include "engine/outline.h"
#include "tests/engine/session_harness.h"

namespace flyball::engine::testing {
namespace {

std::uint64_t pairs_of(const World& w) {
  std::uint64_t pairs = 0;
  for (const StageView& stage : w.session->insight().stages) pairs += stage.pairs;
  return pairs;
}

const char* const kTypes =
    "module main\n"
    "fact Net key (id) { id: int  prefix: cidr }\n"
    "fact Host key (id) { id: int  addr: ip }\n"
    "fact Window key (id) { id: int  low: int  high: int }\n"
    "fact Probe key (id) { id: int  at: int }\n"
    "fact In key (a, b) { a: int  b: int }\n";

constexpr int kMany = 1'000;

std::string net(int i, const char* prefix = "24") { return fmt::format("id: {0}, prefix: 10.{1}.{2}.0/{3}", i, i / 256, i % 256, prefix); }
std::string host(int i) { return fmt::format("id: {0}, addr: 10.{1}.{2}.{0}", i % 200, i * 7 % kMany / 256, i * 7 % kMany % 256); }
std::string window(int i) { return fmt::format("id: {0}, low: {1}, high: {2}", i, i * 10, i * 10 + 9 + i % 3); }
std::string probe(int i) { return fmt::format("id: {0}, at: {1}", i % 200, i * 37 % (kMany * 10)); }

}  // namespace

TEST_CASE("what lies in what is found without looking at all", "[spans]") {
  struct Form {
    const char *first, *second, *where, *span, *point;
    bool addresses;
  };
  const std::vector<Form> forms = {
      {"h: Host", "n: Net", "h.addr in prefix", "Net", "Host", true},
      {"n: Net", "h: Host", "addr in n.prefix", "Net", "Host", true},
      {"n: Net", "h: Host", "n.prefix.containsIP(addr)", "Net", "Host", true},
      {"h: Probe", "n: Window", "low <= h.at and h.at <= high", "Window", "Probe", false},
      {"n: Window", "h: Probe", "at in n.low..n.high", "Window", "Probe", false},
      {"n: Window", "h: Probe", "at >= n.low and at < n.low + 10", "Window", "Probe", false},
  };
  for (const Form& form : forms) {
    for (const bool spans_first : {true, false}) {
      World w(
          fmt::format("{}rule tie {{\n  when {{\n    {}\n    cross {} where {}\n  }}\n  then {{ derive In {{ a: h.id, b: n.id }} }}\n}}\n",
                      kTypes, form.first, form.second, form.where));
      INFO(form.where << (spans_first ? ", spans first" : ", points first"));
      const auto put_spans = [&] {
        for (int i = 0; i < kMany; ++i) REQUIRE(w.put("1s", form.span, form.addresses ? net(i) : window(i)));
      };
      if (spans_first) put_spans();
      for (int i = 0; i < kMany; ++i) REQUIRE(w.put("1s", form.point, form.addresses ? host(i) : probe(i)));
      if (!spans_first) put_spans();
      w.tick("2s");
      const std::size_t found = w.session->facts(w.program->schema().type_id("In")).size();
      CHECK(found >= 200);
      CHECK(found <= 300);
      CHECK(pairs_of(w) < kMany * 12);
    }
  }
}

// Of a few facts that are equal all are looked at; of many only what lies near.
TEST_CASE("beside an equality widths are asked when they spare something", "[spans]") {
  for (const int sites : {1, 400}) {
    World w(
        "module main\nfact Window key (id) { id: int  site: int  low: int  high: int }\nfact Probe key (id) { id: int  site: int  at: int "
        "}\n"
        "fact In key (a, b) { a: int  b: int }\n"
        "rule tie {\n  when {\n    p: Probe\n    w: Window where site == p.site and low <= p.at and p.at < high\n  }\n"
        "  then { derive In { a: p.id, b: w.id } }\n}\n");
    for (int i = 0; i < kMany; ++i)
      REQUIRE(w.put("1s", "Window", fmt::format("id: {}, site: {}, low: {}, high: {}", i, i % sites, i * 10, i * 10 + 10)));
    for (int i = 0; i < 3 * kMany; ++i) {
      const int at = i * 37 % (kMany * 10);
      REQUIRE(w.put("1s", "Probe", fmt::format("id: {}, site: {}, at: {}", i % 200, at / 10 % sites, at)));
    }
    w.tick("2s");
    CHECK(w.session->facts(w.program->schema().type_id("In")).size() == 200);
    CHECK(pairs_of(w) < kMany * 20);
  }
}

namespace {

std::uint64_t judged_of(const World& w) {
  std::uint64_t judged = 0;
  for (const AggregateView& node : w.session->insight().aggregates) judged += node.judged;
  return judged;
}

}  // namespace

TEST_CASE("what is counted by where it lies is judged for whom it lies near", "[spans]") {
  for (const bool nets_first : {true, false}) {
    World w(std::string(kTypes) +
            "fact Full key (id) { id: int  hosts: int }\n"
            "rule full {\n  when {\n    n: Net\n    check count(Host where addr in n.prefix) > 2\n  }\n"
            "  then { derive Full { id: n.id, hosts: count(Host where addr in n.prefix) } }\n}\n");
    const auto nets = [&] {
      for (int i = 0; i < kMany; ++i) REQUIRE(w.put("1s", "Net", net(i)));
    };
    if (nets_first) nets();
    for (int i = 0; i < kMany; ++i) REQUIRE(w.put("1s", "Host", fmt::format("id: {}, addr: 10.{}.{}.9", i, i / 4 / 256, i / 4 % 256)));
    if (!nets_first) nets();
    w.tick("2s");
    CHECK(w.session->facts(w.program->schema().type_id("Full")).size() == kMany / 4);
    const std::uint64_t before = judged_of(w);
    CHECK(before < kMany * 20);
    for (int i = 0; i < kMany; ++i) REQUIRE(w.put("3s", "Host", fmt::format("id: {0}, addr: 10.{1}.{2}.9", i, i / 2 / 256, i / 2 % 256)));
    w.tick("4s");
    CHECK(w.session->facts(w.program->schema().type_id("Full")).empty());
    CHECK(judged_of(w) - before < kMany * 20);
  }
}

TEST_CASE("the greatest near show fields that nothing asks for as they are now", "[spans]") {
  World w(
      "module main\nfact Net key (id) { id: int  prefix: cidr }\nfact Host key (id) { id: int  addr: ip  load: int  name: string }\n"
      "fact Top key (id) { id: int  name: string }\n"
      "rule top {\n  when {\n    n: Net\n    let best = topk(2, Host by load where addr in n.prefix)\n    check size(best) > 0\n  }\n"
      "  then { derive Top { id: n.id, name: best[0].name } }\n}\n");
  REQUIRE(w.put("1s", "Net", net(0)));
  REQUIRE(w.put("1s", "Host", "id: 1, addr: 10.0.0.1, load: 5, name: \"a\""));
  REQUIRE(w.put("1s", "Host", "id: 2, addr: 10.0.0.2, load: 4, name: \"b\""));
  REQUIRE(w.put("1s", "Host", "id: 3, addr: 10.0.1.2, load: 9, name: \"c\""));
  w.tick("2s");
  CHECK(w.facts("Top") == std::vector<std::string>{"(id: 0, name: \"a\")"});
  REQUIRE(w.put("3s", "Host", "id: 1, addr: 10.0.0.1, load: 5, name: \"z\""));
  w.tick("4s");
  CHECK(w.facts("Top") == std::vector<std::string>{"(id: 0, name: \"z\")"});
  REQUIRE(w.put("5s", "Host", "id: 3, addr: 10.0.0.9, load: 9, name: \"c\""));
  w.tick("6s");
  CHECK(w.facts("Top") == std::vector<std::string>{"(id: 0, name: \"c\")"});
}

TEST_CASE("the plan says what is found by where it lies, and what an aggregate judges one by one", "[spans]") {
  const auto notes = [](const std::string& count) {
    World w(std::string(kTypes) + "rule full { when { n: Net  check " + count + " > 2 } then { log \"full\" } }\n");
    std::string out;
    const std::vector<PlanStory> stories = plan_stories(*w.program, {0});
    for (const PlanWay& way : stories.front().ways) {
      for (const PlanStep& step : way.steps) {
        for (const std::string& note : step.notes) out += note + "\n";
      }
    }
    return out;
  };
  const auto says = [](const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; };
  const std::string near = notes("count(Host where addr in n.prefix)"), far = notes("max(Host.id where id > n.id)");
  CHECK(says(near, "found by where it lies, from both sides: `addr` within `n.prefix`\n"));
  CHECK(says(near, "judged once for each partial match when it comes or goes: (addr in n.prefix)\n"));
  CHECK_FALSE(says(far, "found by where it lies"));
  CHECK(says(far, "gone over item by item for each partial match, because of (id > n.id)\n"));
}

TEST_CASE("some and no lines tied by a prefix look for a witness near", "[spans]") {
  World w(std::string(kTypes) +
          "rule lost {\n  when {\n    h: Host\n    no Net where h.addr in prefix\n  }\n  then { derive In { a: h.id, b: 0 } }\n}\n");
  for (int i = 0; i < kMany; i += 2) REQUIRE(w.put("1s", "Net", net(i)));
  for (int i = 0; i < kMany; ++i) REQUIRE(w.put("1s", "Host", host(i)));
  w.tick("2s");
  const std::size_t lost = w.session->facts(w.program->schema().type_id("In")).size();
  CHECK(lost == 100);
  REQUIRE(w.put("3s", "Net", net(0, "8")));
  w.tick("4s");
  CHECK(w.session->facts(w.program->schema().type_id("In")).empty());
  CHECK(pairs_of(w) < kMany * 4);
}

// Prefixes of every length, one within the other, and windows from one second to a day.
TEST_CASE("spans of all widths are found by one point", "[spans]") {
  World w(std::string(kTypes) +
          "rule tie {\n  when {\n    h: Host\n    cross n: Net where h.addr in prefix\n  }\n  then { derive In { a: h.id, b: n.id } }\n}\n"
          "rule at {\n  when {\n    h: Probe\n    cross n: Window where low <= h.at and h.at < high\n  }\n"
          "  then { derive In { a: h.id, b: n.id } }\n}\n");
  for (std::uint32_t i = 0; i <= 32; ++i) {
    const std::uint32_t at = i == 0 ? 0U : 0x0A01'0203U >> (32 - i) << (32 - i);
    REQUIRE(w.put("1s", "Net", fmt::format("id: {0}, prefix: {1}.{2}.{3}.{4}/{0}", i, at >> 24, at >> 16 & 255, at >> 8 & 255, at & 255)));
  }
  REQUIRE(w.put("1s", "Host", "id: 1, addr: 10.1.2.3"));
  REQUIRE(w.put("1s", "Host", "id: 2, addr: 10.1.2.2"));
  w.tick("2s");
  CHECK(w.session->facts(w.program->schema().type_id("In")).size() == 33 + 32);
  for (int i = 0; i < 63; ++i)
    REQUIRE(w.put("3s", "Window", fmt::format("id: {}, low: {}, high: {}", i, -(std::int64_t{1} << i), (std::int64_t{1} << i) - 1)));
  REQUIRE(w.put("3s", "Probe", "id: 3, at: 1000"));
  REQUIRE(w.put("3s", "Probe", "id: 4, at: -9223372036854775808"));
  w.tick("4s");
  CHECK(w.session->facts(w.program->schema().type_id("In")).size() == 33 + 32 + 53);
}

TEST_CASE("a plan says by what fields a line is tied", "[spans]") {
  World w(std::string(kTypes) +
          "rule tie {\n  when {\n    h: Probe\n    cross n: Window where low <= h.at and h.at < high\n  }\n"
          "  then { derive In { a: h.id, b: n.id } }\n}\n");
  std::vector<std::string> stages;
  for (const StageView& stage : w.session->insight().stages) stages.push_back(stage.what);
  CHECK(stages == std::vector<std::string>{"join Probe", "join Window by low..high"});
}

// What ties two facts may stand in a `check`: it is what the later of them is joined by.
TEST_CASE("a check that ties facts joins them", "[spans]") {
  for (const char* const tie : {"h.id == n.id", "h.addr in n.prefix", "h.id + 1 == n.id + 1"}) {
    World w(fmt::format(
        "{}rule tie {{\n  when {{\n    h: Host\n    cross n: Net\n    check {} and n.id < 900\n  }}\n  then {{ derive In {{ a: h.id, b: "
        "n.id }} }}\n}}\n",
        kTypes, tie));
    INFO(tie);
    for (int i = 0; i < kMany; ++i) REQUIRE(w.put("1s", "Net", net(i)));
    for (int i = 0; i < 100; ++i) REQUIRE(w.put("1s", "Host", host(i)));
    w.tick("2s");
    const std::size_t found = w.session->facts(w.program->schema().type_id("In")).size();
    CHECK(found >= 80);
    CHECK(found <= 100);
    const bool is_computed = std::string(tie).find('+') != std::string::npos;
    CHECK((pairs_of(w) < 1'000) != is_computed);
    std::uint64_t made = 0;
    for (const StageView& stage : w.session->insight().stages) made += stage.made;
    CHECK(made <= 900 + 100 + 100);
  }
}

}  // namespace flyball::engine::testing
