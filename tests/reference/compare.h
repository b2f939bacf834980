// Comparing two Players step by step: what they said, in order; which facts they hold; what decisions answer.
// Ids of actions are compared by what must hold of them: one per action, and the same one for all its sends.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/reference/player.h"

namespace flyball::reference {

struct Difference {
  std::size_t step = 0;  // index of the step after which they differ; steps.size(): after finish()
  std::string text;      // what the first said, then the second
};

struct Comparison {
  std::optional<Difference> difference;
  std::uint64_t runaways = 0;  // cascades taken back, by both
  std::size_t steps_compared = 0;
  std::size_t firings = 0;
};

Comparison compare_players(Player& expected, Player& got, const std::vector<Step>& steps, const Loaded& package);

// The same for both at their present state.
std::optional<std::string> differing_facts(Player& expected, Player& got, const Loaded& package);
std::optional<std::string> differing_transcripts(const Transcript& expected, const Transcript& got, std::size_t firings,
                                                 std::size_t actions, const Loaded& package);

}  // namespace flyball::reference
