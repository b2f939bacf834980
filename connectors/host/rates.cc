// Subtracting, with counters that wrap and interfaces that come and go.
#include "connectors/host/rates.h"

#include <algorithm>
#include <array>
#include <limits>

namespace flyball::connectors::host {
namespace {

constexpr std::uint64_t kWrap32 = 1ULL << 32;

std::int64_t as_int(std::uint64_t n) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(n, std::numeric_limits<std::int64_t>::max()));
}

// The states of RFC 2863, as the kernel spells them; anything else is not in the vocabulary.
std::string_view oper_of(const std::string& state) {
  static constexpr std::array<std::string_view, 7> kStates = {"up",      "down",           "unknown",   "dormant",
                                                              "testing", "lowerlayerdown", "notpresent"};
  const auto found = std::find(kStates.begin(), kStates.end(), state);
  return found == kStates.end() ? "unknown" : *found;
}

}  // namespace

std::uint64_t counted(std::uint64_t before, std::uint64_t now) {
  if (now >= before) return now - before;
  if (before >= kWrap32 / 2 && before < kWrap32) return now + kWrap32 - before;
  return now;
}

std::optional<WireFact> HostMeter::cpu_fact(const CpuTicks& ticks, Timestamp now) {
  const std::optional<CpuTicks> before = std::exchange(cpu_, ticks);
  const DurationNs interval_ns = now - std::exchange(cpu_at_, now);
  if (!before) return std::nullopt;
  std::array<std::int64_t, kCpuModes> spent{};
  std::int64_t all = 0;
  for (std::size_t i = 0; i < kCpuModes; ++i) {
    spent[i] = ticks.ticks[i] > before->ticks[i] ? as_int(ticks.ticks[i] - before->ticks[i]) : 0;
    all += spent[i];
  }
  if (all <= 0) return std::nullopt;  // two looks within one tick
  const auto part = [&](CpuMode mode) { return percent_text(ratio_e9(spent[static_cast<std::size_t>(mode)], all)); };
  const std::int64_t idle = spent[static_cast<std::size_t>(CpuMode::kIdle)] + spent[static_cast<std::size_t>(CpuMode::kIowait)];
  WireFact fact{.type = "infra.host.HostCpu", .stamp = now};
  fact.set("host", host_).set("cpus", ticks.cpus).set("busy", percent_text(ratio_e9(all - idle, all)));
  fact.set("user", part(CpuMode::kUser)).set("nice", part(CpuMode::kNice)).set("system", part(CpuMode::kSystem));
  fact.set("iowait", part(CpuMode::kIowait)).set("irq", part(CpuMode::kIrq)).set("softirq", part(CpuMode::kSoftirq));
  fact.set("steal", part(CpuMode::kSteal)).set("idle", part(CpuMode::kIdle)).set("interval", duration_text(interval_ns));
  return fact;
}

WireFact HostMeter::interface_fact(const InterfaceCounters& c, Timestamp now) {
  const auto known = interfaces_.find(c.name);
  // One that was not there at the look before began to count after it; at the first look there is no before.
  InterfaceCounters before = saw_interfaces_ ? InterfaceCounters{} : c;
  if (known != interfaces_.end()) before = known->second;
  const DurationNs interval_ns = saw_interfaces_ ? now - interfaces_at_ : 0;
  const auto delta = [&](std::uint64_t InterfaceCounters::* counter) { return as_int(counted(before.*counter, c.*counter)); };

  WireFact fact{.type = "infra.host.HostInterface", .stamp = now};
  fact.set("host", host_).set("interface", c.name).set("oper", oper_of(c.operstate));
  fact.set("rx", per_second(delta(&InterfaceCounters::rx_bytes) * 8, interval_ns))
      .set("tx", per_second(delta(&InterfaceCounters::tx_bytes) * 8, interval_ns));
  fact.set("rx_packets", per_second(delta(&InterfaceCounters::rx_packets), interval_ns));
  fact.set("tx_packets", per_second(delta(&InterfaceCounters::tx_packets), interval_ns));
  fact.set("rx_errors", delta(&InterfaceCounters::rx_errors)).set("tx_errors", delta(&InterfaceCounters::tx_errors));
  fact.set("rx_drops", delta(&InterfaceCounters::rx_drops)).set("tx_drops", delta(&InterfaceCounters::tx_drops));
  fact.set("rx_errors_total", as_int(c.rx_errors)).set("tx_errors_total", as_int(c.tx_errors));
  fact.set("rx_drops_total", as_int(c.rx_drops)).set("tx_drops_total", as_int(c.tx_drops));
  fact.set("interval", duration_text(interval_ns));
  return fact;
}

std::vector<WireFact> HostMeter::look(const Snapshot& s, Timestamp now) {
  std::vector<WireFact> out;
  if (s.cpu) {
    if (auto fact = cpu_fact(*s.cpu, now); fact) out.push_back(std::move(*fact));
  }
  if (s.memory) {
    const Memory& m = *s.memory;
    WireFact fact{.type = "infra.host.HostMemory", .stamp = now};
    fact.set("host", host_).set("total", m.total).set("available", m.available).set("free", m.free);
    fact.set("cached", m.cached).set("buffers", m.buffers).set("used", percent_text(ratio_e9(m.total - m.available, m.total)));
    fact.set("swap_total", m.swap_total).set("swap_free", m.swap_free);
    out.push_back(std::move(fact));
  }
  if (s.load) {
    WireFact fact{.type = "infra.host.HostLoad", .stamp = now};
    fact.set("host", host_)
        .set("load1", WireValue(s.load->load1))
        .set("load5", WireValue(s.load->load5))
        .set("load15", WireValue(s.load->load15));
    fact.set("running", s.load->running).set("processes", s.load->processes);
    out.push_back(std::move(fact));
  }
  if (s.interfaces) {
    std::map<std::string, InterfaceCounters> seen;
    for (const InterfaceCounters& c : *s.interfaces) {
      out.push_back(interface_fact(c, now));
      seen.insert_or_assign(c.name, c);
    }
    for (const auto& [name, counters] : interfaces_) {
      if (seen.contains(name)) continue;
      WireFact gone{.type = "infra.host.HostInterface", .retract = true, .stamp = now};
      gone.set("host", host_).set("interface", name);
      out.push_back(std::move(gone));
    }
    interfaces_ = std::move(seen);
    interfaces_at_ = now;
    saw_interfaces_ = true;
  }
  return out;
}

}  // namespace flyball::connectors::host
