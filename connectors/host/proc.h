// One look at a Linux host: /proc/stat, meminfo, loadavg, net/dev and the interfaces' operstate, as plain numbers.
// Not what changed between two looks (rates.h). Each file is read and understood on its own, so that one that is missing
// or malformed costs only its own facts and is named. Thread safety: pure functions and const reads.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/result.h"

namespace flyball::connectors::host {

// The columns of a cpu line, in clock ticks. guest and guest_nice are parts of user and nice and left out.
enum class CpuMode : std::uint8_t { kUser, kNice, kSystem, kIdle, kIowait, kIrq, kSoftirq, kSteal };
inline constexpr std::size_t kCpuModes = 8;

struct CpuTicks {
  std::array<std::uint64_t, kCpuModes> ticks{};
  std::int64_t cpus = 0;
  std::uint64_t of(CpuMode mode) const { return ticks[static_cast<std::size_t>(mode)]; }
};

struct Memory {
  std::int64_t total = 0, available = 0, free = 0, cached = 0, buffers = 0, swap_total = 0, swap_free = 0;  // bytes
};

struct Load {
  double load1 = 0, load5 = 0, load15 = 0;
  std::int64_t running = 0, processes = 0;
};

struct InterfaceCounters {
  std::string name;
  std::string operstate;  // empty if /sys does not say
  std::uint64_t rx_bytes = 0, rx_packets = 0, rx_errors = 0, rx_drops = 0;
  std::uint64_t tx_bytes = 0, tx_packets = 0, tx_errors = 0, tx_drops = 0;
};

Result<CpuTicks> parse_stat(std::string_view text);
Result<Memory> parse_meminfo(std::string_view text);
Result<Load> parse_loadavg(std::string_view text);
Result<std::vector<InterfaceCounters>> parse_net_dev(std::string_view text);

struct Roots {
  std::string proc = "/proc";
  std::string sys = "/sys";
};

struct Snapshot {
  Result<CpuTicks> cpu;
  Result<Memory> memory;
  Result<Load> load;
  Result<std::vector<InterfaceCounters>> interfaces;
};

Snapshot read_host(const Roots& roots);
// uname's node name.
std::string host_name();

}  // namespace flyball::connectors::host
