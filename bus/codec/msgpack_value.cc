// Schema-directed MessagePack. The forms that connectors send most (strings, ints, doubles, ratios) take a short path;
// everything else goes through wire_scalar.h, as JSON does.
#include "bus/codec/msgpack_value.h"

#include <fmt/format.h>

#include <cmath>

#include "bus/codec/map_builder.h"
#include "bus/codec/suggest.h"
#include "bus/codec/typed_json.h"
#include "model/one_zero.h"
#include "model/text.h"

namespace flyball::bus {
namespace {

const Type& dyn_type() {
  static const Type type = Type::of(TypeTag::kDyn);
  return type;
}

bool expected(std::string what, std::string got, Mismatch& mismatch) {
  mismatch.expected = std::move(what);
  mismatch.got = std::move(got);
  return false;
}

bool read_list(MsgpackReader& reader, const Type& element, Interner& interner, Value& out, Mismatch& mismatch, std::size_t depth) {
  if (depth >= kMaxNesting) return reader.fail("nested too deep");
  std::uint32_t n = 0;
  if (!reader.read_array(n)) return false;
  if (n > kMaxItems) return expected(fmt::format("at most {} items", kMaxItems), std::to_string(n), mismatch);
  std::vector<Value> items;
  for (std::uint32_t i = 0; i < n; ++i) {
    Value v;
    if (!read_packed(reader, element, interner, v, mismatch, depth + 1)) {
      if (mismatch.failed()) mismatch.path = fmt::format("[{}]", i) + mismatch.path;
      return false;
    }
    items.push_back(v);
  }
  out = interner.list(items);
  return true;
}

bool read_map(MsgpackReader& reader, const Type& key_type, const Type& value_type, Interner& interner, Value& out, Mismatch& mismatch,
              std::size_t depth) {
  if (depth >= kMaxNesting) return reader.fail("nested too deep");
  std::uint32_t n = 0;
  if (!reader.read_map(n)) return false;
  if (n > kMaxItems) return expected(fmt::format("at most {} entries", kMaxItems), std::to_string(n), mismatch);
  std::vector<MapEntry> entries;
  for (std::uint32_t i = 0; i < n; ++i) {
    MapEntry e;
    WireScalar key;
    if (!reader.read_scalar(key)) return false;
    if (!read_key(key, key_type, interner, e.key, mismatch) || !read_packed(reader, value_type, interner, e.value, mismatch, depth + 1)) {
      if (mismatch.failed()) mismatch.path = "[" + describe(key) + "]" + mismatch.path;
      return false;
    }
    entries.push_back(e);
  }
  return build_map(entries, interner, out, mismatch);
}

// The time of day as HH:MM, HH:MM:SS or with a fraction: as rules write it.
std::string time_of_day(std::int64_t ns) {
  const std::int64_t s = ns / kNsPerSecond;
  std::string text = fmt::format("{:02}:{:02}", s / 3600, s / 60 % 60);
  if (ns % (60 * kNsPerSecond) != 0) text += fmt::format(":{:02}", s % 60);
  if (ns % kNsPerSecond != 0) text += format_scaled_decimal(ns % kNsPerSecond, 9).substr(1);
  return text;
}

}  // namespace

namespace {

// The usual form of a usual type. False: nothing has happened, the general path decides.
bool read_usual(MsgpackReader& reader, const Type& type, Interner& interner, Value& out) {
  std::string_view text;
  std::int64_t n = 0;
  double d = 0;
  switch (type.tag) {
    case TypeTag::kString:
      if (!reader.try_text(text)) return false;
      out = interner.string(text);
      return true;  // (beyond the Interner's content limit no message fits)
    case TypeTag::kEnum: {
      const std::size_t start = reader.position();
      if (!reader.try_text(text)) return false;
      for (const std::string& member : type.members) {
        if (!same_text(member, text)) continue;
        out = interner.string(text);
        return true;
      }
      reader.seek(start);
      return false;
    }
    case TypeTag::kInt:
    case TypeTag::kSize:
    case TypeTag::kBitrate:
    case TypeTag::kPps:
      if (const std::size_t start = reader.position(); !reader.try_int(n)) {
        return false;
      } else if (n < 0 && type.tag != TypeTag::kInt) {  // refused by the general path, in words
        reader.seek(start);
        return false;
      }
      out = type.tag == TypeTag::kInt    ? Value::integer(n)
            : type.tag == TypeTag::kSize ? Value::size_bytes(n)
            : type.tag == TypeTag::kPps  ? Value::pps(n)
                                         : Value::bitrate_bps(n);
      return true;
    case TypeTag::kDouble:
    case TypeTag::kPercent: {
      const std::size_t start = reader.position();
      if (!reader.try_double(d)) return false;
      if (type.tag == TypeTag::kDouble && std::isfinite(d)) {
        out = Value::real(one_zero(d));
        return true;
      }
      // Beyond the usual the general path judges.
      if (type.tag == TypeTag::kPercent && std::abs(d) <= 1) {
        out = Value::percent_e9(std::llround(d * 1e9));
        return true;
      }
      reader.seek(start);
      return false;
    }
    default: return false;
  }
}

}  // namespace

bool read_packed(MsgpackReader& reader, const Type& type, Interner& interner, Value& out, Mismatch& mismatch, std::size_t depth) {
  if (read_usual(reader, type, interner, out)) return true;
  const PackedKind kind = reader.peek();
  if (kind == PackedKind::kArray) {
    if (type.is(TypeTag::kDyn)) return read_list(reader, dyn_type(), interner, out, mismatch, depth);
    if (type.is(TypeTag::kList)) return read_list(reader, type.args[0], interner, out, mismatch, depth);
    return expected(describe(type), "a list", mismatch);
  }
  if (kind == PackedKind::kMap) {
    if (type.is(TypeTag::kDyn)) return read_map(reader, dyn_type(), dyn_type(), interner, out, mismatch, depth);
    if (type.is(TypeTag::kMap)) return read_map(reader, type.args[0], type.args[1], interner, out, mismatch, depth);
    return expected(describe(type), "a map", mismatch);
  }
  WireScalar s;
  return reader.read_scalar(s) && to_typed(s, type, interner, out, mismatch);
}

Error unreadable_field(const MsgpackReader& reader, const FieldTable& table, std::size_t field) {
  return {fmt::format("{} of {}: {}", code(table.field(field).name), table.owner(), reader.error()), {}};
}

Result<void> read_packed_fields(MsgpackReader& reader, const FieldTable& table, Interner& interner, std::vector<Value>& values,
                                std::uint64_t& present, std::size_t depth) {
  values.resize(table.size());
  present = 0;
  if (reader.peek() != PackedKind::kMap) {
    return fail(fmt::format("expected the fields of {} as a map, got {}", table.owner(), reader.found()));
  }
  std::uint32_t n = 0;
  if (!reader.read_map(n)) return fail(reader.error());
  std::uint32_t next = 0;
  Mismatch mismatch;
  for (std::uint32_t k = 0; k < n; ++k) {
    std::string_view key;
    if (!reader.read_key(key)) return fail(reader.error());
    const std::uint32_t i = table.find(key, next);
    if (i == kNoId) return std::unexpected(table.unknown_field(key));
    if ((present >> i & 1) != 0) return std::unexpected(table.duplicate_field(i));
    if (!read_packed(reader, table.field(i).type, interner, values[i], mismatch, depth + 1)) {
      if (!mismatch.failed()) return std::unexpected(unreadable_field(reader, table, i));
      return std::unexpected(mismatch_error(mismatch, table, i));
    }
    present |= std::uint64_t{1} << i;
    next = i + 1;
  }
  return {};
}

void pack_value(MsgpackWriter& w, const Value& v, const Interner& in) {
  switch (v.kind) {
    case Kind::kNull:
    case Kind::kError: return w.nil();
    case Kind::kBool: return w.boolean(v.as_bool());
    case Kind::kInt:
    case Kind::kSize:
    case Kind::kBitrate:
    case Kind::kPps: return w.integer(v.as_int());
    case Kind::kUint: return w.uinteger(v.as_uint());
    case Kind::kDouble: return w.real(v.as_double());
    case Kind::kPercent:
      if (std::abs(v.as_int()) > kRatioMaxE9) return w.string(format_percent(v.as_int()));  // so that it can be read back
      return w.real(static_cast<double>(v.as_int()) / 1e9);
    case Kind::kDuration: return w.real(static_cast<double>(v.as_int()) / 1e9);
    case Kind::kTimestamp: return w.timestamp(v.bits, v.aux);
    case Kind::kTimeOfDay: return w.string(time_of_day(v.as_int()));
    case Kind::kString:
    case Kind::kType: return w.string(in.text(v));
    case Kind::kBytes: return w.bytes(in.text(v));
    case Kind::kIp: return w.string(format_ip(in.ip_of(v)));
    case Kind::kCidr: return w.string(format_cidr(in.cidr_of(v)));
    case Kind::kRange: return w.string(to_source(v, in));
    case Kind::kList: {
      const auto items = in.items(v);
      w.array(items.size());
      for (const Value& item : items) pack_value(w, item, in);
      return;
    }
    case Kind::kMap: {
      const auto entries = in.entries(v);
      w.map(entries.size());
      for (const MapEntry& e : entries) {
        pack_value(w, e.key, in);
        pack_value(w, e.value, in);
      }
      return;
    }
    case Kind::kOptional: return v.as_handle() == kNoHandle ? w.nil() : pack_value(w, in.optional_value(v), in);
  }
}

void pack_fields(MsgpackWriter& w, const std::vector<Field>& fields, std::size_t count, const std::vector<Value>& values,
                 const Interner& in, std::uint64_t present) {
  const std::size_t n = values.size() < count ? values.size() : count;
  std::size_t given = 0;
  for (std::size_t i = 0; i < n; ++i) given += present >> i & 1;
  w.map(given);
  for (std::size_t i = 0; i < n; ++i) {
    if ((present >> i & 1) == 0) continue;
    w.string(fields[i].name);
    pack_value(w, values[i], in);
  }
}

void pack_output(MsgpackWriter& w, const DecisionType& decision, const std::vector<Value>& output, const Interner& in) {
  const std::size_t width = decision.output.size();
  if (!decision.list) return pack_fields(w, decision.output, width, output, in);
  w.array(width == 0 ? 0 : output.size() / width);
  for (std::size_t at = 0; width != 0 && at + width <= output.size(); at += width) {
    w.map(width);
    for (std::size_t i = 0; i < width; ++i) w.string(decision.output[i].name), pack_value(w, output[at + i], in);
  }
}

}  // namespace flyball::bus
