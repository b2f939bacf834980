// IP addresses and prefixes as text: RFC 4291 in, RFC 5952 out. See text.h.
#include <array>

#include "model/text.h"

namespace flyball {

namespace {

// A decimal of one to `max_digits` digits without leading zeros, at most `limit`; -1 if it is not there.
int small_number(std::string_view& text, std::size_t max_digits, int limit) {
  std::size_t n = 0;
  int v = 0;
  while (n < text.size() && text[n] >= '0' && text[n] <= '9') {
    if (++n > max_digits) return -1;
    v = v * 10 + (text[n - 1] - '0');
  }
  if (n == 0 || (n > 1 && text[0] == '0') || v > limit) return -1;
  text.remove_prefix(n);
  return v;
}

bool parse_v4(std::string_view text, std::uint8_t* out) {
  for (int i = 0; i < 4; ++i) {
    if (i > 0) {
      if (text.empty() || text[0] != '.') return false;
      text.remove_prefix(1);
    }
    const int v = small_number(text, 3, 255);
    if (v < 0) return false;
    out[i] = static_cast<std::uint8_t>(v);
  }
  return text.empty();
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool parse_v6(std::string_view text, std::array<std::uint8_t, 16>& out) {
  std::array<std::uint16_t, 8> groups{};
  std::size_t count = 0;
  std::size_t gap = 9;  // where `::` stands; 9: nowhere
  if (text.starts_with("::")) {
    gap = 0;
    text.remove_prefix(2);
  }
  while (!text.empty()) {
    if (count == 8) return false;
    // A dotted tail takes the place of the last two groups.
    if (text.find(':') == std::string_view::npos && text.find('.') != std::string_view::npos) {
      std::array<std::uint8_t, 4> tail{};
      if (count > 6 || !parse_v4(text, tail.data())) return false;
      groups[count++] = static_cast<std::uint16_t>(tail[0] << 8 | tail[1]);
      groups[count++] = static_cast<std::uint16_t>(tail[2] << 8 | tail[3]);
      text = {};
      break;
    }
    unsigned v = 0;
    std::size_t n = 0;
    while (n < text.size() && hex_value(text[n]) >= 0) {
      if (n == 4) return false;
      v = v << 4 | static_cast<unsigned>(hex_value(text[n++]));
    }
    if (n == 0) return false;
    groups[count++] = static_cast<std::uint16_t>(v);
    text.remove_prefix(n);
    if (text.empty()) break;
    if (text[0] != ':') return false;
    text.remove_prefix(1);
    if (text.empty()) return false;  // a single colon at the end
    if (text[0] == ':') {
      if (gap != 9) return false;
      gap = count;
      text.remove_prefix(1);
    }
  }
  if (gap == 9 ? count != 8 : count > 7) return false;
  const std::size_t missing = 8 - count;
  for (std::size_t i = 0; i < 8; ++i) {
    std::uint16_t g = 0;
    if (gap == 9 || i < gap) {
      g = groups[i];
    } else if (i >= gap + missing) {
      g = groups[i - missing];
    }
    out[2 * i] = static_cast<std::uint8_t>(g >> 8);
    out[2 * i + 1] = static_cast<std::uint8_t>(g & 0xFF);
  }
  return true;
}

void append_hex(std::string& out, unsigned v) {
  static constexpr char kDigits[] = "0123456789abcdef";
  bool started = false;
  for (int shift = 12; shift >= 0; shift -= 4) {
    const unsigned d = v >> shift & 0xFU;
    if (d == 0 && !started && shift != 0) continue;
    started = true;
    out += kDigits[d];
  }
}

std::string dotted(const IpAddress& ip) {
  std::string out;
  for (std::size_t i = 12; i < 16; ++i) {
    if (i > 12) out += '.';
    out += std::to_string(ip.bytes[i]);
  }
  return out;
}

}  // namespace

std::optional<IpAddress> parse_ip(std::string_view text) {
  IpAddress ip;
  if (text.find(':') == std::string_view::npos) {
    ip.bytes[10] = ip.bytes[11] = 0xFF;
    ip.is_v4 = true;
    if (!parse_v4(text, ip.bytes.data() + 12)) return std::nullopt;
    return ip;
  }
  if (!parse_v6(text, ip.bytes)) return std::nullopt;
  return ip;
}

std::optional<Cidr> parse_cidr(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto ip = parse_ip(text.substr(0, slash));
  std::string_view length = text.substr(slash + 1);
  if (!ip) return std::nullopt;
  const int bits = small_number(length, 3, ip->is_v4 ? 32 : 128);
  if (bits < 0 || !length.empty()) return std::nullopt;
  return Cidr{*ip, static_cast<std::uint8_t>(bits)};
}

Cidr clear_host_bits(const Cidr& cidr) {
  Cidr out = cidr;
  const unsigned bits = cidr.prefix_length + (cidr.address.is_v4 ? 96U : 0U);
  for (unsigned i = 0; i < 16; ++i) {
    if (bits >= (i + 1) * 8) continue;
    const unsigned keep = bits > i * 8 ? bits - i * 8 : 0;
    out.address.bytes[i] = static_cast<std::uint8_t>(out.address.bytes[i] & (0xFF00U >> keep & 0xFFU));
  }
  return out;
}

bool has_host_bits(const Cidr& cidr) { return clear_host_bits(cidr).address.bytes != cidr.address.bytes; }

std::string format_ip(const IpAddress& ip) {
  if (ip.is_v4) return dotted(ip);
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i) groups[i] = static_cast<unsigned>(ip.bytes[2 * i] << 8 | ip.bytes[2 * i + 1]);
  // RFC 5952 §5: an address known to hold an IPv4 address shows it dotted.
  bool mapped = groups[5] == 0xFFFF;
  for (std::size_t i = 0; i < 5; ++i) mapped = mapped && groups[i] == 0;
  if (mapped) return "::ffff:" + dotted(ip);
  // §4.2: the longest run of two or more zero groups is shortened, the first of equals.
  std::size_t best = 8, best_length = 1;
  for (std::size_t i = 0; i < 8;) {
    std::size_t n = 0;
    while (i + n < 8 && groups[i + n] == 0) ++n;
    if (n > best_length) {
      best = i;
      best_length = n;
    }
    i += n == 0 ? 1 : n;
  }
  std::string out;
  for (std::size_t i = 0; i < 8;) {
    if (i == best) {
      out += "::";
      i += best_length;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    append_hex(out, groups[i]);
    ++i;
  }
  return out;
}

std::string format_cidr(const Cidr& cidr) { return format_ip(cidr.address) + '/' + std::to_string(cidr.prefix_length); }

}  // namespace flyball
