// Question: what does it cost to find what something lies in: the prefix of an address, the window of a number, among n of them?
//
// Updates move hosts (probes) from one prefix (window) to another; each lies in one, and a fact is derived for it. `covered` is the other
// way round: a window moves, and asks for the probes that lie in it. Of `counted` and `greatest` each prefix has an aggregate of its hosts.
// `asked_…` are questions of a decision about n facts. The figures of both sizes should be alike.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

#include "benchmarks/support.h"
#include "model/text.h"

namespace {

using namespace flyball;
using flyball::bench::Random;
using flyball::bench::World;

constexpr std::uint32_t kWidth = 10;  // of a window
constexpr std::uint32_t kHosts = 1'000;

const char* const kPrefixes = R"(
module bench.spans
fact Net key (id) { id: int  prefix: cidr }
fact Host key (id) { id: int  addr: ip }
fact In key (host) { host: int  net: int }
rule tie {
  when {
    h: Host
    cross n: Net where h.addr in prefix
  }
  then { derive In { host: h.id, net: n.id } }
}
)";

const char* const kCounted = R"(
module bench.spans
fact Net key (id) { id: int  prefix: cidr }
fact Host key (id) { id: int  addr: ip }
fact In key (net) { hosts: int?  net: int }
rule tie {
  when { n: Net }
  then { derive In { net: n.id, hosts: AGGREGATE where addr in n.prefix) } }
}
)";

const char* const kWindows = R"(
module bench.spans
fact Window key (id) { id: int  low: int  high: int }
fact Probe key (id) { id: int  at: int }
fact In key (host, net) { host: int  net: int }
rule tie {
  when {
    p: Probe
    cross w: Window where low <= p.at and p.at < high
  }
  then { derive In { host: p.id, net: w.id } }
}
)";

std::size_t derived(World& world) { return world.session->facts(world.program->schema().type_id("In")).size(); }

// Returns where each host is.
std::vector<std::uint32_t> move_hosts(benchmark::State& state, World& world) {
  const auto n = static_cast<std::uint32_t>(state.range(0));
  FactInput net = world.fact("Net"), host = world.fact("Host");
  std::int64_t clock = 0;
  std::vector<Value> addresses;
  std::vector<std::uint32_t> at(kHosts);
  for (std::uint32_t i = 0; i < n; ++i) {
    net.stamp = {++clock};
    net.values = {Value::integer(i), world.interner.cidr(parse_cidr(fmt::format("10.{}.{}.0/24", i / 256, i % 256)).value())};
    world.put(net);
    addresses.push_back(world.interner.ip(parse_ip(fmt::format("10.{}.{}.7", i / 256, i % 256)).value()));
  }
  Random random(7);
  const auto move = [&](std::uint32_t id) {
    host.stamp = {++clock};
    at[id] = random.below(n);
    host.values = {Value::integer(id), addresses[at[id]]};
    world.put(host);
  };
  for (std::uint32_t i = 0; i < kHosts; ++i) move(i);
  for (auto _ : state) move(random.below(kHosts));
  world.session->tick({clock});
  return at;
}

void prefixes(benchmark::State& state) {
  World world(kPrefixes);
  move_hosts(state, world);
  state.counters["checked"] = derived(world) == kHosts ? 1 : 0;
}

void aggregated(benchmark::State& state, const std::string& aggregate,
                const std::function<std::int64_t(std::int64_t, std::int64_t)>& with) {
  std::string text = kCounted;
  text.replace(text.find("AGGREGATE"), 9, aggregate);
  World world(text.c_str());
  const std::vector<std::uint32_t> at = move_hosts(state, world);
  std::map<std::int64_t, std::int64_t> expected, found;
  for (std::uint32_t id = 0; id < kHosts; ++id) expected[at[id]] = with(expected[at[id]], id);
  for (const engine::FactView& f : world.session->facts(world.program->schema().type_id("In"))) {
    if (f.values[0].kind == Kind::kInt && f.values[0].as_int() != 0) found[f.values[1].as_int()] = f.values[0].as_int();
  }
  std::erase_if(expected, [](const auto& e) { return e.second == 0; });
  state.counters["checked"] = found == expected ? 1 : 0;
}
void counted(benchmark::State& state) {
  aggregated(state, "count(Host", [](std::int64_t before, std::int64_t) { return before + 1; });
}
void greatest(benchmark::State& state) {
  aggregated(state, "max(Host.id", [](std::int64_t before, std::int64_t id) { return std::max(before, id); });
}

void put_window(World& world, FactInput& window, std::int64_t stamp, std::uint32_t id, std::int64_t low) {
  window.stamp = {stamp};
  window.values = {Value::integer(id), Value::integer(low), Value::integer(low + kWidth)};
  world.put(window);
}

void windows(benchmark::State& state) {
  const auto n = static_cast<std::uint32_t>(state.range(0));
  World world(kWindows);
  FactInput window = world.fact("Window"), probe = world.fact("Probe");
  std::int64_t clock = 0;
  for (std::uint32_t i = 0; i < n; ++i) put_window(world, window, ++clock, i, std::int64_t{i} * kWidth);
  Random random(7);
  const auto move = [&](std::uint32_t id) {
    probe.stamp = {++clock};
    probe.values = {Value::integer(id), Value::integer(random.below(n * kWidth))};
    world.put(probe);
  };
  for (std::uint32_t i = 0; i < kHosts; ++i) move(i);
  for (auto _ : state) move(random.below(kHosts));
  world.session->tick({clock});
  state.counters["checked"] = derived(world) == kHosts ? 1 : 0;
}

// n probes, one for each window's width; ten windows move among them.
void covered(benchmark::State& state) {
  const auto n = static_cast<std::uint32_t>(state.range(0));
  constexpr std::uint32_t kMoving = 10;
  World world(kWindows);
  FactInput window = world.fact("Window"), probe = world.fact("Probe");
  std::int64_t clock = 0;
  for (std::uint32_t i = 0; i < n; ++i) {
    probe.stamp = {++clock};
    probe.values = {Value::integer(i), Value::integer(std::int64_t{i} * kWidth)};
    world.put(probe);
  }
  Random random(7);
  const auto move = [&](std::uint32_t id) { put_window(world, window, ++clock, id, random.below((n - 1) * kWidth)); };
  for (std::uint32_t i = 0; i < kMoving; ++i) move(i);
  for (auto _ : state) move(random.below(kMoving));
  world.session->tick({clock});
  state.counters["checked"] = derived(world) == kMoving ? 1 : 0;
}

const char* const kDecision = R"(
module bench.spans
fact Net key (id) { id: int  prefix: cidr  site: string }
decision of_address {
  input { addr: ip }
  output { net: int }
  case inside when { n: Net where input.addr in prefix } return { net: n.id }
  default return { net: -1 }
}
decision of_site {
  input { site: string }
  output { net: int }
  case there when { n: Net where site == input.site } return { net: n.id }
  default return { net: -1 }
}
)";

// Questions about n facts: the one with the prefix that an address lies in, the one with a value that is no key.
void asked(benchmark::State& state, DecisionId decision) {
  const auto n = static_cast<std::uint32_t>(state.range(0));
  World world(kDecision);
  FactInput net = world.fact("Net");
  std::int64_t clock = 0;
  std::vector<Value> questions;
  for (std::uint32_t i = 0; i < n; ++i) {
    const Value site = world.interner.string(fmt::format("site {}", i));
    net.stamp = {++clock};
    net.values = {Value::integer(i), world.interner.cidr(parse_cidr(fmt::format("10.{}.{}.0/24", i / 256, i % 256)).value()), site};
    world.put(net);
    questions.push_back(decision == 0 ? world.interner.ip(parse_ip(fmt::format("10.{}.{}.7", i / 256, i % 256)).value()) : site);
  }
  world.session->tick({clock + 1});
  Random random(7);
  bool right = true;
  Value answer;
  for (auto _ : state) {
    const std::uint32_t which = random.below(n);
    right = world.session->decide_into(decision, &questions[which], &answer).has_value() && answer.as_int() == which && right;
  }
  state.counters["checked"] = right ? 1 : 0;
}

void asked_prefix(benchmark::State& state) { asked(state, 0); }
void asked_value(benchmark::State& state) { asked(state, 1); }

BENCHMARK(asked_prefix)->Arg(100)->Arg(10'000);
BENCHMARK(asked_value)->Arg(100)->Arg(10'000);
BENCHMARK(prefixes)->Arg(100)->Arg(10'000);
BENCHMARK(counted)->Arg(100)->Arg(10'000);
BENCHMARK(greatest)->Arg(100)->Arg(10'000);
BENCHMARK(windows)->Arg(100)->Arg(10'000);
BENCHMARK(covered)->Arg(100)->Arg(10'000);

}  // namespace

BENCHMARK_MAIN();
