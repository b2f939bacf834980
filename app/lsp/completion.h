// What could stand at a place: completion, and the help for what is being called or filled in. The text at the cursor is unfinished by
// nature, so the place is told from the words before it; what the words mean comes from the last Analysis. Pure functions.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "app/lsp/features.h"

namespace flyball::app::lsp {

nlohmann::json completion(const Spot& spot);
nlohmann::json signature_help(const Spot& spot);

}  // namespace flyball::app::lsp
