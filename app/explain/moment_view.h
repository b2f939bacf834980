// The state of a session at one moment as an operator looks at it: facts, derived facts, episodes that run, actions that are under way,
// and what will fall due. As text, the first lines of each; as one JSON object.
#pragma once

#include <cstdint>
#include <string>

#include "app/explain/render.h"
#include "engine/session.h"

namespace flyball::app {

struct MomentShown {
  Timestamp at;
  std::uint64_t inputs = 0;  // that led there
  std::size_t limit = 50;    // lines of each part
};

std::string moment_view_text(const engine::Session& session, const MomentShown& shown, const ExplainContext& context);
std::string moment_view_json(const engine::Session& session, const MomentShown& shown, const ExplainContext& context);

}  // namespace flyball::app
