// /proc as fixtures: rates between two looks, counters that wrap or start anew, interfaces that come and go, files
// that are missing or malformed; and once the machine the test runs on.
#include <catch2/catch.hpp>
#include <map>

#include "connectors/host/proc.h"
#include "connectors/host/rates.h"
#include "tests/connectors/fake_socket.h"

using namespace flyball;
using namespace flyball::connectors;
using namespace flyball::connectors::host;
using flyball::connectors::testing::TempFolder;
using flyball::connectors::testing::write_text;

namespace {

constexpr Timestamp at(std::int64_t seconds) { return {seconds * kNsPerSecond}; }

const std::string kNetHeading =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n";

std::string interface(const std::string& name, std::uint64_t rx_bytes, std::uint64_t rx_packets, std::uint64_t rx_errors,
                      std::uint64_t tx_bytes) {
  return "  " + name + ":" + std::to_string(rx_bytes) + " " + std::to_string(rx_packets) + " " + std::to_string(rx_errors) + " 4 0 0 0 0 " +
         std::to_string(tx_bytes) + " 20 0 0 0 0 0 0\n";
}

struct FakeHost {
  TempFolder folder;
  Roots roots{folder.path() + "/proc", folder.path() + "/sys"};
  FakeHost() {
    write_text(roots.proc + "/stat",
               "cpu  100 0 100 800 0 0 0 0 0 0\ncpu0 50 0 50 400 0 0 0 0 0 0\ncpu1 50 0 50 400 0 0 0 0 0 0\nintr 1 2 3\n");
    write_text(roots.proc + "/meminfo",
               "MemTotal:       1000 kB\nMemFree:         200 kB\nMemAvailable:    600 kB\nBuffers: 1 kB\nCached: 2 kB\nSwapTotal: 0 "
               "kB\nSwapFree: 0 kB\n");
    write_text(roots.proc + "/loadavg", "0.50 1.25 2.00 3/456 789\n");
    write_text(roots.proc + "/net/dev", kNetHeading + interface("eth0", 1000, 10, 1, 500));
    write_text(roots.sys + "/class/net/eth0/operstate", "up\n");
  }
  std::map<std::string, WireFact> look(HostMeter& meter, Timestamp now) const {
    std::map<std::string, WireFact> out;
    for (WireFact& f : meter.look(read_host(roots), now)) {
      const WireValue* name = f.find("interface");
      out.emplace(f.type.substr(f.type.rfind('.') + 1) + (name != nullptr ? ":" + std::get<std::string>(*name) : ""), std::move(f));
    }
    return out;
  }
};

std::int64_t number(const WireFact& fact, std::string_view field) { return std::get<std::int64_t>(*fact.find(field)); }
std::string text(const WireFact& fact, std::string_view field) { return std::get<std::string>(*fact.find(field)); }

}  // namespace

TEST_CASE("the first look has no interval, the second has rates", "[host]") {
  FakeHost host;
  HostMeter meter("h1");
  auto first = host.look(meter, at(10));
  CHECK_FALSE(first.contains("HostCpu"));
  CHECK(text(first.at("HostMemory"), "used") == "40%");
  CHECK(number(first.at("HostMemory"), "total") == 1'024'000);
  CHECK(std::get<double>(*first.at("HostLoad").find("load5")) == 1.25);
  CHECK(number(first.at("HostLoad"), "processes") == 456);
  CHECK(number(first.at("HostInterface:eth0"), "rx") == 0);
  CHECK(text(first.at("HostInterface:eth0"), "oper") == "up");

  write_text(host.roots.proc + "/stat", "cpu  130 10 120 820 10 0 5 5 0 0\ncpu0 1 1 1 1\ncpu1 1 1 1 1\n");
  write_text(host.roots.proc + "/net/dev", kNetHeading + interface("eth0", 3000, 30, 4, 1500));
  auto second = host.look(meter, at(12));
  const WireFact& cpu = second.at("HostCpu");
  CHECK(number(cpu, "cpus") == 2);
  CHECK(text(cpu, "user") == "30%");
  CHECK(text(cpu, "nice") == "10%");
  CHECK(text(cpu, "idle") == "20%");
  CHECK(text(cpu, "busy") == "70%");
  CHECK(text(cpu, "interval") == "2s");
  const WireFact& eth0 = second.at("HostInterface:eth0");
  CHECK(number(eth0, "rx") == 8000);  // 2000 bytes in 2 s
  CHECK(number(eth0, "tx") == 4000);
  CHECK(number(eth0, "rx_packets") == 10);
  CHECK(number(eth0, "rx_errors") == 3);
  CHECK(number(eth0, "rx_errors_total") == 4);
}

TEST_CASE("counters wrap or start anew without wild rates", "[host]") {
  CHECK(counted(10, 15) == 5);
  CHECK(counted((1ULL << 32) - 10, 5) == 15);  // a 32-bit counter wrapped
  CHECK(counted(1000, 5) == 5);                // started anew
  CHECK(counted((1ULL << 40), 5) == 5);        // 64 bits wide: started anew
  CHECK(counted(~0ULL, 5) == 5);
  FakeHost host;
  HostMeter meter("h1");
  host.look(meter, at(10));
  write_text(host.roots.proc + "/stat", "cpu  100 0 100 900 0 0 0 0\n");
  host.look(meter, at(11));
  // iowait and idle went backwards, as some kernels let them: no negative part, and the others still add up.
  write_text(host.roots.proc + "/stat", "cpu  150 0 150 890 0 0 0 0\n");
  auto third = host.look(meter, at(12));
  CHECK(text(third.at("HostCpu"), "busy") == "100%");
  CHECK(text(third.at("HostCpu"), "idle") == "0%");
}

TEST_CASE("interfaces that vanish are retracted, those that appear count from zero", "[host]") {
  FakeHost host;
  HostMeter meter("h1");
  host.look(meter, at(10));
  write_text(host.roots.proc + "/net/dev", kNetHeading + interface("veth7", 800, 8, 0, 0));
  auto now = host.look(meter, at(11));
  CHECK(now.at("HostInterface:eth0").retract);
  CHECK(number(now.at("HostInterface:veth7"), "rx") == 6400);
  CHECK(text(now.at("HostInterface:veth7"), "oper") == "unknown");
  CHECK_FALSE(host.look(meter, at(12)).contains("HostInterface:eth0"));
}

TEST_CASE("a missing or malformed file costs only its own facts and is named", "[host]") {
  FakeHost host;
  write_text(host.roots.proc + "/meminfo", "nonsense\n");
  write_text(host.roots.proc + "/net/dev", kNetHeading + "  eth0: 1 2 three 4 5 6 7 8 9 10 11 12\n");
  write_text(host.roots.proc + "/loadavg", "0.1 0.2\n");
  const Snapshot s = read_host(host.roots);
  CHECK(s.cpu);
  REQUIRE_FALSE(s.memory);
  CHECK(s.memory.error().message.find("meminfo`: no MemTotal or MemFree") != std::string::npos);
  REQUIRE_FALSE(s.interfaces);
  CHECK(s.interfaces.error().message.find("\"three\" where a counter of eth0 belongs") != std::string::npos);
  CHECK_FALSE(s.load);
  HostMeter meter("h1");
  CHECK(meter.look(s, at(1)).empty());
  const Snapshot nothing = read_host({"/nonexistent", "/nonexistent"});
  REQUIRE_FALSE(nothing.cpu);
  CHECK(nothing.cpu.error().message == "cannot read `/nonexistent/stat`");
}

TEST_CASE("old kernels: no MemAvailable, no steal column, aliases", "[host]") {
  const auto memory = parse_meminfo("MemTotal: 100 kB\nMemFree: 10 kB\nBuffers: 5 kB\nCached: 20 kB\n");
  REQUIRE(memory);
  CHECK(memory->available == 35 * 1024);
  CHECK(parse_stat("cpu 1 2 3 4\n"));
  CHECK_FALSE(parse_stat("cpu 1 2 3\n"));
  CHECK_FALSE(parse_stat("intr 5\n"));
  const auto net = parse_net_dev(kNetHeading + interface("eth0:1", 1, 1, 1, 1));
  REQUIRE(net);
  CHECK(net->at(0).name == "eth0:1");
  CHECK_FALSE(parse_net_dev(""));
}

TEST_CASE("this machine's own /proc is read", "[host]") {
  const Snapshot s = read_host({});
  REQUIRE(s.cpu);
  CHECK(s.cpu->cpus > 0);
  REQUIRE(s.memory);
  CHECK(s.memory->total >= s.memory->available);
  CHECK(s.load);
  CHECK(s.interfaces);
  CHECK_FALSE(host_name().empty());
}
