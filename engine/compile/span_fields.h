// SpanFields: which fields of a fact say where it lies, or from where to where it reaches. Plain values.
#pragma once

#include <cstdint>

#include "model/value.h"

namespace flyball::engine {

// Fields that say where something lies (a point), or from where to where it reaches (a span).
struct SpanFields {
  enum class Form : std::uint8_t { kNowhere, kPlaces, kAddresses };  // numbers and times (order_place), or addresses and prefixes
  Form form = Form::kNowhere;
  bool is_span = false;
  Kind kind = Kind::kNull;          // kPlaces: of the values
  std::uint32_t low = 0, high = 0;  // of a point, and of a prefix, one field
  friend bool operator==(const SpanFields&, const SpanFields&) = default;
};

}  // namespace flyball::engine
