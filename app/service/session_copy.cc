// See session_copy.h.
#include "app/service/session_copy.h"

#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace flyball::app {
namespace {

bool write_all(int file, const std::string& bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t n = ::write(file, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) done += static_cast<std::size_t>(n);
  }
  return true;
}

std::unexpected<Error> failed(std::string_view what) {
  return fail(fmt::format("no copy can be made: {}: {}", what, std::strerror(errno)));
}

}  // namespace

Result<void> SessionCopy::begin(const std::function<std::optional<std::string>()>& make) {
  drop();
  file_ = ::memfd_create("flyball-copy", MFD_CLOEXEC);
  if (file_ < 0) return failed("a file in memory");
  child_ = ::fork();
  if (child_ < 0) {
    drop();
    return failed("a process");
  }
  // No destructor runs in the child: what it has is the parent's. Nor does it outlive that one, with its sockets and its lock.
  if (child_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const std::optional<std::string> bytes = make();
    ::_exit(bytes && write_all(file_, *bytes) ? 0 : 1);
  }
  return {};
}

Result<bool> SessionCopy::ready() {
  if (child_ < 0) return true;
  int status = 0;
  const pid_t ended = ::waitpid(child_, &status, WNOHANG);
  if (ended == 0) return false;
  child_ = -1;
  struct stat file{};
  if (ended < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0 || ::fstat(file_, &file) != 0) {
    drop();
    return fail("the copy could not be made", "is there memory for it?");
  }
  bytes_ = static_cast<std::uint64_t>(file.st_size);
  return true;
}

Result<std::string> SessionCopy::part(std::uint64_t offset, std::size_t at_most) const {
  if (offset > bytes_) return fail(fmt::format("the copy has {} bytes", bytes_));
  std::string out(static_cast<std::size_t>(std::min<std::uint64_t>(at_most, bytes_ - offset)), '\0');
  for (std::size_t done = 0; done < out.size();) {
    const ssize_t n = ::pread(file_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (n <= 0 && errno != EINTR) return failed("it cannot be read");
    if (n > 0) done += static_cast<std::size_t>(n);
  }
  return out;
}

void SessionCopy::drop() {
  if (child_ > 0) {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  if (file_ >= 0) ::close(file_);
  child_ = -1;
  file_ = -1;
  bytes_ = 0;
}

}  // namespace flyball::app
