// A test again, with the service stopped and started where no step says so: the same must happen. Pure.
#pragma once

#include <string>
#include <vector>

#include "app/testing/run.h"

namespace flyball::app::testing {

inline constexpr std::size_t kMaxSingleRestarts = 50;  // runs of a test with one restart each, spread evenly over its moments

struct RestartFailure {
  std::string message;
  std::vector<std::string> happened;
};

// Runs with a restart at each moment, by a snapshot and by a session that takes over, then with one restart at a time; each is compared
// with the run in which time goes on in the same way and nothing is restarted. `broken`, if given, has how many restarts there were.
std::vector<RestartFailure> restarts_that_show(const Plan& plan, const engine::Program& program, Interner& interner,
                                               std::size_t* broken = nullptr);

}  // namespace flyball::app::testing
