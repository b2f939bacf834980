// Duplicate keys are found by sorting: equal content is one handle, so neighbours compare by ==.
#include "bus/codec/map_builder.h"

#include <algorithm>

#include "model/compare.h"
#include "model/text.h"

namespace flyball::bus {

bool read_key(const WireScalar& written, const Type& type, Interner& interner, Value& out, Mismatch& mismatch) {
  WireScalar s = written;
  if (s.form == WireScalar::Form::kString) {
    const bool is_number = type.is(TypeTag::kInt) || type.is(TypeTag::kUint) || type.is(TypeTag::kDouble);
    if (is_number) s = WireScalar::decimal(s.text);
    if (type.is(TypeTag::kBool) && (s.text == "true" || s.text == "false")) s = WireScalar::boolean(s.text == "true");
  }
  if (to_typed(s, type, interner, out, mismatch)) return true;
  mismatch.got = describe(written);
  return false;
}

bool build_map(std::vector<MapEntry>& entries, Interner& interner, Value& out, Mismatch& mismatch) {
  std::sort(entries.begin(), entries.end(),
            [&](const MapEntry& a, const MapEntry& b) { return compare_total(a.key, b.key, interner) < 0; });
  const auto twice =
      std::adjacent_find(entries.begin(), entries.end(), [](const MapEntry& a, const MapEntry& b) { return a.key == b.key; });
  if (twice != entries.end()) {
    mismatch.expected = "different keys";
    mismatch.got = to_source(twice->key, interner) + " twice";
    return false;
  }
  out = interner.map(entries);
  return true;
}

}  // namespace flyball::bus
