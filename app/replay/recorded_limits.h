// What a recording says of how it was made: the program, and the limits that its session ran with, for a limit decides what happens. As a
// MessagePack map in the recording's block "about" (docs/reference/recordings.md). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/session.h"
#include "model/result.h"

namespace flyball::app {

std::string about_recording(const engine::Limits& limits);
// The limits that it says, the others as they are by default; nullopt if it says none. The error: it cannot be read.
Result<std::optional<engine::Limits>> recorded_limits(std::string_view about);

}  // namespace flyball::app
