// Time zones: how far a zone is from UTC at an instant. Names are IANA's ("Europe/Madrid"), read from the system's tables
// (Debian: tzdata), or fixed offsets ("+02:00", "-09:30").
//
// The answer depends on the name, the instant and the installed tables only: names that mean this machine's own zone or
// files beside the tables are refused. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace flyball::engine {

// Seconds east of UTC at `seconds` since 1970; nullopt: there is no such zone.
std::optional<std::int64_t> zone_offset(std::string_view zone, std::int64_t seconds);

}  // namespace flyball::engine
