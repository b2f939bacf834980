// Watching what a service publishes: what `sub` and `record` share. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli/io.h"
#include "model/time.h"

namespace flyball::app {

struct WatchOptions {
  std::optional<std::string> endpoint;
  std::vector<std::string> topics;     // prefixes
  std::string local_name;              // only topics whose last part begins so; "": all
  std::optional<std::uint64_t> count;  // stop after so many messages
  std::optional<DurationNs> for_ns;    // stop after so long
  // Gets each message, a JSON object without a line end; and is called now and then, for what a sudden end must not lose. False: it
  // cannot be written.
  std::function<bool(std::string_view)> line;
  std::function<bool()> flush;
  bool at_once = false;  // flush after each line: somebody looks on
};

// Until the count, the time or a signal; says what was lost. Gives the exit code.
int watch(const WatchOptions& options, Io& io);

}  // namespace flyball::app
