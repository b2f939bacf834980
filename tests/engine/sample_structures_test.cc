// What windows are kept in, each against the plain thing that it stands for: in order, late, from the middle, equal.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "engine/network/accumulator.h"
#include "engine/network/id_table.h"
#include "engine/network/sample_table.h"
#include "engine/network/stamp_queue.h"
#include "tests/engine/dice.h"

namespace flyball::engine {
namespace {

TEST_CASE("a queue by stamp is the sorted list", "[samples]") {
  struct Record {
    Timestamp stamp;
    QueuePlace place;
  };
  Dice dice(11);
  std::vector<Record> records;
  std::vector<std::uint32_t> in;
  StampQueue queue;
  const auto stamp_of = [&](std::uint32_t id) { return records[id].stamp; };
  const auto same = [&] {
    REQUIRE(queue.empty() == in.empty());
    REQUIRE(queue.size() == in.size());
    if (in.empty()) return;
    const auto earlier = [&](std::uint32_t a, std::uint32_t b) { return stamp_of(a) < stamp_of(b); };
    REQUIRE(stamp_of(queue.oldest(stamp_of)) == stamp_of(*std::min_element(in.begin(), in.end(), earlier)));
    const Timestamp newest = stamp_of(*std::max_element(in.begin(), in.end(), earlier));
    std::set<std::uint32_t> wanted, got;
    for (const std::uint32_t id : in) {
      if (stamp_of(id) == newest) wanted.insert(id);
    }
    queue.any_newest(stamp_of, [&](std::uint32_t id) {
      got.insert(id);
      return false;
    });
    REQUIRE(got == wanted);
  };
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t leaves = i / 2'000 % 2 == 0 ? 4 : 7;
    if (!in.empty() && dice.below(10) < leaves) {
      std::size_t at = dice.below(in.size());
      if (dice.below(2) == 0) {
        const std::uint32_t oldest = queue.oldest(stamp_of);
        at = static_cast<std::size_t>(std::find(in.begin(), in.end(), oldest) - in.begin());
      }
      queue.erase(in[at], stamp_of(in[at]), records[in[at]].place);
      in.erase(in.begin() + static_cast<std::ptrdiff_t>(at));
    } else {
      const std::int64_t late = dice.below(5) == 0 ? static_cast<std::int64_t>(dice.below(30)) : 0;
      const auto id = static_cast<std::uint32_t>(records.size());
      records.push_back({{i / 3 - late}, {}});
      queue.push(id, records[id].stamp, [&](std::uint32_t n) -> QueuePlace& { return records[n].place; });
      in.push_back(id);
    }
    same();
  }
}

TEST_CASE("samples replaced again and again behind one that stays take no more room", "[samples]") {
  std::vector<QueuePlace> places(3);
  const auto place_of = [&](std::uint32_t id) -> QueuePlace& { return places[id]; };
  StampQueue queue;
  for (const std::uint32_t id : {0U, 1U, 2U}) queue.push(id, Timestamp{5}, place_of);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint32_t id = 1 + static_cast<std::uint32_t>(i) % 2;
    queue.erase(id, Timestamp{5}, places[id]);
    queue.push(id, Timestamp{5}, place_of);
  }
  CHECK(queue.size() == 3);
  CHECK(queue.bytes() < 1'024);
}

TEST_CASE("the samples of facts, by stamp", "[samples]") {
  Dice dice(11);
  SampleTable table;
  std::map<FactId, std::vector<std::uint32_t>> plain;
  for (std::uint32_t i = 0; i < 30'000; ++i) {
    const auto fact = static_cast<FactId>(dice.below(i / 5'000 % 2 == 0 ? 2'000 : 40));
    std::vector<std::uint32_t>& mine = plain[fact];
    if (!mine.empty() && dice.below(10) < 6) {
      const std::size_t at = dice.below(3) == 0 ? dice.below(mine.size()) : 0;
      table.erase(fact, at);
      mine.erase(mine.begin() + static_cast<std::ptrdiff_t>(at));
    } else {
      const std::size_t at = dice.below(3) == 0 ? dice.below(mine.size() + 1) : mine.size();
      table.insert(fact, at, i);
      mine.insert(mine.begin() + static_cast<std::ptrdiff_t>(at), i);
    }
    REQUIRE(std::ranges::equal(table.of(fact), mine));
    if (i % 1'000 != 0) continue;
    for (FactId f = 0; f < 2'000; ++f) REQUIRE(std::ranges::equal(table.of(f), plain[f]));
    std::size_t facts = 0;
    table.for_each([&](FactId f, std::span<const std::uint32_t> samples) {
      ++facts;
      REQUIRE(std::ranges::equal(samples, plain[f]));
    });
    REQUIRE(facts == table.size());
  }
}

TEST_CASE("facts stand at their numbers or are hashed, and keep their group", "[samples]") {
  Dice dice(11);
  SampleTable table;
  std::map<FactId, std::uint32_t> groups;
  for (std::uint32_t i = 0; i < 60'000; ++i) {
    // Most of all there are, then few and far from each other, then most again.
    const bool is_sparse = i / 20'000 % 2 == 1;
    const auto fact = static_cast<FactId>(is_sparse ? dice.below(300) * 1'024 : dice.below(5'000));
    if (dice.below(3) == 0 && !groups.empty()) {
      const auto at = groups.lower_bound(fact);
      const FactId gone = at == groups.end() ? groups.begin()->first : at->first;
      table.erase(gone, 0);
      groups.erase(gone);
      REQUIRE_FALSE(table.contains(gone));
      REQUIRE(table.group_of(gone) == kNone);
    } else if (!groups.contains(fact)) {
      table.insert(fact, 0, i);
      REQUIRE(table.group_of(fact) == kNone);
      table.note_group(fact, i);
      groups[fact] = i;
    }
    REQUIRE(table.size() == groups.size());
    if (i % 2'000 != 0) continue;
    for (const auto& [f, group] : groups) {
      REQUIRE(table.group_of(f) == group);
      REQUIRE(std::ranges::equal(table.of(f), std::vector{group}));
    }
  }
}

TEST_CASE("a list that was long gives its room back", "[samples]") {
  SampleTable table;
  constexpr std::uint32_t kMany = 200'000;
  for (std::uint32_t i = 0; i < kMany; ++i) table.insert(7, i, i);
  REQUIRE(table.of(7).size() == kMany);
  const std::size_t full = table.bytes();
  CHECK(full < std::size_t{4} * 4 * kMany);
  for (std::uint32_t i = 0; i < kMany - 5; ++i) table.erase(7, 0);
  CHECK(std::ranges::equal(table.of(7), std::vector<std::uint32_t>{kMany - 5, kMany - 4, kMany - 3, kMany - 2, kMany - 1}));
  CHECK(table.bytes() < full / 4);
}

TEST_CASE("ids by hash, also of one hash", "[samples]") {
  Dice dice(11);
  IdTable table;
  std::set<std::uint32_t> in;
  for (int i = 0; i < 20'000; ++i) {
    const auto id = static_cast<std::uint32_t>(dice.below(500));
    const std::uint32_t hash = id % 90 * 7;
    if (in.erase(id) != 0) {
      table.erase(hash, id);
    } else {
      in.insert(id);
      table.insert(hash, id);
    }
    const auto asked = static_cast<std::uint32_t>(dice.below(500));
    REQUIRE(table.find(asked % 90 * 7, [&](std::uint32_t n) { return n == asked; }) == (in.contains(asked) ? asked : kNone));
    REQUIRE(table.size() == in.size());
  }
}

TEST_CASE("the least and the greatest of a window, however its samples come and leave", "[samples]") {
  for (const bool greatest : {false, true}) {
    for (const int disorder : {0, 1, 30}) {  // of 100 steps
      Dice dice(11);
      AggregateNode plan;
      plan.fn = greatest ? AggregateFn::kMax : AggregateFn::kMin;
      plan.over_ns = 1;
      plan.value_type = Type::of(TypeTag::kInt);
      FactTotals totals;
      const FactStore store(FactType{}, totals);
      Interner in_words;
      const Observed observed{store, nullptr, in_words};
      Accumulator values;
      std::vector<Observation> in;  // by stamp and arrival
      int begun_anew = 0;
      const auto begin_anew = [&] {
        ++begun_anew;
        values.begin_ordered();
        for (const Observation& o : in) values.add_ordered(o.value);
      };
      for (int i = 0; i < 4'000; ++i) {
        const bool odd = dice.below(100) < static_cast<std::uint64_t>(disorder);
        if (!in.empty() && dice.below(100) < 48) {
          const std::size_t at = odd ? dice.below(in.size()) : 0;
          const Observation o = in[at];
          in.erase(in.begin() + static_cast<std::ptrdiff_t>(at));
          if (!values.subtract(plan, o)) begin_anew();
        } else {
          Observation o;
          o.stamp = {i / 3 - (odd ? static_cast<std::int64_t>(dice.below(40)) : 0)};
          o.arrival = static_cast<std::uint64_t>(i);
          o.value = Value::integer(static_cast<std::int64_t>(dice.below(60)));
          const bool kept = values.add(plan, o);
          in.insert(std::upper_bound(in.begin(), in.end(), o,
                                     [](const Observation& a, const Observation& b) { return place_of(a) < place_of(b); }),
                    o);
          if (!kept) begin_anew();
        }
        if (in.empty()) continue;
        const auto less = [](const Observation& a, const Observation& b) { return a.value.as_int() < b.value.as_int(); };
        const auto best = greatest ? std::max_element(in.begin(), in.end(), less) : std::min_element(in.begin(), in.end(), less);
        REQUIRE(values.result(plan, observed) == best->value);
      }
      CHECK(begun_anew <= 1);
      CHECK((disorder != 0 || begun_anew == 0));
    }
  }
}

}  // namespace
}  // namespace flyball::engine
