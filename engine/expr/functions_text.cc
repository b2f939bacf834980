// Strings. Positions count characters (code points), not bytes; text is valid UTF-8 or each stray byte is a character.
#include <array>
#include <string>
#include <vector>

#include "engine/expr/functions.h"
#include "engine/expr/operators.h"
#include "model/text.h"
#include "model/text_pattern.h"

namespace flyball::engine {

namespace {

bool is_tail(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// Byte place of character `n`; the size of the text for its length; npos beyond.
std::size_t byte_of(std::string_view text, std::int64_t n) {
  if (n < 0) return std::string_view::npos;
  std::size_t i = 0;
  while (n > 0 && i < text.size()) {
    ++i;
    while (i < text.size() && is_tail(text[i])) ++i;
    --n;
  }
  return n == 0 ? i : std::string_view::npos;
}

std::int64_t characters(std::string_view text) {
  std::int64_t n = 0;
  for (const char c : text) n += is_tail(c) ? 0 : 1;
  return n;
}

bool all(std::span<const Value> args, std::initializer_list<Kind> kinds) {
  if (args.size() != kinds.size()) return false;
  std::size_t i = 0;
  for (const Kind k : kinds) {
    if (args[i++].kind != k) return false;
  }
  return true;
}

// White space as Unicode has it, at the front; 0 if there is none.
std::size_t space_at(std::string_view t, std::size_t i) {
  const auto b = [&](std::size_t k) { return i + k < t.size() ? static_cast<unsigned char>(t[i + k]) : 0U; };
  if (b(0) == ' ' || (b(0) >= 9 && b(0) <= 13)) return 1;
  if (b(0) == 0xC2 && (b(1) == 0x85 || b(1) == 0xA0)) return 2;
  if (b(0) == 0xE1 && b(1) == 0x9A && b(2) == 0x80) return 3;
  if (b(0) == 0xE2 && b(1) == 0x80 && (b(2) <= 0x8A || b(2) == 0xA8 || b(2) == 0xA9 || b(2) == 0xAF)) return 3;
  if (b(0) == 0xE2 && b(1) == 0x81 && b(2) == 0x9F) return 3;
  if (b(0) == 0xE3 && b(1) == 0x80 && b(2) == 0x80) return 3;
  return 0;
}

std::string_view trimmed(std::string_view t) {
  while (const std::size_t n = space_at(t, 0)) t.remove_prefix(n);
  for (bool again = true; again && !t.empty();) {
    again = false;
    for (std::size_t n = 1; n <= 3 && n <= t.size(); ++n) {
      if (space_at(t, t.size() - n) == n) {
        t.remove_suffix(n);
        again = true;
        break;
      }
    }
  }
  return t;
}

Value ascii_case(std::string_view text, bool upper, Interner& in) {
  std::string out(text);
  for (char& c : out) {
    if (upper ? c >= 'a' && c <= 'z' : c >= 'A' && c <= 'Z') c = static_cast<char>(c ^ 0x20);
  }
  return in.string(out);
}

// Where the needle may stand: an empty one before each character and at the end.
std::size_t next_place(std::string_view text, std::string_view needle, std::size_t from) {
  if (needle.empty()) return from <= text.size() ? from : std::string_view::npos;
  return text.find(needle, from);
}

std::size_t after_character(std::string_view text, std::size_t i) {
  ++i;
  while (i < text.size() && is_tail(text[i])) ++i;
  return i;
}

Value replace(std::string_view text, std::string_view from, std::string_view to, std::int64_t limit, Interner& in) {
  std::string out;
  std::size_t at = 0;
  while (limit != 0) {
    const std::size_t hit = next_place(text, from, at);
    if (hit == std::string_view::npos) break;
    out.append(text.substr(at, hit - at)).append(to);
    at = hit + from.size();
    if (limit > 0) --limit;
    if (from.empty()) {
      if (at >= text.size()) break;
      const std::size_t next = after_character(text, at);
      out.append(text.substr(at, next - at));
      at = next;
    }
    if (out.size() > kMaxTextBytes) return in.error("text too long");
  }
  if (at < text.size()) out.append(text.substr(at));
  return in.string(out);
}

Value split(std::string_view text, std::string_view separator, std::int64_t limit, Interner& in) {
  std::vector<Value> parts;
  if (limit == 0) return in.list(parts);
  std::size_t at = 0;
  while (limit < 0 || static_cast<std::int64_t>(parts.size()) + 1 < limit) {
    std::size_t end = 0, next = 0;
    if (separator.empty()) {
      if (at >= text.size()) break;
      end = next = after_character(text, at);
      if (next >= text.size()) break;
    } else {
      end = text.find(separator, at);
      if (end == std::string_view::npos) break;
      next = end + separator.size();
    }
    parts.push_back(in.string(text.substr(at, end - at)));
    at = next;
  }
  if (!separator.empty() || at < text.size()) parts.push_back(in.string(text.substr(at)));
  return in.list(parts);
}

Value join(std::span<const Value> items, std::string_view separator, Interner& in) {
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!items[i].is(Kind::kString)) return no_overload(in);
    if (i > 0) out.append(separator);
    out.append(in.text(items[i]));
    if (out.size() > kMaxTextBytes) return in.error("text too long");
  }
  return in.string(out);
}

Value substring(std::string_view text, std::int64_t from, std::int64_t to, Interner& in) {
  const std::size_t begin = byte_of(text, from), end = byte_of(text, to);
  if (begin == std::string_view::npos || end == std::string_view::npos || begin > end) return in.error("index out of range");
  return in.string(text.substr(begin, end - begin));
}

Value index_of(std::string_view text, std::string_view needle, std::int64_t from, Interner& in) {
  const std::size_t begin = byte_of(text, from);
  if (begin == std::string_view::npos) return in.error("index out of range");
  const std::size_t hit = text.find(needle, begin);
  return Value::integer(hit == std::string_view::npos ? -1 : characters(text.substr(0, hit)));
}

Value last_index_of(std::string_view text, std::string_view needle, std::int64_t from, Interner& in) {
  const std::size_t begin = byte_of(text, from);
  if (begin == std::string_view::npos) return in.error("index out of range");
  const std::size_t hit = text.rfind(needle, begin);
  return Value::integer(hit == std::string_view::npos ? -1 : characters(text.substr(0, hit)));
}

std::string encode_base64(std::string_view raw) {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned held = 0, bits = 0;
  for (const char c : raw) {
    held = held << 8 | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 6; bits -= 6) out += kAlphabet[held >> (bits - 6) & 63U];
  }
  if (bits > 0) out += kAlphabet[held << (6 - bits) & 63U];
  while (out.size() % 4 != 0) out += '=';
  return out;
}

std::optional<std::string> decode_base64(std::string_view text) {
  while (!text.empty() && text.back() == '=' && text.size() % 4 != 2) text.remove_suffix(1);
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  unsigned held = 0, bits = 0;
  for (const char c : text) {
    unsigned v = 0;
    if (c >= 'A' && c <= 'Z') {
      v = static_cast<unsigned>(c - 'A');
    } else if (c >= 'a' && c <= 'z') {
      v = static_cast<unsigned>(c - 'a' + 26);
    } else if (c >= '0' && c <= '9') {
      v = static_cast<unsigned>(c - '0' + 52);
    } else if (c == '+') {
      v = 62;
    } else if (c == '/') {
      v = 63;
    } else {
      return std::nullopt;
    }
    held = held << 6 | v;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>(held >> bits & 0xFFU);
    }
  }
  return out;
}

}  // namespace

Value functions::text(Fn fn, std::span<const Value> args, Interner& in) {
  constexpr Kind kText = Kind::kString, kNumber = Kind::kInt;
  const auto t = [&](std::size_t i) { return in.text(args[i]); };
  switch (fn) {
    case Fn::kContains: return all(args, {kText, kText}) ? Value::boolean(t(0).find(t(1)) != std::string_view::npos) : no_overload(in);
    case Fn::kStartsWith: return all(args, {kText, kText}) ? Value::boolean(t(0).starts_with(t(1))) : no_overload(in);
    case Fn::kEndsWith: return all(args, {kText, kText}) ? Value::boolean(t(0).ends_with(t(1))) : no_overload(in);
    case Fn::kMatches: {
      if (!all(args, {kText, kText})) return no_overload(in);
      const TextPattern p = TextPattern::regex(t(1));
      return p.ok() ? Value::boolean(p.matches(t(0))) : bad_pattern(p, in);
    }
    case Fn::kLowerAscii: return all(args, {kText}) ? ascii_case(t(0), false, in) : no_overload(in);
    case Fn::kUpperAscii: return all(args, {kText}) ? ascii_case(t(0), true, in) : no_overload(in);
    case Fn::kTrim: return all(args, {kText}) ? in.string(trimmed(t(0))) : no_overload(in);
    case Fn::kReplace:
      if (all(args, {kText, kText, kText})) return replace(t(0), t(1), t(2), -1, in);
      return all(args, {kText, kText, kText, kNumber}) ? replace(t(0), t(1), t(2), args[3].as_int(), in) : no_overload(in);
    case Fn::kSplit:
      if (all(args, {kText, kText})) return split(t(0), t(1), -1, in);
      return all(args, {kText, kText, kNumber}) ? split(t(0), t(1), args[2].as_int(), in) : no_overload(in);
    case Fn::kJoin:
      if (all(args, {Kind::kList})) return join(in.items(args[0]), "", in);
      return all(args, {Kind::kList, kText}) ? join(in.items(args[0]), t(1), in) : no_overload(in);
    case Fn::kSubstring:
      if (all(args, {kText, kNumber})) return substring(t(0), args[1].as_int(), characters(t(0)), in);
      return all(args, {kText, kNumber, kNumber}) ? substring(t(0), args[1].as_int(), args[2].as_int(), in) : no_overload(in);
    case Fn::kIndexOf:
      if (all(args, {kText, kText})) return index_of(t(0), t(1), 0, in);
      return all(args, {kText, kText, kNumber}) ? index_of(t(0), t(1), args[2].as_int(), in) : no_overload(in);
    case Fn::kLastIndexOf:
      if (all(args, {kText, kText})) return last_index_of(t(0), t(1), characters(t(0)), in);
      return all(args, {kText, kText, kNumber}) ? last_index_of(t(0), t(1), args[2].as_int(), in) : no_overload(in);
    case Fn::kCharAt: {
      if (!all(args, {kText, kNumber})) return no_overload(in);
      const std::size_t at = byte_of(t(0), args[1].as_int());
      if (at == std::string_view::npos) return in.error("index out of range");
      return in.string(at == t(0).size() ? std::string_view() : t(0).substr(at, after_character(t(0), at) - at));
    }
    case Fn::kQuote: return all(args, {kText}) ? functions::quoted(t(0), in) : no_overload(in);
    case Fn::kBase64Encode: return all(args, {Kind::kBytes}) ? in.string(encode_base64(t(0))) : no_overload(in);
    case Fn::kBase64Decode: {
      if (!all(args, {kText})) return no_overload(in);
      const auto raw = decode_base64(t(0));
      return raw ? in.bytes(*raw) : in.error("text is not base64");
    }
    default: return no_overload(in);
  }
}

}  // namespace flyball::engine
