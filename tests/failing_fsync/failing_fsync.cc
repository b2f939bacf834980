// A library to preload: fsync of a folder fails while the file that FSYNC_FAILS_WHILE names is there; of anything else it is as it was.
// Not part of the program.
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

extern "C" int fsync(int file) {
  struct stat status{};
  const char* const marker = std::getenv("FSYNC_FAILS_WHILE");
  if (marker != nullptr && ::fstat(file, &status) == 0 && S_ISDIR(status.st_mode) && ::access(marker, F_OK) == 0) {
    errno = EIO;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_fsync, file));
}
