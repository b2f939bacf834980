// A small production program made at random, as text for flyball and for CLIPS. Says nothing of what it does.
//
// Both texts mean the same, which needs some care where the languages differ (docs/explanation/coming-from-clips.md):
//  - facts of a and b are what they say: all their fields are their key. They are asserted and retracted. k and m have a key, and are
//    set and retracted; every pattern reads all of their fields, and `set` always changes one, as CLIPS takes any `modify` for news;
//  - `some` asks for a and b only: a `modify` in CLIPS is a retraction first, so that (exists …) of its fact goes and comes;
//  - a rule changes at most one fact of a type, so that none is changed that is gone.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace flyball::clips {

struct GivenFact {
  std::string type;  // a, b, k or m
  std::int64_t first = 0, second = 0;
};

struct Generated {
  std::string strategy;
  std::string rules;       // flyball
  std::string constructs;  // CLIPS, facts included
  std::vector<GivenFact> facts;
  std::vector<int> priorities;                     // of rule 0, 1, …
  std::vector<std::vector<std::string>> types_of;  // of the facts that a rule binds, in order
};

Generated generate(std::uint64_t seed);

// x and y of a and b, k and v of k and m.
std::pair<std::string, std::string> fields_of(const std::string& type);
bool is_keyed(const std::string& type);

}  // namespace flyball::clips
