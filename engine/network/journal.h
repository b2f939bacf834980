// Journal: how to take back what the effects of one cascade did, should it run away (semantics.md §6). Whoever changes
// something in step 4 leaves the inverse here; when the cascade has come to its end all are forgotten.
//
// A thing that can be journalled whole is, the first time that a cascade touches it. What only grows or shrinks (samples of a
// window, sends, cooldowns, lists of actions) leaves one inverse for each change: what is kept is bounded by the things there
// are and by the limit of firings in a cascade. Not thread-safe.
// INVARIANT: a record that has() knows is not given up by its owner while the journal is open: ids mean the same thing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <unordered_set>
#include <utility>
#include <vector>

namespace flyball::engine {

enum class Journalled : std::uint8_t { kFact, kEpisode, kReasons, kAction, kHold, kAbsence, kStamps };

class Journal {
 public:
  static constexpr std::size_t kKeptBuckets = 1'024;  // of the set of things known, from cascade to cascade

  bool open() const { return open_; }
  std::size_t room() const { return known_.bucket_count(); }
  bool is_empty() const { return inverses_.empty() && last_.empty() && known_.empty(); }
  void begin() { open_ = true; }
  void end() {
    open_ = false;
    inverses_.clear();
    last_.clear();
    // Clearing costs as much as the largest cascade so far was worth: a large one gives its room back.
    if (known_.bucket_count() > kKeptBuckets) {
      std::unordered_set<Thing, ThingHash>().swap(known_);
    } else if (!known_.empty()) {
      known_.clear();
    }
  }
  // True once for each thing in a cascade: then it is to be journalled.
  bool first(Journalled kind, std::uint32_t table, std::uint32_t id) { return open_ && known_.insert({kind, table, id}).second; }
  bool has(Journalled kind, std::uint32_t table, std::uint32_t id) const { return open_ && known_.contains({kind, table, id}); }
  template <typename Inverse>
  void add(Inverse inverse) {
    if (open_) inverses_.emplace_back(std::move(inverse));
  }
  // To be done when all others are, and what follows from them.
  template <typename Inverse>
  void add_last(Inverse inverse) {
    if (open_) last_.emplace_back(std::move(inverse));
  }
  // Last first; taking back leaves no inverses.
  void take_back() {
    open_ = false;
    run(inverses_);
  }
  void take_back_last() { run(last_); }

 private:
  using Inverses = std::vector<std::function<void()>>;
  struct Thing {
    Journalled kind;
    std::uint32_t table, id;
    friend bool operator==(const Thing&, const Thing&) = default;
  };
  struct ThingHash {
    std::size_t operator()(const Thing& t) const {
      std::uint64_t h = (std::uint64_t{t.table} << 32 | t.id) + static_cast<std::uint64_t>(t.kind) * 0x9E37'79B9'7F4A'7C15ULL;
      h *= 0xBF58'476D'1CE4'E5B9ULL;
      return static_cast<std::size_t>(h ^ (h >> 31));
    }
  };
  static void run(Inverses& inverses) {
    for (; !inverses.empty(); inverses.pop_back()) inverses.back()();
  }
  bool open_ = false;
  Inverses inverses_, last_;
  std::unordered_set<Thing, ThingHash> known_;
};

}  // namespace flyball::engine
