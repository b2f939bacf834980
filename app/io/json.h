// JSON of our own: members of an object by name, small enough to read over for each; a time as it stands in one. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/time.h"

namespace flyball::app {

// The text of member `name` of a JSON object, as it stands there; empty if there is none or it is no object.
std::string json_member(std::string_view object, std::string_view name);
// The same of a string, unescaped; empty if it is none.
std::string json_text(std::string_view object, std::string_view name);
// The same of a number without sign and point.
std::optional<std::uint64_t> json_number(std::string_view object, std::string_view name);

std::string time_json(Timestamp t);

}  // namespace flyball::app
