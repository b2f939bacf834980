// `flyball status`: a running service's counters.
#include <fmt/core.h>

#include "app/commands/commands.h"
#include "app/explain/online.h"

namespace flyball::app {
namespace {

class Status : public Command {
 public:
  Manual manual() const override {
    return {.name = "status",
            .summary = "show a running service's counters, what waits for approval, sources and executors",
            .synopsis = {"status [--connect ENDPOINT] [--json]"},
            .description =
                "Asks a running service how it is: facts taken, late and refused, live and stale; actions sent and acknowledged; what "
                "waits for approval; who is "
                "connected. `--json` has every counter.",
            .examples = {{"flyball status", "a few lines"}, {"flyball status --json | jq .engine.facts_live", "one counter"}},
            .exit_codes = "0   shown\n1   the service does not answer\n64  wrong usage"};
  }
  void options(Options& options) override {
    options.value("--connect", "ENDPOINT", connect_, "the service's queries endpoint (default tcp://127.0.0.1:7705)");
    options.flag("--json", json_, "one JSON object");
  }
  int run(Io& io) override { return query_service(connect_, "status", "{}", json_, io); }

 private:
  std::optional<std::string> connect_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_status() { return std::make_unique<Status>(); }

}  // namespace flyball::app
