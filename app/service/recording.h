// Recording: every input of a session, in the order and with the times it was applied, ticks included, as the JSON lines
// `replay` reads. Replaying it over the same rules gives the same actions, byte for byte.
//
// Nothing that was recorded is ever overwritten: each start of the service and each reload begins a new file, FILE, then FILE.1,
// FILE.2, …, the greatest number being the newest. What is no regular file (a pipe, /dev/stdout) is written on and on.
// Not thread-safe. Errors stick: after one, flush() says it for ever.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "bus/codec/json_lines.h"
#include "model/result.h"

namespace flyball::app {

class Recording {
 public:
  static constexpr std::size_t kFlushBytes = std::size_t{1} << 16;

  Recording() = default;  // records nothing
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  // The number of the file that a start with this path would begin: 0 (FILE itself) if there is none yet.
  static unsigned next_number(const std::string& path);
  // Begins the file of that number, or of the next one that is free.
  Result<void> open(const std::string& path, unsigned number);
  const std::string& path() const { return path_; }
  const std::string& current() const { return current_; }
  bool on() const { return file_ != nullptr; }

  void fact(const FactInput& fact, const Schema& schema, const Interner& interner);
  void ack(const AckInput& ack, const Schema& schema, const Interner& interner);
  void tick(Timestamp t);
  // A whole line as it is, for what else a service writes down (its actions).
  void line(std::string_view text);
  // Hands everything to the system.
  Result<void> flush();

 private:
  void line_done();

  std::string path_, current_;
  std::FILE* file_ = nullptr;
  std::string buffer_;
  bool failed_ = false;
};

}  // namespace flyball::app
