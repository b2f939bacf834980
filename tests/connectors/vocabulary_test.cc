// Every fact a connector publishes is one that the vocabulary knows, field by field; every action the executor carries
// out is declared, and its fields are those the executor reads.
#include "tests/connectors/vocabulary.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "bus/codec/json_lines.h"
#include "connectors/haproxy/executor.h"
#include "connectors/haproxy/facts.h"
#include "connectors/haproxy/meter.h"
#include "connectors/host/proc.h"
#include "connectors/host/rates.h"
#include "tests/connectors/fake_socket.h"

using namespace flyball;
using namespace flyball::connectors;
using flyball::connectors::testing::sample;
using flyball::connectors::testing::Vocabulary;

namespace {

// Reads the fact as the bus would; says what is wrong with it.
std::string refusal(const WireFact& fact, Vocabulary& v, std::set<std::string>& seen) {
  bus::RecordedReader reader(v.rules.schema, v.interner);
  const auto read = reader.read(to_json_line(fact, "test"));
  if (!read) return fact.type + ": " + read.error().message;
  seen.insert(fact.type);
  if (fact.retract) return {};
  // A field that the connector forgot would be filled in by its default without a word.
  const FactType& type = v.rules.schema.types[v.rules.schema.type_id(fact.type)];
  for (const Field& field : type.fields) {
    if (fact.find(field.name) == nullptr) return fact.type + " leaves out `" + field.name + "`";
  }
  return {};
}

}  // namespace

TEST_CASE("HAProxy's facts are the vocabulary's", "[vocabulary]") {
  Vocabulary v;
  haproxy::Meter meter;
  const auto rows = haproxy::parse_stat(sample("show_stat.csv")).value();
  const auto states = haproxy::parse_servers_state(sample("show_servers_state.txt")).value();
  const auto info = haproxy::parse_info(sample("show_info.txt")).value();
  std::set<std::string> seen;
  meter.look(rows, info.pid, {1'000'000'000});
  for (const WireFact& fact : haproxy::to_facts("edge", info, meter.look(rows, info.pid, {1'333'333'333}), states, {1'333'333'333})) {
    CHECK(refusal(fact, v, seen) == "");
  }
  CHECK(refusal(haproxy::retraction("edge", "web", "web1", {2}), v, seen) == "");
  CHECK(refusal(haproxy::retraction("edge", "web", "", {2}), v, seen) == "");
  CHECK(seen == std::set<std::string>{"infra.lb.LbServer", "infra.lb.LbBackend", "infra.lb.LbProcess"});
}

TEST_CASE("the host's facts are the vocabulary's", "[vocabulary]") {
  Vocabulary v;
  host::HostMeter meter("h1");
  host::Snapshot snapshot = host::read_host({});
  std::set<std::string> seen;
  meter.look(snapshot, {1'000'000'000});
  snapshot.cpu->ticks[0] += 7;
  snapshot.cpu->ticks[3] += 11;
  for (const WireFact& fact : meter.look(snapshot, {2'000'000'000})) CHECK(refusal(fact, v, seen) == "");
  snapshot.interfaces = std::vector<host::InterfaceCounters>{};
  for (const WireFact& fact : meter.look(snapshot, {3'000'000'000})) CHECK(refusal(fact, v, seen) == "");
  CHECK(seen == std::set<std::string>{"infra.host.HostCpu", "infra.host.HostMemory", "infra.host.HostLoad", "infra.host.HostInterface"});
}

TEST_CASE("the executor's actions are the vocabulary's", "[vocabulary]") {
  Vocabulary v;
  std::set<std::string> declared, known;
  for (const FactType& type : v.rules.schema.types) {
    if (type.role == Role::kAction) declared.insert(type.local);
  }
  for (const std::string& name : haproxy::executable_actions()) known.insert(name);
  CHECK(declared == known);
  for (const std::string& name : known) {
    const FactType& type = v.rules.schema.types[v.rules.schema.type_id(name)];
    for (const char* field : {"lb", "backend", "server", "reason"}) CHECK(type.field_index(field) != kNoId);
    CHECK(type.timeout_ns.value_or(0) > 0);
    CHECK(type.tries > 1);
  }
}
