// See calendars.h.
#include "app/lsp/calendars.h"

#include <chrono>

#include "engine/expr/calendar_clock.h"
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
  const std::optional<engine::LocalZone> zone = engine::LocalZone::find(found->zone);
  if (!zone) return {};
  const engine::CalendarClock clock(*found, *zone);
  const bool open = clock.contains(now);
  const Timestamp next = clock.next_change(now);
  if (next == kTimestampMax) return open ? "always open" : "never open again";
  return (open ? "open now, closes " : "closed now, opens ") + format_timestamp(to_value(next));
}

std::string calendar_state(const Schema& schema, const std::string& name) {
  const auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  return calendar_state(schema, name, Timestamp{now});
}

}  // namespace flyball::app::lsp
