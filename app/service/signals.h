// Signals as a file descriptor: SIGTERM and SIGINT (stop), SIGHUP (reload). Blocked from construction on in this thread and
// those it starts, so that nothing is interrupted halfway. One per process.
#pragma once

#include <csignal>

namespace flyball::app {

class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  int fd() const { return fd_; }  // readable when a signal waits; -1 if the system gave none
  // Reads all that wait.
  struct Seen {
    bool stop = false;
    bool reload = false;
  };
  Seen read();

 private:
  int fd_ = -1;
  sigset_t before_{};
};

}  // namespace flyball::app
