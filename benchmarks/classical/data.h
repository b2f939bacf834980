// The facts of the classical production programs, made by formula: the same on every machine, for flyball and for CLIPS.
// Not the programs: those are the .fly and .clp files beside this one. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace flyball::bench::classical {

using Scalar = std::variant<std::int64_t, bool, std::string>;

struct Datum {
  std::string type;  // as flyball names it
  std::vector<std::pair<std::string, Scalar>> fields;
};

struct Program {
  std::string name;           // of NAME.fly and NAME.clp
  std::string strategy;       // that NAME.fly says, for CLIPS
  std::uint32_t size = 0;     // guests, regions; 0: has one size
  std::uint64_t firings = 0;  // exactly
  std::vector<Datum> data;    // in the order in which they are given
};

Program manners(std::uint32_t guests);  // even, at least 4
Program waltz(std::uint32_t regions);
Program waltzdb(std::uint32_t regions);
Program zebra();

// CLIPS words: LastSeat is last-seat, path_done is path-done.
std::string clips_name(std::string_view name);
// One `(deffacts …)` of them all.
std::string clips_facts(const std::vector<Datum>& data);

}  // namespace flyball::bench::classical
