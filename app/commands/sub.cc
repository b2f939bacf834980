// `flyball sub`: watch what a running service publishes.
#include <fmt/core.h>

#include "app/clients/watch.h"
#include "app/commands/commands.h"

namespace flyball::app {
namespace {

class Sub : public Command {
 public:
  Manual manual() const override {
    return {.name = "sub",
            .summary = "watch facts, actions, derived facts, decisions and log lines of a running service",
            .synopsis = {"sub [facts|actions|derived|decisions|logs …] [--type NAME] [--connect ENDPOINT] [--count N] [--for DURATION]"},
            .description =
                "Prints what the service publishes, one JSON object a line, as `replay` would write it; without a kind, actions. "
                "A watcher loses what comes while it is away or too slow; how much is said at the end. Watching changes nothing.",
            .examples = {{"flyball sub", "actions, as they are sent"},
                         {"flyball sub facts derived --type Probe --count 10",
                          "ten changes of one type, published or derived, in whatever module; `--type net.Probe` names the module, too"},
                         {"flyball sub decisions --for 1m | jq .from", "which cases answer, for a minute"}},
            .exit_codes =
                "0   watched until the count, the time or a signal\n1   the endpoint is wrong, or the output cannot be written\n64  wrong "
                "usage"};
  }
  void options(Options& options) override {
    Option& kinds = options.positionals("KIND", kinds_, "facts, actions, derived, decisions or logs", false);
    kinds.choices = {"facts", "actions", "derived", "decisions", "logs"};
    options.value("--type", "NAME", type_, "only of this name, or beginning of one; with a dot: qualified");
    options.value("--connect", "ENDPOINT", watch_.endpoint, "the service's out endpoint (default tcp://127.0.0.1:7703)");
    options.value("--count", "N", watch_.count, "stop after N messages");
    options.value("--for", "DURATION", watch_.for_ns, "stop after so long");
    options.flag("--json", json_, "messages as JSON lines, too (what is watched always is)");
  }
  int run(Io& io) override {
    if (kinds_.empty()) kinds_.emplace_back("actions");
    // A qualified name is the service's to look for; the last part of one may be in any module, and is ours.
    const bool qualified = type_ && type_->find('.') != std::string::npos;
    if (type_ && !qualified) watch_.local_name = *type_;
    for (const std::string& kind : kinds_) {
      const std::string topic = kind == "derived" ? kind : kind.substr(0, kind.size() - 1);
      watch_.topics.push_back(topic + "." + (qualified ? *type_ : ""));
    }
    watch_.line = [&io](std::string_view line) {
      return std::fwrite(line.data(), 1, line.size(), io.out) == line.size() && std::fputc('\n', io.out) != EOF;
    };
    watch_.flush = [&io] { return std::fflush(io.out) == 0; };
    watch_.at_once = true;
    return watch(watch_, io);
  }

 private:
  std::vector<std::string> kinds_;
  std::optional<std::string> type_;
  WatchOptions watch_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_sub() { return std::make_unique<Sub>(); }

}  // namespace flyball::app
