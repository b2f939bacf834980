// JSON text to MessagePack and back, without a schema: for clients and for answers that are JSON already.
// Limits: kMaxNesting; 65,535 entries of a container. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "bus/codec/msgpack_reader.h"
#include "bus/codec/msgpack_writer.h"
#include "model/result.h"

namespace flyball::bus {

// Appends `json` as MessagePack: numbers without point or exponent as integers, others as float 64. On an error `writer`
// holds half of it: the caller discards.
Result<void> json_to_packed(std::string_view json, MsgpackWriter& writer);

// Appends the value at which `reader` stands as JSON; it is at nesting `depth`. Timestamps: seconds as a number at depth 1 (a
// message's own `time`), RFC 3339 below. Byte strings: base64. Keys that are no strings: their text.
Result<void> packed_to_json(MsgpackReader& reader, std::string& out, std::size_t depth = 0);
// A whole message.
Result<std::string> packed_to_json(std::string_view packed);

// One recorded line (docs/reference/wire.md) as an item of the assured face: the keys as they stand, `time` as a timestamp to the
// nanosecond, `source` and `seq` left out (the connection has its own). Ticks are refused: a service has its own clock.
Result<void> record_to_packed(std::string_view line, MsgpackWriter& writer);

}  // namespace flyball::bus
