// JsonReader's scanning. One pass, no recursion except skip_value's, which the nesting limit bounds.
#include "bus/codec/json_reader.h"

#include <fmt/format.h>

#include <cstring>

namespace flyball::bus {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

bool is_utf8(std::string_view text) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const auto* end = p + text.size();
  while (p != end) {
    // Most text is ASCII: eight bytes at a time.
    if (end - p >= 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, p, 8);
      if ((word & 0x8080'8080'8080'8080ULL) == 0) {
        p += 8;
        continue;
      }
    }
    const unsigned char c = *p;
    if (c < 0x80) {
      ++p;
      continue;
    }
    int more = 0;
    std::uint32_t code = 0;
    std::uint32_t least = 0;
    if (c >= 0xC2 && c <= 0xDF) {
      more = 1, code = c & 0x1FU, least = 0x80;
    } else if (c >= 0xE0 && c <= 0xEF) {
      more = 2, code = c & 0x0FU, least = 0x800;
    } else if (c >= 0xF0 && c <= 0xF4) {
      more = 3, code = c & 0x07U, least = 0x1'0000;
    } else {
      return false;
    }
    if (end - p <= more) return false;
    for (int i = 1; i <= more; ++i) {
      if ((p[i] & 0xC0) != 0x80) return false;
      code = code << 6 | (p[i] & 0x3FU);
    }
    if (code < least || code > 0x10'FFFF || (code >= 0xD800 && code <= 0xDFFF)) return false;
    p += more + 1;
  }
  return true;
}

bool JsonReader::fail(std::string_view what) {
  if (error_.empty()) error_ = fmt::format("not JSON at column {}: {}", at_ + 1, what);
  return false;
}

void JsonReader::space() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') break;
    ++at_;
  }
}

JsonKind JsonReader::peek() {
  if (failed()) return JsonKind::kInvalid;
  space();
  if (at_ == text_.size()) {
    fail("the text ends where a value is due");
    return JsonKind::kInvalid;
  }
  switch (text_[at_]) {
    case 'n': return JsonKind::kNull;
    case 't':
    case 'f': return JsonKind::kBool;
    case '"': return JsonKind::kString;
    case '[': return JsonKind::kArray;
    case '{': return JsonKind::kObject;
    default: break;
  }
  if (text_[at_] == '-' || is_digit(text_[at_])) return JsonKind::kNumber;
  fail("expected a value");
  return JsonKind::kInvalid;
}

bool JsonReader::literal(std::string_view word) {
  if (text_.substr(at_, word.size()) != word) return fail("expected a value");
  at_ += word.size();
  first_ = false;
  return true;
}

bool JsonReader::read_null() {
  if (failed()) return false;
  space();
  return literal("null");
}

bool JsonReader::read_bool(bool& out) {
  if (failed()) return false;
  space();
  out = at_ < text_.size() && text_[at_] == 't';
  return literal(out ? "true" : "false");
}

bool JsonReader::read_number(std::string_view& raw) {
  if (failed()) return false;
  space();
  const std::size_t start = at_;
  auto digit = [&] { return at_ < text_.size() && is_digit(text_[at_]); };
  if (at_ < text_.size() && text_[at_] == '-') ++at_;
  if (!digit()) return fail("expected a number");
  if (text_[at_] == '0') {
    ++at_;
    if (digit()) return fail("a number has a leading zero");
  } else {
    while (digit()) ++at_;
  }
  if (at_ < text_.size() && text_[at_] == '.') {
    ++at_;
    if (!digit()) return fail("expected a digit after the point");
    while (digit()) ++at_;
  }
  if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
    ++at_;
    if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
    if (!digit()) return fail("expected a digit in the exponent");
    while (digit()) ++at_;
  }
  raw = text_.substr(start, at_ - start);
  first_ = false;
  return true;
}

bool JsonReader::read_hex4(std::uint32_t& out) {
  out = 0;
  for (int i = 0; i < 4; ++i) {
    if (at_ == text_.size()) return fail("the text ends inside an escape");
    const char c = text_[at_];
    std::uint32_t d = 0;
    if (is_digit(c)) {
      d = static_cast<std::uint32_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      d = static_cast<std::uint32_t>(c - 'a' + 10);
    } else if (c >= 'A' && c <= 'F') {
      d = static_cast<std::uint32_t>(c - 'A' + 10);
    } else {
      return fail("expected four hexadecimal digits after `\\u`");
    }
    out = out << 4 | d;
    ++at_;
  }
  return true;
}

// The string from `start` on has an escape at at_: builds it in scratch_.
bool JsonReader::read_escaped(std::size_t start) {
  scratch_.assign(text_, start, at_ - start);
  while (true) {
    if (at_ == text_.size()) return fail("the text ends inside a string");
    const char c = text_[at_];
    if (c == '"') {
      ++at_;
      return true;
    }
    if (static_cast<unsigned char>(c) < 0x20) return fail("a control character stands in a string");
    ++at_;
    if (c != '\\') {
      scratch_ += c;
      continue;
    }
    if (at_ == text_.size()) return fail("the text ends inside an escape");
    const char e = text_[at_++];
    switch (e) {
      case '"':
      case '\\':
      case '/': scratch_ += e; break;
      case 'b': scratch_ += '\b'; break;
      case 'f': scratch_ += '\f'; break;
      case 'n': scratch_ += '\n'; break;
      case 'r': scratch_ += '\r'; break;
      case 't': scratch_ += '\t'; break;
      case 'u': {
        std::uint32_t code = 0;
        if (!read_hex4(code)) return false;
        if (code >= 0xDC00 && code <= 0xDFFF) return fail("a lone surrogate");
        if (code >= 0xD800 && code <= 0xDBFF) {
          if (text_.substr(at_, 2) != "\\u") return fail("a lone surrogate");
          at_ += 2;
          std::uint32_t low = 0;
          if (!read_hex4(low)) return false;
          if (low < 0xDC00 || low > 0xDFFF) return fail("a lone surrogate");
          code = 0x1'0000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        }
        auto put = [&](std::uint32_t byte) { scratch_ += static_cast<char>(byte); };
        if (code < 0x80) {
          put(code);
        } else if (code < 0x800) {
          put(0xC0 | code >> 6), put(0x80 | (code & 0x3F));
        } else if (code < 0x1'0000) {
          put(0xE0 | code >> 12), put(0x80 | (code >> 6 & 0x3F)), put(0x80 | (code & 0x3F));
        } else {
          put(0xF0 | code >> 18), put(0x80 | (code >> 12 & 0x3F)), put(0x80 | (code >> 6 & 0x3F)), put(0x80 | (code & 0x3F));
        }
        break;
      }
      default: --at_; return fail("an unknown escape");
    }
  }
}

namespace {

// Bytes that end the plain run of a string: a quote, a backslash, a control character, or one that is not ASCII.
bool is_plain(char c) { return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x80 && c != '"' && c != '\\'; }

// The same of eight bytes at once: a high bit where one is not plain (and perhaps behind it, too).
std::uint64_t not_plain(std::uint64_t word) {
  constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101ULL, kHigh = 0x8080'8080'8080'8080ULL;
  const auto zero = [&](std::uint64_t v) { return (v - kOnes) & ~v; };
  return (zero(word ^ kOnes * '"') | zero(word ^ kOnes * '\\') | (word - kOnes * 0x20) | word) & kHigh;
}

}  // namespace

bool JsonReader::read_string(std::string_view& out) {
  if (failed()) return false;
  space();
  if (at_ == text_.size() || text_[at_] != '"') return fail("expected a string");
  const std::size_t start = ++at_;
  first_ = false;
  bool ascii = true;
  while (at_ < text_.size()) {
    for (std::uint64_t word = 0; at_ + 8 <= text_.size(); at_ += 8) {
      std::memcpy(&word, text_.data() + at_, 8);
      if (not_plain(word) != 0) break;
    }
    while (at_ < text_.size() && is_plain(text_[at_])) ++at_;
    if (at_ == text_.size()) break;
    const char c = text_[at_];
    if (c == '"') {
      out = text_.substr(start, at_ - start);
      ++at_;
      if (!ascii && !is_utf8(out)) return fail("a string is not UTF-8");
      return true;
    }
    if (c == '\\') {
      if (!read_escaped(start)) return false;
      out = scratch_;
      if (!is_utf8(out)) return fail("a string is not UTF-8");
      return true;
    }
    if (static_cast<unsigned char>(c) < 0x20) return fail("a control character stands in a string");
    ascii = false;
    ++at_;
  }
  return fail("the text ends inside a string");
}

bool JsonReader::enter_object() {
  if (failed()) return false;
  space();
  if (at_ == text_.size() || text_[at_] != '{') return fail("expected an object `{…}`");
  if (depth_ >= depth_max_) return fail(fmt::format("nested deeper than {} levels", depth_max_));
  ++at_, ++depth_;
  first_ = true;
  return true;
}

bool JsonReader::next_key(std::string_view& key) {
  if (failed()) return false;
  space();
  if (at_ == text_.size()) return fail("the text ends inside an object");
  if (text_[at_] == '}') {
    ++at_, --depth_;
    first_ = false;
    return false;
  }
  if (!first_) {
    if (text_[at_] != ',') return fail("expected `,` or `}`");
    ++at_;
    space();
  }
  if (at_ == text_.size() || text_[at_] != '"') return fail("expected a key in quotes");
  if (!read_string(key)) return false;
  space();
  if (at_ == text_.size() || text_[at_] != ':') return fail("expected `:` after the key");
  ++at_;
  return true;
}

bool JsonReader::enter_array() {
  if (failed()) return false;
  space();
  if (at_ == text_.size() || text_[at_] != '[') return fail("expected a list `[…]`");
  if (depth_ >= depth_max_) return fail(fmt::format("nested deeper than {} levels", depth_max_));
  ++at_, ++depth_;
  first_ = true;
  return true;
}

bool JsonReader::next_item() {
  if (failed()) return false;
  space();
  if (at_ == text_.size()) return fail("the text ends inside a list");
  if (text_[at_] == ']') {
    ++at_, --depth_;
    first_ = false;
    return false;
  }
  if (!first_) {
    if (text_[at_] != ',') return fail("expected `,` or `]`");
    ++at_;
    space();
    if (at_ < text_.size() && text_[at_] == ']') return fail("expected a value");
  }
  first_ = false;
  return true;
}

bool JsonReader::skip_value() {
  std::string_view text;
  bool flag = false;
  switch (peek()) {
    case JsonKind::kNull: return read_null();
    case JsonKind::kBool: return read_bool(flag);
    case JsonKind::kNumber: return read_number(text);
    case JsonKind::kString: return read_string(text);
    case JsonKind::kArray:
      if (!enter_array()) return false;
      while (next_item()) {
        if (!skip_value()) return false;
      }
      return !failed();
    case JsonKind::kObject:
      if (!enter_object()) return false;
      while (next_key(text)) {
        if (!skip_value()) return false;
      }
      return !failed();
    case JsonKind::kInvalid: break;
  }
  return false;
}

bool JsonReader::at_end() {
  if (failed()) return false;
  space();
  if (at_ != text_.size()) return fail("something follows the end of the value");
  return true;
}

}  // namespace flyball::bus
