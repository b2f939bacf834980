// FactDecoder: envelopes. A value whose type is not known yet is passed over and read at the end.
#include "bus/codec/fact_decoder.h"

#include <fmt/format.h>

#include <cmath>

#include "bus/codec/msgpack_value.h"
#include "bus/codec/suggest.h"
#include "bus/codec/typed_json.h"

namespace flyball::bus {
namespace {

constexpr std::size_t kItemDepth = 3;  // of a fact's fields inside a message: message, facts, item

Result<Timestamp> read_time(MsgpackReader& reader, std::string_view key) {
  // Seconds as a double, in the range where nanoseconds fit: what most clients send.
  const std::size_t start = reader.position();
  double seconds = 0;
  if (reader.try_double(seconds)) {
    if (std::abs(seconds) < 9.2e9) return Timestamp{std::llround(seconds * 1e9)};
    reader.seek(start);
  }
  WireScalar s;
  if (!reader.read_scalar(s)) return fail(fmt::format("{}: {}", code(key), reader.error()));
  if (const auto t = to_instant(s)) return *t;
  return fail(fmt::format("{}: expected a time, got {}", code(key), describe(s)),
              instant_help(s, "send seconds since the epoch, a MessagePack timestamp, or RFC 3339"));
}

Result<std::string_view> read_word(MsgpackReader& reader, std::string_view key) {
  std::string_view text;
  if (reader.try_text(text)) return text;
  if (reader.peek() != PackedKind::kString) return fail(fmt::format("{}: expected a string, got {}", code(key), reader.found()));
  if (!reader.read_string(text)) return fail(fmt::format("{}: {}", code(key), reader.error()));
  return text;
}

Result<std::uint64_t> read_seq(MsgpackReader& reader, std::string_view key) {
  WireScalar s;
  if (!reader.read_scalar(s)) return fail(fmt::format("{}: {}", code(key), reader.error()));
  if (s.form == WireScalar::Form::kUint) {  // what no signed one holds
    return fail(fmt::format("{}: {} is too large: at most {}", code(key), s.uinteger, kMaxSeq));
  }
  if (s.form != WireScalar::Form::kInt || s.integer < 1) return fail(fmt::format("{}: expected a whole number from 1 on", code(key)));
  return static_cast<std::uint64_t>(s.integer);
}

}  // namespace

FactDecoder::FactDecoder(const Schema& schema, Interner& interner) : schema_(schema), interner_(interner), shapes_(schema) {}

Result<FactTypeId> FactDecoder::puttable(std::string_view name) {
  if (last_type_ != kNoId && same_text(name, last_name_)) return last_type_;
  const auto seen = known_.find(name);
  if (seen != known_.end()) {
    last_type_ = seen->second;
  } else {
    const auto found = find_puttable(schema_, name);
    if (!found) return found;
    // Only names that mean a type are kept: at most two per type.
    last_type_ = known_.emplace(std::string(name), *found).first->second;
  }
  last_name_.assign(name);
  return last_type_;
}

Result<FactDecoder::Item> FactDecoder::decode(MsgpackReader& reader, Timestamp arrival, FactInput& fact, AckInput& ack) {
  const std::size_t start = reader.position();
  auto item = decode_item(reader, arrival, fact, ack);
  if (!item) {
    reader.seek(start);
    reader.skip(kMaxNesting - 2);
  }
  return item;
}

Result<FactDecoder::Item> FactDecoder::decode_item(MsgpackReader& reader, Timestamp arrival, FactInput& fact, AckInput& ack) {
  enum Key : unsigned { kType = 1, kTime = 2, kData = 4, kOp = 8, kAck = 16 };
  if (reader.peek() != PackedKind::kMap)
    return fail(fmt::format("expected a fact as a map with `type` and `data`, got {}", reader.found()));
  std::uint32_t n = 0;
  if (!reader.read_map(n)) return fail(reader.error());
  unsigned seen = 0;
  std::size_t data_at = 0;
  bool data_read = false;
  fact.type = kNoId;
  fact.op = FactOp::kPut;
  fact.stamp = arrival;
  fact.present = 0;
  const auto once = [&](Key k) {
    const bool first = (seen & k) == 0;
    seen |= k;
    return first;
  };
  for (std::uint32_t i = 0; i < n; ++i) {
    std::string_view key;
    if (!reader.read_key(key)) return fail(reader.error());
    bool first = true;
    if (same_text(key, "type")) {
      first = once(kType);
      const auto name = read_word(reader, key);
      if (!name) return std::unexpected(name.error());
      const auto type = puttable(*name);
      if (!type) return std::unexpected(type.error());
      fact.type = *type;
    } else if (same_text(key, "time")) {
      first = once(kTime);
      const auto t = read_time(reader, key);
      if (!t) return std::unexpected(t.error());
      fact.stamp = *t;
    } else if (same_text(key, "data")) {
      first = once(kData);
      if (fact.type != kNoId) {
        const auto ok = read_packed_fields(reader, shapes_.fact(fact.type).table, interner_, fact.values, fact.present, kItemDepth);
        if (!ok) return std::unexpected(ok.error());
        data_read = true;
      } else {
        data_at = reader.position();
        if (!reader.skip(kMaxNesting - kItemDepth)) return fail(reader.error());
      }
    } else if (same_text(key, "op")) {
      first = once(kOp);
      const auto word = read_word(reader, key);
      if (!word) return std::unexpected(word.error());
      const auto op = fact_op(*word);
      if (!op) return std::unexpected(op.error());
      fact.op = *op;
    } else if (same_text(key, "ack")) {
      first = once(kAck);
      const auto ok = decode_ack(reader, ack);
      if (!ok) return std::unexpected(ok.error());
    } else {
      return fail(fmt::format("a fact has no key {}", code(key)), did_you_mean(nearest(key, {"type", "time", "data", "op", "ack"})));
    }
    if (!first) return fail(fmt::format("{} is given twice", code(key)));
  }
  if ((seen & kAck) != 0) {
    if ((seen & (kType | kData | kOp)) != 0) return fail("an `ack` stands alone with `time`");
    ack.stamp = fact.stamp;
    return Item::kAck;
  }
  if (fact.type == kNoId) return fail("`type` is missing");
  const FactShape& shape = shapes_.fact(fact.type);
  if (!data_read) {
    fact.values.resize(shape.table.size());
    if ((seen & kData) != 0) {
      const std::size_t end = reader.position();
      reader.seek(data_at);
      const auto ok = read_packed_fields(reader, shape.table, interner_, fact.values, fact.present, kItemDepth);
      if (!ok) return std::unexpected(ok.error());
      reader.seek(end);
    }
  }
  const auto done = shape.finish(fact);
  if (!done) return std::unexpected(done.error());
  return Item::kFact;
}

Result<void> FactDecoder::decode_plain(MsgpackReader& reader, FactTypeId type, Timestamp arrival, FactInput& fact) {
  const std::size_t start = reader.position();
  auto done = decode_plain_item(reader, type, arrival, fact);
  if (!done) {
    reader.seek(start);
    reader.skip(kMaxNesting - 1);
  }
  return done;
}

Result<void> FactDecoder::decode_plain_item(MsgpackReader& reader, FactTypeId type, Timestamp arrival, FactInput& fact) {
  const FactShape& shape = shapes_.fact(type);
  const FieldTable& table = shape.table;
  if (reader.peek() != PackedKind::kMap)
    return fail(fmt::format("expected the fields of {} as a map, got {}", table.owner(), reader.found()));
  std::uint32_t n = 0;
  if (!reader.read_map(n)) return fail(reader.error());
  fact.type = type;
  fact.op = FactOp::kPut;
  fact.stamp = arrival;
  fact.source = Value::null();
  fact.seq = 0;
  fact.present = 0;
  fact.values.resize(table.size());
  std::uint32_t next = 0;
  unsigned seen = 0;
  Mismatch mismatch;
  for (std::uint32_t k = 0; k < n; ++k) {
    std::string_view key;
    if (!reader.read_key(key)) return fail(reader.error());
    if (!key.empty() && key.front() == '@') {
      unsigned bit = 0;
      if (key == "@time") {
        bit = 1;
        const auto t = read_time(reader, key);
        if (!t) return std::unexpected(t.error());
        fact.stamp = *t;
      } else if (key == "@op") {
        bit = 2;
        const auto word = read_word(reader, key);
        if (!word) return std::unexpected(word.error());
        const auto op = fact_op(*word);
        if (!op) return std::unexpected(op.error());
        fact.op = *op;
      } else if (key == "@source") {
        bit = 4;
        const auto word = read_word(reader, key);
        if (!word) return std::unexpected(word.error());
        fact.source = interner_.string(*word);
      } else if (key == "@seq") {
        bit = 8;
        const auto seq = read_seq(reader, key);
        if (!seq) return std::unexpected(seq.error());
        fact.seq = *seq;
      } else {
        return fail(fmt::format("a plain fact has no key {}", code(key)), did_you_mean(nearest(key, {"@time", "@op", "@source", "@seq"})));
      }
      if ((seen & bit) != 0) return fail(fmt::format("{} is given twice", code(key)));
      seen |= bit;
      continue;
    }
    const std::uint32_t i = table.find(key, next);
    if (i == kNoId) return std::unexpected(table.unknown_field(key));
    if ((fact.present >> i & 1) != 0) return std::unexpected(table.duplicate_field(i));
    if (!read_packed(reader, table.field(i).type, interner_, fact.values[i], mismatch, 2)) {
      if (!mismatch.failed()) return std::unexpected(unreadable_field(reader, table, i));
      return std::unexpected(mismatch_error(mismatch, table, i));
    }
    fact.present |= std::uint64_t{1} << i;
    next = i + 1;
  }
  return shape.finish(fact);
}

Result<void> FactDecoder::decode_result(MsgpackReader& reader, FactTypeId action, std::vector<Value>& result) {
  const FieldTable& table = shapes_.fact(action).result;
  if (reader.peek() == PackedKind::kNil) {
    WireScalar s;
    reader.read_scalar(s);
    result.clear();
    return {};
  }
  std::uint64_t present = 0;
  result.assign(table.size(), Value::null());
  return read_packed_fields(reader, table, interner_, result, present, kItemDepth);
}

Result<void> FactDecoder::decode_ack(MsgpackReader& reader, AckInput& ack) {
  static constexpr std::string_view kNames[] = {"action", "id", "data", "state", "result", "error"};
  ack = AckInput{};
  if (reader.peek() != PackedKind::kMap) return fail(fmt::format("`ack`: expected a map, got {}", reader.found()));
  std::uint32_t n = 0;
  if (!reader.read_map(n)) return fail(reader.error());
  unsigned seen = 0;
  std::size_t data_at = 0;
  std::size_t result_at = 0;
  for (std::uint32_t i = 0; i < n; ++i) {
    std::string_view key;
    if (!reader.read_key(key)) return fail(reader.error());
    unsigned k = 0;
    while (k < std::size(kNames) && kNames[k] != key) ++k;
    if (k == std::size(kNames)) {
      return fail(fmt::format("an `ack` has no key {}", code(key)), did_you_mean(nearest(key, {std::begin(kNames), std::end(kNames)})));
    }
    if ((seen >> k & 1) != 0) return fail(fmt::format("{} is given twice", code(key)));
    seen |= 1U << k;
    if (k == 2 || k == 4) {
      (k == 2 ? data_at : result_at) = reader.position();
      if (!reader.skip(kMaxNesting - kItemDepth)) return fail(reader.error());
      continue;
    }
    const auto word = read_word(reader, key);
    if (!word) return std::unexpected(word.error());
    if (k == 0) {
      const auto type = find_action(schema_, *word);
      if (!type) return std::unexpected(type.error());
      ack.action = *type;
    } else if (k == 1) {
      ack.id.assign(*word);
    } else if (k == 3) {
      const auto state = ack_state(*word);
      if (!state) return std::unexpected(state.error());
      ack.state = *state;
    } else {
      ack.error.assign(*word);
    }
  }
  if (ack.action == kNoId && ack.id.empty()) return fail("an `ack` names its `action`, or an `id`");
  if (ack.action == kNoId && (data_at != 0 || result_at != 0)) return fail("`data` and `result` of an `ack` need its `action`");
  const std::size_t end = reader.position();
  if (data_at != 0) {
    reader.seek(data_at);
    const FieldTable& table = shapes_.fact(ack.action).table;
    ack.data.assign(table.size(), Value::null());
    const auto ok = read_packed_fields(reader, table, interner_, ack.data, ack.present, kItemDepth);
    if (!ok) return ok;
  }
  if (result_at != 0) {
    reader.seek(result_at);
    const auto ok = decode_result(reader, ack.action, ack.result);
    if (!ok) return ok;
  }
  reader.seek(end);
  return {};
}

}  // namespace flyball::bus
