// Log: what the service tells people on stderr, as lines or as JSON lines; a flood is cut and counted.
// Not thread-safe: the service is one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "app/cli/io.h"
#include "model/time.h"

namespace flyball::app {

class Log {
 public:
  static constexpr std::uint32_t kTroublesPerSecond = 10;  // more are counted and said as one line

  Log(const Io& io, bool json) : io_(io), json_(json) {}

  void info(Timestamp now, std::string_view message) { say(now, "info", message); }
  void warning(Timestamp now, std::string_view message) { say(now, "warning", message); }
  void error(Timestamp now, std::string_view message) { say(now, "error", message); }
  // A warning that peers can cause; limited.
  void trouble(Timestamp now, std::string_view message);
  // A line for people and, with JSON logs, an object of its own.
  void object(Timestamp now, std::string_view text, std::string_view json_members);
  std::uint64_t suppressed() const { return suppressed_all_; }
  bool json() const { return json_; }

 private:
  void say(Timestamp now, std::string_view level, std::string_view message);

  const Io& io_;
  bool json_;
  std::int64_t second_ = 0;
  std::uint32_t in_second_ = 0;
  std::uint64_t suppressed_ = 0, suppressed_all_ = 0;
};

}  // namespace flyball::app
