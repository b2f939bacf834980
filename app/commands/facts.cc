// `flyball facts`: what working memory holds.
#include <fmt/core.h>

#include "app/commands/commands.h"
#include "app/explain/lookup.h"
#include "app/explain/online.h"
#include "app/explain/render.h"
#include "app/replay/replay.h"
#include "model/text.h"

namespace flyball::app {
namespace {

class Facts : public Command {
 public:
  Manual manual() const override {
    return {.name = "facts",
            .summary = "list the facts the engine holds, derived and action facts included, with their ages",
            .synopsis = {"facts [--type TYPE] [--connect ENDPOINT] [--json]",
                         "facts RULES… --facts FILE [--until TIME] [--type TYPE] [--json]"},
            .description =
                "Without RULES asks a running service; with RULES and recorded facts replays them first. Facts stand in the order of their "
                "types and keys. "
                "A stale fact (no news for longer than its ttl) is marked, and shown with the values known last: to rules all but its key "
                "fields are unknown. A derived fact whose reasons are all unknown is marked `suspended`: it is unknown whether it holds, "
                "even if it never did.",
            .examples = {{"flyball facts --type Probe", "every probe the running service knows"},
                         {"flyball facts rules/ --facts morning.jsonl --json", "one JSON object a line"}},
            .exit_codes = "0   listed\n1   there is no such type, the rules do not check, or the service does not answer\n64  wrong usage"};
  }
  void options(Options& options) override {
    arguments_.add_options(options);
    arguments_.add_at(options);
    options.value("--type", "TYPE", type_, "only facts of this type");
    options.value("--connect", "ENDPOINT", connect_, "the service's queries endpoint (default tcp://127.0.0.1:7705)");
    options.flag("--json", json_, "one JSON object a line: type, data, time, age, stale, suspended (when it is), expires");
  }
  int run(Io& io) override {
    if (const std::optional<int> wrong = arguments_.wrong_usage("facts", connect_, true, io)) return *wrong;
    if (arguments_.rules.empty())
      return query_service(connect_, "facts", type_ ? fmt::format("{{\"type\":{}}}", quote(*type_)) : "{}", json_, io);
    int exit_code = kExitFailed;
    const std::unique_ptr<Offline> offline = replay_offline(arguments_, io, exit_code);
    if (offline == nullptr) return exit_code;
    const ast::RuleSet& rules = offline->package->program->rules();
    FactTypeId only = kNoId;
    if (type_) {
      const Result<FactTypeId> found = find_fact_type(rules.schema, *type_);
      if (!found) {
        io.error(found.error().message, found.error().help);
        return kExitFailed;
      }
      only = *found;
    }
    const ExplainContext context{rules, offline->package->sources, offline->package->interner};
    const Timestamp now = offline->session->now();
    std::size_t listed = 0;
    for (FactTypeId type = 0; type < rules.schema.types.size(); ++type) {
      if (only != kNoId && type != only) continue;
      for (const engine::FactView& fact : offline->session->facts(type)) {
        io.data((json_ ? fact_json(fact, now, context) : fact_text(fact, now, context)) + "\n");
        ++listed;
      }
    }
    if (listed == 0) io.note(only == kNoId ? "no facts" : fmt::format("no {} is there", rules.schema.types[only].local));
    return kExitFine;
  }

 private:
  OfflineArguments arguments_;
  std::optional<std::string> type_, connect_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_facts() { return std::make_unique<Facts>(); }

}  // namespace flyball::app
