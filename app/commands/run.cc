// `flyball run`: the service.
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>

#include "app/commands/commands.h"
#include "app/service/service.h"
#include "model/text.h"

namespace flyball::app {
namespace {

std::string endpoints_json(const bus::BusServer::Endpoints& e) {
  std::string out = fmt::format("{{\"pid\":{}", getpid());
  const auto add = [&](std::string_view face, const std::vector<std::string>& all) {
    out += fmt::format(",\"{}\":[", face);
    for (std::size_t i = 0; i < all.size(); ++i) out += (i == 0 ? "" : ",") + quote(all[i]);
    out += ']';
  };
  add("facts", e.facts);
  add("plain", e.plain);
  add("out", e.out);
  add("actions", e.actions);
  add("queries", e.queries);
  return out + "}\n";
}

// The folder of one service: its lock, and a file that says where it listens.
class DataFolder {
 public:
  ~DataFolder() {
    std::error_code ignored;
    if (lock_ < 0) return;
    std::filesystem::remove(endpoints_, ignored);
    ::close(lock_);
  }

  Result<void> take(const std::string& path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) return fail(fmt::format("`{}` cannot be made: {}", path, error.message()));
    const std::string lock = (std::filesystem::path(path) / "lock").string();
    lock_ = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (lock_ < 0) return fail(fmt::format("`{}` cannot be opened: {}", lock, std::strerror(errno)));
    if (flock(lock_, LOCK_EX | LOCK_NB) != 0) {
      ::close(lock_);
      lock_ = -1;
      return fail(fmt::format("`{}` is in use by another service", path), "each service has a data folder of its own");
    }
    endpoints_ = (std::filesystem::path(path) / "endpoints.json").string();
    return {};
  }

  // Beside, then renamed: whoever reads sees all of it or what was there before. Only the holder of the lock writes, so one name does.
  Result<void> write_endpoints(const std::string& json) const {
    if (lock_ < 0) return {};
    const std::string beside = endpoints_ + ".new";
    std::FILE* file = std::fopen(beside.c_str(), "wb");
    const bool written = file != nullptr && std::fwrite(json.data(), 1, json.size(), file) == json.size();
    if (file == nullptr || std::fclose(file) != 0 || !written || std::rename(beside.c_str(), endpoints_.c_str()) != 0) {
      const int why = errno;
      std::remove(beside.c_str());
      return fail(fmt::format("`{}` cannot be written: {}", endpoints_, std::strerror(why)));
    }
    return {};
  }

 private:
  int lock_ = -1;
  std::string endpoints_;
};

class Run : public Command {
 public:
  Manual manual() const override {
    return {
        .name = "run",
        .summary = "run rules as a service on live facts from the bus",
        .synopsis = {"run [RULES…] [--config FILE] [--data DIR] [--bind FACE=ENDPOINT …] [--record FILE] [--param NAME=VALUE …]"},
        .description =
            "Loads the rules and opens five faces, on loopback unless the configuration says otherwise:\n"
            "  facts    tcp://127.0.0.1:7701   publishers: numbered, acknowledged, resumed (assured)\n"
            "  plain    tcp://127.0.0.1:7702   publishers: PUB/SUB, simple and lossy\n"
            "  out      tcp://127.0.0.1:7703   subscribers: actions, derived facts, decisions, log lines\n"
            "  actions  tcp://127.0.0.1:7704   executors: delivered, redelivered, acknowledged\n"
            "  queries  tcp://127.0.0.1:7705   decisions, why, why-not, facts, status\n"
            "`--bind` puts a face elsewhere (`ipc:///run/flyball/facts`, or port 0 for any free port) or turns it off (`plain=`). "
            "When all are bound, a line `listening: …` on standard error says where.\n\n"
            "Facts are stamped by their publishers, else on arrival. The reaction to a fact comes when nothing more waits to be read; "
            "holds, ttls and absences by the clock.\n\n"
            "SIGTERM and SIGINT: what has arrived is taken, the reaction sent, then exit 0. SIGHUP: the rules are read again; if they "
            "check, they replace the old ones at once: "
            "facts, episodes, holds and actions of rules of the same name go on, and nothing is sent twice; if not, or if a file of "
            "theirs is empty, the "
            "old ones go on and the log says why.\n\n"
            "`--record` writes every input as it is applied, ticks included; `flyball replay RULES --facts FILE` then gives the same "
            "actions, byte for byte. The form is the compact one, or JSON lines if FILE ends in .jsonl. What a file holds already, that "
            "of `--actions` too, is kept: a start, a reload or an `apply` then begins FILE.1, FILE.2 and so on. Inputs and actions of "
            "one time have the same number.",
        .examples = {{"flyball run rules/", "on the default ports"},
                     {"flyball run --config /etc/flyball.toml", "everything from a file"},
                     {"flyball run rules/ --bind facts=tcp://127.0.0.1:0 --print-endpoints",
                      "any free port, said as JSON on standard output"},
                     {"flyball run rules/ --record today.jsonl --status-every 1m", "with a recording and a status line a minute"}},
        .exit_codes =
            "0   stopped by a signal, drained\n1   the rules do not check, an endpoint is in use, or the recording cannot be "
            "written\n64  wrong usage, or a wrong configuration"};
  }
  void options(Options& options) override {
    options.positionals("RULES", config_.rules, "rule files, or folders whose *.fly files are taken", false).complete = Complete::kRules;
    options.value("--config", "FILE", file_, "settings as TOML; the command line comes after it").complete = Complete::kFile;
    options.value("--data", "DIR", data_, "a folder of this service's own: its lock, and endpoints.json while it runs").complete =
        Complete::kFile;
    options.list("--bind", "FACE=ENDPOINT", bind_,
                 "bind a face (facts, plain, out, actions, queries) elsewhere; an empty endpoint turns it off");
    options.value("--record", "FILE", record_, "write every input as it is applied, for `replay`").complete = Complete::kFile;
    Option& form =
        options.value("--record-format", "FORM", record_format_, "`compact` or `jsonl`; without it JSON lines if FILE ends in .jsonl");
    form.choices = {"compact", "jsonl"};
    form.complete = Complete::kChoice;
    options.value("--actions", "FILE", actions_, "write every action line, as `replay` would; a reload goes on in FILE.1, as with --record")
        .complete = Complete::kFile;
    options.list("--param", "NAME=VALUE", config_.params, "run with this value of a param; may be given several times");
    options.list("--require-source", "NAME", require_, "send nothing until this source has spoken; may be given several times");
    options.value("--ahead-max", "DURATION", ahead_,
                  "refuse facts and acknowledgements stamped further ahead of their arrival (default 5s)");
    options.value("--status-every", "DURATION", status_, "a status line on standard error this often (default: none)");
    options.flag("--json-logs", json_logs_, "messages as JSON lines");
    options.flag("--json", json_logs_, "the same");
    options.flag("--print-endpoints", print_endpoints_, "one JSON object on standard output when all faces are bound");
  }
  int run(Io& io) override {
    ServiceConfig config;
    if (file_) {
      if (const Result<void> read = read_config(*file_, config); !read) return failed(read.error(), kExitUsage, io);
    }
    if (!config_.rules.empty()) config.rules = config_.rules;
    config.params.insert(config.params.end(), config_.params.begin(), config_.params.end());
    if (!require_.empty()) config.required_sources = require_;
    if (record_) config.record = *record_;
    if (record_format_) config.record_format = *record_format_;
    if (actions_) config.actions = *actions_;
    if (data_) config.data = *data_;
    if (ahead_) config.ahead_max_ns = *ahead_;
    if (status_) config.status_every_ns = *status_;
    config.json_logs = config.json_logs || json_logs_;
    for (const std::string& face : bind_) {
      if (const Result<void> bound = bind_face(face, config); !bound) return failed(bound.error(), kExitUsage, io);
    }
    if (const Result<void> apart = check_faces(config); !apart) return failed(apart.error(), kExitUsage, io);
    if (config.rules.empty()) {
      io.error("run: there are no rules", "name rule files or folders, or set `rules` in the configuration");
      return kExitUsage;
    }
    // Who reads the log may go away; the service stays.
    std::signal(SIGPIPE, SIG_IGN);
    Signals signals;
    DataFolder data;
    if (!config.data.empty()) {
      if (const Result<void> taken = data.take(config.data); !taken) return failed(taken.error(), kExitFailed, io);
    }
    int exit_code = kExitFailed;
    const std::unique_ptr<Service> service = Service::start(std::move(config), signals, io, &exit_code);
    if (service == nullptr) return exit_code;
    const std::string endpoints = endpoints_json(service->endpoints());
    if (const Result<void> written = data.write_endpoints(endpoints); !written) return failed(written.error(), kExitFailed, io);
    if (print_endpoints_) {
      io.data(endpoints);
      std::fflush(io.out);
    }
    return service->run();
  }

 private:
  static int failed(const Error& error, int code, Io& io) {
    io.error(error.message, error.help);
    return code;
  }

  ServiceConfig config_;  // only what the command line gives
  std::optional<std::string> file_, data_, record_, record_format_, actions_;
  std::vector<std::string> bind_, require_;
  std::optional<DurationNs> ahead_, status_;
  bool json_logs_ = false, print_endpoints_ = false;
};

}  // namespace

std::unique_ptr<Command> make_run() { return std::make_unique<Run>(); }

}  // namespace flyball::app
