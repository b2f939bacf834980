// Actions by number, id, fact and from the newest of their type on, as they come, go and are put back.
#include "engine/session/action_records.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

namespace flyball::engine {
namespace {

ActionRecord record(ActionNumber number) {
  ActionRecord out;
  out.number = number;
  out.id.bytes[0] = static_cast<unsigned char>(number);
  out.id.bytes[1] = static_cast<unsigned char>(number >> 8);
  out.type = number % 2;
  out.fact = number;
  return out;
}

std::vector<ActionNumber> newest_first(const ActionRecords& records, FactTypeId type) {
  std::vector<ActionNumber> out;
  for (const ActionRecord* r = records.newest(type); r != nullptr; r = records.older(*r)) out.push_back(r->number);
  return out;
}

}  // namespace

TEST_CASE("actions that are put back stand where they stood, wherever their place is looked for from", "[actions]") {
  ActionRecords records(2);
  std::vector<std::vector<ActionNumber>> expected(2);
  for (ActionNumber n = 0; n < 200; ++n) {
    records.add(record(n));
    expected[n % 2].insert(expected[n % 2].begin(), n);
  }
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::pair<ActionNumber, ActionNumber>> gone;  // and who was newer
    for (int i = 0; i < 40; ++i) {
      const auto n = static_cast<ActionNumber>(random() % 200);
      if (!records.contains(n)) continue;
      gone.emplace_back(n, records.newer(records.at(n)));
      records.erase(n);
      CHECK(records.of_fact(n % 2, n) == nullptr);
    }
    // As a cascade is taken back: the last first. Or in any order, with a neighbour that is there or not.
    if (round % 2 == 1) std::shuffle(gone.begin(), gone.end(), random);
    for (; !gone.empty(); gone.pop_back()) {
      const auto [n, newer] = gone.back();
      const ActionRecord& back = records.add(record(n), newer);
      CHECK(records.find(back.id) == &back);
      CHECK(records.of_fact(n % 2, n) == &back);
    }
    for (const FactTypeId type : {0U, 1U}) REQUIRE(newest_first(records, type) == expected[type]);
  }
  CHECK(records.newer(records.at(198)) == kNone);
  CHECK(records.newer(records.at(10)) == 12);
}

}  // namespace flyball::engine
