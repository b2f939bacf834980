// fork, exec, wait for the socket; SIGKILL at the end.
#include "tests/connectors/real_haproxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "connectors/haproxy/runtime.h"

namespace flyball::connectors::testing {
namespace {

constexpr const char* kBinary = "/usr/sbin/haproxy";

}  // namespace

int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(fd, reinterpret_cast<const sockaddr*>(&address), size);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

bool RealHaproxy::installed() { return std::filesystem::exists(kBinary); }

RealHaproxy::RealHaproxy() {
  for (int& port : server_ports_) port = free_port();
  write_text(
      folder_.path() + "/haproxy.cfg",
      fmt::format("global\n  stats socket {} mode 600 level admin\n"
                  "defaults\n  mode http\n  timeout connect 1s\n  timeout client 5s\n  timeout server 5s\n"
                  "frontend f\n  bind 127.0.0.1:{}\n  default_backend web\n"
                  "backend web\n  balance roundrobin\n  default-server weight 100\n"
                  "  server web1 127.0.0.1:{}\n  server web2 127.0.0.1:{}\n  server web3 127.0.0.1:{} check inter 100 fall 1 rise 1\n"
                  "backend fixed\n  balance source\n  server s1 127.0.0.1:{} weight 100\n",
                  socket_path(), free_port(), server_ports_[0], server_ports_[1], server_ports_[2], server_ports_[0]));
  start();
}

RealHaproxy::~RealHaproxy() { kill(); }

void RealHaproxy::start() {
  const std::string config = folder_.path() + "/haproxy.cfg";
  pid_ = ::fork();
  if (pid_ == 0) {
    const int null = ::open("/dev/null", O_RDWR);
    ::dup2(null, 0);
    ::dup2(null, 1);
    ::dup2(null, 2);
    ::execl(kBinary, kBinary, "-db", "-f", config.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  const haproxy::RuntimeSocket socket(socket_path());
  for (int i = 0; i < 200; ++i) {
    if (socket.ask("show info")) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  }
  throw std::runtime_error("HAProxy did not start");
}

void RealHaproxy::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

}  // namespace flyball::connectors::testing
