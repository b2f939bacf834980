// What may be listened on. The messaging library unlinks a socket file that is there, whoever serves it: so look first.
#include "bus/transport/endpoint.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "bus/codec/suggest.h"
#include "model/text.h"

namespace flyball::bus {
namespace {

bool is_port(std::string_view port) {
  if (port == "*") return true;
  if (port.empty() || port.size() > 5) return false;
  unsigned n = 0;
  for (const char c : port) {
    if (c < '0' || c > '9') return false;
    n = n * 10 + static_cast<unsigned>(c - '0');
  }
  return n <= 65'535;
}

bool is_loopback(std::string_view host) {
  if (host == "localhost") return true;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const auto ip = parse_ip(host);
  if (!ip) return false;
  if (ip->is_v4) return ip->bytes[12] == 127;
  for (std::size_t i = 0; i < 15; ++i) {
    if (ip->bytes[i] != 0) return false;
  }
  return ip->bytes[15] == 1;
}

Error malformed(std::string_view endpoint) {
  return {fmt::format("{} is not an endpoint", code(endpoint)), "write tcp://127.0.0.1:7701, ipc:///run/flyball/facts or inproc://name"};
}

}  // namespace

Result<void> check_endpoint(std::string_view endpoint) {
  const auto scheme_end = endpoint.find("://");
  if (scheme_end == std::string_view::npos) return std::unexpected(malformed(endpoint));
  const std::string_view scheme = endpoint.substr(0, scheme_end);
  const std::string_view rest = endpoint.substr(scheme_end + 3);
  if (rest.empty()) return std::unexpected(malformed(endpoint));
  if (scheme == "inproc") return {};
  if (scheme == "ipc") {
    if (rest.size() >= sizeof(sockaddr_un::sun_path)) {
      return fail(fmt::format("the path of {} is longer than {} bytes", code(endpoint), sizeof(sockaddr_un::sun_path) - 1));
    }
    return {};
  }
  if (scheme != "tcp") return std::unexpected(malformed(endpoint));
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos || !is_port(rest.substr(colon + 1))) return std::unexpected(malformed(endpoint));
  if (!is_loopback(rest.substr(0, colon))) {
    return fail(fmt::format("{} is not on this machine's loopback: that needs CURVE, which is not in this version", code(endpoint)),
                "use tcp://127.0.0.1:PORT or ipc://PATH, and a tunnel between machines");
  }
  return {};
}

void remove_socket_file(const std::string& path) {
  struct stat there{};
  if (::lstat(path.c_str(), &there) == 0 && S_ISSOCK(there.st_mode)) ::unlink(path.c_str());
}

Result<void> check_bind(std::string_view endpoint) {
  if (auto ok = check_endpoint(endpoint); !ok) return ok;
  if (!endpoint.starts_with("ipc://") || endpoint == "ipc://*" || endpoint[6] == '@') return {};
  const std::string path(endpoint.substr(6));
  struct stat there{};
  if (::lstat(path.c_str(), &there) != 0) return {};  // nothing to look at
  if (!S_ISSOCK(there.st_mode))
    return fail(fmt::format("{} is a {}, not a socket: it is left alone", code(path), S_ISDIR(there.st_mode) ? "folder" : "file"),
                "name a path where nothing is yet");
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return fail("cannot make a socket");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  const bool taken =
      ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN || errno == EINPROGRESS;
  ::close(fd);
  if (taken) return fail(fmt::format("another process listens on {}", code(endpoint)), "is the service running already?");
  return {};
}

}  // namespace flyball::bus
