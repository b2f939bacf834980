// Values as MessagePack, both ways. What each type looks like on the wire is docs/reference/wire.md's table.
// Limits: kMaxNesting levels, kMaxItems entries. Thread safety: as the Interner's.
#pragma once

#include <cstdint>
#include <vector>

#include "bus/codec/field_table.h"
#include "bus/codec/msgpack_reader.h"
#include "bus/codec/msgpack_writer.h"
#include "bus/codec/wire_scalar.h"

namespace flyball::bus {

// Reads one value of `type` that stands at nesting `depth`. On failure the reader failed (what stands there cannot be read), or
// `mismatch` says what is wrong; the reader then stands anywhere inside the value.
bool read_packed(MsgpackReader& reader, const Type& type, Interner& interner, Value& out, Mismatch& mismatch, std::size_t depth);

// What to say when it was the reader that failed inside a field's value.
Error unreadable_field(const MsgpackReader& reader, const FieldTable& table, std::size_t field);

// Reads a map of fields into one Value per field of `table`; fields in `present` were given, the others are left as
// they are. No allocation when values.size() is enough and nothing is wrong.
Result<void> read_packed_fields(MsgpackReader& reader, const FieldTable& table, Interner& interner, std::vector<Value>& values,
                                std::uint64_t& present, std::size_t depth);

// percent: its ratio as float; duration: seconds as float; timestamp: extension -1; size, bitrate, pps: integers; ip, cidr,
// enum, time of day: strings; unknown: nil.
void pack_value(MsgpackWriter& writer, const Value& value, const Interner& interner);
// The first `count` fields that are in `present` as a map.
void pack_fields(MsgpackWriter& writer, const std::vector<Field>& fields, std::size_t count, const std::vector<Value>& values,
                 const Interner& interner, std::uint64_t present = ~std::uint64_t{0});
// A decision's output: a map, or of a decision whose answer is a list an array of maps.
void pack_output(MsgpackWriter& writer, const DecisionType& decision, const std::vector<Value>& output, const Interner& interner);

}  // namespace flyball::bus
