// Agenda against a set that is always in order.
#include "engine/session/agenda.h"

#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <tuple>

using namespace flyball::engine;

namespace {

struct Entry {
  std::uint32_t ticket = 0;
  std::uint32_t identity = 0;
};
struct Entries {
  std::vector<std::vector<Entry>>* all;
  std::uint32_t& ticket(std::uint32_t rule, EntryId e) const { return (*all)[rule][e].ticket; }
  bool goes_before(std::uint32_t rule, EntryId a, EntryId b) const {
    const std::uint32_t x = (*all)[rule][a].identity, y = (*all)[rule][b].identity;
    return x != y ? x < y : a < b;
  }
  std::uint64_t prefix(std::uint32_t rule, EntryId e) const { return (*all)[rule][e].identity / 16; }  // many have the same
};

}  // namespace

TEST_CASE("an agenda gives what a set in order gives, whatever comes and goes", "[agenda]") {
  constexpr std::uint32_t kRules = 70, kEntries = 300;
  std::mt19937 random(5);
  const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  std::vector<std::vector<Entry>> all(kRules, std::vector<Entry>(kEntries));
  Agenda<Entries> agenda(kRules, Entries{&all});
  std::set<std::tuple<std::uint32_t, std::uint32_t, EntryId>> expected;  // rank, identity, entry; the rank of a rule is kRules - 1 - rule
  for (int step = 0; step < 20'000; ++step) {
    const std::uint32_t rule = below(10) == 0 ? below(kRules) : 3 + below(2);
    const std::uint32_t rank = kRules - 1 - rule;
    // Now one, now many.
    for (std::uint32_t n = below(50) == 0 ? 200 : below(3); n > 0; --n) {
      const EntryId e = below(kEntries);
      Entry& entry = all[rule][e];
      if (entry.ticket == 0) {
        entry.identity = below(1'000);  // an entry that is off is given to another
        agenda.add(rank, rule, e);
        expected.emplace(rank, entry.identity, e);
      } else if (below(3) == 0) {
        expected.erase({rank, entry.identity, e});
        agenda.remove(rank, rule, e);
      }
    }
    for (std::uint32_t n = below(60) == 0 ? 400 : below(4); n > 0 && !expected.empty(); --n) {
      const auto [first_rank, identity, e] = *expected.begin();
      const auto [first_rule, first] = agenda.front();
      REQUIRE(first_rule == kRules - 1 - first_rank);
      REQUIRE(first == e);
      expected.erase(expected.begin());
      agenda.remove(first_rank, first_rule, first);
    }
    REQUIRE(agenda.empty() == expected.empty());
  }
}
