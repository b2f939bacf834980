// A runtime socket that answers as a test wants it to: a stand-in for HAProxy, for the answers HAProxy never gives on
// request. One thread, one connection at a time. Not a model of HAProxy: tests/connectors/real_haproxy.h starts the real one.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace flyball::connectors::testing {

// A folder of its own for one test, removed with all that is in it.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string read_text(const std::string& path);
void write_text(const std::string& path, const std::string& text);
// A file of tests/connectors/data.
std::string sample(const std::string& name);

class FakeSocket {
 public:
  // The answer to a command; what it returns is sent and the connection closed. `silent` keeps it open and says nothing.
  struct Answer {
    std::string text;
    bool silent = false;
    bool slow = false;  // byte by byte
  };
  using Handler = std::function<Answer(const std::string& command)>;

  FakeSocket(std::string path, Handler handler);
  ~FakeSocket();
  FakeSocket(const FakeSocket&) = delete;
  FakeSocket& operator=(const FakeSocket&) = delete;
  std::vector<std::string> commands() const;

 private:
  void serve();

  std::string path_;
  Handler handler_;
  int listener_ = -1;
  std::atomic<bool> stop_{false};
  mutable std::mutex mutex_;
  std::vector<std::string> commands_;
  std::thread thread_;
};

}  // namespace flyball::connectors::testing
