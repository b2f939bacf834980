// The client side of `ask`, `why`, `why-not`, `facts` and `status`: one query to a running service, printed as asked.
// Not thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "app/cli/io.h"
#include "model/result.h"

namespace flyball::app {

// Sends `op` with its arguments (a JSON object) to `endpoint` (none: the default one). Prints the answer's member "text", or with
// `json` everything else on one line. Gives the exit code.
int query_service(const std::optional<std::string>& endpoint, std::string_view op, std::string_view arguments, bool json, Io& io);

// A JSON object cut in two: without its member "text", and that member's string (empty if there is none).
struct SplitAnswer {
  std::string json;
  std::string text;
};
SplitAnswer split_text(std::string_view object);
// `object` with a last member "text".
std::string with_text(std::string object, std::string_view text);

}  // namespace flyball::app
