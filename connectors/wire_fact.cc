// Exact decimal forms of integers in units of 1e-9.
#include "connectors/wire_fact.h"

#include <fmt/format.h>

#include <algorithm>

namespace flyball::connectors {
namespace {

__extension__ using Wide = __int128;  // products of two int64

// n / 10^digits as a decimal without trailing zeros.
std::string decimal(std::int64_t n, int digits) {
  std::string text = fmt::format("{:0{}}", n < 0 ? 0 - static_cast<std::uint64_t>(n) : static_cast<std::uint64_t>(n), digits + 1);
  text.insert(text.size() - static_cast<std::size_t>(digits), ".");
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return n < 0 ? "-" + text : text;
}

void append_json(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

struct AppendJson {
  std::string& out;
  void operator()(std::monostate) const { out += "null"; }
  void operator()(bool b) const { out += b ? "true" : "false"; }
  void operator()(std::int64_t n) const { out += std::to_string(n); }
  void operator()(double d) const { out += fmt::format("{}", d); }
  void operator()(const std::string& text) const { append_json(out, text); }
};

}  // namespace

std::string to_json_line(const WireFact& fact, std::string_view source) {
  std::string out = fmt::format("{{\"time\":{},\"type\":", decimal(fact.stamp.ns, 9));
  append_json(out, fact.type);
  if (fact.retract) out += ",\"op\":\"retract\"";
  out += ",\"data\":{";
  for (std::size_t i = 0; i < fact.fields.size(); ++i) {
    if (i > 0) out += ',';
    append_json(out, fact.fields[i].first);
    out += ':';
    std::visit(AppendJson{out}, fact.fields[i].second);
  }
  out += "},\"source\":";
  append_json(out, source);
  out += '}';
  return out;
}

const WireValue* WireFact::find(std::string_view name) const {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const auto& field) { return field.first == name; });
  return found == fields.end() ? nullptr : &found->second;
}

std::string percent_text(std::int64_t ratio_e9) { return decimal(ratio_e9, 7) + "%"; }
std::string duration_text(DurationNs ns) { return decimal(ns, 9) + "s"; }

std::int64_t ratio_e9(std::int64_t part, std::int64_t whole) {
  if (whole <= 0) return 0;
  return static_cast<std::int64_t>((static_cast<Wide>(part) * 1'000'000'000 + whole / 2) / whole);
}

std::int64_t per_second(std::int64_t n, DurationNs interval_ns) {
  if (interval_ns <= 0) return 0;
  return static_cast<std::int64_t>((static_cast<Wide>(n) * kNsPerSecond + interval_ns / 2) / interval_ns);
}

}  // namespace flyball::connectors
