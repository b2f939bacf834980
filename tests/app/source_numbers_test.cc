// Gaps in the numbers of sources, by order of arrival alone.
#include "app/io/source_numbers.h"

#include <catch2/catch.hpp>

namespace flyball::app {
namespace {

std::string told(const std::optional<SourceNumbers::Gap>& gap) {
  return gap ? std::to_string(gap->first) + ".." + std::to_string(gap->last) : "none";
}

}  // namespace

TEST_CASE("source numbers: where a source begins, gaps, what comes twice, and numbering that begins anew") {
  SourceNumbers numbers;
  for (const auto& [number, gap] : std::vector<std::pair<std::uint64_t, std::string>>{
           {5, "none"}, {6, "none"}, {9, "7..8"}, {9, "none"}, {8, "none"}, {10, "none"}, {1, "none"}, {2, "none"}, {5, "3..4"}}) {
    INFO(number);
    CHECK(told(numbers.note("a", number)) == gap);
  }
  CHECK(told(numbers.note("b", 100)) == "none");
  numbers.account("a", 9);
  numbers.account("a", 7);
  CHECK(told(numbers.note("a", 10)) == "none");
  numbers.account("c", 3);
  CHECK(told(numbers.note("c", 5)) == "4..4");
}

TEST_CASE("source numbers: what no integer holds is passed over, and hides nothing that follows") {
  constexpr std::uint64_t kMax = SourceNumbers::kMaxNumber;
  SourceNumbers numbers;
  for (const auto& [number, gap] : std::vector<std::pair<std::uint64_t, std::string>>{{5, "none"},
                                                                                      {UINT64_MAX, "none"},
                                                                                      {UINT64_MAX, "none"},
                                                                                      {6, "none"},
                                                                                      {kMax + 1, "none"},
                                                                                      {8, "7..7"},
                                                                                      {kMax, "9..9223372036854775806"},
                                                                                      {kMax, "none"},
                                                                                      {9, "none"}}) {
    INFO(number);
    CHECK(told(numbers.note("a", number)) == gap);
  }
  numbers.account("b", 3);
  numbers.account("b", UINT64_MAX);
  CHECK(told(numbers.note("b", 5)) == "4..4");
  CHECK(told(numbers.note("c", UINT64_MAX)) == "none");
  CHECK(told(numbers.note("c", 7)) == "none");
}

TEST_CASE("source numbers: of too many sources the further ones are not watched") {
  SourceNumbers numbers;
  for (std::size_t i = 0; i < SourceNumbers::kMaxSources; ++i) REQUIRE_FALSE(numbers.note(std::to_string(i), 1));
  CHECK_FALSE(numbers.note("more", 1));
  CHECK_FALSE(numbers.note("more", 5));
  CHECK(numbers.note("7", 3));
}

}  // namespace flyball::app
