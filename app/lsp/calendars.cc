// See calendars.h.
#include "app/lsp/calendars.h"

#include <chrono>

#include "engine/program.h"
#include "model/text.h"

namespace flyball::app::lsp {

std::string calendar_state(const Schema& schema, const std::string& name, Timestamp now) {
  const Calendar* found = nullptr;
  for (const Calendar& c : schema.calendars) {
    if (c.local != name) continue;
    if (found != nullptr) return {};
    found = &c;
  }
  if (found == nullptr) return {};
  const std::optional<engine::CalendarEdge> edge = engine::calendar_at(*found, now);
  if (!edge) return {};
  if (edge->next == kTimestampMax) return edge->open ? "always open" : "never open again";
  return (edge->open ? "open now, closes " : "closed now, opens ") + format_timestamp(to_value(edge->next));
}

std::string calendar_state(const Schema& schema, const std::string& name) {
  const auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  return calendar_state(schema, name, Timestamp{now});
}

}  // namespace flyball::app::lsp
