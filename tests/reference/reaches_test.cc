// Many rules that say where one field must lie, engine against naive matcher: the engine looks only at those that its indexes
// lead to, and must come to the same conclusions as looking at all.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/reference/generate/reaching.h"
#include "tests/reference/harness.h"

namespace flyball::reference {
namespace {

std::string difference(const CaseText& c) {
  const auto loaded = load(c.files);
  if (!loaded) return loaded.error().message;
  for (const std::string& step : c.steps) {
    if (!parse_step(step, **loaded)) return "no step: " + step;
  }
  const std::optional<Difference> d = run_text(c, make_engine);
  return d ? "after step " + std::to_string(d->step + 1) + ":\n" + d->text + write_case(c) : "";
}

}  // namespace

TEST_CASE("random rules whose fields must lie somewhere agree with the naive matcher") {
  for (std::uint64_t seed = 1; seed <= seeds_or(150); ++seed) {
    const CaseText c = reaching_case(seed);
    INFO("seed " << seed);
    REQUIRE(difference(c) == "");
  }
}

// Each form at four constants, and every step from one value, null, staleness or absence to any other.
TEST_CASE("every way into and out of a prefix, an end of a text and an interval agrees with the naive matcher") {
  struct Form {
    const char* field;
    std::vector<const char*> conditions, values;
  };
  const std::vector<Form> forms = {
      {"b",
       {"b != null and b in 10.0.0.0/8", "b != null and b in 10.1.0.0/16", "b != null and b in [10.1.2.3/32, ::1/128]",
        "b == null or b in ::/0"},
       {"null", "10.1.2.3", "10.2.0.0", "11.0.0.0", "\"::1\"", "\"2001:db8::\""}},
      {"m",
       {"m != null and m like \"a*\"", "m != null and m.startsWith(\"ab\")", "m == null or m like \"abc*d\"",
        "m != null and m like \"ab?\""},
       {"null", "\"\"", "\"a\"", "\"ab\"", "\"abc\"", "\"abcd\"", "\"b\""}},
      {"m",
       {"m != null and m like \"*a\"", "m != null and m.endsWith(\"ba\")", "m == null or m like \"*é\"", "m != null and m like \"?ba\""},
       {"null", "\"\"", "\"a\"", "\"ba\"", "\"cba\"", "\"é\"", "\"xé\""}},
      {"p",
       {"p != null and p > 10% and p <= 20%", "p != null and p >= 10% and p < 20%", "p == null or (p > 15% and p < 90%)",
        "p != null and (p < 10% or p == 20%)"},
       {"null", "0%", "10%", "15%", "20%", "90%"}}};
  for (const Form& form : forms) {
    std::string rules = kReachingTypes;
    int n = 0;
    for (const char* test : form.conditions) {
      for (const std::string more : {"", " and on"}) {
        const std::string number = std::to_string(n++);
        rules += "rule r" + number + " { when { g: Host where (" + test + ")" + more + " } then { derive Above { rule: " + number +
                 ", id: g.id } } }\n";
      }
    }
    std::vector<std::string> states = {"stale", "absent"};
    for (const char* v : form.values) states.push_back(std::string(form.field) + ": " + v);
    for (const char* on : {"true", "false"}) {
      CaseText c;
      c.files.push_back(rules);
      int now = 10;
      const auto go = [&](const std::string& state) {
        if (state == "stale") {
          now += 4;
          c.steps.push_back("tick " + std::to_string(now) + "s");
        } else if (state == "absent") {
          c.steps.push_back("retract " + std::to_string(++now) + "s Host { id: 1 }");
        } else {
          std::string rest;
          for (const char* other : {"b: null", "m: null", "p: null"}) {
            if (other[0] != form.field[0]) rest += std::string(", ") + other;
          }
          c.steps.push_back("put " + std::to_string(++now) +
                            "s Host { id: 1, a: 9.9.9.9, c: null, n: \"\", v: 0, w: 0.0, t: \"1970-01-01T00:00:00Z\", " + state + rest +
                            ", on: " + on + " }");
        }
      };
      for (const std::string& from : states) {
        for (const std::string& to : states) {
          go(from);
          go(to);
        }
      }
      REQUIRE(difference(c) == "");
    }
  }
}

}  // namespace flyball::reference
