// Waiting until files change, for `test --watch`: looks at them again and again, until one does or somebody wants to stop.
// The one place of the test runner that knows time. Not thread-safe; blocks SIGINT and SIGTERM from construction on.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "app/service/signals.h"

namespace flyball::app::testing {

class Changes {
 public:
  static constexpr int kLookEveryMs = 250;

  // `arguments` as for rule_paths: what is added to a folder is seen.
  explicit Changes(std::vector<std::string> arguments) : arguments_(std::move(arguments)) {}
  // What is there now: the state from which a change is one. To be called before the files are read.
  void note();
  // Other files to look at, as recorded facts, from now on.
  void also(std::vector<std::string> files);
  // False when it is to stop.
  bool wait();

 private:
  using Seen = std::vector<std::tuple<std::string, std::int64_t, std::uint64_t, std::uint64_t>>;
  static void look(std::vector<std::string> paths, Seen& seen);
  Seen rules() const;
  Seen others() const;

  Signals signals_;
  std::vector<std::string> arguments_, more_;
  Seen rules_, others_;
};

}  // namespace flyball::app::testing
