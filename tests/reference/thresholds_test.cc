// Many rules that differ in a constant their field is compared with, engine against naive matcher: the engine looks only
// at the constants that a changing value crosses, and must come to the same conclusions as looking at all.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/reference/generate/random.h"
#include "tests/reference/harness.h"

namespace flyball::reference {
namespace {

const char* const kDeclarations =
    "fact Gauge key (id) ttl 3s { id: int  v: int  w: double  p: percent?  on: bool }\n"
    "fact Zone key (id) { id: int  hot: bool }\n"
    "fact Above key (rule, id) { rule: int  id: int }\n"
    "fact Copy key (id) { id: int  v: int }\n"
    "action Say key (rule, id) { rule: int  id: int }\n";

std::string difference(const CaseText& c) {
  const std::optional<Difference> d = run_text(c, make_engine);
  return d ? "after step " + std::to_string(d->step + 1) + ":\n" + d->text + write_case(c) : "";
}

std::string comparison(Random& random) {
  const std::string op = random.word({">", ">=", "<", "<="});
  switch (random.below(4)) {
    case 0: return "w " + op + " " + random.word({"-1.5", "-0.0", "0.0", "0.5", "2.0"});
    case 1: return "p != null and p " + op + " " + random.word({"0%", "10%", "50%"});
    case 2: return std::to_string(random.between(-2, 4)) + " " + op + " v";
    default: return "v " + op + " " + std::to_string(random.between(-2, 4));
  }
}

// What is compared with the left side's own fields: a limit for each `g`.
std::string limits(Random& random) {
  const auto op = [&] { return random.word({">", ">=", "<", "<=", "=="}); };
  switch (random.below(5)) {
    case 0: return "v " + op() + " g.v";
    case 1: return "g.w " + op() + " w";
    case 2: return "w " + op() + " g.w and v " + op() + " g.v";
    case 3: return "v >= g.v and v < g.v + " + std::to_string(random.between(1, 3)) + " and g.v " + op() + " v";
    default: return "v " + op() + " g.v and " + comparison(random);
  }
}

std::string random_rule(Random& random, int number) {
  const std::string n = std::to_string(number), test = comparison(random);
  const std::string derive = "then { derive Above { rule: " + n + ", id: g.id } }";
  const std::string act = "then { do Say { rule: " + n + ", id: g.id } } on clear { log \"clear\" }";
  const std::string head = "rule r" + n + " { when { ";
  const std::string few = random.word({"<", ">="}) + " " + std::to_string(random.between(0, 2));
  switch (random.below(13)) {
    case 10: return head + "g: Gauge\n check count(Gauge where " + limits(random) + ") " + few + " } " + derive + " }\n";
    case 11: return head + "g: Gauge where on\n check sum(Gauge.v where " + limits(random) + ") " + few + " } " + act + " }\n";
    case 12:
      return head + "z: Zone where hot\n g: Gauge where id == z.id\n check count(Gauge where " + limits(random) + ") " + few + " } " +
             derive + " }\n";
    case 0: return head + "g: Gauge where " + test + " and on } " + derive + " }\n";
    case 1: return head + "g: Gauge where " + test + "\n z: Zone where id == g.id and hot } " + derive + " }\n";
    case 2: return head + "g: Zone\n no Gauge where id == g.id and " + test + " } " + derive + " }\n";
    case 3: return head + "g: Zone\n some Gauge where " + test + " } " + act + " }\n";
    case 4: return head + "g: Gauge where " + test + " } " + act + " }\n";
    case 5: return head + "g: Gauge where " + test + " for 2s } " + act + " }\n";
    case 6: return head + "g: Copy where v > " + std::to_string(random.between(-2, 4)) + " } " + derive + " }\n";
    case 7: return head + "g: Gauge where " + test + " and " + comparison(random) + " } " + derive + " }\n";
    case 8: return head + "g: Gauge\n check g.v >= " + std::to_string(random.between(-2, 4)) + " } " + derive + " }\n";
    default: return head + "g: Gauge where " + test + " } " + derive + " }\n";
  }
}

CaseText random_case(std::uint64_t seed) {
  Random random(seed);
  CaseText c;
  std::string text = kDeclarations;
  text += "rule copy { when { g: Gauge where on } then { derive Copy { id: g.id, v: g.v } } }\n";
  for (int r = 0; r < 30; ++r) text += random_rule(random, r);
  c.files.push_back(text);
  int now = 10;
  for (int s = 0; s < 60; ++s) {
    now += random.chance(60) ? 1 : 0;
    const std::string at = std::to_string(now) + "s", id = std::to_string(random.between(1, 3));
    const std::string v = std::to_string(random.between(-3, 5)), w = random.word({"-2.0", "-0.0", "0.0", "0.25", "0.5", "3.0"});
    switch (random.below(10)) {
      case 0: c.steps.push_back("retract " + at + " Gauge { id: " + id + " }"); break;
      case 1: c.steps.push_back("put " + at + " Zone { id: " + id + ", hot: " + random.word({"true", "false"}) + " }"); break;
      case 2: c.steps.push_back("tick " + at); break;
      case 3: now += 2; break;
      default:
        c.steps.push_back("put " + at + " Gauge { id: " + id + ", v: " + v + ", w: " + w +
                          ", p: " + random.word({"null", "5%", "10%", "70%"}) + ", on: " + random.word({"true", "true", "false"}) + " }");
    }
  }
  c.steps.push_back("tick " + std::to_string(now + 10) + "s");
  return c;
}

}  // namespace

TEST_CASE("random rules with thresholds agree with the naive matcher") {
  for (std::uint64_t seed = 1; seed <= seeds_or(300); ++seed) {
    const CaseText c = random_case(seed);
    REQUIRE(load(c.files).has_value());
    INFO("seed " << seed);
    REQUIRE(difference(c) == "");
  }
}

// Every comparison with each of three constants, and every step from one value, staleness or absence to any other.
TEST_CASE("every crossing of three thresholds agrees with the naive matcher") {
  std::string rules = kDeclarations;
  int n = 0;
  for (const char* op : {">", ">=", "<", "<="}) {
    for (const char* constant : {"0", "1", "2"}) {
      for (const char* more : {"", " and on"}) {
        const std::string number = std::to_string(n++);
        rules += "rule r" + number + " { when { g: Gauge where v " + op + " " + constant + more +
                 " } then { derive Above { rule: " + number + ", id: g.id } } }\n";
      }
    }
  }
  const std::vector<std::string> states = {"v: -1", "v: 0", "v: 1", "v: 2", "v: 3", "stale", "absent"};
  for (const char* on : {"true", "false"}) {
    CaseText c;
    c.files.push_back(rules);
    int now = 10;
    const auto go = [&](const std::string& state) {
      if (state == "stale") {
        now += 4;
        c.steps.push_back("tick " + std::to_string(now) + "s");
      } else if (state == "absent") {
        c.steps.push_back("retract " + std::to_string(++now) + "s Gauge { id: 1 }");
      } else {
        c.steps.push_back("put " + std::to_string(++now) + "s Gauge { id: 1, " + state + ", w: 0.0, p: null, on: " + on + " }");
      }
    };
    for (const std::string& from : states) {
      for (const std::string& to : states) {
        go("v: 1");
        go(from);
        go(to);
      }
    }
    REQUIRE(load(c.files).has_value());
    REQUIRE(difference(c) == "");
  }
}

}  // namespace flyball::reference
