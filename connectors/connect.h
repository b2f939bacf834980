// The list of connectors behind `flyball connect NAME …`: what the command line needs to know of them, and nothing else.
// Not how one of them works: each has a folder of its own. Door: connectors(). Thread safety: immutable data.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace flyball::connectors {

struct Connector {
  std::string_view name;      // `haproxy`
  std::string_view synopsis;  // one line, lower case: what it watches and what it can do
  std::string_view help;      // the whole manual page of `flyball connect NAME --help`, plain text
  // Runs until SIGTERM or SIGINT. `args` are the words after NAME. Returns an exit code of the command line:
  // 0 stopped as asked, 1 failed, 64 wrong arguments (already told on stderr).
  int (*run)(std::vector<std::string> args);
};

// All connectors, by name. INVARIANT: names are unique and sorted.
std::span<const Connector> connectors();

}  // namespace flyball::connectors
