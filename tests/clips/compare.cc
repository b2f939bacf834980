// Runs a generated program twice and compares the firings one by one.
#include "tests/clips/compare.h"

#include <algorithm>

#include "benchmarks/classical/run.h"
#include "tests/clips/trace.h"
#include "tests/engine/session_harness.h"

namespace flyball::clips {
namespace {

constexpr std::size_t kMostFirings = 60;  // of a program that may go on for ever: it is left out

// What CLIPS says as it runs.
std::optional<std::string> watched(const Generated& program) {
  return bench::classical::clips_says(
      program.constructs, "(set-strategy " + program.strategy + ")",
      "(watch facts)\n(watch activations)\n(watch rules)\n(reset)\n(run " + std::to_string(kMostFirings) + ")");
}

// Whether the strategy has nothing to say about which of the two goes first.
bool equal(const Activation& a, const Activation& b, const Generated& program) {
  const auto priority = [&](const Activation& x) { return program.priorities[static_cast<std::size_t>(x.rule)]; };
  if (priority(a) != priority(b)) return false;
  if (program.strategy == "depth" || program.strategy == "breadth") return a.moment == b.moment;
  if (program.strategy == "mea" && a.facts.front() != b.facts.front()) return false;
  std::vector<std::uint64_t> left = a.facts;
  std::vector<std::uint64_t> right = b.facts;
  std::sort(left.begin(), left.end());
  std::sort(right.begin(), right.end());
  return left == right;
}

bool has_choice(const Step& step, const Generated& program) {
  return std::any_of(step.agenda.begin(), step.agenda.end(),
                     [&](const Activation& a) { return a.content != step.fired.content && equal(a, step.fired, program); });
}

}  // namespace

Played play(const Generated& program) {
  engine::Limits limits;
  limits.firings_per_instant = kMostFirings;
  engine::testing::World w(program.rules, limits);
  for (const GivenFact& f : program.facts) {
    const auto [one, two] = fields_of(f.type);
    REQUIRE(
        w.put("1s", std::string(1, static_cast<char>(f.type[0] - 'a' + 'A')), fmt::format("{}: {}, {}: {}", one, f.first, two, f.second)));
  }
  w.tick("1s");
  Played out;
  for (const std::string& line : w.heard()) {
    const std::string mark = "1s log ";
    if (line.starts_with(mark))
      out.fired.push_back(line.substr(mark.size()));
    else if (line.find("runaway") != std::string::npos)
      out.ran_away = true;
    else
      FAIL(line);
  }
  for (const char* const type : {"a", "b", "k", "m"}) {
    const FactTypeId id = w.program->schema().type_id(std::string(1, static_cast<char>(type[0] - 'a' + 'A')));
    for (const engine::FactView& f : w.session->facts(id))
      out.facts.push_back(fmt::format("{} {} {}", type, f.values[0].as_int(), f.values[1].as_int()));
  }
  std::sort(out.facts.begin(), out.facts.end());
  return out;
}

std::vector<std::string> clips_fired(const Generated& program) {
  std::string why;
  const std::optional<Trace> trace = read_trace(watched(program).value_or(""), why);
  std::vector<std::string> out;
  if (!trace) return {"not understood: " + why};
  for (const Step& step : trace->steps) out.push_back("r" + std::to_string(step.fired.rule));
  return out;
}

std::string compare(const Generated& program, Totals& totals) {
  const std::optional<std::string> said = watched(program);
  if (!said) return "CLIPS did not end";
  std::string why;
  const std::optional<Trace> trace = read_trace(*said, why);
  if (!trace) return "not understood: " + why + "\n" + *said;
  if (!trace->ended) {
    ++totals.endless;
    return "";
  }
  const Played ours = play(program);
  // Among equals flyball may have taken a way that has no end; what it fired is undone then, and not to be seen.
  if (ours.ran_away && std::any_of(trace->steps.begin(), trace->steps.end(), [&](const Step& s) { return has_choice(s, program); })) {
    ++totals.endless;
    return "";
  }
  ++totals.programs;
  std::vector<std::string> before;
  for (std::size_t i = 0; i < trace->steps.size(); ++i) {
    const Step& step = trace->steps[i];
    if (ours.ran_away || i >= ours.fired.size())
      return fmt::format("firing {}: CLIPS fires {}, flyball {}\n{}", i + 1, step.fired.content, ours.ran_away ? "ran away" : "nothing",
                         *said);
    if (step.fired.content != ours.fired[i]) {
      const auto chosen =
          std::find_if(step.agenda.begin(), step.agenda.end(), [&](const Activation& a) { return a.content == ours.fired[i]; });
      if (chosen == step.agenda.end())
        return fmt::format("firing {}: flyball fires {}, which is not on CLIPS's agenda\n{}", i + 1, ours.fired[i], *said);
      if (!equal(*chosen, step.fired, program))
        return fmt::format("firing {}: CLIPS fires {}, flyball {}\n{}", i + 1, step.fired.content, ours.fired[i], *said);
      ++totals.contested;
      return "";
    }
    ++totals.firings;
    if (std::find(before.begin(), before.end(), step.fired.content) != before.end()) ++totals.again;
    before.push_back(step.fired.content);
  }
  if (ours.fired.size() != trace->steps.size())
    return fmt::format("CLIPS is done after {} firings, flyball fires {}\n{}", trace->steps.size(), ours.fired[trace->steps.size()], *said);
  if (ours.facts != trace->facts)
    return fmt::format("CLIPS has {}, flyball {}\n{}", fmt::join(trace->facts, ", "), fmt::join(ours.facts, ", "), *said);
  ++totals.whole;
  return "";
}

}  // namespace flyball::clips
