// `flyball why`: what led to an action.
#include <fmt/core.h>

#include <filesystem>

#include "app/commands/commands.h"
#include "app/explain/lookup.h"
#include "app/explain/online.h"
#include "app/explain/render.h"
#include "app/replay/replay.h"
#include "model/text.h"

namespace flyball::app {
namespace {

class Why : public Command {
 public:
  Manual manual() const override {
    return {.name = "why",
            .summary = "explain an action: its rule, each line with what it read, the facts and their ages",
            .synopsis = {"why [ACTION-ID|last] [--connect ENDPOINT] [--json]",
                         "why [ACTION-ID|last] RULES… --facts FILE [--at TIME | --until TIME] [--json]"},
            .description =
                "Without RULES asks a running service; with RULES and recorded facts replays them first. `last` (the default) is the "
                "newest action. "
                "Each line of the rule's `when` is shown with its verdict, the values it read and their ages, as they were when the action "
                "was made; below, what became of it since then, as far as is known: approved, acknowledged, failed and with which error. "
                "The newest actions are kept; an older one is forgotten, and then the answer says so.",
            .examples = {{"flyball why last", "the newest action of the running service"},
                         {"flyball why last rules/ --facts morning.jsonl", "the last action of a recorded morning"},
                         {"flyball why 5a0e6a8d2f3b4c5d6e7f80919293a4b5 --json", "one action, by its id, for a script"}},
            .exit_codes =
                "0   explained\n1   no such action was made (or it is forgotten), the rules do not check, or the service does not "
                "answer\n64  wrong usage"};
  }
  void options(Options& options) override {
    options.positional("ACTION", action_, "an action's id, or `last`; may be left out", false);
    arguments_.add_options(options);
    arguments_.add_at(options);
    options.value("--connect", "ENDPOINT", connect_, "the service's queries endpoint (default tcp://127.0.0.1:7705)");
    options.flag("--json", json_, "one JSON object");
  }
  int run(Io& io) override {
    // `why rules/ --facts f`: the first word is a path unless it names an action, or cannot be one: there are others and it does not exist.
    std::error_code ignored;
    const bool is_id = action_ == "last" || is_action_id(action_) ||
                       (!arguments_.rules.empty() && !std::filesystem::exists(action_, ignored) && !looks_like_path(action_));
    if (!action_.empty() && !is_id) {
      if (!arguments_.facts && arguments_.rules.empty() && !std::filesystem::exists(action_, ignored)) {
        io.error(fmt::format("why: `{}` is no action's id", action_),
                 "an id is 32 hex digits, as action lines have it; `last` is the newest action; `flyball why-not RULE` is about rules");
        return kExitUsage;
      }
      arguments_.rules.insert(arguments_.rules.begin(), action_);
      action_.clear();
    }
    if (action_.empty()) action_ = "last";
    if (const std::optional<int> wrong = arguments_.wrong_usage("why", connect_, true, io)) return *wrong;
    if (arguments_.rules.empty()) return query_service(connect_, "why", fmt::format("{{\"action\":{}}}", quote(action_)), json_, io);
    int exit_code = kExitFailed;
    const std::unique_ptr<Offline> offline = replay_offline(arguments_, io, exit_code);
    if (offline == nullptr) return exit_code;
    const std::optional<engine::Explanation> why = offline->session->why(action_);
    if (!why) {
      const std::vector<std::string> known = offline->session->explained();
      const Error error = action_ == "last" ? Error{"no action was made", "`flyball why-not RULE` says why a rule does not run"}
                                            : no_such_action(action_, known, known.size() >= engine::Limits{}.explanations);
      io.error(error.message, error.help);
      return kExitFailed;
    }
    const ExplainContext context{offline->package->program->rules(), offline->package->sources, offline->package->interner,
                                 offline->session->now()};
    std::string json = why_json(*why, context), text = why_text(*why, context);
    json.pop_back();
    const ast::RuleSet& rules = context.rules;
    const engine::Session& session = *offline->session;
    if (const auto since =
            outcome(session, rules.schema, context.interner, offline->errors, why->action.id, why->action.action, why->action.state))
      append_outcome(*since, json, text);
    if (const auto proposal = proposal_of(session, why->action.id))
      text += fmt::format("waits for approval since {}\n", format_timestamp(to_value(proposal->since)));
    io.data(json_ ? json + "}\n" : text);
    return kExitFine;
  }

 private:
  // A folder or a rule file, though it may not be there.
  static bool looks_like_path(const std::string& word) { return word == "-" || word.ends_with(".fly") || word.find('/') != word.npos; }

  OfflineArguments arguments_;
  std::string action_;
  std::optional<std::string> connect_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_why() { return std::make_unique<Why>(); }

}  // namespace flyball::app
