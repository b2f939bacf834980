// Transcoding: recursive, bounded by the readers' nesting limits.
#include "bus/codec/transcode.h"

#include <fmt/format.h>

#include <cmath>
#include <set>

#include "bus/codec/base64.h"
#include "bus/codec/suggest.h"
#include "model/text.h"

namespace flyball::bus {
namespace {

constexpr std::size_t kMaxEntries = 65'535;

Result<void> convert(JsonReader& reader, MsgpackWriter& w) {
  switch (reader.peek()) {
    case JsonKind::kInvalid: return fail(reader.error());
    case JsonKind::kNull:
      if (!reader.read_null()) return fail(reader.error());
      w.nil();
      return {};
    case JsonKind::kBool: {
      bool b = false;
      if (!reader.read_bool(b)) return fail(reader.error());
      w.boolean(b);
      return {};
    }
    case JsonKind::kNumber: {
      std::string_view raw;
      if (!reader.read_number(raw)) return fail(reader.error());
      if (raw.find_first_of(".eE") == std::string_view::npos) {
        if (const auto i = exact_int(raw)) return w.integer(*i), Result<void>{};
        if (const auto u = exact_uint(raw)) return w.uinteger(*u), Result<void>{};
      }
      const auto d = to_double(raw);
      if (!d) return fail(fmt::format("{} is too large a number", describe(WireScalar::decimal(raw))));
      w.real(*d);
      return {};
    }
    case JsonKind::kString: {
      std::string_view text;
      if (!reader.read_string(text)) return fail(reader.error());
      w.string(text);
      return {};
    }
    case JsonKind::kArray: {
      if (!reader.enter_array()) return fail(reader.error());
      const std::size_t place = w.begin_open();
      std::size_t n = 0;
      while (reader.next_item()) {
        if (++n > kMaxEntries) return fail(fmt::format("a list of more than {} items", kMaxEntries));
        if (auto ok = convert(reader, w); !ok) return ok;
      }
      if (reader.failed()) return fail(reader.error());
      w.end_open_array(place, n);
      return {};
    }
    case JsonKind::kObject: {
      if (!reader.enter_object()) return fail(reader.error());
      const std::size_t place = w.begin_open();
      std::set<std::string, std::less<>> keys;
      std::string_view key;
      while (reader.next_key(key)) {
        if (keys.size() == kMaxEntries) return fail(fmt::format("an object of more than {} keys", kMaxEntries));
        if (!keys.emplace(key).second) return fail(fmt::format("{} is given twice", code(key)));
        w.string(key);
        if (auto ok = convert(reader, w); !ok) return ok;
      }
      if (reader.failed()) return fail(reader.error());
      w.end_open_map(place, keys.size());
      return {};
    }
  }
  return fail("not JSON");
}

void append_seconds(std::string& out, const WireScalar& s) {
  // Beyond int64 nanoseconds only whole seconds remain: such stamps are no engine times anyway.
  const auto t = to_engine_time(Value::timestamp(s.integer, s.nanos));
  out += t ? format_scaled_decimal(t->ns, 9) : std::to_string(s.integer);
}

void append_scalar(std::string& out, const WireScalar& s, std::size_t depth, bool as_key) {
  using Form = WireScalar::Form;
  std::string text;
  switch (s.form) {
    case Form::kNull: text = "null"; break;
    case Form::kBool: text = s.integer != 0 ? "true" : "false"; break;
    case Form::kInt: text = std::to_string(s.integer); break;
    case Form::kUint: text = std::to_string(s.uinteger); break;
    case Form::kDouble: text = std::isfinite(s.real) ? format_double(s.real) : quote(format_double(s.real)); break;
    case Form::kDecimal: text = s.text; break;
    case Form::kString: out += quote(s.text); return;
    case Form::kBytes: out += quote(encode_base64(s.text)); return;
    case Form::kTimestamp:
      if (depth <= 1 && !as_key) return append_seconds(out, s);
      out += quote(format_timestamp(Value::timestamp(s.integer, s.nanos)));
      return;
  }
  out += as_key && text.front() != '"' ? quote(text) : text;
}

}  // namespace

Result<void> json_to_packed(std::string_view json, MsgpackWriter& writer) {
  JsonReader reader(json);
  if (auto ok = convert(reader, writer); !ok) return ok;
  if (!reader.at_end()) return fail(reader.error());
  return {};
}

Result<void> packed_to_json(MsgpackReader& reader, std::string& out, std::size_t depth) {
  const PackedKind kind = reader.peek();
  if (kind != PackedKind::kArray && kind != PackedKind::kMap) {
    WireScalar s;
    if (!reader.read_scalar(s)) return fail(reader.error());
    append_scalar(out, s, depth, false);
    return {};
  }
  if (depth >= kMaxNesting) return fail("nested too deep");
  std::uint32_t n = 0;
  const bool map = kind == PackedKind::kMap;
  if (map ? !reader.read_map(n) : !reader.read_array(n)) return fail(reader.error());
  out += map ? '{' : '[';
  for (std::uint32_t i = 0; i < n; ++i) {
    if (i > 0) out += ',';
    if (map) {
      WireScalar key;
      if (!reader.read_scalar(key)) return fail(reader.error());
      append_scalar(out, key, depth, true);
      out += ':';
    }
    if (auto ok = packed_to_json(reader, out, depth + 1); !ok) return ok;
  }
  out += map ? '}' : ']';
  return {};
}

Result<std::string> packed_to_json(std::string_view packed) {
  MsgpackReader reader(packed);
  std::string out;
  if (auto ok = packed_to_json(reader, out); !ok) return std::unexpected(ok.error());
  if (!reader.at_end()) return fail("something follows the end of the message");
  return out;
}

Result<void> record_to_packed(std::string_view line, MsgpackWriter& w) {
  JsonReader reader(line);
  if (reader.peek() != JsonKind::kObject) return reader.failed() ? fail(reader.error()) : fail("expected a record `{…}`");
  reader.enter_object();
  const std::size_t place = w.begin_open();
  std::size_t entries = 0;
  std::set<std::string, std::less<>> keys;
  std::string_view key;
  while (reader.next_key(key)) {
    if (!keys.emplace(key).second) return fail(fmt::format("{} is given twice", code(key)));
    if (key == "tick") return fail("a tick cannot be published", "a running service has its own clock");
    if (key == "recovered") return fail("`recovered` cannot be published", "a service knows itself when it was away");
    if (key == "source" || key == "seq") {
      if (!reader.skip_value()) return fail(reader.error());
      continue;
    }
    ++entries;
    if (key != "time") {
      w.string(key);
      if (auto ok = convert(reader, w); !ok) return ok;
      continue;
    }
    w.string("time");
    WireScalar s;
    const JsonKind kind = reader.peek();
    if (kind == JsonKind::kNumber) {
      s.form = WireScalar::Form::kDecimal;
      reader.read_number(s.text);
    } else if (kind == JsonKind::kString) {
      s.form = WireScalar::Form::kString;
      reader.read_string(s.text);
    }
    if (reader.failed()) return fail(reader.error());
    const auto t = s.form == WireScalar::Form::kNull ? std::nullopt : to_instant(s);
    if (!t) {
      return fail("`time`: expected a time",
                  instant_help(s, "write RFC 3339 such as \"2026-11-22T10:00:00Z\", or seconds since the epoch"));
    }
    w.timestamp(*t);
  }
  if (reader.failed() || !reader.at_end()) return fail(reader.error());
  w.end_open_map(place, entries);
  return {};
}

}  // namespace flyball::bus
