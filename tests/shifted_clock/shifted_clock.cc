// A library to preload: every clock of the process is CLOCK_SHIFT_S seconds off. What must not read a clock gives the
// same bytes under it. Not part of the program.
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

namespace {
long shift_s() {
  const char* text = std::getenv("CLOCK_SHIFT_S");
  return text == nullptr ? 0 : std::strtol(text, nullptr, 10);
}
}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* t) noexcept {
  const long status = ::syscall(SYS_clock_gettime, clock, t);
  if (status == 0) t->tv_sec += shift_s();
  return static_cast<int>(status);
}

time_t time(time_t* out) noexcept {
  timespec t{};
  clock_gettime(CLOCK_REALTIME, &t);
  if (out != nullptr) *out = t.tv_sec;
  return t.tv_sec;
}

int gettimeofday(timeval* out, void* /*zone*/) noexcept {
  timespec t{};
  clock_gettime(CLOCK_REALTIME, &t);
  out->tv_sec = t.tv_sec;
  out->tv_usec = t.tv_nsec / 1000;
  return 0;
}

}  // extern "C"
