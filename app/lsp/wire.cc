// Content-Length framing. See wire.h.
#include "app/lsp/wire.h"

#include <poll.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace flyball::app::lsp {
namespace {

// One header line without its end; false at the end of the stream, or of patience.
bool header_line(std::FILE* in, std::string& line) {
  line.clear();
  for (int c = std::getc(in); c != EOF; c = std::getc(in)) {
    if (c == '\n') {
      if (!line.empty() && line.back() == '\r') line.pop_back();
      return true;
    }
    if (line.size() == kMaxHeaderBytes) return false;
    line.push_back(static_cast<char>(c));
  }
  return false;
}

bool skip(std::FILE* in, std::size_t n) {
  while (n > 0 && std::getc(in) != EOF) --n;
  return n == 0;
}

}  // namespace

WireEnd read_message(std::FILE* in, nlohmann::json& message) {
  constexpr std::string_view kLength = "content-length:";
  std::size_t length = 0;
  bool known = false;
  std::size_t headers = 0;
  for (std::string line;;) {
    if (!header_line(in, line)) return WireEnd::kEnd;
    headers += line.size();
    if (headers > kMaxHeaderBytes) return WireEnd::kEnd;
    if (line.empty()) {
      if (known) break;
      continue;  // an empty line before any header says nothing
    }
    std::string lower;
    for (const char c : line) lower.push_back(static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c));
    if (!lower.starts_with(kLength)) continue;
    std::string_view digits = std::string_view(lower).substr(kLength.size());
    while (digits.starts_with(' ')) digits.remove_prefix(1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (error != std::errc{} || end == digits.data()) return WireEnd::kEnd;
    known = true;
  }
  if (length > kMaxMessageBytes) return skip(in, length) ? WireEnd::kBadMessage : WireEnd::kEnd;
  std::string body(length, '\0');
  if (std::fread(body.data(), 1, length, in) != length) return WireEnd::kEnd;
  message = nlohmann::json::parse(body, nullptr, false);
  return message.is_object() ? WireEnd::kNone : WireEnd::kBadMessage;
}

void write_message(std::FILE* out, const nlohmann::json& message) {
  // Texts of a client may hold anything; what is not UTF-8 is replaced, never thrown at the reader.
  const std::string body = message.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  std::fprintf(out, "Content-Length: %zu\r\n\r\n", body.size());
  std::fwrite(body.data(), 1, body.size(), out);
  std::fflush(out);
}

bool has_more(std::FILE* in) {
  pollfd fd{fileno(in), POLLIN, 0};
  return ::poll(&fd, 1, 0) > 0 && (fd.revents & POLLIN) != 0;
}

}  // namespace flyball::app::lsp
