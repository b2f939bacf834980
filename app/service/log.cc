// Writing log lines.
#include "app/service/log.h"

#include <fmt/core.h>

#include "model/text.h"

namespace flyball::app {

void Log::say(Timestamp now, std::string_view level, std::string_view message) {
  if (json_) {
    io_.message(
        fmt::format("{{\"time\":{},\"level\":\"{}\",\"message\":{}}}\n", quote(format_timestamp(to_value(now))), level, quote(message)));
    return;
  }
  const std::string_view paint = level == "error" ? colour::kRed : level == "warning" ? colour::kYellow : std::string_view{};
  const std::string_view begin = io_.paint_err(paint);
  io_.message(fmt::format("flyball: {}{}{}{}{}\n", begin, level == "info" ? "" : level, begin.empty() ? "" : io_.paint_err(colour::kReset),
                          level == "info" ? "" : ": ", message));
}

void Log::trouble(Timestamp now, std::string_view message) {
  const std::int64_t second = now.ns / kNsPerSecond;
  if (second != second_) {
    if (suppressed_ > 0) say(now, "warning", fmt::format("{} more warnings were not shown", suppressed_));
    second_ = second;
    in_second_ = 0;
    suppressed_ = 0;
  }
  if (++in_second_ > kTroublesPerSecond) {
    ++suppressed_;
    ++suppressed_all_;
    return;
  }
  say(now, "warning", message);
}

void Log::object(Timestamp now, std::string_view text, std::string_view json_members) {
  if (!json_) return say(now, "info", text);
  io_.message(fmt::format("{{\"time\":{},\"level\":\"info\",\"message\":{},{}}}\n", quote(format_timestamp(to_value(now))), quote(text),
                          json_members));
}

}  // namespace flyball::app
