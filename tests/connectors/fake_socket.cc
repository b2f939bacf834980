// A listener on a UNIX socket, polled so that it can be stopped.
#include "tests/connectors/fake_socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace flyball::connectors::testing {

TempFolder::TempFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "flyball-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = name;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void write_text(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::string sample(const std::string& name) { return read_text(std::string(FLYBALL_SOURCE_DIR) + "/tests/connectors/data/" + name); }

FakeSocket::FakeSocket(std::string path, Handler handler) : path_(std::move(path)), handler_(std::move(handler)) {
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(path_.begin(), path_.end(), address.sun_path);
  ::unlink(path_.c_str());
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(listener_, 16) != 0)
    throw std::runtime_error("cannot bind " + path_);
  thread_ = std::thread([this] { serve(); });
}

FakeSocket::~FakeSocket() {
  stop_ = true;
  thread_.join();
  ::close(listener_);
  ::unlink(path_.c_str());
}

std::vector<std::string> FakeSocket::commands() const {
  const std::lock_guard lock(mutex_);
  return commands_;
}

void FakeSocket::serve() {
  std::vector<int> kept_open;
  while (!stop_) {
    pollfd p{listener_, POLLIN, 0};
    if (::poll(&p, 1, 20) <= 0) continue;
    const int fd = ::accept(listener_, nullptr, nullptr);
    if (fd < 0) continue;
    std::string command;
    char c = 0;
    while (::recv(fd, &c, 1, 0) == 1 && c != '\n') command += c;
    {
      const std::lock_guard lock(mutex_);
      commands_.push_back(command);
    }
    const Answer answer = handler_(command);
    if (answer.silent) {
      kept_open.push_back(fd);
      continue;
    }
    const std::size_t step = answer.slow ? 1 : std::max<std::size_t>(answer.text.size(), 1);
    for (std::size_t at = 0; at < answer.text.size(); at += step) {
      if (::send(fd, answer.text.data() + at, std::min(step, answer.text.size() - at), MSG_NOSIGNAL) < 0) break;
    }
    ::close(fd);
  }
  for (const int fd : kept_open) ::close(fd);
}

}  // namespace flyball::connectors::testing
