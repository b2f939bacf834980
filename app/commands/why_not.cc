// `flyball why-not`: which line of a rule is not met, and by which fact.
#include <fmt/core.h>

#include "app/commands/commands.h"
#include "app/explain/lookup.h"
#include "app/explain/online.h"
#include "app/explain/render.h"
#include "app/replay/replay.h"
#include "model/text.h"

namespace flyball::app {
namespace {

class WhyNot : public Command {
 public:
  Manual manual() const override {
    return {.name = "why-not",
            .summary = "say why a rule does not run: which line is not met, and by which fact",
            .synopsis = {"why-not RULE [--with NAME=VALUE …] [--connect ENDPOINT] [--json]",
                         "why-not RULE RULES… --facts FILE [--at TIME | --until TIME] [--with NAME=VALUE …] [--json]"},
            .description =
                "Without RULES asks a running service; with RULES and recorded facts replays them first. Shows the closest partial match, "
                "the lines it meets "
                "and the first one it does not, with the values read and the fact in the way; or that the rule is active, in its cooldown, "
                "or off. "
                "`--with` fixes fields of the facts in question, so that the answer is about this device and not the closest one.",
            .examples = {{"flyball why-not drain_hot_link --with device=e1", "about one device, from the running service"},
                         {"flyball why-not drain_hot_link rules/ --facts morning.jsonl --until 2030-01-15T08:00:00Z",
                          "as of eight o'clock of a recorded morning"}},
            .exit_codes = "0   said\n1   there is no such rule, the rules do not check, or the service does not answer\n64  wrong usage"};
  }
  void options(Options& options) override {
    options.positional("RULE", rule_, "the rule's name, qualified if several modules have it");
    arguments_.add_options(options);
    arguments_.add_at(options);
    options.list("--with", "NAME=VALUE", with_, "only matches whose facts have this field value; may be given several times");
    options.value("--connect", "ENDPOINT", connect_, "the service's queries endpoint (default tcp://127.0.0.1:7705)");
    options.flag("--json", json_, "one JSON object");
  }
  int run(Io& io) override {
    std::vector<std::pair<std::string, std::string>> with;
    std::string with_json;
    for (const std::string& text : with_) {
      const std::size_t equals = text.find('=');
      if (equals == std::string::npos || equals == 0) {
        io.error(fmt::format("why-not: `--with {}` is not NAME=VALUE", text));
        return kExitUsage;
      }
      with.emplace_back(text.substr(0, equals), text.substr(equals + 1));
      with_json += fmt::format("{}{}:{}", with_json.empty() ? "" : ",", quote(with.back().first), quote(with.back().second));
    }
    if (const std::optional<int> wrong = arguments_.wrong_usage("why-not", connect_, true, io)) return *wrong;
    if (arguments_.rules.empty()) {
      return query_service(connect_, "why-not", fmt::format("{{\"rule\":{},\"with\":{{{}}}}}", quote(rule_), with_json), json_, io);
    }
    int exit_code = kExitFailed;
    const std::unique_ptr<Offline> offline = replay_offline(arguments_, io, exit_code);
    if (offline == nullptr) return exit_code;
    const ast::RuleSet& rules = offline->package->program->rules();
    const Result<std::uint32_t> rule = find_rule(rules, rule_);
    if (!rule) return failed(rule.error(), io);
    const auto values = with_values(rules, *rule, with, offline->package->interner);
    if (!values) return failed(values.error(), io);
    const engine::WhyNot why_not = offline->session->why_not(*rule, *values);
    const ExplainContext context{rules, offline->package->sources, offline->package->interner, offline->session->now()};
    io.data(json_ ? why_not_json(why_not, context) + "\n" : why_not_text(why_not, context));
    return kExitFine;
  }

 private:
  static int failed(const Error& error, Io& io) {
    io.error(error.message, error.help);
    return kExitFailed;
  }

  OfflineArguments arguments_;
  std::string rule_;
  std::vector<std::string> with_;
  std::optional<std::string> connect_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_why_not() { return std::make_unique<WhyNot>(); }

}  // namespace flyball::app
