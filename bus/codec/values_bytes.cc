// Values of records: what is rare, and JSON.
#include "bus/codec/values_bytes.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "bus/codec/json_reader.h"
#include "model/text.h"

namespace flyball::bus {
namespace {

// Digits, a point, an exponent: nothing that would break out of its place in a line. The reader of the line judges the rest.
bool is_number_text(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
  });
}

// With all its digits, so that the text is the one it was made of.
void append_decimal_text(std::string& out, std::int64_t mantissa, int scale) {
  std::string digits = std::to_string(mantissa < 0 ? ~static_cast<std::uint64_t>(mantissa) + 1 : static_cast<std::uint64_t>(mantissa));
  const auto after = static_cast<std::size_t>(scale);
  if (digits.size() <= after) digits.insert(0, after + 1 - digits.size(), '0');
  if (mantissa < 0) out += '-';
  out.append(digits, 0, digits.size() - after);
  if (after == 0) return;
  out += '.';
  out.append(digits, digits.size() - after);
}

// What is no container; nullopt if a container, or nothing, stands there.
std::optional<bool> append_scalar_json(BytesAt& at, const std::vector<std::string_view>& words, std::string& out) {
  std::int64_t i = 0;
  std::uint64_t u = 0;
  int scale = 0;
  std::uint32_t n = 0;
  double d = 0;
  std::string_view text;
  switch (at.head()) {
    case 0xC0: return out += "null", at.pass(1), true;
    case 0xC2: return out += "false", at.pass(1), true;
    case 0xC3: return out += "true", at.pass(1), true;
    default: break;
  }
  if (at.integer(i)) return out += std::to_string(i), true;
  if (at.whole(u)) return out += std::to_string(u), true;
  if (at.word(n)) {
    if (n >= words.size()) return false;
    return out += quote(words[n]), true;
  }
  if (at.decimal(i, scale)) return append_decimal_text(out, i, scale), true;
  if (at.real(d)) return out += std::isfinite(d) ? format_double(d) : quote(format_double(d)), true;
  if (at.number(text)) {
    if (!is_number_text(text)) return false;
    return out += text, true;
  }
  if (at.text(text)) {
    if (!is_utf8(text)) return false;
    return out += quote(text), true;
  }
  return std::nullopt;
}

}  // namespace

bool BytesAt::sized(std::uint8_t first, std::uint8_t fix, std::uint8_t fix_mask, std::string_view& out) {
  const std::uint8_t h = head();
  std::size_t skip = 1;
  std::uint64_t n = 0;
  if (fix_mask != 0 && (h & fix_mask) == fix) {
    n = h & ~unsigned{fix_mask};
  } else if (h >= first && h <= first + 2) {
    const std::size_t bytes = std::size_t{1} << (h - first);
    if (!big_endian(1, bytes, n)) return false;
    skip = 1 + bytes;
  } else {
    return false;
  }
  if (left() - skip < n || left() < skip) return false;
  out = {reinterpret_cast<const char*>(at_ + skip), static_cast<std::size_t>(n)};
  at_ += skip + n;
  return true;
}

bool BytesAt::number(std::string_view& out) {
  const std::uint8_t h = head();
  const bool fixed = h >= 0xD4 && h <= 0xD8;
  if ((!fixed && h != 0xC7) || left() < 3) return false;
  const std::size_t skip = fixed ? 2 : 3;
  const std::size_t n = fixed ? std::size_t{1} << (h - 0xD4) : at_[1];
  if (at_[skip - 1] != kNumberExtension || left() - skip < n) return false;
  out = {reinterpret_cast<const char*>(at_ + skip), n};
  at_ += skip + n;
  return true;
}

bool BytesAt::container(std::uint8_t fix, std::uint8_t first, std::size_t each, std::uint32_t& n) {
  const std::uint8_t h = head();
  std::uint64_t entries = 0;
  std::size_t skip = 1;
  if (at_ != end_ && (h & 0xF0) == fix) {
    entries = h & 0x0FU;
  } else if (at_ != end_ && (h == first || h == first + 1)) {
    const std::size_t bytes = h == first ? 2 : 4;
    if (!big_endian(1, bytes, entries)) return false;
    skip = 1 + bytes;
  } else {
    return false;
  }
  if ((left() - skip) / each < entries) return false;
  n = static_cast<std::uint32_t>(entries);
  at_ += skip;
  return true;
}

bool append_value_json(BytesAt& at, const std::vector<std::string_view>& words, std::size_t bytes_max, std::string& out,
                       std::size_t depth) {
  if (const std::optional<bool> scalar = append_scalar_json(at, words, out)) return *scalar && out.size() <= bytes_max;
  std::uint32_t n = 0;
  std::string_view text;
  if (depth >= kMaxNesting) return false;
  if (at.array(n)) {
    out += '[';
    for (std::uint32_t k = 0; k < n; ++k) {
      if (k > 0) out += ',';
      if (!append_value_json(at, words, bytes_max, out, depth + 1)) return false;
    }
    return out += ']', out.size() <= bytes_max;
  }
  if (!at.map(n)) return false;
  out += '{';
  for (std::uint32_t k = 0; k < n; ++k) {
    if (k > 0) out += ',';
    std::uint32_t id = 0;
    if (at.word(id)) {
      if (id >= words.size()) return false;
      text = words[id];
    } else if (!at.text(text) || !is_utf8(text)) {
      return false;
    }
    out += quote(text);
    out += ':';
    if (!append_value_json(at, words, bytes_max, out, depth + 1)) return false;
  }
  return out += '}', out.size() <= bytes_max;
}

}  // namespace flyball::bus
