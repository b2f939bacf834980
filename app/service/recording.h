// Recording: every input of a session, in the order and with the times it was applied, ticks included, as the JSON lines
// `replay` reads. Replaying it over the same rules gives the same actions, byte for byte.
//
// A reload starts another file (FILE.1, FILE.2, …): each replays by itself over the rules of its time.
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

  Result<void> open(const std::string& path);
  // After a reload: goes on in the next file.
  Result<void> next_file();
  bool on() const { return file_ != nullptr; }

  void fact(const FactInput& fact, const Schema& schema, const Interner& interner);
  void ack(const AckInput& ack, const Schema& schema, const Interner& interner);
  void tick(Timestamp t);
  // A whole line as it is, for what else a service writes down (its actions).
  void line(std::string_view text);
  // Hands everything to the system.
  Result<void> flush();

 private:
  Result<void> start(const std::string& path);
  void line_done();

  std::string path_, current_;
  std::FILE* file_ = nullptr;
  unsigned number_ = 0;
  std::string buffer_;
  bool failed_ = false;
};

}  // namespace flyball::app
