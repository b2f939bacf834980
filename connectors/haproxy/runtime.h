// The runtime API of one HAProxy: one command, one connection, one answer. Not what the answers mean (stats.h).
//
// HAProxy closes the connection after its answer, so the end of the stream is the end of the answer. A missing
// socket, a refused or broken connection, silence beyond the limit and an answer beyond the size limit are Errors that
// say which; the next call starts afresh. Every call is bounded by `timeout_ms` in total.
// Thread safety: const calls from any thread (each has its own connection).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "model/result.h"

namespace flyball::connectors::haproxy {

inline constexpr std::size_t kAnswerBytesMax = 16 << 20;  // ~20,000 servers of `show stat`

class RuntimeSocket {
 public:
  explicit RuntimeSocket(std::string path, int timeout_ms = 2000) : path_(std::move(path)), timeout_ms_(timeout_ms) {}

  // The answer as sent. `command` is one line without its end.
  Result<std::string> ask(std::string_view command) const;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  int timeout_ms_;
};

// True if `word` can stand in a command as one word: 1..128 of letters, digits and _ . : - (HAProxy's own rule for
// names). Anything else could be a second command in disguise.
bool is_safe_word(std::string_view word);

// An answer without the blank lines around it.
std::string_view trimmed(std::string_view answer);

}  // namespace flyball::connectors::haproxy
