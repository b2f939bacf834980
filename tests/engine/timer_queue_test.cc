// TimerQueue against a sorted list: in order, in several orders at once, far ahead, taken out in the middle.
#include "engine/network/timer_queue.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "tests/engine/dice.h"

namespace flyball::engine {
namespace {

using Plain = std::multiset<std::pair<std::int64_t, std::uint32_t>>;

void compare(const TimerQueue& queue, const Plain& plain) {
  REQUIRE(queue.size() == plain.size());
  Plain all;
  for (const Timer& timer : queue.all()) all.emplace(timer.due.ns, timer.b);
  REQUIRE(all == plain);
}

void take(TimerQueue& queue, Plain& plain) {
  const Timer timer = queue.pop();
  REQUIRE(timer.due.ns == plain.begin()->first);
  const auto mine = plain.find({timer.due.ns, timer.b});
  REQUIRE(mine != plain.end());
  plain.erase(mine);
}

TEST_CASE("timers come out by when they fall due, however they were set", "[timers]") {
  for (const std::uint64_t delays : {1U, 3U, 7U, 30U}) {  // as many different ones are set again and again
    for (const std::uint64_t odd : {0U, 5U, 60U}) {       // of 100 timers, that are set for any time
      Dice dice(5);
      TimerQueue queue;
      Plain plain;
      std::int64_t now = 0;
      for (std::uint32_t i = 0; i < 20'000; ++i) {
        now += static_cast<std::int64_t>(dice.below(3));
        const bool any = dice.below(100) < odd;
        const auto delay = static_cast<std::int64_t>(any ? dice.below(100'000) : (dice.below(delays) + 1) * 100);
        queue.add({{now + delay}, TimerKind::kExpiry, 0, i});
        plain.emplace(now + delay, i);
        while (!queue.empty() && queue.top().due.ns <= now) take(queue, plain);
        REQUIRE(queue.empty() == plain.empty());
        if (!plain.empty()) REQUIRE(queue.top().due.ns == plain.begin()->first);
        if (i % 500 == 0) compare(queue, plain);
        if (i % 3'000 != 0) continue;
        // What means nothing any more goes; what stays may be about something else.
        queue.revise([](Timer& timer) {
          if (timer.b % 3 == 0) return false;
          timer.b += 1'000'000 * 3;
          return true;
        });
        Plain left;
        for (const auto& [due, b] : plain) {
          if (b % 3 != 0) left.emplace(due, b + 1'000'000 * 3);
        }
        plain = std::move(left);
        compare(queue, plain);
      }
      queue.compact([](const Timer& timer) { return timer.b % 2 == 0; });
      std::erase_if(plain, [](const auto& timer) { return timer.second % 2 == 0; });
      if (queue.size() != plain.size()) {  // so few are not looked at
        REQUIRE(queue.size() < TimerQueue::kCompactFloor);
        continue;
      }
      while (!queue.empty()) take(queue, plain);
      REQUIRE(plain.empty());
    }
  }
}

TEST_CASE("a timer set for the end of time never falls due", "[timers]") {
  TimerQueue queue;
  queue.add({kTimestampMax, TimerKind::kHold, 0, 0});
  CHECK(queue.empty());
  CHECK(queue.ahead(0) == nullptr);
}

TEST_CASE("what follows the first timer is known while they come in order", "[timers]") {
  TimerQueue queue;
  for (std::uint32_t i = 0; i < 10; ++i) queue.add({{i}, TimerKind::kExpiry, 0, i});
  REQUIRE(queue.ahead(4) != nullptr);
  CHECK(queue.ahead(4)->b == 4);
  CHECK(queue.ahead(10) == nullptr);
}

}  // namespace
}  // namespace flyball::engine
