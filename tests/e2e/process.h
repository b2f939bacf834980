// Running the built binary as a user would: one call to its end, or a child that goes on until it is stopped by its pid.
// Nothing is left behind: a Child that goes out of scope is killed, a Folder is removed. Deadlines are generous and only
// there so that a hang fails instead of hanging; nothing asserts speed.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

namespace flyball::e2e {

inline constexpr int kDeadlineS = 60;

struct Finished {
  int status = -1;  // exit code; 128 + signal
  std::string out;
  std::string err;
};

// Runs `flyball args…` with `input` on its stdin. NO_COLOR is not set: there is no terminal.
Finished flyball(const std::vector<std::string>& args, const std::string& input = "", const std::string& folder = "");
// Any program, the same way.
Finished run(const std::string& program, const std::vector<std::string>& args, const std::string& input = "",
             const std::string& folder = "");

class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  // Writes a file and gives its path.
  std::string write(const std::string& name, const std::string& text) const;
  std::string read(const std::string& name) const;

 private:
  std::filesystem::path path_;
};

// A child whose stdout and stderr go to files of `folder`, so that nothing blocks.
class Child {
 public:
  Child(const Folder& folder, const std::string& name, const std::vector<std::string>& args, const std::string& program = "",
        const std::string& in = "/dev/null");
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  std::string out() const;
  std::string err() const;
  bool running();
  void signal(int number) const;
  // Waits for the end; gives the exit code (128 + signal), or -1 after the deadline.
  int wait();
  // SIGTERM, then wait.
  int stop();
  // Waits until its stderr (or stdout) contains `text`; false after the deadline or when the child ends without it.
  bool await_err(const std::string& text);
  bool await_out(const std::string& text);

 private:
  bool await(const std::string& file, const std::string& text);
  std::string out_file_, err_file_;
  pid_t pid_ = -1;
  int status_ = -1;
  bool ended_ = false;
};

void usleep_20ms();
// A pipe with a name: a Child may have it as its stdin, and reads what is written here until it is closed.
class Pipe {
 public:
  explicit Pipe(const std::string& path);
  ~Pipe() { close(); }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void write(const std::string& text) const;
  void close();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  int fd_;
};

// Polls until `done()` is true; false after the deadline.
template <typename F>
bool eventually(F done) {
  for (int i = 0; i < kDeadlineS * 50; ++i) {
    if (done()) return true;
    usleep_20ms();
  }
  return done();
}

std::string slurp(const std::string& path);
std::size_t count_lines(const std::string& text);

}  // namespace flyball::e2e
