// What is compared is everything a run can show, ids of actions included, as text.
#include "app/testing/restarts.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/testing/coverage.h"
#include "app/testing/judge.h"

namespace flyball::app::testing {
namespace {

std::vector<std::string> lines_of(const RunResult& run, const Plan& plan, const engine::Program& program, const Interner& interner) {
  std::vector<std::string> out;
  for (const ActionOutput& a : run.recording.actions) {
    out.push_back(fmt::format("{} {} {}, id {}, try {}{}", since_start(plan, a.time), describe(a, program.rules().schema, interner),
                              to_string(a.state), a.id, a.try_number, a.was_due ? ", late" : ""));
  }
  out.push_back(seen(run.recording, program.rules(), interner));
  for (const Told& told : run.recording.troubles) out.push_back(fmt::format("{} {}", since_start(plan, told.time), told.text));
  for (const Refusal& r : run.recording.refusals) out.push_back(fmt::format("refused: {}", r.message));
  for (const std::size_t i : run.recording.unmatched) out.push_back(fmt::format("unmatched: the acknowledgement {}", i));
  return out;
}

}  // namespace

std::vector<RestartFailure> restarts_that_show(const Plan& plan, const engine::Program& program, Interner& interner, std::size_t* broken) {
  RunOptions options;
  options.seconds = true;
  const RunResult whole = run_plan(plan, program, interner, options);
  const std::vector<std::string> expected = lines_of(whole, plan, program, interner);
  std::vector<RestartFailure> failures;
  const auto compare = [&](const Restarts& restarts, const std::string& when) {
    options.restarts = restarts;
    const RunResult run = run_plan(plan, program, interner, options);
    if (broken != nullptr) *broken += restarts.all ? run.moments : 1;
    if (!run.not_restored.empty()) {
      failures.push_back({fmt::format("{}: {}", when, run.not_restored), {}});
      return;
    }
    const std::vector<std::string> got = lines_of(run, plan, program, interner);
    const auto [want, have] = std::mismatch(expected.begin(), expected.end(), got.begin(), got.end());
    if (want == expected.end() && have == got.end()) return;
    failures.push_back(
        {fmt::format("{} something else happened", when),
         {"without: " + (want == expected.end() ? "nothing more" : *want), "with: " + (have == got.end() ? "nothing more" : *have)}});
  };
  compare({.by = HandOver::kSnapshot}, "with a restart from a snapshot at each moment");
  compare({.by = HandOver::kTakeOver}, "with a session that takes over at each moment");
  const std::size_t step = whole.moments / kMaxSingleRestarts + 1;
  for (std::size_t i = step / 2; i < whole.moments && failures.empty(); i += step) {
    compare({.by = HandOver::kSnapshot, .first = i, .all = false}, fmt::format("with a restart at moment {} of {}", i + 1, whole.moments));
  }
  return failures;
}

}  // namespace flyball::app::testing
