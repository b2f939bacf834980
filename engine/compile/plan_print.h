// PlanPrinter: says of the parts of two programs which are the same: equal numbers, equal plans. What is printed is all that decides how a
// part matches, remembers and acts, whatever ids it has in its program and wherever it stands in the text; what a part refers to is in its
// print as that's print. So it can be known what goes on untouched when rules change (session/adoption.h).
//
// Values are compared by their bits: both programs must be of one interner. Not thread-safe. Complexity: O(program).
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/compile/program_data.h"

namespace flyball::engine {

// What belongs to one rule alone, in the order in which the compiler made it.
struct RuleParts {
  std::vector<ChainId> chains;
  std::vector<TableId> holds, absences, projections;
  std::vector<std::uint32_t> gates;
};

struct PlanPrints {
  std::vector<std::uint32_t> types, alphas, nodes, rules;  // by id; kNoId: vacant
  std::vector<std::uint32_t> clocks;                       // by type: what changes for its facts with time alone
  std::vector<RuleParts> parts;                            // by rule
};

class PlanPrinter {
 public:
  // The types as far as facts of them mean the same in both programs; whether rules derive one does not matter.
  PlanPrints print(const ProgramData& data);

 private:
  std::uint32_t number(std::string text) {
    return known_.try_emplace(std::move(text), static_cast<std::uint32_t>(known_.size())).first->second;
  }

  std::unordered_map<std::string, std::uint32_t> known_;
};

}  // namespace flyball::engine
