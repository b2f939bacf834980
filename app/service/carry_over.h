// Carrying facts from one session into another after a reload: what is published or mutable, by type name and field name,
// in the order of stamps. Derived facts follow from them again. Pure.
//
// What cannot be carried: episodes and their cooldowns, holds in progress, events, samples of windows, states of actions,
// facts whose type or fields no longer fit.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/session.h"
#include "model/fact.h"

namespace flyball::app {

struct CarriedFacts {
  std::vector<FactInput> facts;  // in order of (stamp, type, key)
  std::uint64_t dropped = 0;     // did not fit the new schema
};

CarriedFacts carry_over(const engine::Session& from, const Schema& old_schema, const Schema& new_schema, const Interner& interner);

}  // namespace flyball::app
