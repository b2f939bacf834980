// Result<T>: the way an operating error (a file, a socket, a limit) travels. Mistakes of users in rules are
// Diagnostics (parser/diagnostics); our own mistakes are CHECK (check.h).
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace flyball {

struct Error {
  std::string message;  // lower case, one line, names in `backticks`, no trailing full stop
  std::string help;     // what to do about it; may be empty
};

template <typename T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(std::string message, std::string help = {}) {
  return std::unexpected<Error>(Error{std::move(message), std::move(help)});
}

}  // namespace flyball
