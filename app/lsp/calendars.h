// What an editor says of a calendar beside its text: whether it is open, and until when. It asks the clock of this machine. Thread-safe.
#pragma once

#include <string>

#include "model/schema.h"
#include "model/time.h"

namespace flyball::app::lsp {

// "closed now, opens 2030-01-16T01:00:00Z"; empty if several calendars have the name, or its zone has no table here.
std::string calendar_state(const Schema& schema, const std::string& name, Timestamp now);
std::string calendar_state(const Schema& schema, const std::string& name);

}  // namespace flyball::app::lsp
