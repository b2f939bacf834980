// A fact as `whatif` takes it, `TYPE {…}`, read as a recorded line is; errors speak of the words that were given. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "bus/codec/json_lines.h"
#include "engine/session.h"
#include "model/fact.h"

namespace flyball::app {

// `op`: "put" or "retract". Columns in messages count in `text`.
Result<FactInput> read_tried_fact(const std::string& text, std::string_view op, Timestamp at, bus::RecordedReader& reader);

// Whether the session has the fact that `input` names by its key, so that a retract takes something away. O(facts of its type).
bool has_fact(const engine::Session& session, const Schema& schema, const FactInput& input);

}  // namespace flyball::app
