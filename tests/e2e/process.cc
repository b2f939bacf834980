// spawn and poll: the plumbing of the end-to-end tests.
#include "tests/e2e/process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace flyball::e2e {
namespace {

int exit_code(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

// A child with these three descriptors as its own; the pid. Spawned, so that a signal sent right after it meets the program, never a copy
// of this one that still has its handlers.
pid_t spawn(const std::string& program, const std::vector<std::string>& args, int in, int out, int err, const std::string& folder = {}) {
  std::vector<char*> argv = {const_cast<char*>(program.c_str())};
  for (const std::string& arg : args) argv.push_back(const_cast<char*>(arg.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in, 0);
  posix_spawn_file_actions_adddup2(&actions, out, 1);
  posix_spawn_file_actions_adddup2(&actions, err, 2);
  if (!folder.empty()) posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  pid_t pid = -1;
  const int failed = posix_spawnp(&pid, program.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw std::runtime_error(program + ": " + std::strerror(failed));
  return pid;
}

void drain(int fd, std::string& to, bool& open) {
  char chunk[1 << 16];
  const ssize_t n = ::read(fd, chunk, sizeof chunk);
  if (n > 0)
    to.append(chunk, static_cast<std::size_t>(n));
  else if (n == 0)
    open = false;
}

}  // namespace

void usleep_20ms() { usleep(20'000); }

Finished flyball(const std::vector<std::string>& args, const std::string& input, const std::string& folder) {
  return run(FLYBALL_BINARY, args, input, folder);
}

Finished run(const std::string& program, const std::vector<std::string>& args, const std::string& input, const std::string& folder) {
  int in[2], out[2], err[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  const pid_t pid = spawn(program, args, in[0], out[1], err[1], folder);
  for (const int fd : {in[0], out[1], err[1]}) close(fd);
  signal(SIGPIPE, SIG_IGN);
  fcntl(in[1], F_SETFL, O_NONBLOCK);
  Finished finished;
  std::size_t written = 0;
  bool in_open = true, out_open = true, err_open = true;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(kDeadlineS);
  while (out_open || err_open) {
    if (in_open && written == input.size()) {
      close(in[1]);
      in_open = false;
    }
    pollfd fds[3] = {{in_open ? in[1] : -1, POLLOUT, 0}, {out_open ? out[0] : -1, POLLIN, 0}, {err_open ? err[0] : -1, POLLIN, 0}};
    if (std::chrono::steady_clock::now() > deadline) {
      kill(pid, SIGKILL);
      break;
    }
    if (poll(fds, 3, 1000) <= 0) continue;
    if ((fds[0].revents & (POLLERR | POLLHUP)) != 0) {
      written = input.size();  // it does not read what we say
    } else if ((fds[0].revents & POLLOUT) != 0) {
      const ssize_t n = ::write(in[1], input.data() + written, input.size() - written);
      if (n > 0)
        written += static_cast<std::size_t>(n);
      else if (n < 0 && errno != EAGAIN)
        written = input.size();
    }
    if ((fds[1].revents & (POLLIN | POLLHUP)) != 0) drain(out[0], finished.out, out_open);
    if ((fds[2].revents & (POLLIN | POLLHUP)) != 0) drain(err[0], finished.err, err_open);
  }
  if (in_open) close(in[1]);
  close(out[0]);
  close(err[0]);
  int status = 0;
  waitpid(pid, &status, 0);
  finished.status = exit_code(status);
  return finished;
}

Folder::Folder() {
  std::string name = (std::filesystem::temp_directory_path() / "flyball-e2e-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
  path_ = name;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string Folder::write(const std::string& name, const std::string& text) const {
  const std::filesystem::path file = path_ / name;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
  return file.string();
}

std::string Folder::read(const std::string& name) const { return slurp((path_ / name).string()); }

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::size_t count_lines(const std::string& text) {
  std::size_t n = 0;
  for (const char c : text) n += c == '\n';
  return n;
}

Child::Child(const Folder& folder, const std::string& name, const std::vector<std::string>& args, const std::string& program,
             const std::string& in_file)
    : out_file_(folder / (name + ".out")), err_file_(folder / (name + ".err")) {
  // Emptied here, not in the child: what a namesake before it said must not read as said by this one.
  const int out = open(out_file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  const int err = open(err_file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  const int in = open(in_file.c_str(), O_RDONLY | O_CLOEXEC);
  pid_ = spawn(program.empty() ? FLYBALL_BINARY : program, args, in, out, err);
  for (const int fd : {in, out, err}) close(fd);
}

Child::~Child() {
  if (!running()) return;
  kill(pid_, SIGKILL);
  int status = 0;
  waitpid(pid_, &status, 0);
}

std::string Child::out() const { return slurp(out_file_); }
std::string Child::err() const { return slurp(err_file_); }

bool Child::running() {
  if (ended_) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) == pid_) {
    ended_ = true;
    status_ = exit_code(status);
  }
  return !ended_;
}

void Child::signal(int number) const {
  if (!ended_) kill(pid_, number);
}

int Child::wait() {
  eventually([&] { return !running(); });
  return ended_ ? status_ : -1;
}

int Child::stop() {
  signal(SIGTERM);
  return wait();
}

bool Child::await(const std::string& file, const std::string& text) {
  bool found = false;
  eventually([&] {
    const bool alive = running();
    found = slurp(file).find(text) != std::string::npos;
    return found || !alive;
  });
  return found;
}

bool Child::await_err(const std::string& text) { return await(err_file_, text); }
bool Child::await_out(const std::string& text) { return await(out_file_, text); }

Pipe::Pipe(const std::string& path) : path_(path), fd_(-1) {
  if (mkfifo(path.c_str(), 0600) == 0) fd_ = open(path.c_str(), O_RDWR | O_CLOEXEC);  // for both, so that opening does not wait
  if (fd_ < 0) throw std::runtime_error("mkfifo");
}

void Pipe::write(const std::string& text) const {
  if (::write(fd_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) throw std::runtime_error("write");
}

void Pipe::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

}  // namespace flyball::e2e
