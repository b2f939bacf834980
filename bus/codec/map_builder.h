// Maps of facts, whatever they came in: what a key says, and a map Value out of decoded entries.
#pragma once

#include <vector>

#include "bus/codec/wire_scalar.h"

namespace flyball::bus {

// A key as written. JSON has texts only, and who passes JSON on sends them too: the map's key type says what a text means.
bool read_key(const WireScalar& written, const Type& type, Interner& interner, Value& out, Mismatch& mismatch);

// Refuses duplicate keys. O(n log n).
bool build_map(std::vector<MapEntry>& entries, Interner& interner, Value& out, Mismatch& mismatch);

}  // namespace flyball::bus
