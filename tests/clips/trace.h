// What CLIPS did, read from what it says when facts, activations and rules are watched. Not a run of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/clips/generated.h"

namespace flyball::clips {

// A match on CLIPS's agenda.
struct Activation {
  int rule = 0;
  std::string content;               // "r0 a 1 2 k 0 1": the rule and the facts bound
  std::vector<std::uint64_t> facts;  // their numbers, in order: the later the greater
  std::uint64_t moment = 0;          // at which it came
};

struct Step {
  Activation fired;
  std::vector<Activation> agenda;  // just before, the fired one among them
};

struct Trace {
  std::vector<Step> steps;
  std::vector<std::string> facts;  // at the end: "a 1 2", sorted
  bool ended = false;              // nothing is left to fire
};

// Nothing if it is not a whole trace: `why` says the line.
std::optional<Trace> read_trace(const std::string& text, std::string& why);

}  // namespace flyball::clips
