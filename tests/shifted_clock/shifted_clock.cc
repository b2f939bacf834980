// A library to preload: every clock of the process is another one. What must not read a clock gives the same bytes under it. Not part of
// the program. CLOCK_MODE says which:
//   (none)     CLOCK_SHIFT_S seconds off
//   frozen     stands still, CLOCK_SHIFT_S seconds off
//   backward   goes back by a second each time it is asked
//   jumping    to and fro by up to 68 years, another time each time it is asked
// CLOCK_ASKED names a file: whoever asks for the time, of whatever clock, appends a byte to it. So a test can see that it is asked at all.
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace {

long shift_s() {
  const char* text = std::getenv("CLOCK_SHIFT_S");
  return text == nullptr ? 0 : std::strtol(text, nullptr, 10);
}

bool mode(const char* name) {
  const char* text = std::getenv("CLOCK_MODE");
  return text != nullptr && std::strcmp(text, name) == 0;
}

std::atomic<std::uint32_t> asked{0};

void note() {
  const char* file = std::getenv("CLOCK_ASKED");
  if (file == nullptr) return;
  const long fd = ::syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (fd < 0) return;
  (void)::syscall(SYS_write, fd, ".", 1L);
  (void)::syscall(SYS_close, fd);
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* t) noexcept {
  note();
  const long status = ::syscall(SYS_clock_gettime, clock, t);
  if (status != 0) return static_cast<int>(status);
  const std::uint32_t n = ++asked;
  constexpr time_t kSomeTime = 1'900'000'000;
  if (mode("frozen")) {
    t->tv_sec = kSomeTime;
    t->tv_nsec = 0;
  } else if (mode("backward")) {
    t->tv_sec = kSomeTime - static_cast<time_t>(n);
  } else if (mode("jumping")) {
    t->tv_sec = static_cast<time_t>(n * 2'654'435'761U >> 1);
  }
  t->tv_sec += shift_s();
  return 0;
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
