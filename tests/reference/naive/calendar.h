// Calendars, the slow way: every interval of the days around a moment is worked out by looking at which instants the zone's clocks show
// a local time. Shares the zone tables with the engine and nothing else.
#pragma once

#include <cstdint>
#include <optional>

#include "tests/reference/naive/state.h"

namespace flyball::reference {

bool is_open(const Calendar& calendar, std::int64_t second);
// The next second after `second` at which it is otherwise, looking a few weeks ahead.
std::optional<std::int64_t> next_edge(const Calendar& calendar, std::int64_t second);

// The rule is outside its calendars.
bool is_shut(const State& state, std::uint32_t rule);
// Rules that opened or shut since the last instant: what waited for it begins anew.
void open_and_shut(State& state);
// The next instant after `t` at which a calendar opens or closes, or a comparison with `now` may change.
std::optional<Timestamp> next_clock(State& state, Timestamp t);

}  // namespace flyball::reference
