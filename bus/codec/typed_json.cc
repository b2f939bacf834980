// Schema-directed JSON: scalars through wire_scalar.h, lists and maps here.
#include "bus/codec/typed_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "bus/codec/map_builder.h"
#include "bus/codec/suggest.h"
#include "model/compare.h"
#include "model/text.h"

namespace flyball::bus {
namespace {

bool expected(const Type& type, std::string_view got, Mismatch& mismatch) {
  mismatch.expected = describe(type);
  mismatch.got = got;
  return false;
}

const Type& dyn_type() {
  static const Type type = Type::of(TypeTag::kDyn);
  return type;
}

bool read_list(JsonReader& reader, const Type& element, Interner& interner, Value& out, Mismatch& mismatch) {
  if (!reader.enter_array()) return false;
  std::vector<Value> items;
  while (reader.next_item()) {
    if (items.size() == kMaxItems) {
      mismatch.expected = fmt::format("at most {} items", kMaxItems);
      mismatch.got = "more";
      return false;
    }
    Value v;
    if (!read_typed(reader, element, interner, v, mismatch)) {
      mismatch.path = fmt::format("[{}]", items.size()) + mismatch.path;
      return false;
    }
    items.push_back(v);
  }
  if (reader.failed()) return false;
  out = interner.list(items);
  return true;
}

bool read_map(JsonReader& reader, const Type& key_type, const Type& value_type, Interner& interner, Value& out, Mismatch& mismatch) {
  if (!reader.enter_object()) return false;
  std::vector<MapEntry> entries;
  std::string_view key;
  while (reader.next_key(key)) {
    if (entries.size() == kMaxItems) {
      mismatch.expected = fmt::format("at most {} entries", kMaxItems);
      mismatch.got = "more";
      return false;
    }
    MapEntry e;
    const std::string place = "[" + quote(key.substr(0, 40)) + "]";
    if (!read_key(WireScalar::string(key), key_type, interner, e.key, mismatch) ||
        !read_typed(reader, value_type, interner, e.value, mismatch)) {
      mismatch.path = place + mismatch.path;
      return false;
    }
    entries.push_back(e);
  }
  if (reader.failed()) return false;
  return build_map(entries, interner, out, mismatch);
}

}  // namespace

bool read_typed(JsonReader& reader, const Type& type, Interner& interner, Value& out, Mismatch& mismatch) {
  const bool dyn = type.is(TypeTag::kDyn);
  switch (reader.peek()) {
    case JsonKind::kInvalid: return false;
    case JsonKind::kNull: return reader.read_null() && to_typed(WireScalar::null(), type, interner, out, mismatch);
    case JsonKind::kBool: {
      bool b = false;
      return reader.read_bool(b) && to_typed(WireScalar::boolean(b), type, interner, out, mismatch);
    }
    case JsonKind::kNumber: {
      std::string_view raw;
      return reader.read_number(raw) && to_typed(WireScalar::decimal(raw), type, interner, out, mismatch);
    }
    case JsonKind::kString: {
      std::string_view text;
      return reader.read_string(text) && to_typed(WireScalar::string(text), type, interner, out, mismatch);
    }
    case JsonKind::kArray:
      if (!dyn && !type.is(TypeTag::kList)) return expected(type, "a list", mismatch);
      return read_list(reader, dyn ? dyn_type() : type.args[0], interner, out, mismatch);
    case JsonKind::kObject: {
      static const Type string_type = Type::of(TypeTag::kString);
      if (!dyn && !type.is(TypeTag::kMap)) return expected(type, "a map", mismatch);
      return read_map(reader, dyn ? string_type : type.args[0], dyn ? dyn_type() : type.args[1], interner, out, mismatch);
    }
  }
  return false;
}

Error mismatch_error(const Mismatch& m, const FieldTable& table, std::size_t field) {
  return {fmt::format("{} of {}: expected {}, got {}", code(table.field(field).name + m.path), table.owner(), m.expected, m.got), m.help};
}

Result<void> read_fields(JsonReader& reader, const FieldTable& table, Interner& interner, std::vector<Value>& values,
                         std::uint64_t& present) {
  values.assign(table.size(), Value::null());
  present = 0;
  if (reader.peek() != JsonKind::kObject) {
    if (reader.failed()) return fail(reader.error());
    return fail(fmt::format("expected the fields of {} as an object", table.owner()));
  }
  reader.enter_object();
  std::uint32_t next = 0;
  std::string_view key;
  while (reader.next_key(key)) {
    const std::uint32_t i = table.find(key, next);
    if (i == kNoId) return std::unexpected(table.unknown_field(key));
    if ((present >> i & 1) != 0) return std::unexpected(table.duplicate_field(i));
    Mismatch mismatch;
    if (!read_typed(reader, table.field(i).type, interner, values[i], mismatch)) {
      if (reader.failed()) return fail(reader.error());
      return std::unexpected(mismatch_error(mismatch, table, i));
    }
    present |= std::uint64_t{1} << i;
    next = i + 1;
  }
  if (reader.failed()) return fail(reader.error());
  return {};
}

Result<Value> parse_json_value(std::string_view text, const Type& type, Interner& interner) {
  JsonReader reader(text);
  Mismatch m;
  Value v;
  if (!read_typed(reader, type, interner, v, m)) {
    if (reader.failed()) return fail(reader.error());
    return fail(fmt::format("{}expected {}, got {}", m.path.empty() ? "" : code(m.path) + ": ", m.expected, m.got), m.help);
  }
  if (!reader.at_end()) return fail(reader.error());
  return v;
}

}  // namespace flyball::bus
