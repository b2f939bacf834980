// The queue of activations beside a sorted set: whatever comes and goes in whatever order, the same is in front.
#include "engine/session/activation_queue.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <span>
#include <tuple>
#include <vector>

namespace {

using flyball::engine::ActivationId;
using flyball::engine::ActivationQueue;

struct Record {
  std::uint64_t key = 0, rest = 0;
  std::uint32_t place = 0;
};

struct Records {
  std::vector<Record>& all;
  std::uint32_t& place(ActivationId id) const { return all[id].place; }
  std::uint64_t key(ActivationId id) const { return all[id].key; }
  void settle(ActivationId) const {}
  bool goes_before(ActivationId a, ActivationId b) const { return std::tie(all[a].rest, b) > std::tie(all[b].rest, a); }
  void arrange(std::span<ActivationId> of, std::size_t wanted) const {
    const auto later = [this](ActivationId a, ActivationId b) { return goes_before(b, a); };
    const auto first = of.end() - static_cast<std::ptrdiff_t>(wanted);
    std::nth_element(of.begin(), first, of.end(), later);
    std::sort(first, of.end(), later);
  }
};

// The greatest key first, then the greatest rest, then the least id.
using Model = std::set<std::tuple<std::uint64_t, std::uint64_t, ActivationId>, std::greater<>>;

class Both {
 public:
  void add(std::uint64_t key, std::uint64_t rest) {
    const auto id = static_cast<ActivationId>(all_.size());
    all_.push_back({key, rest});
    in_.push_back(id);
    queue_.add(Records{all_}, id);
    model_.emplace(key, rest, ~id);
  }
  void remove(ActivationId id) {
    in_.erase(std::find(in_.begin(), in_.end(), id));
    model_.erase({all_[id].key, all_[id].rest, ~id});
    queue_.remove(Records{all_}, id);
    REQUIRE(queue_.size() == model_.size());
  }
  ActivationId front() {
    const ActivationId id = queue_.front(Records{all_});
    REQUIRE(id == static_cast<ActivationId>(~std::get<2>(*model_.begin())));
    return id;
  }
  void take_all() {
    std::vector<ActivationId> all = queue_.take_all();
    std::vector<ActivationId> wanted = in_;
    std::sort(all.begin(), all.end());
    std::sort(wanted.begin(), wanted.end());
    REQUIRE(all == wanted);
    REQUIRE(queue_.empty());
    for (const ActivationId id : all) queue_.add(Records{all_}, id);
  }
  const std::vector<ActivationId>& in() const { return in_; }

 private:
  std::vector<Record> all_;
  std::vector<ActivationId> in_;
  ActivationQueue queue_;
  Model model_;
};

enum class Keys { kRising, kFalling, kAny, kFew };

void play(std::uint32_t seed, Keys keys, std::uint32_t burst, std::uint32_t rounds) {
  CAPTURE(seed, static_cast<int>(keys), burst);
  std::mt19937 random(seed);
  const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  Both both;
  for (std::uint32_t round = 1; round <= rounds; ++round) {
    for (std::uint32_t n = below(burst + 1); n > 0; --n) {
      const std::uint64_t key = keys == Keys::kRising    ? round + (below(20) == 0 ? 0 : 1)
                                : keys == Keys::kFalling ? 1'000'000 - round
                                : keys == Keys::kAny     ? below(1000)
                                                         : below(3);
      both.add(key, below(4) == 0 ? 7 : random());
    }
    switch (below(4)) {
      case 0:  // as many as there are, from anywhere
        for (std::uint32_t n = below(burst + 1); n > 0 && !both.in().empty(); --n)
          both.remove(both.in()[below(static_cast<std::uint32_t>(both.in().size()))]);
        break;
      case 1:  // those that go first
        for (std::uint32_t n = below(burst + 1); n > 0 && !both.in().empty(); --n) both.remove(both.front());
        break;
      case 2:
        if (!both.in().empty()) both.remove(both.front());
        break;
      default:
        if (below(20) == 0) both.take_all();
    }
  }
  while (!both.in().empty()) both.remove(both.front());
}

TEST_CASE("a queue of activations has in front what a sorted set has", "[productions]") {
  for (const Keys keys : {Keys::kRising, Keys::kFalling, Keys::kAny, Keys::kFew}) {
    for (std::uint32_t seed = 1; seed <= 40; ++seed) {
      play(seed, keys, 3, 300);
      play(seed, keys, 40, 60);
    }
    play(1, keys, 3000, 8);
  }
}

}  // namespace
