// What must change nothing: the same inputs told another way give the same output byte for byte, ids included.
// Each relation is asked of the engine and, to check the relation itself, of the naive matcher.
#include <algorithm>
#include <catch2/catch.hpp>
#include <regex>

#include "tests/reference/generate/package.h"
#include "tests/reference/harness.h"
#include "tests/reference/naive/gaps.h"

namespace flyball::reference {
namespace {

constexpr std::uint64_t kSeeds = 400;
std::uint64_t seeds() { return seeds_or(kSeeds); }

std::string play(Player& player, const std::vector<Step>& steps, const Loaded& package) {
  for (const Step& s : steps) player.take(s);
  player.finish();
  std::string out = render(player.transcript(), package);
  for (const ActionOutput& a : player.transcript().actions) out += a.id + "\n";
  return out;
}

Result<std::unique_ptr<Player>> naive_player(const Loaded& package) { return make_naive(package); }

using Players = std::vector<std::pair<const char*, MakeOther>>;
Players players() { return {{"naive", naive_player}, {"engine", make_engine}}; }

std::uint64_t first_step_tag(const Step& s) { return static_cast<std::uint64_t>(s.kind); }

// Two puts of one instant that arrive in either order: told apart by source and sequence, or other facts of no source.
bool may_swap(const Step& a, const Step& b, const Schema& schema) {
  if (a.kind != StepKind::kFact || b.kind != StepKind::kFact || a.fact.stamp != b.fact.stamp) return false;
  // Gaps are told by order of arrival.
  if (!a.fact.source.is_null() && a.fact.source == b.fact.source && lost_of(schema)) return false;
  if (a.fact.source != b.fact.source || a.fact.seq != b.fact.seq) return true;
  auto plain = [&](const Step& s) {
    return s.fact.source.is_null() && !(schema.types[s.fact.type].is_event() && !schema.types[s.fact.type].has_key);
  };
  if (!plain(a) || !plain(b)) return false;
  if (a.fact.type != b.fact.type) return true;
  for (std::uint32_t k : schema.types[a.fact.type].key) {
    if (a.fact.values[k] != b.fact.values[k]) return true;
  }
  return false;
}

// A case with steps changed, told by every player as before.
// Productions ask in which order things came, and are left out of `by_order`.
bool has_productions(const Loaded& package) {
  return std::any_of(package.rules.rules.begin(), package.rules.rules.end(),
                     [](const ast::RuleDecl& r) { return r.strategy != ast::Strategy::kEpisodes; });
}

template <typename Change>
void expect_no_change(const char* what, const Change& change, bool by_order = false) {
  std::uint64_t changed = 0;
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    const SeedCase c = make_mixed_case(seed);
    if (!c.package || (by_order && has_productions(*c.package))) continue;
    Random random(seed);
    const std::vector<Step> other = change(c, random);
    changed +=
        other.size() != c.steps.size() || !std::equal(other.begin(), other.end(), c.steps.begin(), [&](const Step& a, const Step& b) {
          return first_step_tag(a) == first_step_tag(b) && render_step(a, *c.package) == render_step(b, *c.package);
        });
    for (const auto& [name, make] : players()) {
      const std::unique_ptr<Player> one = std::move(*make(*c.package));
      const std::unique_ptr<Player> two = std::move(*make(*c.package));
      const std::string expected = play(*one, c.steps, *c.package);
      if (play(*two, other, *c.package) == expected) continue;
      CaseText text = text_of(c);
      text.steps.clear();
      for (const Step& s : other) text.steps.push_back(render_step(s, *c.package));
      UNSCOPED_INFO(what << ", " << name << ", seed " << seed << "\n" << write_case(text_of(c)) << "=== changed\n" << write_case(text));
      CHECK(false);
      return;
    }
  }
  CHECK(changed > seeds() / 4);  // a relation that changes nothing proves nothing
}

}  // namespace

TEST_CASE("independent facts of one instant may arrive in any order") {
  expect_no_change(
      "order of arrival",
      [](const SeedCase& c, Random& random) {
        std::vector<Step> steps = c.steps;
        for (std::size_t round = 0; round < 3; ++round) {
          for (std::size_t i = 0; i + 1 < steps.size(); ++i) {
            if (may_swap(steps[i], steps[i + 1], c.package->rules.schema) && random.chance(60)) std::swap(steps[i], steps[i + 1]);
          }
        }
        return steps;
      },
      true);
}

TEST_CASE("a fact that comes and goes within one instant was never there") {
  expect_no_change(
      "put and retract",
      [](const SeedCase& c, Random& random) {
        std::vector<Step> steps;
        Timestamp newest{0};
        Timestamp ticked{0};
        for (const Step& s : c.steps) {
          steps.push_back(s);
          if (s.kind == StepKind::kTick) ticked = std::max(ticked, s.time);
          if (s.kind == StepKind::kRecovered) newest = std::max(newest, s.time);
          if (s.kind == StepKind::kAck) newest = std::max(newest, s.ack.stamp);
          if (s.kind != StepKind::kFact) continue;
          const FactType& type = c.package->rules.schema.types[s.fact.type];
          newest = std::max(newest, s.fact.stamp);
          if (s.fact.stamp < newest || s.fact.stamp <= ticked) continue;  // that instant is still open
          if (type.is_event() || s.fact.op != FactOp::kPut || !s.fact.source.is_null() || !random.chance(40)) continue;
          Step put = s;
          for (std::uint32_t k : type.key) {
            if (put.fact.values[k].is(Kind::kInt)) put.fact.values[k] = Value::integer(99);
          }
          Step retract = put;
          retract.fact.op = FactOp::kRetract;
          steps.push_back(put);
          steps.push_back(retract);
        }
        return steps;
      },
      true);
}

TEST_CASE("a tick said twice is one, and questions change nothing") {
  expect_no_change("doubled ticks", [](const SeedCase& c, Random& random) {
    std::vector<Step> steps;
    for (const Step& s : c.steps) {
      steps.push_back(s);
      if (s.kind == StepKind::kTick || (s.kind == StepKind::kAsk && random.chance(50))) steps.push_back(s);
    }
    return steps;
  });
}

// Who feeds a session decides when it is told of the time: after every fact, after a batch, or never. Before a fact with a
// later stamp, ticks up to it say nothing that the fact does not say, and nothing that arrives can tell them apart.
TEST_CASE("how facts are grouped between ticks does not matter") {
  expect_no_change("ticks in between", [](const SeedCase& c, Random& random) {
    std::vector<Step> steps;
    std::optional<Timestamp> newest;
    const std::uint64_t habit = random.below(3);  // a tick after every fact, none that can be spared, or now and then
    for (const Step& s : c.steps) {
      const bool later = s.kind == StepKind::kFact && newest && s.fact.stamp > *newest;
      if (later && habit != 0) {
        while (!steps.empty() && steps.back().kind == StepKind::kTick && steps.size() > 1 && (habit == 1 || random.chance(50)))
          steps.pop_back();
      }
      if (later && habit != 1 && (habit == 0 || random.chance(50))) {
        Step tick;
        const DurationNs gap = s.fact.stamp - *newest;
        for (tick.time = *newest; tick.time < s.fact.stamp; tick.time = tick.time + gap / 3 + 1) steps.push_back(tick);
      }
      steps.push_back(s);
      const Timestamp at = s.kind == StepKind::kFact ? s.fact.stamp : s.kind == StepKind::kAck ? s.ack.stamp : s.time;
      if (s.kind != StepKind::kAsk && s.kind != StepKind::kAck && (!newest || at > *newest)) newest = at;
    }
    return steps;
  });
}

// Types, rules and variables are nothing but names: with others, in another order of the alphabet, the same happens under the other names.
// But the ids of actions, which the names of rules make.
TEST_CASE("what things are called does not matter") {
  static const std::regex kType(R"(\b([A-Z])(\d)\b)"), kRule(R"(\b(rule |m\.)([a-z_]+)(\d+)\b)"), kVariable(R"(\b([xe])(\d+)\b)");
  const auto renamed = [](std::string text) {
    text = std::regex_replace(text, kType, "Z$2$1q");
    text = std::regex_replace(text, kRule, "$1z$3$2");
    return std::regex_replace(text, kVariable, "v$2$1");
  };
  std::uint64_t compared = 0;
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    const SeedCase c = make_mixed_case(seed);
    if (!c.package) continue;
    CaseText text = text_of(c);
    for (std::string& file : text.files) file = renamed(file);
    const Result<std::unique_ptr<Loaded>> other = load(text.files);
    INFO("seed " << seed << (other ? "" : "\n" + other.error().message));
    REQUIRE(other.has_value());
    std::vector<Step> steps;
    for (const std::string& line : text.steps) {
      Result<Step> step = parse_step(renamed(line), **other);
      INFO(line);
      REQUIRE(step.has_value());
      steps.push_back(std::move(*step));
    }
    const auto told = [](Player& player, const std::vector<Step>& all, const Loaded& package) {
      for (const Step& s : all) player.take(s);
      player.finish();
      return render(player.transcript(), package);
    };
    for (const auto& [name, make] : players()) {
      const std::unique_ptr<Player> one = std::move(*make(*c.package));
      const std::unique_ptr<Player> two = std::move(*make(**other));
      const std::string expected = renamed(told(*one, c.steps, *c.package));
      INFO(name);
      REQUIRE(expected == renamed(told(*two, steps, **other)));
    }
    ++compared;
  }
  CHECK(compared > seeds() / 2);
}

TEST_CASE("the order in which rule files are given does not matter") {
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    const SeedCase c = make_mixed_case(seed);
    if (!c.package) continue;
    const CaseText text = text_of(c);
    std::vector<std::size_t> order = {2, 0, 1};
    for (std::size_t i = order.size(); i < text.files.size(); ++i) order.insert(order.begin() + 1, i);
    const Result<std::unique_ptr<Loaded>> other = load(text.files, order);
    REQUIRE(other.has_value());
    std::vector<Step> steps;
    for (const std::string& line : text.steps) steps.push_back(*parse_step(line, **other));
    const std::unique_ptr<Player> one = std::move(*make_engine(*c.package));
    const std::unique_ptr<Player> two = std::move(*make_engine(**other));
    INFO("seed " << seed);
    REQUIRE(play(*one, c.steps, *c.package) == play(*two, steps, **other));
  }
}

}  // namespace flyball::reference
