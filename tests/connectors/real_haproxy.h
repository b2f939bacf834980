// A real HAProxy in a folder of its own, on ports the kernel chose, killed at the end. For tests that are skipped with
// a message where HAProxy is not installed.
#pragma once

#include <sys/types.h>

#include <string>

#include "tests/connectors/fake_socket.h"

namespace flyball::connectors::testing {

// A TCP port of 127.0.0.1 that was free a moment ago.
int free_port();

class RealHaproxy {
 public:
  static bool installed();

  // Servers web1 to web3 at ports that nobody listens on unless the test does; web1 and web2 unchecked, web3 checked.
  RealHaproxy();
  ~RealHaproxy();
  RealHaproxy(const RealHaproxy&) = delete;
  RealHaproxy& operator=(const RealHaproxy&) = delete;

  void start();  // returns when the socket answers
  void kill();   // SIGKILL
  std::string socket_path() const { return folder_.path() + "/s.sock"; }
  int server_port(int number) const { return server_ports_[number - 1]; }

 private:
  TempFolder folder_;
  int server_ports_[3] = {};
  pid_t pid_ = -1;
};

}  // namespace flyball::connectors::testing
