// JSON values of declared types, read from a JsonReader straight into Values. Writing is model/text.h's append_json.
// Limits: the reader's nesting; kMaxItems entries of one list or map. Thread safety: as the Interner's.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "bus/codec/field_table.h"
#include "bus/codec/json_reader.h"
#include "bus/codec/wire_scalar.h"

namespace flyball::bus {

inline constexpr std::size_t kMaxItems = 65'536;  // of one list or map of a value

// Reads one value of `type`. On failure: the reader failed (it is not JSON), or `mismatch` says what is wrong.
bool read_typed(JsonReader& reader, const Type& type, Interner& interner, Value& out, Mismatch& mismatch);

// Reads an object into one Value per field of `table`; `present` gets the fields given. Defaults are not filled in.
Result<void> read_fields(JsonReader& reader, const FieldTable& table, Interner& interner, std::vector<Value>& values,
                         std::uint64_t& present);

// "`util` of `LinkStats`: expected a percent, got \"high\"".
Error mismatch_error(const Mismatch& mismatch, const FieldTable& table, std::size_t field);

// A whole text as one value of `type` (kDyn: any JSON).
Result<Value> parse_json_value(std::string_view text, const Type& type, Interner& interner);

}  // namespace flyball::bus
