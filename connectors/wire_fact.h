// A fact as a connector says it: names and plain values in the wire's own forms, before they are packed. Not a Fact of
// the engine: a connector does not know the schema, only the vocabulary that rules/ documents. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "model/time.h"

namespace flyball::connectors {

using WireValue = std::variant<std::monostate, bool, std::int64_t, double, std::string>;

struct WireFact {
  std::string type;  // qualified
  bool retract = false;
  std::vector<std::pair<std::string_view, WireValue>> fields;  // names are literals
  Timestamp stamp;

  WireFact& set(std::string_view name, WireValue value) {
    fields.emplace_back(name, std::move(value));
    return *this;
  }
  WireFact& set(std::string_view name, std::string_view text) { return set(name, WireValue(std::string(text))); }
  WireFact& set(std::string_view name, std::string text) { return set(name, WireValue(std::move(text))); }
  WireFact& set(std::string_view name, const char* text) { return set(name, WireValue(std::string(text))); }
  WireFact& set(std::string_view name, std::int64_t n) { return set(name, WireValue(n)); }
  // Null when there is nothing.
  template <typename T>
  WireFact& set_maybe(std::string_view name, const std::optional<T>& value) {
    return value ? set(name, *value) : set(name, WireValue());
  }

  // nullptr if there is no such field; for tests and for reading back.
  const WireValue* find(std::string_view name) const;
};

// As a line of recorded facts (docs/reference): {"time":…,"type":…,"data":{…}}; time in seconds, exact.
std::string to_json_line(const WireFact& fact, std::string_view source);

// The exact forms of units: "12.5%", "0.5s". Trailing zeros are left out.
std::string percent_text(std::int64_t ratio_e9);
std::string duration_text(DurationNs ns);

// part of whole as a percent in units of 1e-9; 0 of nothing is 0. Rounded to the nearest.
std::int64_t ratio_e9(std::int64_t part, std::int64_t whole);
// n per second, in an interval; 0 without one.
std::int64_t per_second(std::int64_t n, DurationNs interval_ns);

}  // namespace flyball::connectors
