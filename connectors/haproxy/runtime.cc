// A UNIX stream socket with a deadline over the whole exchange.
#include "connectors/haproxy/runtime.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace flyball::connectors::haproxy {
namespace {

using Clock = std::chrono::steady_clock;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

// False at the deadline.
bool wait_for(int fd, short events, Clock::time_point deadline) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd p{fd, events, 0};
    const int n = ::poll(&p, 1, static_cast<int>(left));
    if (n > 0) return true;
    if (n == 0 || errno != EINTR) return false;
  }
}

}  // namespace

Result<std::string> RuntimeSocket::ask(std::string_view command) const {
  const auto deadline = Clock::now() + std::chrono::milliseconds(timeout_ms_);
  const auto broken = [&](const char* what) {
    return fail(fmt::format("{} `{}`: {}", what, path_, std::strerror(errno)), "is HAProxy running, with `stats socket … level admin`?");
  };
  const auto silent = [&] { return fail(fmt::format("HAProxy did not answer on `{}` within {} ms", path_, timeout_ms_)); };

  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.empty() || path_.size() >= sizeof address.sun_path)
    return fail(fmt::format("the socket path `{}` is longer than {} bytes", path_, sizeof address.sun_path - 1));
  std::copy(path_.begin(), path_.end(), address.sun_path);

  const Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd.get() < 0) return broken("cannot make a socket for");
  // On a UNIX socket EAGAIN means a full backlog: HAProxy is there but too busy to accept.
  while (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return broken("cannot connect to");
    if (Clock::now() >= deadline) return silent();
    ::poll(nullptr, 0, 5);
  }

  std::string line(command);
  line += '\n';
  for (std::size_t sent = 0; sent < line.size();) {
    const ssize_t n = ::send(fd.get(), line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
    if (n >= 0) {
      sent += static_cast<std::size_t>(n);
    } else if (errno == EAGAIN) {
      if (!wait_for(fd.get(), POLLOUT, deadline)) return silent();
    } else if (errno != EINTR) {
      return broken("cannot write to");
    }
  }

  std::string answer;
  char buffer[16384];
  while (true) {
    if (!wait_for(fd.get(), POLLIN, deadline)) return silent();
    const ssize_t n = ::recv(fd.get(), buffer, sizeof buffer, 0);
    if (n > 0) {
      if (answer.size() + static_cast<std::size_t>(n) > kAnswerBytesMax)
        return fail(fmt::format("the answer on `{}` is longer than {} bytes", path_, kAnswerBytesMax));
      answer.append(buffer, static_cast<std::size_t>(n));
    } else if (n == 0) {
      break;
    } else if (errno != EINTR && errno != EAGAIN) {
      return broken("cannot read from");
    }
  }
  // Every complete answer, even an empty one, ends with a line end; anything else was cut off by a dying process.
  if (!answer.ends_with('\n')) return fail(fmt::format("HAProxy closed `{}` in the middle of an answer ({} bytes)", path_, answer.size()));
  return answer;
}

bool is_safe_word(std::string_view word) {
  if (word.empty() || word.size() > 128) return false;
  return std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == ':' || c == '-';
  });
}

std::string_view trimmed(std::string_view answer) {
  const std::size_t first = answer.find_first_not_of(" \r\n");
  if (first == std::string_view::npos) return {};
  return answer.substr(first, answer.find_last_not_of(" \r\n") - first + 1);
}

}  // namespace flyball::connectors::haproxy
