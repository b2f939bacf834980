// FactDecoder: MessagePack facts into FactInputs, directed by the Schema. One per thread and Schema.
//
// Two shapes: the assured face's items ({"type":…,"time":…,"data":{…}} or {"time":…,"ack":{…}}) and the plain face's bodies (the
// fields directly, with "@time" "@op" "@source" "@seq" beside them). Keys may come in any order; the order written here is fastest.
// No allocation per fact once the buffers have grown, nothing wrong given. Limits: kMaxNesting; kMaxFields.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "bus/codec/msgpack_reader.h"
#include "bus/codec/shapes.h"
#include "model/fact.h"
#include "model/interner.h"
#include "model/result.h"
#include "model/schema.h"

namespace flyball::bus {

class FactDecoder {
 public:
  FactDecoder(const Schema& schema, Interner& interner);

  enum class Item : std::uint8_t { kFact, kAck };
  // Decodes the item at which `reader` stands into `fact` or `ack` (both are reused buffers). `fact.source` and `fact.seq` are left
  // alone. On an error the reader stands after the item, unless it failed: then the rest of the message is unreadable.
  Result<Item> decode(MsgpackReader& reader, Timestamp arrival, FactInput& fact, AckInput& ack);

  // One fact of a plain body; sets source and seq, too.
  Result<void> decode_plain(MsgpackReader& reader, FactTypeId type, Timestamp arrival, FactInput& fact);

  // A type that may be put from outside, by name; remembers names it has seen.
  Result<FactTypeId> puttable(std::string_view name);

  // The inside of an `ack`, or an executor's result.
  Result<void> decode_ack(MsgpackReader& reader, AckInput& ack);
  Result<void> decode_result(MsgpackReader& reader, FactTypeId action, std::vector<Value>& result);

  const Shapes& shapes() const { return shapes_; }

 private:
  Result<Item> decode_item(MsgpackReader& reader, Timestamp arrival, FactInput& fact, AckInput& ack);
  Result<void> decode_plain_item(MsgpackReader& reader, FactTypeId type, Timestamp arrival, FactInput& fact);

  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>()(s); }
  };
  const Schema& schema_;
  Interner& interner_;
  Shapes shapes_;
  std::unordered_map<std::string, FactTypeId, TextHash, std::equal_to<>> known_;
  std::string last_name_;  // facts of one type come in runs
  FactTypeId last_type_ = kNoId;
};

}  // namespace flyball::bus
