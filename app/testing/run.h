// Running a Plan on the production engine, on recorded time; the Recording is everything that happened, as values.
// Door: run_plan. Pure in its arguments: no clock, no file; byte-identical on every run. Not thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/testing/plan.h"
#include "engine/session.h"

namespace flyball::app::testing {

struct Firing {
  Timestamp time;
  std::uint32_t rule = kNoId;
};

struct Told {  // something the engine said: a log line, a trouble, a refusal
  Timestamp time;
  std::string text;
};

struct Answer {
  std::size_t input = 0;  // index into Plan::inputs
  Result<engine::DecisionAnswer> answer;
};

// An input the engine did not take.
struct Refusal {
  std::size_t input = 0;
  std::string message;
};

struct Recording {
  std::vector<ActionOutput> actions;
  std::vector<Firing> firings;      // of `then` blocks
  std::vector<FactTypeId> derived;  // types of which some fact was derived, each once, sorted
  std::vector<Told> logs, troubles;
  std::vector<Answer> answers;
  std::vector<Refusal> refusals;
  std::vector<std::size_t> unmatched;  // inputs: acknowledgements that met no waiting action
  bool restart_differed = false;       // after `restart` the same inputs gave other outputs: an engine's mistake
};

// How a session is handed over to a fresh one of the same rules.
enum class HandOver : std::uint8_t { kSnapshot, kTakeOver };

// Restarts that no step of the test asks for. The moments of a run are counted from 0: before each input, and, with `seconds`, each
// second of the test, too (of a test with more than kMaxSeconds every so many).
struct Restarts {
  HandOver by = HandOver::kSnapshot;
  std::size_t first = 0;  // the first moment with a restart
  bool all = true;        // and all behind it
};

inline constexpr std::int64_t kMaxSeconds = 10'000;

// `until`: stops after that instant (inclusive). With `why_not`, asks the session at the end why that rule did not run.
struct RunOptions {
  std::optional<Timestamp> until;
  std::uint32_t why_not_rule = kNoId;
  std::vector<std::pair<std::string, Value>> why_not_with;
  bool seconds = false;  // time goes on each second, as a service's clock has it, and not only when something comes
  std::optional<Restarts> restarts;
};

struct RunResult {
  Recording recording;
  std::size_t moments = 0;          // that there were
  std::string not_restored;         // why a restart failed
  std::uint64_t runaways = 0;       // cascades that were undone
  std::uint64_t effect_errors = 0;  // runs that did nothing, because their effects could not be evaluated
  std::optional<engine::WhyNot> why_not;
};

RunResult run_plan(const Plan& plan, const engine::Program& program, Interner& interner, const RunOptions& options = {});

}  // namespace flyball::app::testing
