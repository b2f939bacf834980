// A map Value out of decoded entries, refusing duplicate keys. O(n log n).
#pragma once

#include <vector>

#include "bus/codec/wire_scalar.h"

namespace flyball::bus {

bool build_map(std::vector<MapEntry>& entries, Interner& interner, Value& out, Mismatch& mismatch);

}  // namespace flyball::bus
