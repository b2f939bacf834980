// FactStore: the facts of one type. A record holds a fact's FactMeta, its packed row (engine/expr/row.h) and its FactTimes; records lie
// in chunks that never move and are found by key through an open-addressing index. The index has the hashes beside the
// handles, so that a look-up touches one line of the index and one record; prefetch() brings them near while something
// else is done.
//
// A fact is the pair (type, key), not one put: its handle stays while it exists or while somebody pins it (an episode,
// a hold, a reason, the end of the instant), so that a retract and a put within one instant are the same fact again,
// and `on clear` can still read the last values. It does not match, expire or report: the network and the session do.
//
// Thread safety: none. Complexity: find and insert O(1) expected.
// INVARIANT: a row's key fields never change. A stale fact's other fields read as Value::unknown(); what was known last stays where it is
// and last_row() reads it. Where all fields are key fields, a slot behind them (null or unknown) shows staleness: `stale(x)` looks for an
// unknown slot.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "engine/expr/row.h"
#include "engine/network/pages.h"
#include "engine/network/slab.h"
#include "model/check.h"
#include "model/interner.h"
#include "model/schema.h"
#include "model/time.h"
#include "model/value.h"

namespace flyball::engine {

using FactId = std::uint32_t;

enum class FactStatus : std::uint8_t { kAbsent, kLive, kStale };

struct FactMeta {
  Timestamp stamp;               // of the newest put
  std::uint32_t items = kNone;   // alpha items of this fact (alpha_item.h)
  std::uint32_t tokens = kNone;  // tokens that were given it: bound, or held by a table
  std::uint32_t members = 0;     // which of its type's first alphas it is in (alpha_plan.h)
  std::uint32_t pins = 0;
  std::uint32_t hash = 0;  // of the key
  FactStatus status = FactStatus::kAbsent;
  bool suspended : 1 = false;  // derived, all reasons unknown
  bool used : 1 = false;       // the handle is in use (existing or pinned)
  bool expiry_armed = false;   // a timer is set
  std::uint8_t shape = 0;      // of the row behind it (RowShape): the last byte
};
static_assert(offsetof(FactMeta, shape) + 1 == sizeof(FactMeta) && sizeof(FactMeta) == 32);

// Of facts whose type has a ttl.
struct FactTimes {
  Timestamp expires = kTimestampMax;    // stamp + ttl
  Timestamp armed_for = kTimestampMax;  // a timer is set for then, if expiry_armed
};

// Facts of all types of a session; every store counts its own in.
struct FactTotals {
  std::size_t live = 0, stale = 0;
};

class FactStore {
 public:
  FactStore(const FactType& type, FactTotals& totals);

  // The fact with the key of `row` (only key fields are read), or kNone.
  FactId find(const Value* row) const { return find(row, keyed_ ? key_hash(row) : 0); }
  FactId find(const Value* row, std::uint32_t hash) const {
    if (!keyed_) return kNone;
    const std::size_t mask = index_.size() - 1;
    for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
      const Slot slot = index_[at];
      if (slot.fact == kNone || (slot.hash == hash && same_key(slot.fact, row))) return slot.fact;
    }
  }
  // The fact with that key, made absent if it was not known. For types without a key (events): always a new one.
  FactId find_or_make(const Value* row) { return find_or_make(row, keyed_ ? key_hash(row) : 0); }
  FactId find_or_make(const Value* row, std::uint32_t hash);
  std::uint32_t key_hash(const Value* row) const {
    std::uint64_t h = 0;
    for (const std::uint32_t field : key_) h = mix(h, hash_value(row[field]));
    return fold(h);
  }
  // Whether its facts are so many that most are far away: then hints pay.
  bool is_spread() const { return index_.size() >= kSpread; }
  // Hints that a fact with this hash will be looked for: its place in the index; when that is here, its record. The
  // second gives the likely fact, or kNone.
  void prefetch_index(std::uint32_t hash) const { __builtin_prefetch(&index_[hash & (index_.size() - 1)]); }
  FactId prefetch(std::uint32_t hash) const {
    const std::size_t mask = index_.size() - 1;
    for (std::size_t at = hash & mask; index_[at].fact != kNone; at = (at + 1) & mask) {
      if (index_[at].hash != hash) continue;
      prefetch_record(index_[at].fact);
      return index_[at].fact;
    }
    return kNone;
  }
  void prefetch_record(FactId f) const {
    const char* record = reinterpret_cast<const char*>(record_of(f));
    for (std::uint32_t line = 0; line < lines_ahead_; ++line) __builtin_prefetch(record + line * kLine);
  }

  FactMeta& meta(FactId f) { return *record_of(f); }
  const FactMeta& meta(FactId f) const { return *record_of(f); }
  Row row(FactId f) const { return row_of(meta(f)); }
  Row row_of(const FactMeta& meta) const { return {reinterpret_cast<const std::byte*>(&meta + 1), layout_.now()}; }
  // For types with a ttl.
  bool timed() const { return timed_; }
  FactTimes& times(FactId f) { return *reinterpret_cast<FactTimes*>(packed(meta(f)) + layout_.bytes()); }
  const FactTimes& times(FactId f) const { return *reinterpret_cast<const FactTimes*>(packed(meta(f)) + layout_.bytes()); }
  bool exists(FactId f) const { return meta(f).status != FactStatus::kAbsent; }

  // Overwrites all fields (but for those of the key, which never change); returns which changed (all of them if the fact was absent). Ends
  // staleness.
  std::uint64_t write(FactId f, const Value* values) { return write(meta(f), values); }
  std::uint64_t write(FactMeta& meta, const Value* values) {  // where its record is known already
    std::uint64_t changed = 0;
    if (meta.status == FactStatus::kLive && meta.shape == 0 && layout_.overwrite(packed(meta), values, changed, leading_keys_)) [[likely]]
      return changed;
    return write_unusual(meta, values, changed);
  }
  // Live → stale: hides the fields that are not key; returns their mask.
  std::uint64_t make_stale(FactId f);
  void make_absent(FactId f);
  // The last known values, also of a stale or absent fact.
  Row last_row(FactId f) const { return {packed(meta(f)), layout_.last_known()}; }
  // Of an absent fact: what is known last of it is this.
  void set_last_row(FactId f, const Value* values);

  void pin(FactId f) { ++meta(f).pins; }
  void unpin(FactId f) { unpin(f, meta(f)); }
  void unpin(FactId f, FactMeta& m) {
    FB_CHECK(m.pins > 0);
    if (--m.pins == 0 && m.status == FactStatus::kAbsent) release_if_unused(f);
  }
  // Frees an absent fact that nobody pins.
  void release_if_unused(FactId f);

  std::size_t live() const { return own_.live; }
  std::size_t stale() const { return own_.stale; }
  std::uint32_t end() const { return end_; }  // handles lie below it
  std::uint32_t width() const { return width_; }
  std::uint32_t slots() const { return slots_; }  // of a row: its fields, and the liveness slot if there is one
  bool has_liveness_slot() const { return slots_ != width_; }
  std::uint64_t all_fields() const { return all_fields_; }
  std::uint64_t key_fields() const { return key_mask_; }
  std::span<const std::uint32_t> key() const { return key_; }
  bool keyed() const { return keyed_; }
  std::size_t bytes() const;
  std::size_t spare_bytes() const;  // of those: where no fact is, but one was or has room to come
  // Another session goes on with these facts, which has totals of its own.
  void count_into(FactTotals& totals) { totals_ = &totals; }

  // An event without a declared key is known by its source and sequence number, else by its place in its instant.
  void set_event_key(FactId f, Value source, std::uint64_t number);
  bool has_event_key(FactId f, Value source, std::uint64_t number) const {
    return f < event_keys_.size() && event_keys_[f].number == number && event_keys_[f].source == source;
  }
  // The values that name this fact in identities and ids: its key, or an event's source and number.
  void append_identity(FactId f, std::vector<Value>& out) const;
  // Total order of two facts by what append_identity gives (compare_total, value by value).
  int compare_keys(FactId a, FactId b, const Interner& in) const;
  // The beginning of a fact in that order (order_prefix).
  std::uint64_t key_prefix(FactId f, const Interner& in) const;
  void mark(Interner& in) const;

 private:
  static constexpr std::uint32_t kChunkBits = 10;
  static constexpr std::uint32_t kChunkSize = 1U << kChunkBits;
  static constexpr std::uint32_t kAsideBits = 6;  // of a chunk of rows that are aside

  struct Slot {
    std::uint32_t hash = 0;
    FactId fact = kNone;  // kNone: empty
  };
  static constexpr std::size_t kSpread = 1U << 14;    // places of the index
  static constexpr std::size_t kLine = 64;            // bytes, of the cache
  static constexpr std::uint32_t kLinesAheadMax = 4;  // of a record, that are fetched beforehand

  FactMeta* record_of(FactId f) const {
    return reinterpret_cast<FactMeta*>(chunks_[f >> kChunkBits] + std::size_t{f & (kChunkSize - 1)} * stride_);
  }
  static std::byte* packed(FactMeta& meta) { return reinterpret_cast<std::byte*>(&meta + 1); }
  static const std::byte* packed(const FactMeta& meta) { return reinterpret_cast<const std::byte*>(&meta + 1); }
  bool same_key(FactId f, const Value* row) const {
    const Row mine = this->row(f);
    for (std::size_t i = key_.size(); i-- > 0;) {
      if (!mine.has(key_[i], row[key_[i]])) return false;
    }
    return true;
  }
  std::uint64_t write_unusual(FactMeta& meta, const Value* values, std::uint64_t changed);
  void set_key(FactMeta& meta, const Value* row);
  void set_row(FactMeta& meta, const Value* values);
  Value* take_aside();
  void forget_aside(FactMeta& meta);
  void grow_index();
  FactId make_handle();

  std::uint32_t width_;
  std::uint32_t slots_;  // width_, or one more: the liveness slot
  bool keyed_;
  std::vector<std::uint32_t> key_;
  std::uint64_t all_fields_ = 0, key_mask_ = 0;
  std::uint32_t leading_keys_ = 0;  // fields before the first that is no key field
  bool timed_;
  RowLayout layout_;
  std::size_t stride_;  // of a record: FactMeta, a packed row, with a ttl FactTimes
  std::uint32_t lines_ahead_;
  Chunks memory_;
  std::vector<std::byte*> chunks_;
  struct EventKey {
    Value source;
    std::uint64_t number = 0;
  };
  std::vector<EventKey> event_keys_;  // only of types without a key
  std::vector<FactId> free_;
  PagedVector<Slot> index_;  // a power of two, at most four fifths full
  std::uint32_t indexed_ = 0;
  std::uint32_t end_ = 0;
  FactTotals own_;
  FactTotals* totals_;
  // Rows with a Value that is not of its field's kind (unknown, of a derived fact nothing is known of yet), in chunks that never move.
  std::vector<std::unique_ptr<Value[]>> aside_;
  std::vector<Value*> free_aside_;
  std::uint32_t aside_end_ = 0;
};

}  // namespace flyball::engine
