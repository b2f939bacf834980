// `flyball graph`: how facts flow through rules, or the network they are compiled to, as a drawing.
#include "app/graph/graph.h"

#include "app/commands/commands.h"
#include "app/explain/lookup.h"
#include "app/graph/live.h"
#include "app/io/replace.h"
#include "app/package/package.h"
#include "bus/transport/query_client.h"
#include "engine/outline.h"
#include "parser/diagnostics/render.h"

namespace flyball::app {
namespace {

class GraphCommand : public Command {
 public:
  Manual manual() const override {
    return {
        .name = "graph",
        .summary = "draw how facts flow through rules, or the network they are compiled to",
        .synopsis =
            {"graph PATH… [--flow] [--rule RULE] [--format svg|dot] [-o FILE]",
             "graph PATH… --network [--live] [--connect ENDPOINT] [--rule RULE] [--param NAME=VALUE …] [--format svg|dot|text] [-o FILE]"},
        .description =
            "Reads rule files (and folders' *.fly files, at any depth) and draws them, left to right.\n\n"
            "`--flow` (the default): which facts and events rules and decisions read, and which actions and facts they make. Dashed: a "
            "rule needs that there is none, or does it when it is over.\n\n"
            "`--network`: types, tests on single facts, joins, memories and rules; what several rules share is there once. With `--format "
            "text` it "
            "tells how each rule is matched, step by step: how facts are found (by hash, by order, by an index, one by one), which tests "
            "and "
            "indexes are shared with which rules, what is tested for each pair, and in what order.\n\n"
            "`--live` asks a running service of the same rules what each node did: before a label stands how many facts, partial matches "
            "or "
            "matches are there now; pointing at a box shows activations, pairs looked at, tokens made and deleted, memory, and its share "
            "of "
            "the time that was sampled (`flyball top` begins to sample).\n\n"
            "The drawing is SVG and needs nothing else; `--format dot` is for Graphviz. Pointing at a box shows what its author wrote "
            "about it.",
        .examples = {{"flyball graph rules/ -o rules.svg", "the whole package"},
                     {"flyball graph rules/ --rule drain_hot_link -o rule.svg", "what one rule reads and makes"},
                     {"flyball graph rules/ --network --rule drain_hot_link --format text", "how that rule is matched, and why so"},
                     {"flyball graph rules/ --live -o now.svg", "the network of a running service, with its counters"},
                     {"flyball graph rules/ --network --format dot | dot -Tpng > network.png", "by Graphviz"}},
        .exit_codes =
            "0   drawn\n1   the rules have mistakes, there is no such rule, a file cannot be read or written, "
            "or the service does not answer or runs other rules\n64  wrong usage"};
  }
  void options(Options& options) override {
    options.positionals("PATH", paths_, "rule files, folders, or `-` for standard input").complete = Complete::kRules;
    options.flag("--flow", flow_, "facts, rules and what they make (the default)");
    options.flag("--network", network_, "the compiled network");
    options.flag("--live", live_, "the compiled network, with what a running service counted");
    options.value("--connect", "ENDPOINT", connect_, "with `--live`: the service's queries endpoint (default tcp://127.0.0.1:7705)");
    options.list("--param", "NAME=VALUE", params_, "with the network: this value of a param; may be given several times");
    options.value("--rule", "RULE", rule_, "only what this rule reads, makes or runs");
    Option& format = options.value("--format", "FORMAT", format_, "`svg`, `dot`, or of the network `text`");
    format.complete = Complete::kChoice;
    format.choices = {"svg", "dot", "text"};
    Option& out = options.value("--output", "FILE", output_, "the file to write");
    out.letter = "-o";
    out.complete = Complete::kFile;
  }
  int run(Io& io) override {
    if (flow_ && network_) {
      io.error("graph: `--flow` and `--network` are two drawings", "give one of them");
      return kExitUsage;
    }
    if (flow_ && live_) {
      io.error("graph: only the network has counters", "leave `--flow` or `--live` out");
      return kExitUsage;
    }
    network_ = network_ || live_;
    if (connect_ && !live_) {
      io.error("graph: `--connect` is for `--live`", "without it no service is asked");
      return kExitUsage;
    }
    const std::string format = format_.value_or("svg");
    if (!network_ && (format == "text" || !params_.empty())) {
      io.error(format == "text" ? "graph: only the network is told as text" : "graph: params are of the network", "give `--network`, too");
      return kExitUsage;
    }
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
    Result<std::string> made =
        network_ ? network(*package, rule, format, io) : Result<std::string>(draw(flow_graph(package->rules, rule), format));
    if (!made) {
      io.error(made.error().message, made.error().help);
      return kExitFailed;
    }
    const std::string drawn = std::move(*made);
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
  static std::string draw(const Graph& graph, const std::string& format) { return format == "dot" ? to_dot(graph) : to_svg(graph); }

  Result<std::string> network(Package& package, std::optional<std::uint32_t> rule, const std::string& format, Io& io) const {
    const auto params = parse_params(params_, package.rules.schema, package.interner);
    if (!params) return std::unexpected(params.error());
    const Result<engine::Program> program = engine::compile(std::move(package.rules), package.interner, *params);
    if (!program) return std::unexpected(program.error());
    std::optional<InsightReport> live;
    if (live_) {
      Result<InsightReport> asked = ask(*program);
      if (!asked) return std::unexpected(asked.error());
      if (asked->nodes_left_out > 0)
        io.warning(std::to_string(asked->nodes_left_out) + " nodes are too many for one answer: they are drawn without counters");
      live = std::move(*asked);
    }
    if (format == "text") {
      std::vector<std::uint32_t> rules;
      for (std::uint32_t r = 0; r < program->rules().rules.size(); ++r) {
        if (!rule || r == *rule) rules.push_back(r);
      }
      return plan_text(engine::plan_stories(*program, rules), package.sources, live ? &*live : nullptr);
    }
    const engine::Outline outline = engine::outline(*program, rule);
    Graph graph = network_graph(outline, package.sources);
    if (live) put_on(graph, outline, *program, *live);
    return draw(graph, format);
  }

  Result<InsightReport> ask(const engine::Program& program) const {
    Result<std::unique_ptr<bus::QueryClient>> client =
        bus::QueryClient::connect(connect_.value_or(std::string(bus::kDefaultQueriesEndpoint)));
    if (!client) return std::unexpected(client.error());
    const Result<std::string> answer = (*client)->query("insight", "{\"nodes\":true}");
    if (!answer) return std::unexpected(answer.error());
    Result<InsightReport> report = read_insight(*answer);
    if (report && report->plan != plan_name(program))
      return fail("the service runs other rules than these", "its rules, and its params with `--param`, must be the same");
    return report;
  }

  std::vector<std::string> paths_, params_;
  bool flow_ = false, network_ = false, live_ = false;
  std::optional<std::string> rule_, format_, output_, connect_;
};

}  // namespace

std::unique_ptr<Command> make_graph() { return std::make_unique<GraphCommand>(); }

}  // namespace flyball::app
