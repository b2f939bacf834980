// What the reference tests share: making the case of a seed, running two players over it, reporting a difference.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "tests/reference/compare.h"

namespace flyball::reference {

struct SeedCase {
  std::uint64_t seed = 0;
  std::vector<std::string> files;
  std::unique_ptr<Loaded> package;  // null: the checker refuses the package; see `refusal`
  std::string refusal;
  std::vector<Step> steps;
};

// How many seeds a test goes through: REFERENCE_SEEDS, if that is given.
std::uint64_t seeds_or(std::uint64_t usual);

constexpr std::size_t kStepsPerSeed = 50;

SeedCase make_case(std::uint64_t seed, std::size_t steps = kStepsPerSeed);
// Of rules that have twins.
SeedCase make_twin_case(std::uint64_t seed);
// Of every third seed with twins.
SeedCase make_mixed_case(std::uint64_t seed);
// Of a text that is right.
SeedCase loaded(const CaseText& text);
CaseText text_of(const SeedCase& c);

// Makes the second player of a comparison; the first is always the naive matcher.
using MakeOther = std::function<Result<std::unique_ptr<Player>>(const Loaded&)>;

// nullopt: they agree, or the case does not load.
std::optional<Difference> run_text(const CaseText& c, const MakeOther& other, std::string* transcript = nullptr);

// The same in a process of its own: what crashes or takes longer than some seconds fails, too.
bool fails_guarded(const CaseText& c, const MakeOther& other);

// Shrinks, and tells the whole story: seed, package, steps, both outcomes. Runs the case in processes of its own, so
// that what crashes or takes longer than some seconds can be shrunk, too.
std::string report(const SeedCase& c, const MakeOther& other);

}  // namespace flyball::reference
