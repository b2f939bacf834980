// HAProxy's rows in the words of rules/lb/types.fly. Not the counting (meter.h), not the sending. Pure functions.
#pragma once

#include <string_view>
#include <vector>

#include "connectors/haproxy/meter.h"
#include "connectors/haproxy/stats.h"
#include "connectors/wire_fact.h"

namespace flyball::connectors::haproxy {

// What the checks found: "up", "down", "starting", "stopping", "unchecked".
std::string_view health_of(const ServerState& state);
// What is wanted: "ready", "drain", "maint".
std::string_view admin_of(const ServerState& state);

// One look as facts: the process, then the servers and backends in HAProxy's order. A server that only one of the two
// tables knows (added or removed between the two questions) is left to the next look.
std::vector<WireFact> to_facts(std::string_view lb, const ProcessInfo& process, const std::vector<Reading>& readings,
                               const std::vector<ServerState>& states, Timestamp now);

// The retraction of a server, or of a backend (server is empty).
WireFact retraction(std::string_view lb, std::string_view backend, std::string_view server, Timestamp now);

}  // namespace flyball::connectors::haproxy
