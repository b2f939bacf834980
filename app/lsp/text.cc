// UTF-8 bytes and UTF-16 columns; file URIs. See text.h.
#include "app/lsp/text.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace flyball::app::lsp {
namespace {

// Bytes of the code point that begins with `c`; a stray byte counts as one.
std::size_t width(char c) {
  const auto u = static_cast<unsigned char>(c);
  return u < 0xC0 ? 1 : u < 0xE0 ? 2 : u < 0xF0 ? 3 : 4;
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::uint32_t offset_of(std::string_view text, std::uint32_t line, std::uint32_t character) {
  std::size_t at = 0;
  for (; line > 0; --line) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string_view::npos) return static_cast<std::uint32_t>(text.size());
    at = end + 1;
  }
  while (character > 0 && at < text.size() && text[at] != '\n') {
    const std::size_t bytes = width(text[at]);
    character -= std::min(character, bytes == 4 ? 2U : 1U);
    at = std::min(at + bytes, text.size());
  }
  return static_cast<std::uint32_t>(at);
}

nlohmann::json place_of(std::string_view text, std::uint32_t offset) {
  const std::string_view before = text.substr(0, std::min<std::size_t>(offset, text.size()));
  const std::size_t begin = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  std::uint32_t character = 0;
  for (std::size_t at = begin; at < before.size(); at += width(before[at])) character += width(before[at]) == 4 ? 2U : 1U;
  return {{"line", std::count(before.begin(), before.end(), '\n')}, {"character", character}};
}

nlohmann::json range_of(std::string_view text, std::uint32_t begin, std::uint32_t end) {
  return {{"start", place_of(text, begin)}, {"end", place_of(text, end)}};
}

bool is_word(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
}

std::string path_of(std::string_view uri) {
  constexpr std::string_view kFile = "file://";
  if (!uri.starts_with(kFile)) return {};
  uri.remove_prefix(kFile.size());
  if (!uri.starts_with('/')) uri.remove_prefix(std::min(uri.find('/'), uri.size()));  // a host
  std::string path;
  for (std::size_t i = 0; i < uri.size(); ++i) {
    if (uri[i] == '%' && i + 2 < uri.size() && digit(uri[i + 1]) >= 0 && digit(uri[i + 2]) >= 0) {
      path.push_back(static_cast<char>(digit(uri[i + 1]) * 16 + digit(uri[i + 2])));
      i += 2;
    } else {
      path.push_back(uri[i]);
    }
  }
  return path;
}

std::string uri_of(std::string_view path) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  constexpr std::string_view kPlain = "/-._~!$&'()*+,;=:@";
  std::string uri = "file://";
  for (const char c : path) {
    const bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (word || kPlain.find(c) != std::string_view::npos) {
      uri.push_back(c);
    } else {
      const auto u = static_cast<unsigned char>(c);
      uri += {'%', kHex[u >> 4], kHex[u & 15]};
    }
  }
  return uri;
}

}  // namespace flyball::app::lsp
