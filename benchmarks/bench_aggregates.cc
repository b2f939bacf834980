// Question: what does one fact cost that a thousand aggregates could be about, but one is?
//
// The volume-weighted average price by symbol over a window, as Esper's benchmark has it: a thousand statements that each name their
// symbol, and one statement for all symbols; the highest price by symbol. And the mean, number and greatest of a group of facts as one of
// its facts changes, for 100 groups of 100 and 1,000. Beside each: the same by hand.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <deque>
#include <map>

#include "benchmarks/support.h"

namespace {

using namespace flyball;
using flyball::bench::Random;
using flyball::bench::World;

constexpr std::int64_t kSymbols = 1000;
constexpr std::int64_t kLimit = 10'000;

const std::string kTypes =
    "module bench.vwap\nevent Trade { symbol: int  price: int  volume: int }\nfact Dear key (symbol) { symbol: int }\n";

std::string statement(const std::string& which, const std::string& symbol, std::int64_t window) {
  return fmt::format(
      "check sum(Trade by price * volume where symbol == {0} over {1}ns) > {2} * sum(Trade.volume where symbol == {0} over {1}ns)\n  }}\n  "
      "then {{ "
      "derive Dear {{ symbol: {3} }} }}\n}}\n",
      which, window, kLimit, symbol);
}

std::string thousand_statements(std::int64_t window) {
  std::string text = kTypes;
  for (std::int64_t s = 0; s < kSymbols; ++s) {
    text += fmt::format("rule r{0} {{\n  when {{\n    ", s) + statement(std::to_string(s), std::to_string(s), window);
  }
  return text;
}

std::string one_statement(std::int64_t window) {
  return kTypes + fmt::format("rule r {{\n  when {{\n    s: each Trade.symbol\n    ") + statement("s", "s", window);
}

struct Trade {
  std::int64_t symbol, price, volume;
};

Trade random_trade(Random& random) { return {random.below(kSymbols), 9'000 + random.below(2'001), 1 + random.below(100)}; }

// The sums by hand.
struct ByHand {
  explicit ByHand(std::int64_t trades) : at_most(trades) {}
  std::int64_t at_most;
  std::deque<Trade> window;
  std::vector<std::int64_t> turnover = std::vector<std::int64_t>(kSymbols, 0);
  std::vector<std::int64_t> volume = std::vector<std::int64_t>(kSymbols, 0);
  std::vector<std::uint8_t> dear = std::vector<std::uint8_t>(kSymbols, 0);
  void add(const Trade& t, std::int64_t sign) {
    const auto s = static_cast<std::size_t>(t.symbol);
    turnover[s] += sign * t.price * t.volume;
    volume[s] += sign * t.volume;
    dear[s] = turnover[s] > kLimit * volume[s] ? 1 : 0;
  }
  void trade(const Trade& t) {
    if (static_cast<std::int64_t>(window.size()) == at_most) {
      add(window.front(), -1);
      window.pop_front();
    }
    window.push_back(t);
    add(t, 1);
  }
};

void vwap(benchmark::State& state, const std::string& rules) {
  const std::int64_t window = state.range(0);  // trades: one each nanosecond
  World world(rules);
  ByHand hand(window);
  FactInput input = world.fact("Trade");
  Random random(3);
  std::int64_t clock = 0;
  const auto trade = [&] {
    const Trade t = random_trade(random);
    hand.trade(t);
    input.stamp = {++clock};
    input.values[0] = Value::integer(t.symbol);
    input.values[1] = Value::integer(t.price);
    input.values[2] = Value::integer(t.volume);
    world.put(input);
  };
  for (std::int64_t i = 0; i < window; ++i) trade();
  for (auto _ : state) trade();
  world.session->tick({clock});
  std::vector<std::uint8_t> dear(kSymbols, 0);
  for (const engine::FactView& f : world.session->facts(world.program->schema().type_id("Dear")))
    dear[static_cast<std::size_t>(f.values[0].as_int())] = 1;
  state.counters["checked"] = dear == hand.dear ? 1 : 0;
}

void vwap_statements(benchmark::State& state) { vwap(state, thousand_statements(state.range(0))); }
void vwap_each(benchmark::State& state) { vwap(state, one_statement(state.range(0))); }
void vwap_by_hand(benchmark::State& state) {
  const std::int64_t window = state.range(0);
  ByHand hand(window);
  Random random(3);
  for (std::int64_t i = 0; i < window; ++i) hand.trade(random_trade(random));
  for (auto _ : state) {
    hand.trade(random_trade(random));
    benchmark::ClobberMemory();
  }
  state.counters["checked"] = 1;
}

// The highest price of each symbol in the window: what is highest leaves it like everything else.
void highest(benchmark::State& state) {
  const std::int64_t window = state.range(0);
  World world(kTypes +
              fmt::format("rule r {{\n  when {{\n    s: each Trade.symbol\n    check max(Trade.price where symbol == s over {}ns) > "
                          "{}\n  }}\n  then {{ derive Dear {{ symbol: s }} }}\n}}\n",
                          window, kLimit));
  std::deque<Trade> trades;
  FactInput input = world.fact("Trade");
  Random random(4);
  std::int64_t clock = 0;
  const auto trade = [&] {
    const Trade t = random_trade(random);
    if (static_cast<std::int64_t>(trades.size()) == window) trades.pop_front();
    trades.push_back(t);
    input.stamp = {++clock};
    input.values[0] = Value::integer(t.symbol);
    input.values[1] = Value::integer(t.price);
    input.values[2] = Value::integer(t.volume);
    world.put(input);
  };
  for (std::int64_t i = 0; i < window; ++i) trade();
  for (auto _ : state) trade();
  world.session->tick({clock});
  std::vector<std::uint8_t> dear(kSymbols, 0), wanted(kSymbols, 0);
  for (const Trade& t : trades)
    if (t.price > kLimit) wanted[static_cast<std::size_t>(t.symbol)] = 1;
  for (const engine::FactView& f : world.session->facts(world.program->schema().type_id("Dear")))
    dear[static_cast<std::size_t>(f.values[0].as_int())] = 1;
  state.counters["checked"] = dear == wanted ? 1 : 0;
}

constexpr const char* kGroups = R"(
module bench.groups
fact Cpu key (host) { host: int  service: int  load: int }
fact Busy key (service) { service: int }
fact Peak key (service) { service: int }
rule busy {
  when {
    s: each Cpu.service
    check avg(Cpu.load where service == s) > 500.0 and count(Cpu where service == s) > 10
  }
  then { derive Busy { service: s } }
}
rule peak {
  when {
    s: each Cpu.service
    check max(Cpu.load where service == s) > 995
  }
  then { derive Peak { service: s } }
}
)";
constexpr std::uint32_t kServices = 100;

// The same by hand: sums, and the loads of a group in order.
struct GroupsByHand {
  explicit GroupsByHand(std::uint32_t hosts) : load(hosts, 0), sum(kServices, 0), loads(kServices), busy(kServices, 0), peak(kServices, 0) {
    for (std::uint32_t h = 0; h < hosts; ++h) loads[h % kServices].insert({0, hosts / kServices});
  }
  void set(std::uint32_t host, std::int64_t value) {
    const std::uint32_t s = host % kServices;
    auto& counts = loads[s];
    if (const auto at = counts.find(load[host]); --at->second == 0) counts.erase(at);
    ++counts[value];
    sum[s] += value - load[host];
    load[host] = value;
    busy[s] = sum[s] > 500 * static_cast<std::int64_t>(load.size() / kServices) ? 1 : 0;
    peak[s] = counts.rbegin()->first > 995 ? 1 : 0;
  }
  std::vector<std::int64_t> load, sum;
  std::vector<std::map<std::int64_t, std::uint32_t>> loads;
  std::vector<std::uint8_t> busy, peak;
};

void groups(benchmark::State& state) {
  const auto hosts = static_cast<std::uint32_t>(state.range(0));
  World world(kGroups);
  GroupsByHand hand(hosts);
  FactInput cpu = world.fact("Cpu");
  Random random(5);
  std::int64_t clock = 0;
  const auto put = [&](std::uint32_t host, std::int64_t load) {
    hand.set(host, load);
    cpu.stamp = {++clock};
    cpu.values[0] = Value::integer(host);
    cpu.values[1] = Value::integer(host % kServices);
    cpu.values[2] = Value::integer(load);
    world.put(cpu);
  };
  for (std::uint32_t h = 0; h < hosts; ++h) put(h, random.below(1000));
  for (auto _ : state) put(random.below(hosts), random.below(1000));
  world.session->tick({clock});
  const auto same = [&](const char* type, const std::vector<std::uint8_t>& wanted) {
    std::vector<std::uint8_t> got(kServices, 0);
    for (const engine::FactView& f : world.session->facts(world.program->schema().type_id(type)))
      got[static_cast<std::size_t>(f.values[0].as_int())] = 1;
    return got == wanted;
  };
  state.counters["checked"] = same("Busy", hand.busy) && same("Peak", hand.peak) ? 1 : 0;
}

void groups_by_hand(benchmark::State& state) {
  const auto hosts = static_cast<std::uint32_t>(state.range(0));
  GroupsByHand hand(hosts);
  Random random(5);
  for (std::uint32_t h = 0; h < hosts; ++h) hand.set(h, random.below(1000));
  for (auto _ : state) {
    hand.set(random.below(hosts), random.below(1000));
    benchmark::ClobberMemory();
  }
  state.counters["checked"] = 1;
}

// Two trades of a symbol, and fifty.
BENCHMARK(vwap_statements)->Arg(2'000)->Iterations(200);
BENCHMARK(vwap_each)->Arg(2'000)->Arg(50'000);
BENCHMARK(vwap_by_hand)->Arg(2'000)->Arg(50'000);
BENCHMARK(highest)->Arg(2'000)->Arg(50'000);
BENCHMARK(groups)->Arg(10'000)->Arg(100'000);
BENCHMARK(groups_by_hand)->Arg(10'000)->Arg(100'000);

}  // namespace

BENCHMARK_MAIN();
