// An action as an executor receives it, and what became of it. Not the transport (bus/). Plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "connectors/wire_fact.h"

namespace flyball::connectors {

struct Order {
  std::string id;      // stable: the same for every delivery and every try
  std::string action;  // qualified type
  std::map<std::string, WireValue, std::less<>> fields;

  // The part after the last dot: "DrainServer".
  std::string_view local_action() const;
  // nullopt if the field is missing, null, or of another form.
  std::optional<std::string> text(std::string_view field) const;
  std::optional<std::int64_t> integer(std::string_view field) const;
  std::optional<bool> boolean(std::string_view field) const;
  // A ratio (0.25) or "25%", in units of 1e-9.
  std::optional<std::int64_t> percent_e9(std::string_view field) const;
  // "500ms", "1m30s", or a number of seconds.
  std::optional<DurationNs> duration_ns(std::string_view field) const;

 private:
  const WireValue* find(std::string_view field) const;
};

struct Outcome {
  bool done = true;
  std::string error;  // in the words of who refused
  static Outcome success() { return {}; }
  static Outcome failure(std::string words) { return {false, std::move(words)}; }
};

}  // namespace flyball::connectors
