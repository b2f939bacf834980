// Reading recorded lines. The envelope's keys may come in any order: `data` before `type` is passed over and read at the end.
#include "bus/codec/json_lines.h"

#include <fmt/format.h>

#include "bus/codec/shapes.h"
#include "bus/codec/suggest.h"
#include "bus/codec/typed_json.h"
#include "bus/codec/wire_scalar.h"
#include "model/text.h"

namespace flyball::bus {
namespace {

// A value of the envelope that waits until its type is known.
struct Later {
  bool given = false;
  std::size_t position = 0;
  std::size_t depth = 0;
};

}  // namespace

bool is_blank_line(std::string_view line) { return line.find_first_not_of(" \t\r\n") == std::string_view::npos; }

struct RecordedReader::Impl {
  const Schema& schema;
  Interner& interner;
  Shapes shapes;

  std::string last_name;
  const FactShape* last_shape = nullptr;
  FactTypeId last_type = kNoId;

  Impl(const Schema& s, Interner& in) : schema(s), interner(in), shapes(s) {}

  static bool later(JsonReader& reader, Later& l) {
    reader.peek();
    l = {true, reader.position(), reader.depth()};
    return reader.skip_value();
  }

  static Result<std::string> text(JsonReader& reader, std::string_view key) {
    if (reader.peek() != JsonKind::kString) {
      if (reader.failed()) return fail(reader.error());
      return fail(fmt::format("{}: expected a string", code(key)));
    }
    std::string_view view;
    if (!reader.read_string(view)) return fail(reader.error());
    return std::string(view);
  }

  static Result<Timestamp> time(JsonReader& reader) {
    WireScalar s;
    const JsonKind kind = reader.peek();
    bool ok = true;
    if (kind == JsonKind::kNumber) {
      s.form = WireScalar::Form::kDecimal;
      ok = reader.read_number(s.text);
    } else if (kind == JsonKind::kString) {
      s.form = WireScalar::Form::kString;
      ok = reader.read_string(s.text);
    }
    if (!ok || reader.failed()) return fail(reader.error());
    const auto t = s.form == WireScalar::Form::kNull ? std::nullopt : to_instant(s);
    if (t) return *t;
    const std::string got = s.form == WireScalar::Form::kNull ? "something else" : describe(s);
    return fail(fmt::format("`time`: expected a time, got {}", got),
                instant_help(s, "write RFC 3339 such as \"2026-11-22T10:00:00Z\", or seconds since the epoch"));
  }

  Result<RecordedInput> read(std::string_view line, std::optional<Timestamp> arrival, bool ahead = true);
  const FactShape* shape_of(std::string_view type_name);
  Result<RecordedInput> fact(JsonReader& reader, FactInput& f, const std::string& type_name, const Later& data);
  Result<AckInput> ack(JsonReader& reader);
};

// Of facts that may be put; null of others. Facts of one type come in runs.
const FactShape* RecordedReader::Impl::shape_of(std::string_view type_name) {
  if (last_shape == nullptr || !same_text(type_name, last_name)) {
    const auto type = find_puttable(schema, type_name);
    if (!type) return nullptr;
    last_shape = &shapes.fact(*type);
    last_type = *type;
    last_name = type_name;
  }
  return last_shape;
}

// `ahead`: fields are read where they stand, if the type stands before them. If anything is wrong then, the line is read again, each thing
// in its turn, so that what is said does not hang on the order of keys.
Result<RecordedInput> RecordedReader::Impl::read(std::string_view line, std::optional<Timestamp> arrival, bool ahead) {
  if (line.size() > kMaxLineBytes) return fail(fmt::format("the line is longer than {} bytes", kMaxLineBytes));
  JsonReader reader(line);
  if (reader.peek() != JsonKind::kObject) {
    if (reader.failed()) return fail(reader.error());
    return fail("expected a record `{…}`");
  }
  reader.enter_object();

  enum Key : unsigned { kTime, kType, kOp, kData, kSource, kSeq, kAck, kTick, kRecovered, kKeys };
  static constexpr std::string_view kNames[kKeys] = {"time", "type", "op", "data", "source", "seq", "ack", "tick", "recovered"};
  unsigned seen = 0;
  std::optional<Timestamp> stamp;
  std::string type_name;
  FactInput f;
  Later data;
  Later ack_place;
  bool data_read = false;
  std::string_view key;
  while (reader.next_key(key)) {
    unsigned k = 0;
    while (k < kKeys && !same_text(kNames[k], key)) ++k;
    if (k == kKeys) {
      return fail(fmt::format("a record has no key {}", code(key)), did_you_mean(nearest(key, {std::begin(kNames), std::end(kNames)})));
    }
    if ((seen >> k & 1) != 0) return fail(fmt::format("{} is given twice", code(key)));
    seen |= 1U << k;
    switch (static_cast<Key>(k)) {
      case kTime: {
        const auto t = time(reader);
        if (!t) return std::unexpected(t.error());
        stamp = *t;
        break;
      }
      case kType: {
        auto t = text(reader, "type");
        if (!t) return std::unexpected(t.error());
        type_name = std::move(*t);
        break;
      }
      case kOp: {
        const auto t = text(reader, "op");
        if (!t) return std::unexpected(t.error());
        const auto op = fact_op(*t);
        if (!op) return std::unexpected(op.error());
        f.op = *op;
        break;
      }
      case kData:
        if (ahead && (seen >> kType & 1) != 0) {
          const FactShape* const shape = shape_of(type_name);
          if (shape == nullptr || !read_fields(reader, shape->table, interner, f.values, f.present)) return read(line, arrival, false);
          data_read = true;
        } else if (!later(reader, data)) {
          return fail(reader.error());
        }
        break;
      case kSource: {
        if (reader.peek() == JsonKind::kNull) {
          reader.read_null();
          break;
        }
        const auto t = text(reader, "source");
        if (!t) return std::unexpected(t.error());
        f.source = interner.string(*t);
        break;
      }
      case kSeq: {
        std::string_view raw;
        const auto n = reader.peek() == JsonKind::kNumber && reader.read_number(raw) ? exact_uint(raw) : std::nullopt;
        if (reader.failed()) return fail(reader.error());
        if (!n || *n == 0) return fail("`seq`: expected a whole number from 1 on");
        if (*n > kMaxSeq) return fail(fmt::format("`seq`: {} is too large: at most {}", *n, kMaxSeq));
        f.seq = *n;
        break;
      }
      case kAck:
        if (!later(reader, ack_place)) return fail(reader.error());
        break;
      case kTick:
      case kRecovered: {
        bool b = false;
        if (reader.peek() != JsonKind::kBool || !reader.read_bool(b) || !b) {
          if (reader.failed()) return fail(reader.error());
          return fail(fmt::format("{}: expected true", code(key)));
        }
        break;
      }
      case kKeys: break;
    }
  }
  if (reader.failed() || !reader.at_end()) return fail(reader.error());

  if (!stamp) stamp = arrival;
  if (!stamp) return fail("`time` is missing");
  const auto has = [&](Key k) { return (seen >> k & 1) != 0; };
  const bool fact_keys = has(kType) || has(kOp) || has(kData);
  if (has(kAck) + has(kTick) + has(kRecovered) + has(kType) > 1)
    return fail("a record is either a fact (`type`), an `ack`, a `tick` or `recovered`");
  if (has(kAck) || has(kTick) || has(kRecovered)) {
    const char* const alone = has(kAck) ? "ack" : has(kTick) ? "tick" : "recovered";
    const bool accounts = has(kTick) && has(kSeq) && f.source.is(Kind::kString);
    if (fact_keys || (has(kSeq) && !accounts)) return fail(fmt::format("`{}` stands alone with `time` and `source`", alone));
    if (has(kTick)) return TickInput{*stamp, accounts ? std::string(interner.text(f.source)) : std::string(), accounts ? f.seq : 0};
    if (has(kRecovered)) return RecoveredInput{*stamp};
    reader.rewind(ack_place.position, ack_place.depth);
    auto a = ack(reader);
    if (!a) return std::unexpected(a.error());
    a->stamp = *stamp;
    return std::move(*a);
  }
  if (!has(kType)) return fail("`type` is missing", "a record has `type` and `data`, or `ack`, or `tick`, or `recovered`");
  f.stamp = *stamp;
  if (!data_read) return fact(reader, f, type_name, data);
  f.type = last_type;
  if (const auto done = last_shape->finish(f); !done) return std::unexpected(done.error());
  return f;
}

Result<RecordedInput> RecordedReader::Impl::fact(JsonReader& reader, FactInput& f, const std::string& type_name, const Later& data) {
  const auto type = find_puttable(schema, type_name);
  if (!type) return std::unexpected(type.error());
  const FactShape& shape = shapes.fact(*type);
  f.type = *type;
  f.values.assign(shape.table.size(), Value::null());
  if (data.given) {
    reader.rewind(data.position, data.depth);
    const auto ok = read_fields(reader, shape.table, interner, f.values, f.present);
    if (!ok) return std::unexpected(ok.error());
  }
  const auto done = shape.finish(f);
  if (!done) return std::unexpected(done.error());
  return std::move(f);
}

Result<AckInput> RecordedReader::Impl::ack(JsonReader& reader) {
  if (reader.peek() != JsonKind::kObject) return fail("`ack`: expected an object");
  reader.enter_object();
  enum Key : unsigned { kAction, kId, kData, kState, kResult, kError, kKeys };
  static constexpr std::string_view kNames[kKeys] = {"action", "id", "data", "state", "result", "error"};
  unsigned seen = 0;
  AckInput a;
  Later data;
  Later result;
  std::string_view key;
  while (reader.next_key(key)) {
    unsigned k = 0;
    while (k < kKeys && kNames[k] != key) ++k;
    if (k == kKeys) {
      return fail(fmt::format("an `ack` has no key {}", code(key)), did_you_mean(nearest(key, {std::begin(kNames), std::end(kNames)})));
    }
    if ((seen >> k & 1) != 0) return fail(fmt::format("{} is given twice", code(key)));
    seen |= 1U << k;
    if (k == kData || k == kResult) {
      if (!later(reader, k == kData ? data : result)) return fail(reader.error());
      continue;
    }
    const auto t = text(reader, kNames[k]);
    if (!t) return std::unexpected(t.error());
    if (k == kAction) {
      const auto type = find_action(schema, *t);
      if (!type) return std::unexpected(type.error());
      a.action = *type;
    } else if (k == kId) {
      a.id = *t;
    } else if (k == kError) {
      a.error = *t;
    } else {
      const auto state = ack_state(*t);
      if (!state) return std::unexpected(state.error());
      a.state = *state;
    }
  }
  if (reader.failed()) return fail(reader.error());
  if (a.action == kNoId && a.id.empty()) return fail("an `ack` names its `action`, or an `id`");
  if (a.action == kNoId && (data.given || result.given)) return fail("`data` and `result` of an `ack` need its `action`");
  if (data.given) {
    reader.rewind(data.position, data.depth);
    const auto ok = read_fields(reader, shapes.fact(a.action).table, interner, a.data, a.present);
    if (!ok) return std::unexpected(ok.error());
  }
  if (result.given) {
    reader.rewind(result.position, result.depth);
    std::uint64_t present = 0;
    const auto ok = read_fields(reader, shapes.fact(a.action).result, interner, a.result, present);
    if (!ok) return std::unexpected(ok.error());
  }
  return a;
}

RecordedReader::RecordedReader(const Schema& schema, Interner& interner) : impl_(std::make_unique<Impl>(schema, interner)) {}
RecordedReader::~RecordedReader() = default;

Result<RecordedInput> RecordedReader::read(std::string_view line, std::optional<Timestamp> arrival) { return impl_->read(line, arrival); }

Result<std::vector<Value>> parse_decision_input(const Schema& schema, DecisionId decision, std::string_view json, Interner& interner) {
  if (json.size() > kMaxLineBytes) return fail(fmt::format("the input is longer than {} bytes", kMaxLineBytes));
  const FieldTable table("the input of " + code(schema.decisions[decision].local), schema.decisions[decision].input);
  JsonReader reader(json);
  std::vector<Value> values;
  std::uint64_t present = 0;
  const auto ok = read_fields(reader, table, interner, values, present);
  if (!ok) return std::unexpected(ok.error());
  if (!reader.at_end()) return fail(reader.error());
  std::size_t missing = 0;
  if (!table.fill(present, table.all(), values, missing)) return std::unexpected(table.missing_field(missing));
  return values;
}

Result<Value> parse_json(std::string_view json, Interner& interner) { return parse_json_value(json, Type::of(TypeTag::kDyn), interner); }

Result<Value> parse_json_as(std::string_view json, const Type& type, Interner& interner) { return parse_json_value(json, type, interner); }

Result<std::vector<std::pair<std::string, Value>>> parse_json_object(std::string_view json, Interner& interner) {
  JsonReader reader(json);
  if (reader.peek() != JsonKind::kObject) return reader.failed() ? fail(reader.error()) : fail("expected an object `{…}`");
  reader.enter_object();
  const Type dyn = Type::of(TypeTag::kDyn);
  std::vector<std::pair<std::string, Value>> members;
  std::string_view key;
  while (reader.next_key(key)) {
    for (const auto& [name, value] : members) {
      if (name == key) return fail(fmt::format("{} is given twice", code(key)));
    }
    members.emplace_back(std::string(key), Value::null());
    Mismatch m;
    if (!read_typed(reader, dyn, interner, members.back().second, m)) {
      if (reader.failed()) return fail(reader.error());
      return fail(fmt::format("{}: expected {}, got {}", code(members.back().first + m.path), m.expected, m.got), m.help);
    }
  }
  if (reader.failed() || !reader.at_end()) return fail(reader.error());
  return members;
}

}  // namespace flyball::bus
