// Reading instants.
#include "app/io/instant.h"

#include "model/text.h"

namespace flyball::app {

std::optional<Timestamp> parse_instant(std::string_view text) {
  if (const std::optional<std::int64_t> seconds = parse_scaled_decimal(text, 9)) return Timestamp{*seconds};
  if (const std::optional<Value> value = parse_timestamp(text)) return to_engine_time(*value);
  return std::nullopt;
}

}  // namespace flyball::app
