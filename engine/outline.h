// Outline: the compiled network as boxes and arrows, for people who want to see what is shared. Plain values, in the order of the plan.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/program.h"

namespace flyball::engine {

enum class OutlineKind : std::uint8_t { kType, kAlpha, kStage, kMemory, kAggregate, kRule, kUntil };

struct OutlineNode {
  OutlineKind kind = OutlineKind::kType;
  std::string label;  // "util > 80%"
  std::string more;   // what it is, in a sentence or two
  ast::Span at;       // the line of a rule that it stands for; empty: none
  // Its number among those of its kind (engine/insight.h): of a type, alpha, stage, aggregate or rule.
  std::uint32_t id = kNoId;
};

struct Outline {
  std::vector<OutlineNode> nodes;
  struct Arrow {
    std::uint32_t from = 0, to = 0;
    bool negated = false;
  };
  std::vector<Arrow> arrows;
};

// types → alpha memories → stages of joins → rules. With `rule` (an index into rules()) only what that one runs.
Outline outline(const Program& program, std::optional<std::uint32_t> rule = std::nullopt);

// How one rule is matched, step by step, and why so: in words.
struct PlanStep {
  std::string title;               // "join Device by id"
  ast::Span at;                    // its line; empty: none
  std::uint32_t line = kNoId;      // of its block, from 0
  std::vector<std::string> notes;  // how facts are found, what is shared with whom, what is tested for each pair
  std::uint32_t stage = kNoId, alpha = kNoId;
};
struct PlanWay {  // a chain of steps that one fact after another goes through
  std::string title;
  std::vector<PlanStep> steps;
  std::string order;  // in which its lines are joined, and why; empty: as written
  std::string end;    // what comes of it
};
struct PlanStory {
  std::string rule;
  std::vector<PlanWay> ways;
};
// At most kPlanSharersMax sharers of a node are named, the rest counted.
inline constexpr std::size_t kPlanSharersMax = 4;
// Of some rules, in their order. O(stages of the program).
std::vector<PlanStory> plan_stories(const Program& program, const std::vector<std::uint32_t>& rules);

}  // namespace flyball::engine
