// What the tests of a package never looked at: rules that never fired, cases and rows that never answered, and lines of
// `when` without which every test would have seen the same. Pure; a Coverage is fed with recordings.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "app/testing/run.h"
#include "parser/source.h"

namespace flyball::app::testing {

class Coverage {
 public:
  void note(const Plan& plan, const Recording& recording, const ast::RuleSet& rules);
  // Sentences, each with its place; the last ones are counts.
  std::vector<std::string> report(const ast::RuleSet& rules, const SourceFiles& sources) const;
  bool fired(std::uint32_t rule) const { return fired_.contains(rule); }

 private:
  std::set<std::uint32_t> fired_;
  std::set<std::pair<DecisionId, std::string>> answered_;
};

// Everything that a test could see of a run, as text: equal for equal runs.
std::string seen(const Recording& recording, const ast::RuleSet& rules, const Interner& interner);

// Runs of all tests of a program, or nothing if they cannot run.
using RunTests = std::function<std::optional<std::vector<std::string>>(const engine::Program&)>;

inline constexpr std::size_t kMaxCoverageRuns = 20'000;  // of single tests; lines beyond are said not to have been looked at

// Leaves out each `some`, `no` and `check` line of the rules that `fired`, one at a time, and runs all tests: where nothing changes the
// line was never decisive. A line that binds or whose absence is a mistake is needed and not looked at.
std::vector<std::string> undecisive_lines(const SourceFiles& sources, Interner& interner, const engine::Program& program,
                                          const std::function<bool(std::uint32_t)>& fired, const RunTests& run);

}  // namespace flyball::app::testing
