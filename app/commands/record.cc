// `flyball record`: the inputs a running service applies, to a file that `replay` reads.
#include <fmt/core.h>

#include <cerrno>
#include <cstring>

#include "app/clients/watch.h"
#include "app/commands/commands.h"
#include "app/service/recording.h"

namespace flyball::app {
namespace {

class Record : public Command {
 public:
  Manual manual() const override {
    return {.name = "record",
            .summary = "record the inputs of a running service to a file that `replay` reads",
            .synopsis = {"record [FILE] [--connect ENDPOINT] [--count N] [--for DURATION]"},
            .description =
                "Writes every fact, acknowledgement and tick that the service applies, in order, as JSON lines, from the moment it is "
                "connected; to FILE or standard output. A FILE that is there already is kept: then FILE.1 is written, FILE.2, and so on. "
                "What the service took before is not in it, and a recorder that is too slow loses lines and says so: for a recording that "
                "replays to the very same actions, from the first fact on, "
                "start the service with `flyball run --record FILE`.",
            .examples = {{"flyball record morning.jsonl --for 2h", "two hours of live facts"},
                         {"flyball record - | gzip > morning.jsonl.gz", "until Ctrl-C"}},
            .exit_codes =
                "0   recorded until the count, the time or a signal\n1   the endpoint is wrong, or the file cannot be written\n64  wrong "
                "usage"};
  }
  void options(Options& options) override {
    options.positional("FILE", file_, "where to; `-` (the default) is standard output", false).complete = Complete::kFile;
    options.value("--connect", "ENDPOINT", watch_.endpoint, "the service's out endpoint (default tcp://127.0.0.1:7703)");
    options.value("--count", "N", watch_.count, "stop after N lines");
    options.value("--for", "DURATION", watch_.for_ns, "stop after so long");
    options.flag("--json", json_, "messages as JSON lines, too (the recording always is)");
  }
  int run(Io& io) override {
    const bool to_out = file_.empty() || file_ == "-";
    watch_.topics = {"fact.", "ack.", "tick."};
    watch_.to = io.out;
    if (!to_out) {
      const Result<NewFile> begun = begin_file(file_, next_number(file_));
      if (!begun) {
        io.error(begun.error().message, begun.error().help);
        return kExitFailed;
      }
      watch_.to = begun->file;
      if (begun->name != file_) io.message(fmt::format("recording to {}: what is there already is kept", begun->name));
      file_ = begun->name;
    }
    const int code = watch(watch_, io);
    if (!to_out && std::fclose(watch_.to) != 0) {
      io.error(fmt::format("`{}` cannot be written: {}", file_, std::strerror(errno)));
      return kExitFailed;
    }
    return code;
  }

 private:
  std::string file_;
  WatchOptions watch_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_record() { return std::make_unique<Record>(); }

}  // namespace flyball::app
