// Options and the watching loop.
#include "connectors/host/host.h"

#include <fmt/format.h>

#include <algorithm>

#include "bus/transport/endpoint.h"
#include "connectors/host/proc.h"
#include "connectors/host/rates.h"
#include "connectors/link.h"
#include "connectors/options.h"

namespace flyball::connectors::host {

const std::string_view kHelp = R"(flyball connect host - facts of this Linux host from /proc

usage: flyball connect host [options]

  --name NAME        the host's name in facts (default: its node name)
  --interface NAME   only this interface; may be given several times (default: all)
  --every D          time from look to look, 50ms to 1h (default 1s)
  --proc PATH        where /proc is (default /proc)
  --sys PATH         where /sys is (default /sys)
  --facts ENDPOINT   where the service takes facts (default tcp://127.0.0.1:7701)
  --takeover         take the name over from a connector that still seems to live
  --print            facts as JSON lines on stdout instead of the bus
  --count N          stop after N looks
  --help             this page

Facts (rules/host/types.fly): infra.host.HostCpu, HostMemory, HostLoad, HostInterface, and infra.connector.ConnectorState.
Rates and percents are over the time since the look before; the first look has none. A file that cannot be read
costs its own facts, which go stale, and is named in ConnectorState. An interface that is gone is retracted.

Messages go to stderr. Exit status: 0 stopped by SIGTERM or SIGINT, 1 failed, 64 wrong arguments.

example: flyball connect host --print --count 2
)";

namespace {

constexpr DurationNs kNsPerMs = 1'000'000;

constexpr OptionSpec kOptions[] = {{"--name"},  {"--interface", true, true}, {"--every"}, {"--proc"},         {"--sys"},
                                   {"--facts"}, {"--takeover", false},       {"--count"}, {"--print", false}, {"--help", false}};

int refuse(const Error& error) {
  say("flyball connect host", error.message + (error.help.empty() ? "" : " (" + error.help + ")"));
  return 64;
}

// The first thing that could not be read; empty: all was.
std::string trouble(const Snapshot& s) {
  if (!s.cpu) return s.cpu.error().message;
  if (!s.memory) return s.memory.error().message;
  if (!s.load) return s.load.error().message;
  if (!s.interfaces) return s.interfaces.error().message;
  return {};
}

}  // namespace

int run(std::vector<std::string> args) {
  const auto options = Options::parse(kOptions, args);
  if (!options) return refuse(options.error());
  if (options->has("--help")) {
    fmt::print("{}", kHelp);
    return 0;
  }
  const auto every_ns = options->duration("--every", kNsPerSecond, 50 * kNsPerMs, 3600 * kNsPerSecond);
  if (!every_ns) return refuse(every_ns.error());
  const auto count = options->number("--count", 0, 1, 1'000'000'000);
  if (!count) return refuse(count.error());
  const Roots roots{options->text("--proc", "/proc"), options->text("--sys", "/sys")};
  const std::string name = options->text("--name", host_name());
  const std::vector<std::string> wanted = options->all("--interface");
  catch_stop_signals();

  auto link = FactLink::open({options->text("--facts", bus::kDefaultFactsEndpoint), name, "host", "host/" + name,
                              options->has("--takeover"), options->has("--print")});
  if (!link) return refuse(link.error());
  HostMeter meter(name);
  Timestamp last;
  for (std::int64_t n = 0; !stop_requested() && (*count == 0 || n < *count); ++n) {
    if (n > 0) (*link)->pump_for(*every_ns);
    if (stop_requested() || !(*link)->wants_facts()) continue;
    Snapshot snapshot = read_host(roots);
    if (snapshot.interfaces && !wanted.empty()) {
      std::erase_if(*snapshot.interfaces,
                    [&](const InterfaceCounters& c) { return std::find(wanted.begin(), wanted.end(), c.name) == wanted.end(); });
    }
    // The clock of the host may be set back; stamps of one source may not go back with it.
    last = std::max(last + 1, wall_clock());
    (*link)->publish(meter.look(snapshot, last));
    const std::string reason = trouble(snapshot);
    (*link)->state(reason.empty(), reason);
  }
  if (!options->has("--print")) (*link)->close("stopped");
  return 0;
}

}  // namespace flyball::connectors::host
