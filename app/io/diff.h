// The difference between two texts, line by line, as `diff -u` shows it. Pure function.
#pragma once

#include <string>
#include <string_view>

namespace flyball::app {

// Empty if they are the same. `name` stands in the head for both.
std::string unified_diff(std::string_view name, std::string_view before, std::string_view after);

}  // namespace flyball::app
