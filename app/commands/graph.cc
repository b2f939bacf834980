// `flyball graph`: how facts flow through rules, or the network they are compiled to, as a drawing.
#include "app/graph/graph.h"

#include "app/commands/commands.h"
#include "app/explain/lookup.h"
#include "app/io/replace.h"
#include "app/package/package.h"
#include "parser/diagnostics/render.h"

namespace flyball::app {
namespace {

class GraphCommand : public Command {
 public:
  Manual manual() const override {
    return {.name = "graph",
            .summary = "draw how facts flow through rules, or the network they are compiled to",
            .synopsis = {"graph PATH… [--flow | --network] [--rule RULE] [--format svg|dot] [-o FILE]"},
            .description =
                "Reads rule files (and folders' *.fly files, at any depth) and draws them, left to right.\n\n"
                "`--flow` (the default): which facts and events rules and decisions read, and which actions and facts they make. Dashed: a "
                "rule needs that there is none, or does it when it is over.\n\n"
                "`--network`: types, tests on single facts, joins, memories and rules; what several rules share is there once.\n\n"
                "The drawing is SVG and needs nothing else; `--format dot` is for Graphviz. Pointing at a box shows what its author wrote "
                "about it.",
            .examples = {{"flyball graph rules/ -o rules.svg", "the whole package"},
                         {"flyball graph rules/ --rule drain_hot_link -o rule.svg", "what one rule reads and makes"},
                         {"flyball graph rules/ --network --format dot | dot -Tpng > network.png", "by Graphviz"}},
            .exit_codes =
                "0   drawn\n1   the rules have mistakes, there is no such rule, or a file cannot be read or written\n64  wrong usage"};
  }
  void options(Options& options) override {
    options.positionals("PATH", paths_, "rule files, folders, or `-` for standard input").complete = Complete::kRules;
    options.flag("--flow", flow_, "facts, rules and what they make (the default)");
    options.flag("--network", network_, "the compiled network");
    options.value("--rule", "RULE", rule_, "only what this rule reads, makes or runs");
    Option& format = options.value("--format", "FORMAT", format_, "`svg` or `dot`");
    format.complete = Complete::kChoice;
    format.choices = {"svg", "dot"};
    Option& out = options.value("--output", "FILE", output_, "the file to write");
    out.letter = "-o";
    out.complete = Complete::kFile;
  }
  int run(Io& io) override {
    if (flow_ && network_) {
      io.error("graph: `--flow` and `--network` are two drawings", "give one of them");
      return kExitUsage;
    }
    const std::string format = format_.value_or("svg");
    const std::unique_ptr<Package> package = parse_package(paths_, io);
    if (package == nullptr) return kExitFailed;
    if (package->diagnostics.has_errors()) {
      io.message(render_all(package->diagnostics, package->sources, io.err_colour));
      return kExitFailed;
    }
    std::optional<std::uint32_t> rule;
    if (rule_) {
      const Result<std::uint32_t> found = find_rule(package->rules, *rule_);
      if (!found) {
        io.error(found.error().message, found.error().help);
        return kExitFailed;
      }
      rule = *found;
    }
    Graph graph;
    if (network_) {
      const Result<engine::Program> program = engine::compile(std::move(package->rules), package->interner);
      if (!program) {
        io.error(program.error().message, program.error().help);
        return kExitFailed;
      }
      graph = network_graph(*program, package->sources, rule);
    } else {
      graph = flow_graph(package->rules, rule);
    }
    const std::string drawn = format == "dot" ? to_dot(graph) : to_svg(graph);
    if (!output_ || *output_ == "-") {
      io.data(drawn);
      return kExitFine;
    }
    if (const Result<void> written = write_file(*output_, drawn); !written) {
      io.error(written.error().message, written.error().help);
      return kExitFailed;
    }
    return kExitFine;
  }

 private:
  std::vector<std::string> paths_;
  bool flow_ = false, network_ = false;
  std::optional<std::string> rule_, format_, output_;
};

}  // namespace

std::unique_ptr<Command> make_graph() { return std::make_unique<GraphCommand>(); }

}  // namespace flyball::app
