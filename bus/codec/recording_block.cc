// Taking a block apart.
#include "bus/codec/recording_block.h"

#include <fmt/format.h>

#include <atomic>
#include <utility>

#include "bus/codec/json_lines.h"
#include "bus/codec/json_reader.h"
#include "bus/codec/msgpack_reader.h"
#include "bus/codec/shapes.h"
#include "bus/codec/values_bytes.h"
#include "model/schema.h"
#include "model/text.h"

namespace flyball::bus {
namespace {

constexpr const char* kSenseless = "makes no sense";
static_assert(kMaxRecordBytes == std::size_t{8} << 20 && kMaxRecordJsonBytes == std::size_t{48} << 20, "texts below say them");

std::uint64_t next_id() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

// Small whole numbers of words and shapes.
bool read_small(MsgpackReader& reader, std::uint32_t below, std::uint32_t& out) {
  std::int64_t n = 0;
  if (!reader.try_int(n) || n < 0 || n >= static_cast<std::int64_t>(below)) return false;
  out = static_cast<std::uint32_t>(n);
  return true;
}

bool read_shape(MsgpackReader& reader, std::uint32_t words, RecordShape& shape) {
  std::uint32_t n = 0, kind = 0, flags = 0;
  if (!reader.read_array(n) || n < 2 || !read_small(reader, 7, kind) || !read_small(reader, 4, flags)) return false;
  shape.kind = static_cast<RecordKind>(kind);
  shape.seq = (flags & kSeqFlag) != 0;
  shape.text_time = (flags & kTextTimeFlag) != 0;
  if (shape.kind > RecordKind::kRetract) return n == 2;
  WireScalar scalar;
  if (n < 4 || n > 4 + kMaxFields || !read_small(reader, words, shape.type)) return false;
  if (reader.peek() == PackedKind::kNil) {
    if (!reader.read_scalar(scalar)) return false;
  } else if (!read_small(reader, words, shape.source.emplace())) {
    return false;
  }
  shape.fields.resize(n - 4);
  for (std::uint32_t& field : shape.fields) {
    if (!read_small(reader, words, field)) return false;
  }
  return true;
}

}  // namespace

Result<RecordingBlock> RecordingBlock::parse(const BlockHead& head, std::string payload) {
  RecordingBlock block;
  block.head_ = head;
  block.payload_ = std::move(payload);
  block.id_ = next_id();
  block.last_ = head.first;
  MsgpackReader reader(block.payload_);
  std::uint32_t n = 0;
  if (!reader.read_array(n)) return fail("its words cannot be read");
  if (n > kMaxWords) return fail(fmt::format("it has more than {} words", kMaxWords));
  block.words_.resize(n);
  for (std::string_view& word : block.words_) {
    if (!reader.read_string(word)) return fail("its words cannot be read");
    if (word.size() > kMaxWordBytes) return fail(fmt::format("it has a word of more than {} bytes", kMaxWordBytes));
  }
  if (!reader.read_array(n)) return fail("its shapes cannot be read");
  if (n > kMaxShapes) return fail(fmt::format("it has more than {} shapes", kMaxShapes));
  block.shapes_.resize(n);
  for (RecordShape& shape : block.shapes_) {
    if (!read_shape(reader, static_cast<std::uint32_t>(block.words_.size()), shape)) return fail("its shapes cannot be read");
  }
  block.at_ = reader.position();
  return block;
}

bool RecordingBlock::next(Record& record) {
  if (at_ == payload_.size() || given_ == head_.records) return false;
  BytesAt at(std::string_view(payload_).substr(at_));
  std::uint64_t length = 0;
  if (!at.whole(length) || length > at.left()) {
    at_ = payload_.size();  // where the next one begins is not known
    return false;
  }
  const std::size_t begin = payload_.size() - at.left();
  at_ = begin + static_cast<std::size_t>(length);
  ++given_;
  BytesAt inside(std::string_view(payload_).substr(begin, static_cast<std::size_t>(length)));
  std::uint64_t shape = 0;
  std::int64_t delta = 0;
  const bool begins = inside.whole(shape) && shape < shapes_.size() && inside.integer(delta);
  record.broken = begins ? nullptr : kSenseless;
  record.time = last_;
  if (!begins) return true;
  last_.ns = static_cast<std::int64_t>(static_cast<std::uint64_t>(last_.ns) + static_cast<std::uint64_t>(delta));
  record.shape = static_cast<std::uint32_t>(shape);
  record.time = last_;
  record.values = inside.rest();
  if (record.values.size() > kMaxRecordBytes) record.broken = "is longer than 8 MiB";
  return true;
}

Result<void> RecordingBlock::append_line(const Record& record, std::string& out) const {
  if (record.broken != nullptr) return fail(record.broken);
  const std::size_t start = out.size(), bytes_max = start + kMaxRecordJsonBytes;
  if (append_json(record, bytes_max, out)) return {};
  const bool too_long = out.size() > bytes_max;
  out.resize(start);
  return fail(too_long ? "is longer than 48 MiB as JSON" : kSenseless);
}

bool RecordingBlock::append_json(const Record& record, std::size_t bytes_max, std::string& out) const {
  const RecordShape& shape = shapes_[record.shape];
  BytesAt at(record.values);
  if (shape.kind == RecordKind::kText) {
    std::string_view text;
    if (!at.raw_bytes(text) || at.left() != 0) return false;
    out += text;
    return true;
  }
  out += "{\"time\":";
  if (shape.text_time)
    out += quote(format_timestamp(to_value(record.time)));
  else
    append_time(out, record.time);
  switch (shape.kind) {
    case RecordKind::kTick: return out += ",\"tick\":true}", at.left() == 0;
    case RecordKind::kRecovered: return out += ",\"recovered\":true}", at.left() == 0;
    case RecordKind::kAck:
      out += ",\"ack\":";
      if (!append_value_json(at, words_, bytes_max, out) || at.left() != 0) return false;
      out += '}';
      return true;
    default: break;
  }
  out += ",\"type\":";
  out += quote(words_[shape.type]);
  if (shape.kind != RecordKind::kPut) out += shape.kind == RecordKind::kPatch ? ",\"op\":\"patch\"" : ",\"op\":\"retract\"";
  std::uint64_t seq = 0;
  if (shape.seq && !at.whole(seq)) return false;
  out += ",\"data\":{";
  for (std::size_t i = 0; i < shape.fields.size(); ++i) {
    if (i > 0) out += ',';
    out += quote(words_[shape.fields[i]]);
    out += ':';
    if (!append_value_json(at, words_, bytes_max, out)) return false;
  }
  if (at.left() != 0) return false;
  out += '}';
  if (shape.source) out += ",\"source\":" + quote(words_[*shape.source]);
  if (shape.seq) out += fmt::format(",\"seq\":{}", seq);
  out += '}';
  return true;
}

}  // namespace flyball::bus
