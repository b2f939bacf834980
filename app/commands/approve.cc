// `flyball approve` and `flyball reject`: a person's word on an action that waits for approval.
#include <fmt/core.h>

#include "app/commands/commands.h"
#include "app/explain/online.h"
#include "app/explain/render.h"
#include "model/text.h"

namespace flyball::app {
namespace {

class Verdict : public Command {
 public:
  explicit Verdict(bool approves) : approves_(approves) {}

  Manual manual() const override {
    if (approves_) {
      return {
          .name = "approve",
          .summary = "let an action be sent that waits for approval",
          .synopsis = {"approve ACTION-ID [--connect ENDPOINT] [--json]"},
          .description =
              "What a rule with `approve when` does is only proposed, until somebody says yes or no. `flyball status` lists what waits, "
              "`flyball why ACTION-ID` says why it is proposed. Approved, it is sent as any other action: at once, or when its rate "
              "allows it. The word is recorded with the facts, so that a replay sends it, too. What waits for nothing is refused.",
          .examples = {{"flyball approve 5a0e6a8d2f3b4c5d6e7f80919293a4b5", "do it"}},
          .exit_codes = kCodes};
    }
    return {.name = "reject",
            .summary = "drop an action that waits for approval",
            .synopsis = {"reject ACTION-ID [--reason TEXT] [--connect ENDPOINT] [--json]"},
            .description =
                "Says no to an action that a rule with `approve when` proposed: it is never sent, and its state is `rejected`. "
                "The word and its reason are recorded with the facts, and `flyball why` shows them. What waits for nothing is refused.",
            .examples = {{"flyball reject 5a0e6a8d2f3b4c5d6e7f80919293a4b5 --reason 'the other link is down'", "do not, and why"}},
            .exit_codes = kCodes};
  }
  void options(Options& options) override {
    options.positional("ACTION-ID", id_, "the action's id, as `flyball status` lists it");
    if (!approves_) options.value("--reason", "TEXT", reason_, "why not, for the recording and for `flyball why`");
    options.value("--connect", "ENDPOINT", connect_, "the service's queries endpoint (default tcp://127.0.0.1:7705)");
    options.flag("--json", json_, "one JSON object");
  }
  int run(Io& io) override {
    const char* name = approves_ ? "approve" : "reject";
    if (!is_action_id(id_)) {
      io.error(fmt::format("{}: `{}` is no action's id", name, id_),
               "an id is 32 hex digits: `flyball status` lists what waits for approval");
      return kExitUsage;
    }
    const std::string reason = reason_ ? fmt::format(",\"reason\":{}", quote(*reason_)) : std::string();
    return query_service(connect_, name, fmt::format("{{\"action\":{}{}}}", quote(id_), reason), json_, io);
  }

 private:
  static constexpr const char* kCodes = "0   said\n1   no such action waits for approval, or the service does not answer\n64  wrong usage";

  bool approves_;
  std::string id_;
  std::optional<std::string> connect_, reason_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_approve() { return std::make_unique<Verdict>(true); }
std::unique_ptr<Command> make_reject() { return std::make_unique<Verdict>(false); }

}  // namespace flyball::app
