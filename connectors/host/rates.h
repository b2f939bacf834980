// From two looks at a host to facts: rates, percents and errors of the interval between. Not the reading (proc.h).
//
// Counters that went backwards: a 32-bit counter in its upper half wrapped; anything else started anew (a driver
// reloaded, an interface made again), and what it shows is what happened since. Ticks that went back (iowait does, on
// some kernels) count as none. The first look gives no CPU fact and interfaces without rates: there is no interval yet.
// Thread safety: none, one thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "connectors/host/proc.h"
#include "connectors/wire_fact.h"

namespace flyball::connectors::host {

class HostMeter {
 public:
  explicit HostMeter(std::string host) : host_(std::move(host)) {}

  // `now` must not go backwards. Parts that could not be read give no facts; they go stale by their ttl.
  std::vector<WireFact> look(const Snapshot& snapshot, Timestamp now);

 private:
  std::optional<WireFact> cpu_fact(const CpuTicks& ticks, Timestamp now);
  WireFact interface_fact(const InterfaceCounters& counters, Timestamp now);

  std::string host_;
  std::optional<CpuTicks> cpu_;
  Timestamp cpu_at_, interfaces_at_;
  bool saw_interfaces_ = false;
  std::map<std::string, InterfaceCounters> interfaces_;
};

// What a counter counted between two looks.
std::uint64_t counted(std::uint64_t before, std::uint64_t now);

}  // namespace flyball::connectors::host
