// A Graph as DOT, for Graphviz, and as SVG, drawn here. See graph.h.
#include <fmt/format.h>

#include "app/graph/graph.h"
#include "app/graph/layout.h"

namespace flyball::app {
namespace {

std::string dot_text(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string xml_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default:
        // XML has no other control characters, not even escaped.
        out += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? ' ' : c;
    }
  }
  return out;
}

const char* dot_shape(NodeShape shape) {
  switch (shape) {
    case NodeShape::kFact:
    case NodeShape::kDerived:
    case NodeShape::kMutable: return "ellipse";
    case NodeShape::kEvent: return "hexagon";
    case NodeShape::kAction: return "cds";
    case NodeShape::kDecision: return "diamond";
    default: return "box";
  }
}

// A style's name in the drawing, and what a box is, in a word.
const char* word(NodeShape shape) {
  switch (shape) {
    case NodeShape::kFact: return "fact";
    case NodeShape::kEvent: return "event";
    case NodeShape::kAction: return "action";
    case NodeShape::kDerived: return "derived";
    case NodeShape::kMutable: return "mutable";
    case NodeShape::kRule: return "rule";
    case NodeShape::kDecision: return "decision";
    case NodeShape::kTest: return "test";
    case NodeShape::kJoin: return "join";
    case NodeShape::kMemory: return "memory";
  }
  return "fact";
}

bool is_round(NodeShape shape) {
  return shape == NodeShape::kFact || shape == NodeShape::kDerived || shape == NodeShape::kMutable || shape == NodeShape::kEvent;
}

// Curved from point to point, level at each.
std::string path(const std::vector<Point>& way) {
  std::string out = fmt::format("M{} {}", way[0].x, way[0].y);
  for (std::size_t i = 1; i < way.size(); ++i) {
    const int middle = (way[i - 1].x + way[i].x) / 2;
    out += fmt::format(" C{} {} {} {} {} {}", middle, way[i - 1].y, middle, way[i].y, way[i].x, way[i].y);
  }
  return out;
}

// Colours are written out: not every viewer knows variables.
constexpr const char* kStyle = R"(<style>
  svg { background: #ffffff; }
  text { font: 12px "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #24292f; text-anchor: middle; }
  .box { stroke: #6e7781; fill: #eef2f6; }
  .derived, .mutable { fill: #e6efe6; }
  .action { fill: #f6ebe2; }
  .rule, .decision { fill: #ffffff; stroke: #24292f; stroke-width: 1.5; }
  .test, .join { fill: #ffffff; }
  .mutable { stroke-dasharray: 5 2; }
  .way { stroke: #6e7781; fill: none; }
  .dashed { stroke-dasharray: 4 3; }
  .tip { fill: #6e7781; }
  @media (prefers-color-scheme: dark) {
    svg { background: #0d1117; }
    text { fill: #e6edf3; }
    .box { stroke: #8b949e; fill: #21262d; }
    .derived, .mutable { fill: #1f2d24; }
    .action { fill: #33281f; }
    .rule, .decision { fill: #0d1117; stroke: #e6edf3; }
    .test, .join { fill: #0d1117; }
    .way { stroke: #8b949e; }
    .tip { fill: #8b949e; }
  }
</style>
)";

}  // namespace

std::string to_dot(const Graph& graph) {
  std::string out =
      "digraph flyball {\n  rankdir=LR;\n  node [fontname=\"monospace\", fontsize=11];\n  edge [fontname=\"monospace\", fontsize=9];\n";
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const GraphNode& n = graph.nodes[i];
    out += fmt::format("  n{} [label={}, shape={}, tooltip={}];\n", i, dot_text(n.label), dot_shape(n.shape), dot_text(n.title));
  }
  for (const GraphEdge& e : graph.edges) {
    out += fmt::format("  n{} -> n{}", e.from, e.to);
    if (!e.label.empty() || e.dashed) {
      out += fmt::format(" [label={}{}]", dot_text(e.label), e.dashed ? ", style=dashed" : "");
    }
    out += ";\n";
  }
  return out + "}\n";
}

std::string to_svg(const Graph& graph) {
  const Layout l = lay_out(graph);
  std::string out =
      fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\">\n", l.width, l.height);
  out += kStyle;
  out +=
      "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\">"
      "<path class=\"tip\" d=\"M0 0 L8 4 L0 8 z\"/></marker></defs>\n";
  for (std::size_t e = 0; e < graph.edges.size(); ++e) {
    const GraphEdge& edge = graph.edges[e];
    const std::string says = edge.label.empty() ? "to" : edge.label;
    out += fmt::format("<path class=\"way{}\" d=\"{}\" marker-end=\"url(#tip)\"><title>{} {} {}</title></path>\n",
                       edge.dashed ? " dashed" : "", path(l.ways[e]), xml_text(graph.nodes[edge.from].label), xml_text(says),
                       xml_text(graph.nodes[edge.to].label));
  }
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Box& b = l.boxes[i];
    const GraphNode& n = graph.nodes[i];
    out += fmt::format(
        "<g><title>{} {}</title><rect class=\"box {}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\"/>"
        "<text x=\"{}\" y=\"{}\">{}</text></g>\n",
        word(n.shape), xml_text(n.title), word(n.shape), b.x, b.y, b.width, b.height, is_round(n.shape) ? 15 : 3, b.x + b.width / 2,
        b.y + b.height / 2 + 4, xml_text(l.labels[i]));
  }
  return out + "</svg>\n";
}

}  // namespace flyball::app
