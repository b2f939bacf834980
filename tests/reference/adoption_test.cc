// A session that goes on under rules of which some came, went or have another mode, with what there is, says and holds the same as one that
// matches everything anew (Session::take_over, `anew`). Random packages, streams and edits.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>

#include "engine/compile/program_data.h"
#include "engine/session.h"
#include "model/text.h"
#include "tests/reference/generate/package.h"
#include "tests/reference/generate/reaching.h"
#include "tests/reference/generate/spanning.h"
#include "tests/reference/harness.h"

namespace flyball::reference {
namespace {

constexpr std::uint64_t kSeeds = 1'500;

engine::Limits few() {
  engine::Limits limits;
  limits.firings_per_instant = kFiringsMax;
  limits.derived_per_instant = 10'000;
  return limits;
}

class Sink final : public engine::OutputSink {
 public:
  void on_action(const ActionOutput& action) override { transcript.actions.push_back(action); }
  void on_derived(const DerivedOutput& output) override { transcript.derived.push_back(output); }
  void on_log(const LogOutput& output) override { transcript.logs.push_back(output); }
  void on_firing(Timestamp t, std::uint32_t rule, bool clear) override { transcript.firings.push_back({t, rule, clear}); }
  void on_action_gone(const std::string& id) override { gone += id + "\n"; }
  Transcript transcript;
  std::string gone;
};

engine::TakenOver go_on(std::unique_ptr<engine::Session>& session, const engine::Program& program, const Loaded& package, Sink& sink,
                        bool by_feeding) {
  auto next = std::make_unique<engine::Session>(program, *package.interner, sink, few());
  engine::TakenOver taken = next->take_over(*session, by_feeding);
  session = std::move(next);
  return taken;
}

std::string facts_of(const engine::Session& session, const engine::Program& program, const Interner& in) {
  std::string out;
  for (FactTypeId t = 0; t < program.schema().types.size(); ++t) {
    for (const engine::FactView& view : session.facts(t)) {
      out += program.schema().types[t].name + (view.stale ? " stale" : "") + (view.suspended ? " suspended" : "");
      const FactType& type = program.schema().types[t];
      for (std::uint32_t f = 0; f < type.fields.size(); ++f) {
        // What was never told and is suspended from the start has no values that anybody can know.
        if (!view.suspended || type.is_key_field(f)) out += " " + to_text(view.values[f], in);
      }
      // What is derived anew has the stamp of that moment.
      if (program.schema().types[t].role != Role::kDerived) out += " @" + std::to_string(view.stamp.ns);
      out += "\n";
    }
  }
  return out;
}

// The rules with some left out, others in shadow or off, of another priority, or with less to do.
// One rule in `of` suffers each of nine things.
ast::RuleSet edited(const ast::RuleSet& rules, Random& random, std::size_t of) {
  ast::RuleSet out = rules;
  for (std::size_t r = out.rules.size(); r-- > 0;) {
    ast::RuleDecl& rule = out.rules[r];
    switch (random.below(of)) {
      case 0:
      case 1:
        if (out.rules.size() > 1) out.rules.erase(out.rules.begin() + static_cast<std::ptrdiff_t>(r));
        break;
      case 2: rule.mode_value = ast::Mode::kShadow; break;
      case 3: rule.mode_value = ast::Mode::kOff; break;
      case 4: rule.priority_value = static_cast<std::int64_t>(random.below(3)); break;
      case 5:
      case 6:
        if (rule.then.size() > 1) rule.then.pop_back();
        break;
      case 7: rule.on_clear.clear(); break;
      default: break;
    }
  }
  return out;
}

// Each program joins the patterns of its rules in an order of its own; the one that feeds anew as they are written. Or: many rules begin
// alike; the one that feeds anew shares no joins. Or: many rules are found by indexes that others come into and go from, or tied by what
// lies in what.
enum class With { kNothing, kOtherOrders, kTwins, kReaches, kSpans };

SeedCase case_of(With with, std::uint64_t seed) {
  switch (with) {
    case With::kReaches: return loaded(reaching_case(seed));
    case With::kSpans: return loaded(spanning_case(seed));
    case With::kTwins: return make_twin_case(seed);
    default: return make_case(seed);
  }
}

void play(With with) {
  const bool other_orders = with == With::kOtherOrders;
  std::uint64_t compared = 0;
  std::uint64_t sharing = 0;  // programs
  std::uint64_t adopted = 0, fed_anew = 0;
  std::map<std::string, std::uint64_t> obstacles;
  const std::uint64_t last = seeds_or(with == With::kReaches || with == With::kSpans ? 80 : kSeeds) / (with == With::kNothing ? 1 : 2);
  for (std::uint64_t seed = 1; seed <= last; ++seed) {
    const SeedCase c = case_of(with, seed);
    if (!c.package) continue;
    Random random(seed), order(seed + 77);
    std::vector<std::unique_ptr<engine::Program>> programs[2];
    std::unique_ptr<engine::Session> sessions[2];
    Sink sinks[2];
    const auto compile = [&](int which, const ast::RuleSet& rules) {
      const engine::Program* running = which == 0 && !programs[0].empty() ? programs[0].back().get() : nullptr;
      engine::JoinOptions joins;
      joins.as_written = which == 1;
      joins.share = which == 0;
      if (other_orders && which == 0) joins.seed = order.below(3);
      Result<engine::Program> program = engine::compile(rules, *c.package->interner, {}, engine::Trees::kKeep, running, joins);
      REQUIRE(program.has_value());
      programs[which].push_back(std::make_unique<engine::Program>(std::move(*program)));
      if (which == 0 && programs[0].back()->data().rules.size() > programs[0].back()->data().rule_set.rules.size()) ++sharing;
    };
    const ast::RuleSet first = edited(c.package->rules, random, with == With::kReaches ? 60 : 14);
    for (int which : {0, 1}) {
      compile(which, first);
      sessions[which] = std::make_unique<engine::Session>(*programs[which].back(), *c.package->interner, sinks[which], few());
    }
    bool ran_away = false;
    std::string trail;
    const auto compare = [&](std::size_t step) {
      std::string texts[2];
      for (int which : {0, 1}) {
        texts[which] = render(sinks[which].transcript, *c.package);
        for (const ActionOutput& a : sinks[which].transcript.actions) texts[which] += a.id + "\n";
        texts[which] += facts_of(*sessions[which], *programs[which].back(), *c.package->interner);
        const engine::Counters& n = sessions[which]->counters();
        texts[which] += std::to_string(n.firings) + " " + std::to_string(n.episodes_begun) + " " + std::to_string(n.episodes_ended) + " " +
                        std::to_string(n.facts_live) + " " + std::to_string(n.facts_stale);
        ran_away = ran_away || n.runaways != 0;
      }
      if (texts[0] == texts[1] || ran_away) return true;
      UNSCOPED_INFO("seed " << seed << " step " << step << trail << "\n"
                            << write_case(text_of(c)) << "=== anew\n"
                            << texts[1] << "\n=== adopted\n"
                            << texts[0]);
      return false;
    };
    for (std::size_t i = 0; i < c.steps.size() && !ran_away; ++i) {
      const Step& step = c.steps[i];
      if (random.below(6) == 0) {
        const ast::RuleSet rules = edited(c.package->rules, random, with == With::kReaches ? 60 : 14);
        trail += "; before step " + std::to_string(i) + ":";
        for (const ast::RuleDecl& r : rules.rules)
          trail += " " + r.qualified + (r.mode_value == ast::Mode::kOff ? "(off)" : r.mode_value == ast::Mode::kShadow ? "(shadow)" : "");
        engine::TakenOver taken[2];
        for (int which : {0, 1}) {
          compile(which, rules);
          taken[which] = go_on(sessions[which], *programs[which].back(), *c.package, sinks[which], which == 1);
        }
        ++(taken[0].anew.empty() ? adopted : fed_anew);
        ++obstacles[taken[0].anew];
        if (!taken[0].anew.empty()) trail += " (" + taken[0].anew + ")";
        const bool same = taken[0].facts == taken[1].facts && taken[0].episodes == taken[1].episodes &&
                          taken[0].actions == taken[1].actions && taken[0].episodes_dropped == taken[1].episodes_dropped &&
                          taken[0].gone == taken[1].gone;
        if (!same)
          UNSCOPED_INFO("taken: " << taken[0].facts << " " << taken[1].facts << ", " << taken[0].episodes << " " << taken[1].episodes
                                  << ", " << taken[0].actions << " " << taken[1].actions);
        CHECK(same);
        if (!compare(i) || !same) {
          CHECK(false);
          return;
        }
      }
      for (int which : {0, 1}) {
        engine::Session& session = *sessions[which];
        switch (step.kind) {
          case StepKind::kFact: (void)session.put(step.fact); break;
          case StepKind::kTick: session.tick(step.time); break;
          case StepKind::kRecovered: session.recovered(step.time); break;
          case StepKind::kAck: {
            AckInput ack = step.ack;
            if (step.ack_number != 0) {
              if (sinks[which].transcript.actions.empty()) break;
              ack.id = sinks[which].transcript.actions[step.ack_number % sinks[which].transcript.actions.size()].id;
            }
            (void)session.ack(ack);
            break;
          }
          case StepKind::kAsk: (void)session.decide(step.decision, step.input); break;
        }
      }
      if (!compare(i)) {
        CHECK(false);
        return;
      }
    }
    for (int which : {0, 1}) sessions[which]->finish();
    if (!compare(c.steps.size())) {
      CHECK(false);
      return;
    }
    ++compared;
  }
  CHECK(compared > last / (with == With::kTwins ? 4 : 2));
  CHECK((with != With::kTwins || sharing > compared / 8));
  CHECK((other_orders ? adopted > 0 : adopted > fed_anew));
  if (std::getenv("SHOW_OBSTACLES"))
    for (const auto& [text, n] : obstacles) WARN(n << " " << text);
}

}  // namespace

TEST_CASE("rules that come, go and change are taken in as if everything were matched anew") { play(With::kNothing); }
TEST_CASE("so are rules whose patterns are joined in another order from then on") { play(With::kOtherOrders); }
TEST_CASE("so are rules of which others begin with the same lines") { play(With::kTwins); }
TEST_CASE("so are rules that an index finds") { play(With::kReaches); }
TEST_CASE("so are rules whose lines are tied by what lies in what") { play(With::kSpans); }

}  // namespace flyball::reference
