// The facts of a session as inputs: what is published or mutable, in the order of stamps. Derived facts follow from them again.
// For the beginning of a recording, and for a session of the same rules that starts anew (cold start). What a reload does with
// facts whose types have changed is the engine's (Session::take_over). Pure.
#pragma once

#include <vector>

#include "engine/session.h"
#include "model/fact.h"

namespace flyball::app {

// In order of (stamp, type, key).
std::vector<FactInput> carry_over(const engine::Session& from, const Schema& schema);

}  // namespace flyball::app
