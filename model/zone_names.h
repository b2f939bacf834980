// Names of time zones: whether a text is one, and what they all are. What they mean is in the tables of the machine that runs the rules
// (engine/expr/zone.h); a rule file is checked without them, and the same everywhere. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace flyball {

// An IANA name ("Europe/Madrid", "UTC") or an offset ("+02:00").
bool is_zone_name(std::string_view name);
// "+02:00", "-05:30", "01:00": seconds east of Greenwich; nothing if it is no offset.
std::optional<std::int64_t> zone_offset_seconds(std::string_view text);
std::vector<std::string> zone_names();

}  // namespace flyball
