// SessionCopy: a snapshot of the running session, made beside it. The process forks; the child has the memory as it was, writes the
// snapshot into a file without a name, and ends. Meanwhile the service goes on. It stands still for the fork alone, which copies page
// tables and so grows with the memory in use: milliseconds for a gigabyte or so. One at a time. Not thread-safe. The child touches nothing
// but the session and what it is made of: sockets and threads are the parent's.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "model/result.h"

namespace flyball::app {

class SessionCopy {
 public:
  SessionCopy() = default;
  ~SessionCopy() { drop(); }
  SessionCopy(const SessionCopy&) = delete;
  SessionCopy& operator=(const SessionCopy&) = delete;

  // `make` runs in the child and gives the snapshot, or nothing if it cannot be made. What was there before is dropped.
  Result<void> begin(const std::function<std::optional<std::string>()>& make);
  bool begun() const { return file_ >= 0; }
  // True once it is whole; an error if it never will be.
  Result<bool> ready();
  std::uint64_t bytes() const { return bytes_; }  // once it is ready
  Result<std::string> part(std::uint64_t offset, std::size_t at_most) const;
  void drop();

 private:
  pid_t child_ = -1;  // while it writes
  int file_ = -1;
  std::uint64_t bytes_ = 0;
};

}  // namespace flyball::app
