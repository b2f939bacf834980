// Patterns of other languages as those of `like`. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace flyball {

// What a regular expression says that a pattern of `like` says, too; "" if none.
std::string glob_of_regex(std::string_view pattern);

// What a pattern of `like` was meant for that is written as SQL (`core-%`) or as a regular expression (`^core-.*`).
struct GlobSlip {
  const char* language = nullptr;  // null: it is none
  std::string glob;                // "" if no glob says the same
};
GlobSlip foreign_glob(std::string_view pattern);

// Whether a regular expression was meant as a pattern of `like`: `core-*`.
bool reads_as_glob(std::string_view regex);

}  // namespace flyball
