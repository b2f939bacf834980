// The facts of a session as inputs of another: what is published or mutable, by type name and field name, in the order of stamps.
// Derived facts follow from them again. For the beginning of a recording, and for a session that starts anew (cold start); a
// reload goes on where the old session was (engine::Session::take_over). Pure.
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
