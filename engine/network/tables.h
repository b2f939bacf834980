// Tables: what lines with a memory remember, by the choice of facts they read (semantics.md §3): holds, absences, and
// the projections of identities that lines of `until` run for. Plain records; the rules of their change are in
// holds.cc and absences.cc.
//
// Not thread-safe. INVARIANT: the facts of an entry are pinned while it exists (the network does that).
#pragma once

#include <vector>

#include "engine/expr/eval.h"
#include "engine/network/bucket_index.h"
#include "engine/network/fact_store.h"
#include "engine/network/slab.h"
#include "engine/network/token.h"
#include "model/time.h"

namespace flyball::engine {

inline std::uint32_t hash_facts(const FactId* facts, std::uint32_t count) {
  std::uint64_t h = 0x51ED'270B;
  for (std::uint32_t i = 0; i + 1 < count; ++i) h = mix(h, facts[i]);
  return count == 0 ? fold(h) : fold_near(h, facts[count - 1]);
}

struct HoldEntry {
  Link all, prefix;  // by all facts; by the facts without the line's own
  Place all_place = Place::kOut, prefix_place = Place::kOut;
  std::uint32_t count_true = 0, count_unknown = 0;  // tokens of the hold chain: the line's truth now
  Timestamp onset;
  Truth judged = Truth::kFalse;  // the line's truth at the last judgement
  Truth output = Truth::kFalse;
  bool held = false;
  bool was_held = false;  // before the unknown it is in, or came from
  bool dirty = false;     // its verdict may have changed
  bool unjudged = false;  // its line's truth may have changed

  Truth line() const { return count_true != 0 ? Truth::kTrue : count_unknown != 0 ? Truth::kUnknown : Truth::kFalse; }
};

struct AbsenceEntry {
  Link all, prefix;  // prefix: not used
  Place all_place = Place::kOut, prefix_place = Place::kOut;
  std::uint32_t bound = 0;            // choices that bind the facts; permanent: one more
  std::uint32_t live = 0;             // live facts of that description
  std::uint32_t first_event = kNone;  // of that description that are here, in their instant: absence_events_ has them
  bool seen_known = false;            // `seen` is the greatest stamp of those
  Timestamp seen;
  TokenId root = kNone;             // of its watch chain
  Timestamp base = kTimestampMin;   // silence is counted from here
  std::uint64_t reads = 0;          // hash of what the line reads of its facts, as last judged
  Timestamp armed = kTimestampMax;  // a timer is set for then
  bool due_now = false;             // it fell due at this very instant: true throughout it
  bool live_judged = false;
  bool output = false;
  bool dirty = false;
  bool unjudged = false;
  bool fresh = true;  // bound since the last judgement
};

struct ProjectionEntry {
  Link all, prefix;
  Place all_place = Place::kOut, prefix_place = Place::kOut;
  std::uint32_t uses = 0;
  TokenId root = kNone;
};

template <typename Entry>
class TupleTable {
 public:
  TupleTable(std::uint32_t arity, bool with_prefix) : arity_(arity), with_prefix_(with_prefix) {}

  std::uint32_t find(const FactId* facts) const {
    const std::uint32_t hash = hash_facts(facts, arity_);
    for (std::uint32_t e = by_all_.bucket(hash); e != kNone; e = entries_[e].all.next) {
      if (entries_[e].all.hash == hash && same(e, facts, arity_)) return e;
    }
    return kNone;
  }
  std::uint32_t make(const FactId* facts) {
    const std::uint32_t e = entries_.make();
    if (facts_.size() < (std::size_t{e} + 1) * arity_) facts_.resize((std::size_t{e} + 1) * arity_);
    for (std::uint32_t i = 0; i < arity_; ++i) facts_[std::size_t{e} * arity_ + i] = facts[i];
    AllRecords all{entries_};
    by_all_.insert(all, e, hash_facts(facts, arity_));
    if (with_prefix_) {
      PrefixRecords prefix{entries_};
      by_prefix_.insert(prefix, e, hash_facts(facts, arity_ - 1));
    }
    return e;
  }
  void free(std::uint32_t e) {
    AllRecords all{entries_};
    by_all_.remove(all, e);
    if (with_prefix_) {
      PrefixRecords prefix{entries_};
      by_prefix_.remove(prefix, e);
    }
    entries_.free(e);
  }
  // First entry of the bucket of a prefix; follow `prefix.next`, compare hash and facts.
  std::uint32_t prefix_bucket(std::uint32_t hash) const { return by_prefix_.bucket(hash); }
  bool same(std::uint32_t e, const FactId* facts, std::uint32_t count) const {
    const FactId* mine = facts_of(e);
    for (std::uint32_t i = 0; i < count; ++i) {
      if (mine[i] != facts[i]) return false;
    }
    return true;
  }
  const FactId* facts_of(std::uint32_t e) const { return facts_.data() + std::size_t{e} * arity_; }
  bool in_use(std::uint32_t e) const { return e < entries_.end() && entries_[e].all_place != Place::kOut; }
  void prefetch(std::uint32_t e) const {
    if (e < entries_.end()) __builtin_prefetch(&entries_[e]);
  }
  Entry& operator[](std::uint32_t e) { return entries_[e]; }
  const Entry& operator[](std::uint32_t e) const { return entries_[e]; }
  std::uint32_t arity() const { return arity_; }
  std::uint32_t end() const { return entries_.end(); }
  std::size_t used() const { return entries_.used(); }
  std::size_t bytes() const { return entries_.bytes() + facts_.capacity() * sizeof(FactId) + by_all_.bytes() + by_prefix_.bytes(); }

 private:
  struct AllRecords {
    Slab<Entry>& entries;
    Link& link(std::uint32_t id) { return entries[id].all; }
    Place place(std::uint32_t id) const { return entries[id].all_place; }
    void set_place(std::uint32_t id, Place place) { entries[id].all_place = place; }
  };
  struct PrefixRecords {
    Slab<Entry>& entries;
    Link& link(std::uint32_t id) { return entries[id].prefix; }
    Place place(std::uint32_t id) const { return entries[id].prefix_place; }
    void set_place(std::uint32_t id, Place place) { entries[id].prefix_place = place; }
  };
  std::uint32_t arity_;
  bool with_prefix_;
  Slab<Entry> entries_;
  std::vector<FactId> facts_;
  BucketIndex by_all_, by_prefix_;
};

using HoldTable = TupleTable<HoldEntry>;
using AbsenceTable = TupleTable<AbsenceEntry>;
using ProjectionTable = TupleTable<ProjectionEntry>;

}  // namespace flyball::engine
