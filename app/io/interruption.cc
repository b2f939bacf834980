// See interruption.h. A handler may do no more than note.
#include "app/io/interruption.h"

#include <poll.h>

#include <atomic>
#include <cerrno>

namespace flyball::app {
namespace {

std::atomic<int> noted = 0;
std::atomic<bool> lives = false;
static_assert(std::atomic<int>::is_always_lock_free);

void note(int number) { noted = number; }

// What was ignored before (a job in the background) stays so.
void take(int number, struct sigaction& before) {
  struct sigaction action{};
  action.sa_handler = note;
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // and no SA_RESTART: a read ends
  sigaction(number, nullptr, &before);
  if (before.sa_handler != SIG_IGN) sigaction(number, &action, nullptr);
}

}  // namespace

Interruption::Interruption() {
  noted = 0;
  lives = true;
  take(SIGINT, before_int_);
  take(SIGTERM, before_term_);
}

Interruption::~Interruption() {
  lives = false;
  sigaction(SIGINT, &before_int_, nullptr);
  sigaction(SIGTERM, &before_term_, nullptr);
}

bool Interruption::seen() { return noted.load(std::memory_order_relaxed) != 0; }

bool Interruption::await_input(int fd) {
  if (!lives) return true;
  // A signal that comes right before the system waits would not end the waiting, so it is looked for again and again.
  constexpr int kLookMs = 100;
  pollfd item{fd, POLLIN, 0};
  while (!seen()) {
    const int ready = ::poll(&item, 1, kLookMs);
    if (ready > 0 || (ready < 0 && errno != EINTR)) return true;
  }
  return false;
}

int Interruption::exit_code() { return 128 + noted; }

}  // namespace flyball::app
