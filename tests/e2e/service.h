// A running `flyball run` for the tests: on sockets in a folder of its own, stopped by its pid, gone with its scope.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/process.h"
#include "tests/e2e/sanitizers.h"

namespace flyball::e2e {

class Service {
 public:
  // `rules` is written to rules.fly; `more` are further arguments of `run`. Waits until it listens.
  Service(const Folder& folder, const std::string& rules, const std::vector<std::string>& more = {});
  Child& child() { return *child_; }
  std::string endpoint(const std::string& face) const { return "ipc://" + (folder_.path() / face).string(); }
  bool listening() const { return listening_; }

  // `flyball pub` of these lines; `more` are further arguments.
  Finished pub(const std::string& lines, const std::vector<std::string>& more = {}) const;
  Finished query(std::vector<std::string> args) const;  // with --connect
  // True once `flyball args…` prints `text`.
  bool eventually_says(const std::vector<std::string>& args, const std::string& text) const;

 private:
  const Folder& folder_;
  std::unique_ptr<Child> child_;
  bool listening_ = false;
};

// Longer than it takes to start two or three of our own programs, which under ThreadSanitizer take seconds: what waits for a lateness is
// still waiting when the test goes on.
inline const std::string kLateness = kThreadSanitizer ? "8s" : "400ms";

// The rules most tests run: a probe that fails drains its backend at once; a decision reads the same facts.
extern const char* const kRules;
std::string probe(const std::string& backend, bool ok);

}  // namespace flyball::e2e
