// Whether somebody wants a command to stop (SIGINT, SIGTERM) that reads for long and has something to say for what it has read: while
// one of these lives, the first such signal is noted, and the second ends the process as ever. Reading a pipe ends with it, too
// (LineReader). One at a time.
#pragma once

#include <csignal>

namespace flyball::app {

class Interruption {
 public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  static bool seen();
  // Waits for something to read, or for the end of it; false if a signal came before. Without an Interruption true at once.
  static bool await_input(int fd);
  static int exit_code();  // as a shell says it of who is ended by the signal: 130, 143

 private:
  struct sigaction before_int_{}, before_term_{};
};

}  // namespace flyball::app
