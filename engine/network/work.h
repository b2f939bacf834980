// What the nodes of the network have done since the session began: counters in each node's own record, always on, and the
// place where the engine is at work now. Nobody in the engine reads them: what it does depends on none.
//
// Thread safety: none; but WorkPlace may be read by a signal's handler in the session's own thread.
#pragma once

#include "engine/insight.h"

namespace flyball::engine {

struct StageWork {
  std::uint64_t left = 0, right = 0;    // activations
  std::uint64_t pairs = 0;              // looked at
  std::uint64_t made = 0, deleted = 0;  // tokens, witnesses too
};

struct AlphaWork {
  std::uint64_t tests = 0;           // of a fact's own fields, all conjuncts once
  std::uint64_t came = 0, went = 0;  // facts
};

struct AggregateWork {
  std::uint64_t puts = 0, removals = 0;  // facts and samples
  std::uint64_t values = 0;              // asked for
  std::uint64_t judged = 0;              // items, by conditions that read a left side
};

struct RuleWork {
  std::uint64_t starts = 0, repeats = 0, ends = 0;  // of episodes
  std::uint64_t fired = 0;                          // productions
  std::uint64_t effect_errors = 0;
};

}  // namespace flyball::engine
