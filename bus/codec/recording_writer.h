// RecordingWriter: inputs into the compact form of a recording (recording_format.h), as bytes to be appended to a file.
//
// It writes no file: out() gathers whole blocks, and the caller takes them. A block is ended when it is full and by end_block(), which
// whoever promised that something is written calls. What no record can be made of (a line that is no JSON, one with an unknown key) is kept
// as the text it was, so that a reader refuses it with the same words in the same place.
// Limits: recording_format.h's. Equal inputs give equal bytes. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bus/codec/json_reader.h"
#include "bus/codec/msgpack_writer.h"
#include "bus/codec/recording_format.h"
#include "model/fact.h"
#include "model/interner.h"
#include "model/schema.h"

namespace flyball::bus {

class RecordingWriter {
 public:
  // Blocks of an index; a file of more has none.
  static constexpr std::size_t kMaxIndexed = 1'000'000;

  // The file's head; with `about` (a MessagePack map), a block of that.
  void begin(std::string_view about = {});

  void fact(const FactInput& fact, const Schema& schema, const Interner& interner);
  void ack(const AckInput& ack, const Schema& schema, const Interner& interner);
  void tick(Timestamp t) { bare(RecordKind::kTick, t); }
  void recovered(Timestamp t) { bare(RecordKind::kRecovered, t); }
  // One JSON line, without its line end; each is one record, an empty one, too.
  void line(std::string_view json);

  // Ends the block that is open, if it has records.
  void end_block();
  // Ends the file: an index, and the trailer that says where it is.
  void finish();

  // Whole blocks that were not taken yet.
  std::string& out() { return out_; }
  std::string take() {
    taken_ += out_.size();
    return std::exchange(out_, {});
  }
  std::uint64_t records() const { return records_ + in_block_; }
  std::size_t open_bytes() const { return body_.size(); }

 private:
  struct FactShapeKey {
    FactTypeId type = 0;
    std::uint32_t source = 0;  // its word, or kNoId
    std::uint64_t present = 0;
    FactOp op = FactOp::kPut;
    bool seq = false;
    friend bool operator==(const FactShapeKey&, const FactShapeKey&) = default;
  };
  struct FactShapeHash {
    std::size_t operator()(const FactShapeKey& k) const {
      std::uint64_t h =
          (std::uint64_t{k.type} << 34 | std::uint64_t{k.source} << 2 | static_cast<std::uint64_t>(k.op)) * 0x9E37'79B9'7F4A'7C15ULL;
      h ^= (k.present + (k.seq ? 1 : 0)) * 0xD6E8'FEB8'6659'FD93ULL;
      return h ^ (h >> 29);
    }
  };
  struct Indexed {
    std::uint64_t at = 0;
    BlockHead head;
  };

  std::uint32_t word(std::string_view text);  // of at most kMaxWordBytes
  void value_string(MsgpackWriter& w, std::string_view text);
  void value(MsgpackWriter& w, const Value& v, const Interner& interner);
  void json_value(MsgpackWriter& w, JsonReader& reader);
  bool json_record(std::string_view json);
  bool json_fact(JsonReader& reader, FactOp op, std::string_view type, std::string_view source, std::uint64_t seq, Timestamp time,
                 unsigned flags);
  void fact_as_text(const FactInput& fact, const Schema& schema, const Interner& interner);
  std::uint32_t shape(std::string_view packed);
  void make_room();
  std::uint32_t bare_shape(RecordKind kind, unsigned flags);
  void bare(RecordKind kind, Timestamp t, unsigned flags = 0);
  void text(std::string_view text);
  // record_ holds the values; shape and time go before it. What has no stamp of its own stands at that of the record before.
  void record(std::uint32_t shape, Timestamp t, bool stamped = true);
  void append_block(BlockHead head, std::string_view first, std::string_view rest);

  std::string out_;
  std::uint64_t taken_ = 0;
  std::uint64_t records_ = 0;  // in ended blocks
  std::vector<Indexed> index_;
  bool indexed_ = true;

  // The block that is open.
  std::deque<std::string> words_;
  std::unordered_map<std::string_view, std::uint32_t> word_ids_;
  std::vector<std::string> shapes_;
  std::unordered_map<std::string, std::uint32_t> shape_ids_;
  std::unordered_map<FactShapeKey, std::uint32_t, FactShapeHash> fact_shapes_;
  std::string body_;
  std::uint32_t in_block_ = 0;
  Timestamp first_, last_, least_, greatest_;  // none stamped: least_ is after greatest_
  std::string record_, scratch_, key_;
  bool too_long_ = false;  // a number of the line at hand
};

}  // namespace flyball::bus
