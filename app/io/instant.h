// Instants as users write them. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "model/time.h"

namespace flyball::app {

// RFC 3339, or seconds since the epoch with up to nine decimals.
std::optional<Timestamp> parse_instant(std::string_view text);

}  // namespace flyball::app
