// The usual forms are read right here; everything else goes by way of its JSON, and so is judged as JSON is.
#include "bus/codec/recording_decoder.h"

#include <fmt/format.h>

#include <cmath>

#include "bus/codec/suggest.h"
#include "bus/codec/typed_json.h"
#include "model/one_zero.h"

namespace flyball::bus {
namespace {

constexpr std::int64_t kPowers[] = {1, 10, 100, 1'000, 10'000, 100'000, 1000000, 10000000, 100'000'000, 1'000'000'000};
constexpr double kDoublePowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr std::int64_t kExactInDouble = std::int64_t{1} << 53;

// An integer as a value of that type; false where JSON's reader has to say.
bool of_integer(std::int64_t i, const Type& type, Value& out) {
  switch (type.tag) {
    case TypeTag::kInt:
    case TypeTag::kDyn: return out = Value::integer(i), true;
    case TypeTag::kUint: return i >= 0 && (out = Value::uinteger(static_cast<std::uint64_t>(i)), true);
    case TypeTag::kSize: return i >= 0 && (out = Value::size_bytes(i), true);
    case TypeTag::kBitrate: return i >= 0 && (out = Value::bitrate_bps(i), true);
    case TypeTag::kPps: return i >= 0 && (out = Value::pps(i), true);
    case TypeTag::kDouble:
      if (i > kExactInDouble || i < -kExactInDouble) return false;
      return out = Value::real(static_cast<double>(i)), true;
    case TypeTag::kPercent:
      if (i > 1 || i < -1) return false;
      return out = Value::percent_e9(i * 1'000'000'000), true;
    default: return false;
  }
}

bool of_decimal(std::int64_t mantissa, int scale, const Type& type, Value& out) {
  switch (type.tag) {
    case TypeTag::kPercent: {
      std::int64_t ratio = 0;
      if (scale < 1 || scale > 9 || __builtin_mul_overflow(mantissa, kPowers[9 - scale], &ratio)) return false;
      if (ratio > kRatioMaxE9 || ratio < -kRatioMaxE9) return false;
      return out = Value::percent_e9(ratio), true;
    }
    case TypeTag::kDouble:
    case TypeTag::kDyn:
      // Both are exact in a double, so one division rounds once.
      if (scale < 1 || scale > 22 || mantissa > kExactInDouble || mantissa < -kExactInDouble) return false;
      return out = Value::real(static_cast<double>(mantissa) / kDoublePowers[scale]), true;
    default: return false;
  }
}

}  // namespace

RecordingDecoder::RecordingDecoder(const Schema& schema, Interner& interner)
    : schema_(schema), interner_(interner), shapes_(schema), lines_(schema, interner) {}

void RecordingDecoder::begin(const RecordingBlock& block) {
  block_ = block.id();
  plans_.clear();
  plans_.resize(block.shapes().size());
  cache_of_.clear();
  for (std::vector<Value>& cache : caches_) cache.clear();
  for (std::size_t i = 0; i < plans_.size(); ++i) make_plan(block, block.shapes()[i], plans_[i]);
}

// Stays unknown where something is to be refused: by way of JSON, with its words.
void RecordingDecoder::make_plan(const RecordingBlock& block, const RecordShape& shape, Plan& plan) {
  if (shape.kind > RecordKind::kRetract) return;
  const Result<FactTypeId> type = find_puttable(schema_, block.words()[shape.type]);
  if (!type) return;
  plan.type = *type;
  const FieldTable& table = shapes_.fact(*type).table;
  std::uint32_t next = 0;
  for (const std::uint32_t word : shape.fields) {
    const std::uint32_t i = table.find(block.words()[word], next);
    if (i == kNoId || (plan.present >> i & 1) != 0) return;
    plan.present |= std::uint64_t{1} << i;
    const auto cache = cache_of_.emplace(std::uint64_t{*type} << 6 | i, static_cast<std::uint32_t>(cache_of_.size())).first->second;
    if (cache >= caches_.size()) caches_.resize(cache + 1);
    plan.fields.push_back({i, &table.field(i).type, cache});
    next = i + 1;
  }
  if (shape.source) plan.source = interner_.string(block.words()[*shape.source]);
  plan.known = !plan.source.is_error();
}

Result<InputKind> RecordingDecoder::read(const RecordingBlock& block, const RecordingBlock::Record& record, FactInput& fact, AckInput& ack,
                                         Timestamp& time) {
  if (record.broken != nullptr) return fail(fmt::format("the record {}", record.broken));
  if (block_ != block.id()) begin(block);
  const RecordShape& shape = block.shapes()[record.shape];
  if (shape.kind <= RecordKind::kRetract) {
    const Plan& plan = plans_[record.shape];
    if (plan.known && read_fact(block, record, shape, plan, fact)) {
      fact.stamp = time = record.time;
      return InputKind::kFact;
    }
  } else if (shape.kind == RecordKind::kTick && record.values.empty()) {
    time = record.time;
    accounted_ = {};
    return InputKind::kTick;
  }
  line_.clear();
  if (const auto made = block.append_line(record, line_); !made) return fail(fmt::format("the record {}", made.error().message));
  return read_line(line_, fact, ack, time);
}

Result<InputKind> RecordingDecoder::read_line(std::string_view line, FactInput& fact, AckInput& ack, Timestamp& time) {
  if (is_blank_line(line)) return InputKind::kNothing;
  Result<RecordedInput> input = lines_.read(line);
  if (!input) return std::unexpected(std::move(input.error()));
  if (FactInput* f = std::get_if<FactInput>(&*input)) {
    fact = std::move(*f);
    time = fact.stamp;
    return InputKind::kFact;
  }
  if (AckInput* a = std::get_if<AckInput>(&*input)) {
    ack = std::move(*a);
    time = ack.stamp;
    return InputKind::kAck;
  }
  if (TickInput* t = std::get_if<TickInput>(&*input)) {
    accounted_ = std::move(*t);
    return time = accounted_.time, InputKind::kTick;
  }
  return time = std::get<RecoveredInput>(*input).time, InputKind::kRecovered;
}

bool RecordingDecoder::read_fact(const RecordingBlock& block, const RecordingBlock::Record& record, const RecordShape& shape,
                                 const Plan& plan, FactInput& fact) {
  BytesAt at(record.values);
  fact.seq = 0;
  if (shape.seq && (!at.whole(fact.seq) || fact.seq == 0)) return false;
  const FactShape& fact_shape = shapes_.fact(plan.type);
  fact.values.resize(fact_shape.table.size());
  for (const Field& field : plan.fields) {
    if (!read_value(block, at, field, fact.values[field.index])) return false;
  }
  if (at.left() != 0) return false;
  fact.type = plan.type;
  fact.op = static_cast<FactOp>(shape.kind);
  fact.present = plan.present;
  fact.source = plan.source;
  fact.origin = 0;
  if (fact.op == FactOp::kPut && plan.present == fact_shape.table.all()) return true;
  return fact_shape.finish(fact).has_value();
}

bool RecordingDecoder::read_value(const RecordingBlock& block, BytesAt& at, const Field& field, Value& out) {
  const Type& type = *field.type;
  const std::uint8_t h = at.head();
  const BytesAt before = at;
  if (h <= 0x7F || h >= 0xE0 || (h >= 0xCC && h <= 0xD3)) {
    std::int64_t i = 0;
    if (at.integer(i) && of_integer(i, type, out)) return true;
  } else if (h >= 0xD4 && h <= 0xD7) {
    std::uint32_t word = 0;
    if (at.word(word)) return read_word(block, word, field, out);
    std::int64_t mantissa = 0;
    int scale = 0;
    if (at.decimal(mantissa, scale) && of_decimal(mantissa, scale, type, out)) return true;
  } else if (h == 0xC0) {
    if (type.nullable) return at.pass(1), out = Value::null(), true;
  } else if (h == 0xC2 || h == 0xC3) {
    if (type.is(TypeTag::kBool)) return at.pass(1), out = Value::boolean(h == 0xC3), true;
  } else if (h == 0xCB && (type.is(TypeTag::kDouble) || type.is(TypeTag::kDyn))) {
    double d = 0;
    if (at.real(d) && std::isfinite(d)) return out = Value::real(one_zero(d)), true;
  }
  at = before;
  return read_by_json(block, at, type, out);
}

bool RecordingDecoder::read_word(const RecordingBlock& block, std::uint32_t word, const Field& field, Value& out) {
  if (word >= block.words().size()) return false;
  std::vector<Value>& cache = caches_[field.cache];
  if (cache.empty()) cache.assign(block.words().size(), Value::unknown());
  Value& known = cache[word];
  if (known == Value::unknown()) {
    Mismatch ignored;
    Value made;
    if (!to_typed(WireScalar::string(block.words()[word]), *field.type, interner_, made, ignored)) return false;
    known = made;
  }
  out = known;
  return true;
}

bool RecordingDecoder::read_by_json(const RecordingBlock& block, BytesAt& at, const Type& type, Value& out) {
  line_.clear();
  if (!append_value_json(at, block.words(), kMaxRecordJsonBytes, line_, 2)) return false;
  JsonReader reader(line_, kMaxNesting - 2);
  Mismatch ignored;
  return read_typed(reader, type, interner_, out, ignored) && reader.at_end();
}

}  // namespace flyball::bus
