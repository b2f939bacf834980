// Journal: how to take back what the effects of one cascade did, should it run away (semantics.md §6). Whoever changes
// something in step 4 leaves the inverse here; when the cascade has come to its end all are forgotten.
//
// A thing that can be journalled whole is, the first time that a cascade touches it. What only grows or shrinks (samples of a
// window, sends, cooldowns, lists of actions) leaves one inverse for each change: what is kept is bounded by the things there
// are and by the limit of firings in a cascade. Facts and their stamps, which nearly every effect changes, are kept as rows, one
// behind the other, and of a fact that nobody knew before only that; all else as functions. Not thread-safe.
// INVARIANT: a record that has() knows is not given up by its owner while the journal is open: ids mean the same thing.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "engine/network/append_log.h"
#include "engine/network/fact_store.h"

namespace flyball::engine {

enum class Journalled : std::uint8_t { kFact, kEpisode, kReasons, kAction, kHold, kAbsence, kStamps };

class Journal {
 public:
  static constexpr std::size_t kKeptBuckets = 1'024;  // of the table of actions, from cascade to cascade

  bool open() const { return open_; }
  std::size_t room() const { return actions_.size(); }
  bool is_empty() const { return order_.empty() && last_.empty() && !marked_; }
  // Not what functions keep.
  std::size_t bytes() const {
    const auto room = [](const auto& v) { return v.capacity() * sizeof(v[0]); };
    std::size_t n = order_.bytes() + facts_.bytes() + rows_.bytes() + stamps_.bytes() + stamp_rows_.bytes() + room(inverses_) +
                    room(last_) + room(actions_);
    for (const Marks& marks : marks_) {
      for (const auto& of : marks) n += room(of);
    }
    return n;
  }
  void begin() {
    open_ = true;
    if (!marked_) return;
    marked_ = false;
    ++cascade_;
  }
  void end() {
    open_ = false;
    order_.clear();
    inverses_.clear();
    last_.clear();
    facts_.clear();
    rows_.clear();
    stamps_.clear();
    stamp_rows_.clear();
    if (marked_) ++cascade_;
    marked_ = false;
    // A large cascade gives its room back.
    if (actions_.size() > kKeptBuckets) std::vector<MarkedAction>().swap(actions_);
    action_count_ = 0;
  }
  // True once for each thing in a cascade: then it is to be journalled.
  bool first(Journalled kind, std::uint32_t table, std::uint32_t id) {
    if (!open_) return false;
    return kind == Journalled::kAction ? mark_action(id) : mark(marks_[static_cast<std::size_t>(kind)], table, id);
  }
  // Of what is no action.
  bool has(Journalled kind, std::uint32_t table, std::uint32_t id) const {
    if (!open_) return false;
    const Marks& marks = marks_[static_cast<std::size_t>(kind)];
    return table < marks.size() && id < marks[table].size() && marks[table][id] == cascade_;
  }
  template <typename Inverse>
  void add(Inverse inverse) {
    if (!open_) return;
    order_.push_back(kFunction | static_cast<std::uint32_t>(inverses_.size()));
    inverses_.push_back(std::move(inverse));
  }
  // A fact as it is, with what is known of it last; no row: nothing is.
  void add_fact(FactTypeId type, FactId fact, const FactMeta& meta, Timestamp expires, Row row, std::uint32_t width) {
    if (!open_) return;
    order_.push_back(static_cast<std::uint32_t>(facts_.size()));
    std::size_t kept = kNoRow;
    if (row) {
      kept = rows_.append(width);
      row.copy_to({&rows_[kept], width});
    }
    facts_.push_back({type, fact, meta.stamp, expires, kept, meta.status});
  }
  void add_stamps(FactTypeId type, FactId fact, const std::uint64_t* stamps, std::size_t count) {
    if (!open_) return;
    stamps_.push_back({type, fact, stamp_rows_.size(), count});
    for (std::size_t i = 0; i < count; ++i) stamp_rows_.push_back(stamps[i]);
  }
  // To be done when all others are, and what follows from them.
  template <typename Inverse>
  void add_last(Inverse inverse) {
    if (open_) last_.emplace_back(std::move(inverse));
  }
  // Last first; taking back leaves no inverses.
  struct FactBefore {
    FactTypeId type = kNoId;
    FactId fact = kNone;
    Timestamp stamp, expires;
    std::size_t row = 0;
    FactStatus status = FactStatus::kAbsent;
  };
  template <typename RestoreFact>  // (FactBefore, its row or null)
  void take_back(RestoreFact restore) {
    open_ = false;
    for (; !order_.empty(); order_.pop_back()) {
      const std::uint32_t at = order_.back();
      if ((at & kFunction) != 0) {
        inverses_[at & ~kFunction]();
      } else {
        restore(facts_[at], facts_[at].row == kNoRow ? nullptr : &rows_[facts_[at].row]);
      }
    }
    inverses_.clear();
  }
  template <typename RestoreStamps>  // (type, fact, stamps)
  void take_back_last(RestoreStamps restore) {
    for (; !last_.empty(); last_.pop_back()) last_.back()();
    std::vector<std::uint64_t> row;
    for (std::size_t i = 0; i < stamps_.size(); ++i) {
      const StampsBefore& s = stamps_[i];
      row.clear();
      for (std::size_t at = 0; at < s.count; ++at) row.push_back(stamp_rows_[s.row + at]);
      restore(s.type, s.fact, row.data());
    }
  }

 private:
  static constexpr std::uint32_t kFunction = std::uint32_t{1} << 31;
  static constexpr std::size_t kNoRow = SIZE_MAX;
  static constexpr std::size_t kFirstRoom = 64, kNeighbours = 16;
  struct MarkedAction {
    std::uint64_t cascade = 0;  // of another than this one: the place is free
    std::uint32_t number = 0;
  };
  struct StampsBefore {
    FactTypeId type = kNoId;
    FactId fact = kNone;
    std::size_t row = 0, count = 0;
  };
  // By table, by id: the last cascade that changed it.
  using Marks = std::vector<std::vector<std::uint64_t>>;
  bool mark(Marks& marks, std::uint32_t type, std::uint32_t fact) {
    if (marks.size() <= type) marks.resize(type + 1);
    std::vector<std::uint64_t>& of = marks[type];
    if (of.size() <= fact) of.resize(std::max<std::size_t>(fact + 1, of.size() * 2), 0);
    if (of[fact] == cascade_) return false;
    of[fact] = cascade_;
    marked_ = true;
    return true;
  }
  // Actions have numbers that go on and on: a table of those of the cascade, neighbours side by side. The place of one, or where it would
  // be.
  std::size_t place_of(std::uint32_t number) const {
    const std::size_t mask = actions_.size() - 1;
    std::size_t at = (std::size_t{fold(mix(0, number / kNeighbours))} * kNeighbours + number % kNeighbours) & mask;
    while (actions_[at].cascade == cascade_ && actions_[at].number != number) at = (at + 1) & mask;
    return at;
  }
  bool mark_action(std::uint32_t number) {
    if ((action_count_ + 1) * 4 > actions_.size() * 3) {
      std::vector<MarkedAction> before(std::max(kFirstRoom, actions_.size() * 2));
      before.swap(actions_);
      for (const MarkedAction& marked : before) {
        if (marked.cascade == cascade_) actions_[place_of(marked.number)] = marked;
      }
    }
    MarkedAction& place = actions_[place_of(number)];
    if (place.cascade == cascade_) return false;
    place = {cascade_, number};
    ++action_count_;
    marked_ = true;
    return true;
  }
  bool open_ = false;
  bool marked_ = false;  // something, in this cascade
  std::uint64_t cascade_ = 1;
  std::array<Marks, static_cast<std::size_t>(Journalled::kStamps) + 1> marks_;  // by kind
  AppendLog<std::uint32_t> order_;                                              // places in facts_, or with kFunction in inverses_
  std::vector<std::function<void()>> inverses_;
  std::vector<std::function<void()>> last_;
  AppendLog<FactBefore> facts_;
  AppendLog<Value> rows_;
  AppendLog<StampsBefore> stamps_;
  AppendLog<std::uint64_t> stamp_rows_;
  std::vector<MarkedAction> actions_;  // open addressing; a power of two
  std::size_t action_count_ = 0;
};

}  // namespace flyball::engine
