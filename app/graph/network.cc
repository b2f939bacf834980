// The compiled network as a Graph. See graph.h.
#include "app/graph/graph.h"

namespace flyball::app {

Graph network_graph(const engine::Outline& outline, const SourceFiles& sources) {
  Graph graph;
  const auto shape = [](engine::OutlineKind kind) {
    switch (kind) {
      case engine::OutlineKind::kType: return NodeShape::kFact;
      case engine::OutlineKind::kAlpha: return NodeShape::kTest;
      case engine::OutlineKind::kStage: return NodeShape::kJoin;
      case engine::OutlineKind::kMemory:
      case engine::OutlineKind::kAggregate: return NodeShape::kMemory;
      case engine::OutlineKind::kRule:
      case engine::OutlineKind::kUntil: return NodeShape::kRule;
    }
    return NodeShape::kJoin;
  };
  for (engine::OutlineNode n : outline.nodes) {
    if (n.at.end > n.at.begin) {
      // As its author writes it, on one line.
      std::string written;
      for (const char c : sources.text(n.at)) {
        const bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
        if (!blank || (!written.empty() && written.back() != ' ')) written += blank ? ' ' : c;
      }
      if (n.label == "check") {
        n.label = written;
      } else if (!written.empty()) {
        n.more = n.more.empty() ? written : written + "; " + n.more;
      }
    }
    std::string title = n.more.empty() ? n.label : n.label + " (" + n.more + ")";
    graph.nodes.push_back({shape(n.kind), std::move(n.label), std::move(title)});
  }
  for (const engine::Outline::Arrow& a : outline.arrows) graph.edges.push_back({a.from, a.to, a.negated ? "no" : "", a.negated});
  return graph;
}

}  // namespace flyball::app
