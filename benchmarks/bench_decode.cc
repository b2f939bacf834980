// Question: what does it cost to turn one MessagePack fact of six fields into typed slots?
// Beside it: the same bytes into msgpack-cxx's objects, which are not yet typed, checked or interned.
#include <benchmark/benchmark.h>

#include <msgpack.hpp>

#include "benchmarks/support.h"
#include "bus/codec/fact_decoder.h"
#include "bus/codec/msgpack_reader.h"
#include "bus/codec/msgpack_writer.h"

namespace {

using namespace flyball;
using flyball::bench::World;

const char* const kRules = R"(
module bench.decode
fact LinkStats key (device, port) {
  device: string
  port: string
  util: percent
  oper: "up" | "down"
  errors: int
  rate: bitrate
}
)";

std::string packed_fact() {
  std::string bytes;
  bus::MsgpackWriter w(bytes);
  w.map(3);
  w.text_entry("type", "bench.decode.LinkStats");
  w.string("time");
  w.real(1.5);
  w.string("data");
  w.map(6);
  w.text_entry("device", "edge-17");
  w.text_entry("port", "et-0/0/3");
  w.string("util");
  w.real(0.8125);
  w.text_entry("oper", "up");
  w.uint_entry("errors", 12345);
  w.uint_entry("rate", 8'123'000'000);
  return bytes;
}

void decode_ours(benchmark::State& state) {
  World world(kRules);
  bus::FactDecoder decoder(world.program->schema(), world.interner);
  const std::string bytes = packed_fact();
  FactInput fact;
  AckInput ack;
  bool checked = true;
  for (auto _ : state) {
    bus::MsgpackReader reader(bytes);
    const auto item = decoder.decode(reader, Timestamp{0}, fact, ack);
    if (!item) World::die(item.error().message);
    benchmark::DoNotOptimize(fact.values.data());
  }
  checked = fact.values.size() == 6 && fact.values[2] == Value::percent_e9(812'500'000) && fact.values[4] == Value::integer(12345) &&
            world.interner.text(fact.values[1]) == "et-0/0/3" && fact.stamp.ns == 1'500'000'000;
  state.counters["checked"] = checked ? 1 : 0;
}

void decode_objects(benchmark::State& state) {
  const std::string bytes = packed_fact();
  bool checked = true;
  for (auto _ : state) {
    const msgpack::object_handle handle = msgpack::unpack(bytes.data(), bytes.size());
    checked = checked && handle.get().via.map.size == 3;
    benchmark::DoNotOptimize(handle.get());
  }
  state.counters["checked"] = checked ? 1 : 0;
}

BENCHMARK(decode_ours);
BENCHMARK(decode_objects);

}  // namespace

BENCHMARK_MAIN();
