// Small worlds gone through whole: every sequence of a few steps out of a few, over packages of one thing each. What random programs
// meet by luck, these meet for certain, in the fewest steps. REFERENCE_EXHAUSTIVE sets the length of the sequences.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>

#include "model/text.h"
#include "tests/reference/harness.h"

namespace flyball::reference {
namespace {

constexpr std::size_t kLength = 4;

struct Small {
  const char* name;
  std::string rules;
  std::vector<std::string> letters;  // `@`: the time as it is; `wait D`: time goes on
};

const std::string kWorld = R"(module m
fact F key (k) ttl 3s { k: int  up: bool }
fact G key (k) { k: int  v: int }
event E { k: int }
action A0 key (k) { k: int }
action A1 { k: int }
)";

const std::vector<std::string> kLetters = {"put @ F { k: 1, up: true }",
                                           "put @ F { k: 1, up: false }",
                                           "put @ G { k: 1, v: 1 }",
                                           "retract @ G { k: 1 }",
                                           "put @ E { k: 1 }",
                                           "wait 1s",
                                           "wait 2s"};

const std::vector<Small> kSmall = {
    {"hold", "rule r { when { f: F where up for 2s } then { do A0 { k: f.k } } on clear { do A1 { k: f.k } } }", kLetters},
    {"no", "rule r { when { f: F where up  no G where k == f.k } then { do A0 { k: f.k } } on clear { do A1 { k: f.k } } }", kLetters},
    {"silence", "rule r { when { f: F where up  no E where k == f.k for 2s } then { do A0 { k: f.k } } on clear { do A1 { k: f.k } } }",
     kLetters},
    {"silence of facts", "rule r { when { no G where v == 1 for 2s } then { do A0 { k: 1 } } on clear { do A1 { k: 1 } } }", kLetters},
    {"cooldown", "rule r { cooldown 2s when { e: E  f: F same k as e where up } then { do A1 { k: f.k } } }", kLetters},
    {"keep", "rule r { keep 2s when { f: F where up } then { do A0 { k: f.k } } on clear { do A1 { k: f.k } } }", kLetters},
    {"until", "rule r { when { f: F where up } then { do A0 { k: f.k } } until { check not f.up for 1s } on clear { do A1 { k: f.k } } }",
     kLetters},
    {"repeat", "rule r { repeat 1s when { f: F where up } then { do A1 { k: f.k } } }", kLetters},
    {"derive",
     "fact D key (k) { k: int  v: int }\n"
     "rule d { when { g: G } then { derive D { k: g.k, v: g.v } } }\n"
     "rule e { when { f: F where up } then { derive D { k: f.k, v: 2 } } }\n"
     "rule r { when { d: D where v > 1 for 1s } then { do A0 { k: d.k } } on clear { do A1 { k: d.k } } }",
     kLetters},
    {"count", "rule r { when { check count(F where up) + count(G) > 1 } then { do A0 { k: 1 } } on clear { do A1 { k: 1 } } }", kLetters},
    {"window", "rule r { when { check count(E over 2s) >= 2 } then { do A1 { k: 1 } } }", kLetters},
    {"within", "rule r { when { e: E within 2s  g: G same k as e } then { do A1 { k: g.v } } on clear { do A1 { k: 9 } } }", kLetters},
};

// The steps of a word of letters.
std::vector<Step> steps_of(const std::vector<std::size_t>& word, const std::vector<std::string>& letters, const Loaded& package) {
  std::vector<Step> out;
  std::int64_t now = 10;
  for (const std::size_t letter : word) {
    std::string line = letters[letter];
    if (line.starts_with("wait ")) {
      now += *parse_duration_ns(line.substr(5)) / kNsPerSecond;
      line = "tick @";
    }
    line.replace(line.find('@'), 1, std::to_string(now) + "s");
    Result<Step> step = parse_step(line, package);
    REQUIRE(step.has_value());
    out.push_back(std::move(*step));
  }
  Result<Step> end = parse_step("tick " + std::to_string(now + 9) + "s", package);
  out.push_back(std::move(*end));
  return out;
}

bool next_word(std::vector<std::size_t>& word, std::size_t letters) {
  for (std::size_t& letter : word) {
    if (++letter < letters) return true;
    letter = 0;
  }
  return false;
}

}  // namespace

TEST_CASE("every sequence of a few steps, in small worlds") {
  const char* const given = std::getenv("REFERENCE_EXHAUSTIVE");
  const std::size_t length = given != nullptr ? std::stoul(given) : kLength;
  std::uint64_t sequences = 0, states = 0, firings = 0;
  for (const Small& small : kSmall) {
    const Result<std::unique_ptr<Loaded>> package = load({kWorld + small.rules});
    INFO(small.name << (package ? "" : ": " + package.error().message));
    REQUIRE(package.has_value());
    std::vector<std::size_t> word(length, 0);
    std::uint64_t fired = 0;
    do {
      const std::vector<Step> steps = steps_of(word, small.letters, **package);
      const std::unique_ptr<Player> naive = make_naive(**package);
      const std::unique_ptr<Player> engine = std::move(*make_engine(**package));
      const Comparison c = compare_players(*naive, *engine, steps, **package);
      ++sequences;
      states += c.steps_compared;
      fired += c.firings;
      if (!c.difference) continue;
      std::string told;
      for (const Step& s : steps) told += render_step(s, **package) + "\n";
      UNSCOPED_INFO(small.name << ", after step " << c.difference->step << "\n" << told << c.difference->text);
      CHECK(false);
      return;
    } while (next_word(word, small.letters.size()));
    CHECK(fired > 0);  // a world in which nothing happens proves nothing
    firings += fired;
  }
  std::cout << sequences << " sequences, " << states << " states and " << firings << " firings compared" << std::endl;
}

}  // namespace flyball::reference
