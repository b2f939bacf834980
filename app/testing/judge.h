// Judging a Recording against a Plan's expectations: pure, and the same on every run.
//
// `at T expect A`: an action sent exactly then; `by T`: at or before T. Each action satisfies at most one such expectation
// (the assignment is the best possible one, not the first that fits). `expect N A` counts all of them; `expect no A`: none;
// `expect nothing else`: every action sent up to then is claimed by some other expectation. Shadow rules send nothing.
// Only actions in state sent count (each try is one), unless the expectation names a `state`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/testing/run.h"

namespace flyball::app::testing {

struct Failure {
  std::size_t step = 0;                // index into TestDecl::steps; the step count: the test as a whole
  std::string message;                 // what was expected and was not so
  std::vector<std::string> happened;   // lines: what happened instead, nearest first
  std::optional<Timestamp> at;         // when the engine should be asked why not
  std::uint32_t why_not_rule = kNoId;  // whom to ask
  std::vector<std::pair<std::string, Value>> why_not_with;
};

struct Verdict {
  std::vector<Failure> failures;
  bool passed() const { return failures.empty(); }
};

Verdict judge(const Plan& plan, const Recording& recording, const ast::RuleSet& rules, const Interner& interner);

// A time of the test as its author wrote it: "1m59s" after the start.
std::string since_start(const Plan& plan, Timestamp t);
// `DrainLink { device: "e1" }`
std::string describe(const ActionOutput& action, const Schema& schema, const Interner& interner);

}  // namespace flyball::app::testing
