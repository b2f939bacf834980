// Io: the three streams of one run of the program, as a value, so that tests can give their own.
// Data goes to `out`, messages to `err`; colour only on a terminal and never with NO_COLOR.
// Not thread-safe: one run, one thread.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace flyball::app {

inline constexpr int kExitFine = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitDifferent = 2;
inline constexpr int kExitUsage = 64;

struct Io {
  std::FILE* in = stdin;
  std::FILE* out = stdout;
  std::FILE* err = stderr;
  bool out_colour = false;
  bool err_colour = false;
  bool json = false;  // messages are JSON lines, {"severity":"error","message":…,"help":…}, as `--json` asks

  void data(std::string_view text) const { write(out, text); }
  void message(std::string_view text) const { write(err, text); }
  // `flyball: error: text` on err, with `help: …` beneath when there is one.
  void error(std::string_view text, std::string_view help = {}) const;
  void warning(std::string_view text) const;
  // A sentence of its own, without a line end: a summary, a log line.
  void note(std::string_view text) const;
  // What is wrong with line `line` of `file`, with help beneath.
  void refusal(std::string_view file, std::uint64_t line, std::string_view text, std::string_view help = {}) const;

  // Escape sequences, or nothing when the stream has no colour.
  std::string_view paint_out(std::string_view sequence) const { return out_colour ? sequence : std::string_view{}; }
  std::string_view paint_err(std::string_view sequence) const { return err_colour ? sequence : std::string_view{}; }

 private:
  void json_message(std::string_view severity, std::string_view place, std::string_view text, std::string_view help) const;
  static void write(std::FILE* to, std::string_view text);
};

namespace colour {
inline constexpr std::string_view kReset = "\033[0m";
inline constexpr std::string_view kBold = "\033[1m";
inline constexpr std::string_view kDim = "\033[2m";
inline constexpr std::string_view kRed = "\033[31m";
inline constexpr std::string_view kGreen = "\033[32m";
inline constexpr std::string_view kYellow = "\033[33m";
inline constexpr std::string_view kCyan = "\033[36m";
}  // namespace colour

// The streams of this process: colour by isatty, NO_COLOR and TERM=dumb.
Io process_io();

}  // namespace flyball::app
