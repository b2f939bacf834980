// signalfd.
#include "app/service/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <initializer_list>

namespace flyball::app {

Signals::Signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  sigprocmask(SIG_BLOCK, &set, &before_);
  fd_ = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

Signals::~Signals() {
  if (fd_ >= 0) close(fd_);
  sigprocmask(SIG_SETMASK, &before_, nullptr);
}

Signals::Seen Signals::read() {
  Seen seen;
  signalfd_siginfo info;
  while (fd_ >= 0 && ::read(fd_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    if (info.ssi_signo == SIGHUP)
      seen.reload = true;
    else
      seen.stop = true;
  }
  return seen;
}

}  // namespace flyball::app
