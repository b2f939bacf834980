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

}  // namespace flyball::engine
