// RecordingDecoder: records of the compact form into inputs, directed by a Schema. What the same record would be as a JSON line, with the
// same words when it is refused; without text in between. One per Schema, Interner and thread.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "bus/codec/json_lines.h"
#include "bus/codec/recording_block.h"
#include "bus/codec/shapes.h"
#include "bus/codec/values_bytes.h"

namespace flyball::bus {

enum class InputKind : std::uint8_t { kFact, kAck, kTick, kRecovered, kNothing };  // kNothing: an empty line

class RecordingDecoder {
 public:
  // Both must outlive it.
  RecordingDecoder(const Schema& schema, Interner& interner);

  // A record of `block` into `fact`, `ack` or `time`, reused buffers. A fact's or an acknowledgement's stamp is in `time`, too.
  Result<InputKind> read(const RecordingBlock& block, const RecordingBlock::Record& record, FactInput& fact, AckInput& ack,
                         Timestamp& time);
  // One JSON line, likewise.
  Result<InputKind> read_line(std::string_view line, FactInput& fact, AckInput& ack, Timestamp& time);

  // Of the tick that was read last: whose numbers it accounts for, if any (`seq` is 0 then).
  const TickInput& accounted() const { return accounted_; }

  // After interned content was freed: handles that are remembered may be others' now.
  void forget() { block_ = 0; }

 private:
  struct Field {
    std::uint32_t index = 0;
    const Type* type = nullptr;
    std::uint32_t cache = 0;  // among caches_
  };
  struct Plan {  // of one shape of the block
    bool known = false;
    FactTypeId type = kNoId;
    Value source;
    std::uint64_t present = 0;
    std::vector<Field> fields;
  };

  void begin(const RecordingBlock& block);
  void make_plan(const RecordingBlock& block, const RecordShape& shape, Plan& plan);
  bool read_fact(const RecordingBlock& block, const RecordingBlock::Record& record, const RecordShape& shape, const Plan& plan,
                 FactInput& fact);
  bool read_value(const RecordingBlock& block, BytesAt& at, const Field& field, Value& out);
  bool read_word(const RecordingBlock& block, std::uint32_t word, const Field& field, Value& out);
  bool read_by_json(const RecordingBlock& block, BytesAt& at, const Type& type, Value& out);

  const Schema& schema_;
  Interner& interner_;
  Shapes shapes_;
  RecordedReader lines_;
  std::uint64_t block_ = 0;  // the one that plans and caches are of; 0: none
  std::vector<Plan> plans_;
  std::unordered_map<std::uint64_t, std::uint32_t> cache_of_;  // by type and field
  std::vector<std::vector<Value>> caches_;                     // by word; unknown: not looked at yet
  std::string line_;
  TickInput accounted_;
};

}  // namespace flyball::bus
