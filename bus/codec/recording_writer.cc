// Records into blocks.
#include "bus/codec/recording_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "bus/codec/crc32.h"
#include "bus/codec/json_lines.h"
#include "bus/codec/shapes.h"
#include "bus/codec/suggest.h"
#include "bus/codec/wire_scalar.h"
#include "model/text.h"

namespace flyball::bus {
namespace {

constexpr std::size_t kMaxNumberBytes = 255;  // a line with a longer one is kept as its text
constexpr std::size_t kWordsForNames = 256;   // kept for types, fields and sources when values have used up the others

void append_big_endian(std::string& out, std::uint64_t v, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>(v >> shift & 0xFF);
}

// An extension's head, of one of the lengths that have a short one, or of at most 255 bytes.
void append_extension(std::string& out, int type, std::size_t bytes) {
  switch (bytes) {
    case 1: out += '\xD4'; break;
    case 2: out += '\xD5'; break;
    case 4: out += '\xD6'; break;
    case 8: out += '\xD7'; break;
    default: out += '\xC7', out += static_cast<char>(bytes); break;
  }
  out += static_cast<char>(type);
}

void append_decimal(std::string& out, std::int64_t mantissa, int scale) {
  const auto fits = [&](int bits) { return mantissa >= -(std::int64_t{1} << (bits - 1)) && mantissa < std::int64_t{1} << (bits - 1); };
  const int bytes = fits(8) ? 1 : fits(24) ? 3 : fits(56) ? 7 : 8;
  append_extension(out, kDecimalExtension, static_cast<std::size_t>(bytes) + 1);
  out += static_cast<char>(scale);
  append_big_endian(out, static_cast<std::uint64_t>(mantissa), bytes);
}

// A number as JSON writes it, such that the same text can be made of it again.
void append_number(MsgpackWriter& w, std::string_view raw) {
  const std::size_t point = raw.find('.');
  const bool negative = raw.front() == '-';
  if (raw.find_first_of("eE") == std::string_view::npos && raw.size() <= 20) {
    if (point == std::string_view::npos) {
      if (const auto i = exact_int(raw); i && !(negative && *i == 0)) return w.integer(*i);
      if (const auto u = exact_uint(raw); u && !negative) return w.uinteger(*u);
    } else if (raw.size() <= 19) {
      std::int64_t mantissa = 0;
      for (const char c : raw) {
        if (c >= '0' && c <= '9') mantissa = mantissa * 10 + (c - '0');
      }
      if (mantissa != 0 || !negative)
        return append_decimal(w.out(), negative ? -mantissa : mantissa, static_cast<int>(raw.size() - point - 1));
    }
  }
  append_extension(w.out(), kNumberExtension, raw.size());
  w.out() += raw;
}

}  // namespace

void RecordingWriter::begin(std::string_view about) {
  append_file_head(out_);
  if (!about.empty()) append_block({.kind = BlockKind::kAbout}, about, {});
}

std::uint32_t RecordingWriter::word(std::string_view text) {
  if (const auto found = word_ids_.find(text); found != word_ids_.end()) return found->second;
  words_.emplace_back(text);
  return word_ids_.emplace(words_.back(), static_cast<std::uint32_t>(words_.size() - 1)).first->second;
}

void RecordingWriter::value_string(MsgpackWriter& w, std::string_view text) {
  if (text.size() > kMaxWordBytes || text.empty()) return w.string(text);
  if (words_.size() + kWordsForNames >= kMaxWords && !word_ids_.contains(text)) return w.string(text);
  const std::uint32_t id = word(text);
  const int bytes = id <= 0xFF ? 1 : 2;
  append_extension(w.out(), kWordExtension, static_cast<std::size_t>(bytes));
  append_big_endian(w.out(), id, bytes);
}

void RecordingWriter::value(MsgpackWriter& w, const Value& v, const Interner& interner) {
  switch (v.kind) {
    case Kind::kNull:
    case Kind::kError: return w.nil();
    case Kind::kBool: return w.boolean(v.as_bool());
    case Kind::kInt:
    case Kind::kSize:
    case Kind::kBitrate:
    case Kind::kPps: return w.integer(v.as_int());
    case Kind::kUint: return w.uinteger(v.as_uint());
    case Kind::kString: return value_string(w, interner.text(v));
    case Kind::kDouble:
      if (std::isfinite(v.as_double())) return w.real(v.as_double());
      break;
    case Kind::kPercent: {
      std::int64_t mantissa = v.as_int();
      // A whole number beyond one, or a large ratio, is refused as what nobody means: said as JSON says it, it can be read back.
      if (mantissa % 1'000'000'000 == 0 && std::abs(mantissa) > 1'000'000'000) break;
      if (std::abs(mantissa) > kRatioMaxE9) break;
      int scale = 9;
      for (; scale > 0 && mantissa % 10 == 0; --scale) mantissa /= 10;
      return scale == 0 ? w.integer(mantissa) : append_decimal(w.out(), mantissa, scale);
    }
    default: break;
  }
  // Everything else as its JSON says it.
  std::string json;
  append_json(json, v, interner);
  JsonReader reader(json, kMaxNesting + 1);
  const std::size_t start = w.out().size();
  json_value(w, reader);
  if (!reader.failed()) return;
  w.out().resize(start);
  w.nil();
}

void RecordingWriter::json_value(MsgpackWriter& w, JsonReader& reader) {
  switch (reader.peek()) {
    case JsonKind::kInvalid: return;
    case JsonKind::kNull:
      if (reader.read_null()) w.nil();
      return;
    case JsonKind::kBool: {
      bool b = false;
      if (reader.read_bool(b)) w.boolean(b);
      return;
    }
    case JsonKind::kNumber: {
      std::string_view raw;
      if (reader.read_number(raw)) {
        too_long_ = too_long_ || raw.size() > kMaxNumberBytes;
        append_number(w, raw.substr(0, kMaxNumberBytes));
      }
      return;
    }
    case JsonKind::kString: {
      std::string_view text;
      if (reader.read_string(text)) value_string(w, text);
      return;
    }
    case JsonKind::kArray: {
      if (!reader.enter_array()) return;
      const std::size_t place = w.begin_open();
      std::size_t n = 0;
      for (; reader.next_item(); ++n) json_value(w, reader);
      if (!reader.failed()) w.end_open_array(place, n);
      return;
    }
    case JsonKind::kObject: {
      if (!reader.enter_object()) return;
      const std::size_t place = w.begin_open();
      std::size_t n = 0;
      std::string_view key;
      for (; reader.next_key(key); ++n) {
        value_string(w, key);
        json_value(w, reader);
      }
      if (!reader.failed()) w.end_open_map(place, n);
      return;
    }
  }
}

std::uint32_t RecordingWriter::shape(std::string_view packed) {
  key_.assign(packed);
  const auto [at, added] = shape_ids_.emplace(key_, static_cast<std::uint32_t>(shapes_.size()));
  if (added) shapes_.push_back(key_);
  return at->second;
}

void RecordingWriter::make_room() {
  if (in_block_ >= kMaxBlockRecords || shapes_.size() >= kMaxShapes || words_.size() + kMaxFields + 8 >= kMaxWords) end_block();
  record_.clear();
  too_long_ = false;
}

std::uint32_t RecordingWriter::bare_shape(RecordKind kind, unsigned flags) {
  const char packed[] = {'\x92', static_cast<char>(kind), static_cast<char>(flags)};
  return shape({packed, sizeof packed});
}

void RecordingWriter::bare(RecordKind kind, Timestamp t, unsigned flags) {
  make_room();
  record(bare_shape(kind, flags), t);
}

void RecordingWriter::text(std::string_view text) {
  make_room();
  MsgpackWriter(record_).bytes(text);  // whatever it is, UTF-8 or not
  record(bare_shape(RecordKind::kText, 0), last_, false);
}

void RecordingWriter::fact(const FactInput& fact, const Schema& schema, const Interner& interner) {
  make_room();
  const FactType& type = schema.types[fact.type];
  const std::size_t declared = std::min(type.role == Role::kAction ? type.declared_fields : type.fields.size(), fact.values.size());
  const std::uint64_t all = declared >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << declared) - 1;
  const std::uint64_t present = fact.op == FactOp::kPut ? all : fact.present & all;
  const bool has_source = fact.source.is(Kind::kString);
  if (has_source && interner.text(fact.source).size() > kMaxWordBytes) return fact_as_text(fact, schema, interner);
  const FactShapeKey key{fact.type, has_source ? word(interner.text(fact.source)) : kNoId, present, fact.op, fact.seq != 0};
  auto known = fact_shapes_.find(key);
  if (known == fact_shapes_.end()) {
    const auto is_long = [](const Field& field) { return field.name.size() > kMaxWordBytes; };
    const auto fields_end = type.fields.begin() + static_cast<std::ptrdiff_t>(declared);
    if (type.name.size() > kMaxWordBytes || std::any_of(type.fields.begin(), fields_end, is_long))
      return fact_as_text(fact, schema, interner);
    std::string packed;
    MsgpackWriter w(packed);
    w.array(4 + static_cast<std::size_t>(__builtin_popcountll(present)));
    w.uinteger(static_cast<std::uint64_t>(fact.op));
    w.uinteger(key.seq ? kSeqFlag : 0);
    w.uinteger(word(type.name));
    if (has_source)
      w.uinteger(key.source);
    else
      w.nil();
    for (std::size_t i = 0; i < declared; ++i) {
      if ((present >> i & 1) != 0) w.uinteger(word(type.fields[i].name));
    }
    known = fact_shapes_.emplace(key, shape(packed)).first;
  }
  MsgpackWriter w(record_);
  if (fact.seq != 0) w.uinteger(fact.seq);
  for (std::size_t i = 0; i < declared; ++i) {
    if ((present >> i & 1) != 0) value(w, fact.values[i], interner);
  }
  record(known->second, fact.stamp);
}

// A name that is longer than a word may be: the line says it in full.
void RecordingWriter::fact_as_text(const FactInput& fact, const Schema& schema, const Interner& interner) {
  std::string json;
  append_fact(json, fact, schema, interner);
  text(json);
}

void RecordingWriter::ack(const AckInput& ack, const Schema& schema, const Interner& interner) {
  std::string json;
  append_ack(json, ack, schema, interner);
  line(json);
}

void RecordingWriter::line(std::string_view json) {
  if (!json_record(json)) text(json);
}

// False if it is no record of the usual form; then nothing was recorded.
bool RecordingWriter::json_record(std::string_view json) {
  make_room();
  JsonReader reader(json);
  if (json.size() > kMaxLineBytes || reader.peek() != JsonKind::kObject || !reader.enter_object()) return false;
  enum Key : unsigned { kTime, kType, kOp, kData, kSource, kSeq, kAck, kTick, kRecovered, kKeys };
  static constexpr std::string_view kNames[kKeys] = {"time", "type", "op", "data", "source", "seq", "ack", "tick", "recovered"};
  unsigned seen = 0;
  std::optional<Timestamp> time;
  unsigned time_flag = 0;
  std::string type, source;
  FactOp op = FactOp::kPut;
  std::uint64_t seq = 0;
  std::pair<std::size_t, std::size_t> data, ack_at;  // position and depth
  std::string_view key;
  while (reader.next_key(key)) {
    unsigned k = 0;
    while (k < kKeys && kNames[k] != key) ++k;
    if (k == kKeys || (seen >> k & 1) != 0) return false;
    seen |= 1U << k;
    const JsonKind kind = reader.peek();
    std::string_view view;
    bool flag = false;
    switch (static_cast<Key>(k)) {
      case kTime: {
        WireScalar s;
        if (kind == JsonKind::kNumber && reader.read_number(view))
          s = WireScalar::decimal(view);
        else if (kind == JsonKind::kString && reader.read_string(view))
          s = WireScalar::string(view), time_flag = kTextTimeFlag;
        else
          return false;
        time = to_instant(s);
        if (!time) return false;
        break;
      }
      case kType:
        if (kind != JsonKind::kString || !reader.read_string(view)) return false;
        type = view;
        break;
      case kOp: {
        if (kind != JsonKind::kString || !reader.read_string(view)) return false;
        const auto known = fact_op(view);
        if (!known) return false;
        op = *known;
        break;
      }
      case kSource:
        if (kind != JsonKind::kString || !reader.read_string(view)) return false;
        source = view;
        break;
      case kSeq: {
        const auto n = kind == JsonKind::kNumber && reader.read_number(view) ? exact_uint(view) : std::nullopt;
        if (!n || *n == 0 || *n > kMaxSeq) return false;
        seq = *n;
        break;
      }
      case kData:
      case kAck:
        if (kind != JsonKind::kObject) return false;
        (k == kData ? data : ack_at) = {reader.position(), reader.depth()};
        if (!reader.skip_value()) return false;
        break;
      case kTick:
      case kRecovered:
        if (kind != JsonKind::kBool || !reader.read_bool(flag) || !flag) return false;
        break;
      case kKeys: break;
    }
  }
  if (reader.failed() || !reader.at_end() || !time) return false;
  const auto only = [&](unsigned keys) { return seen == (keys | 1U << kTime); };
  if (only(1U << kTick)) return bare(RecordKind::kTick, *time, time_flag), true;
  if (only(1U << kRecovered)) return bare(RecordKind::kRecovered, *time, time_flag), true;
  if (only(1U << kAck)) {
    reader.rewind(ack_at.first, ack_at.second);
    MsgpackWriter w(record_);
    json_value(w, reader);
    if (too_long_) return false;
    record(bare_shape(RecordKind::kAck, time_flag), *time);
    return true;
  }
  if ((seen & (1U << kAck | 1U << kTick | 1U << kRecovered)) != 0 || (seen >> kType & 1) == 0 || (seen >> kData & 1) == 0) return false;
  if (type.size() > kMaxWordBytes || source.size() > kMaxWordBytes || ((seen >> kSource & 1) != 0 && source.empty())) return false;
  reader.rewind(data.first, data.second);
  return json_fact(reader, op, type, source, seq, *time, time_flag);
}

bool RecordingWriter::json_fact(JsonReader& reader, FactOp op, std::string_view type, std::string_view source, std::uint64_t seq,
                                Timestamp time, unsigned flags) {
  MsgpackWriter w(record_);
  if (seq != 0) w.uinteger(seq);
  std::vector<std::uint32_t> fields;
  if (!reader.enter_object()) return false;
  std::string_view key;
  while (reader.next_key(key)) {
    if (key.size() > kMaxWordBytes || fields.size() == kMaxFields) return false;
    const std::uint32_t name = word(key);
    if (std::find(fields.begin(), fields.end(), name) != fields.end()) return false;
    fields.push_back(name);
    json_value(w, reader);
  }
  if (reader.failed() || too_long_) return false;
  scratch_.clear();
  MsgpackWriter s(scratch_);
  s.array(4 + fields.size());
  s.uinteger(static_cast<std::uint64_t>(op));
  s.uinteger(flags | (seq != 0 ? kSeqFlag : 0));
  s.uinteger(word(type));
  if (source.empty())
    s.nil();
  else
    s.uinteger(word(source));
  for (const std::uint32_t field : fields) s.uinteger(field);
  record(shape(scratch_), time);
  return true;
}

void RecordingWriter::record(std::uint32_t shape, Timestamp t, bool stamped) {
  if (record_.size() > kMaxRecordBytes) {
    // Refused by readers, in its place, with these words.
    const std::string said = fmt::format("a record of {} bytes was too long to be recorded", record_.size());
    return text(said);
  }
  if (in_block_ == 0) {
    first_ = last_ = t;
    least_ = kTimestampMax;
    greatest_ = kTimestampMin;
  }
  scratch_.clear();
  MsgpackWriter head(scratch_);
  head.uinteger(shape);
  // Modulo 2^64: a stamp may lie anywhere.
  head.integer(static_cast<std::int64_t>(static_cast<std::uint64_t>(t.ns) - static_cast<std::uint64_t>(last_.ns)));
  MsgpackWriter(body_).uinteger(scratch_.size() + record_.size());
  body_ += scratch_;
  body_ += record_;
  last_ = t;
  if (stamped) least_ = std::min(least_, t), greatest_ = std::max(greatest_, t);
  ++in_block_;
  if (body_.size() >= kBlockBytes) end_block();
}

void RecordingWriter::append_block(BlockHead head, std::string_view first, std::string_view rest) {
  head.bytes = static_cast<std::uint32_t>(first.size() + rest.size());
  head.checksum = crc32(rest, crc32(first));
  append_block_head(out_, head);
  out_ += first;
  out_ += rest;
}

void RecordingWriter::end_block() {
  if (in_block_ == 0) return;
  scratch_.clear();
  MsgpackWriter w(scratch_);
  w.array(words_.size());
  for (const std::string& text : words_) w.string(text);
  w.array(shapes_.size());
  for (const std::string& packed : shapes_) w.raw(packed);
  const BlockHead head{BlockKind::kRecords, 0, in_block_, records_ + 1, first_, least_, greatest_, 0};
  if (index_.size() == kMaxIndexed) index_.clear(), indexed_ = false;
  if (indexed_) index_.push_back({taken_ + out_.size(), head});
  append_block(head, scratch_, body_);
  records_ += in_block_;
  in_block_ = 0;
  body_.clear();
  word_ids_.clear();
  words_.clear();
  shapes_.clear();
  shape_ids_.clear();
  fact_shapes_.clear();
}

void RecordingWriter::finish() {
  end_block();
  if (!indexed_) return;
  std::string packed;
  MsgpackWriter w(packed);
  w.array(index_.size());
  for (const Indexed& one : index_) {
    w.array(6);
    w.uinteger(one.at);
    w.uinteger(one.head.first_record);
    w.uinteger(one.head.records);
    w.integer(one.head.first.ns);
    w.integer(one.head.least.ns);
    w.integer(one.head.greatest.ns);
  }
  const std::uint64_t at = taken_ + out_.size();
  append_block({.kind = BlockKind::kIndex}, packed, {});
  append_trailer(out_, at);
}

}  // namespace flyball::bus
