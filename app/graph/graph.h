// Graph: what `flyball graph` draws: boxes in words, and arrows between them; made from rules (flow) or from the compiled network.
// Plain values; the order of nodes and edges is that of the rules, so the same rules give the same bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/outline.h"
#include "engine/program.h"
#include "parser/ast/ast.h"
#include "parser/source.h"

namespace flyball::app {

enum class NodeShape : std::uint8_t { kFact, kEvent, kAction, kDerived, kMutable, kRule, kDecision, kTest, kJoin, kMemory };

struct GraphNode {
  NodeShape shape = NodeShape::kFact;
  std::string label;  // one line
  std::string title;  // more, for who points at it
};

struct GraphEdge {
  std::uint32_t from = 0, to = 0;
  std::string label;    // a word, or nothing
  bool dashed = false;  // it needs the absence of, or is done at the end
};

struct Graph {
  std::vector<GraphNode> nodes;
  std::vector<GraphEdge> edges;
};

// fact → rule → action, derived or mutable fact → rule …; with `rule` (an index) only what it reads and makes.
Graph flow_graph(const ast::RuleSet& rules, std::optional<std::uint32_t> rule = std::nullopt);
// types → alpha memories → joins → rules, shared ones once: a box for each node of the outline, in its order.
Graph network_graph(const engine::Outline& outline, const SourceFiles& sources);

std::string to_dot(const Graph& graph);
std::string to_svg(const Graph& graph);

}  // namespace flyball::app
