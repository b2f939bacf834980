// A program run by flyball and by CLIPS, and what they did compared.
//
// Where CLIPS has activations that its strategy takes for equal, it fires one of them, and which one it does not document; flyball's order
// is total. So programs are compared up to the first firing at which the two choose differently among equals. That they are equal is judged
// by what CLIPS says of its agenda. What each fires must be on CLIPS's agenda then, and everything that ended without such a choice ends
// with the same facts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/clips/generated.h"

namespace flyball::clips {

struct Totals {
  std::uint64_t programs = 0, endless = 0, whole = 0, firings = 0, again = 0, contested = 0;
};

// What flyball fired, as "r0 a 1 2 k 0 1", and what is there at the end.
struct Played {
  std::vector<std::string> fired, facts;
  bool ran_away = false;
};

Played play(const Generated& program);

// The names of the rules that CLIPS fires.
std::vector<std::string> clips_fired(const Generated& program);

// What is wrong, or "".
std::string compare(const Generated& program, Totals& totals);

}  // namespace flyball::clips
