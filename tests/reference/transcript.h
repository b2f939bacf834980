// Transcript: what a session said, in order. Both matchers write one, and the two are compared.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/fact.h"
#include "model/interner.h"

namespace flyball::reference {

struct Firing {
  Timestamp time;
  std::uint32_t rule = kNoId;
  bool clear = false;
  friend bool operator==(const Firing&, const Firing&) = default;
};

struct Transcript {
  std::vector<Firing> firings;
  std::vector<ActionOutput> actions;
  std::vector<DerivedOutput> derived;  // of one instant in order of (type, key)
  std::vector<LogOutput> logs;
};

}  // namespace flyball::reference
