// Rows, handles and the key index of one type's facts: open addressing, linear probes, backward-shift deletion.
#include "engine/network/fact_store.h"

#include <algorithm>
#include <new>

#include "model/check.h"
#include "model/compare.h"

namespace flyball::engine {

FactStore::FactStore(const FactType& type, FactTotals& totals)
    : width_(static_cast<std::uint32_t>(type.fields.size())),
      slots_(width_ + (type.has_only_key_fields() ? 1 : 0)),
      keyed_(type.has_key),
      key_(type.key),
      timed_(type.ttl_ns.has_value()),
      stride_(sizeof(FactMeta) + slots_ * sizeof(Value) + (timed_ ? sizeof(FactTimes) : 0)),
      lines_ahead_(std::min(kLinesAheadMax, static_cast<std::uint32_t>((stride_ + 63) / 64))),
      totals_(&totals) {
  for (std::uint32_t i = 0; i < width_; ++i) all_fields_ |= std::uint64_t{1} << i;
  const bool state = !type.is_event() && type.role != Role::kAction;
  if (!keyed_ && state) {
    // State without a declared key is identified by everything its author declared.
    keyed_ = true;
    for (std::uint32_t i = 0; i < type.declared_fields; ++i) key_.push_back(i);
  }
  if (!keyed_ && type.role == Role::kAction) {
    keyed_ = true;  // one per id
    key_.push_back(type.action_field(ActionField::kId));
  }
  for (const std::uint32_t field : key_) key_mask_ |= std::uint64_t{1} << field;
  if (keyed_) index_.assign(16, Slot{});
}

bool FactStore::same_key(FactId f, const Value* row) const {
  const Value* mine = this->row(f);
  for (const std::uint32_t field : key_) {
    if (mine[field] != row[field]) return false;
  }
  return true;
}

FactId FactStore::find(const Value* row, std::uint32_t hash) const {
  if (!keyed_) return kNone;
  const std::size_t mask = index_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    const Slot slot = index_[at];
    if (slot.fact == kNone) return kNone;
    if (slot.hash == hash && same_key(slot.fact, row)) return slot.fact;
  }
}

FactId FactStore::make_handle() {
  FactId f = 0;
  if (!free_.empty()) {
    f = free_.back();
    free_.pop_back();
  } else {
    f = end_++;
    FB_CHECK(f < kNone - 1);
    if (f >> kChunkBits == chunks_.size()) chunks_.push_back(static_cast<std::byte*>(memory_.take(kChunkSize * stride_)));
    unpoison(record_of(f), stride_);
    Value* row = row_for_update(f);
    for (std::uint32_t i = 0; i < slots_; ++i) new (row + i) Value{};
  }
  new (record_of(f)) FactMeta{};
  meta(f).used = true;
  set_liveness_slot(f, Value::null());
  if (timed_) new (&times(f)) FactTimes{};
  return f;
}

FactId FactStore::find_or_make(const Value* row, std::uint32_t hash) {
  if (!keyed_) return make_handle();
  if ((std::size_t{indexed_} + 1) * 5 > index_.size() * 4) grow_index();
  const std::size_t mask = index_.size() - 1;
  std::size_t at = hash & mask;
  for (; index_[at].fact != kNone; at = (at + 1) & mask) {
    if (index_[at].hash == hash && same_key(index_[at].fact, row)) return index_[at].fact;
  }
  const FactId f = make_handle();
  meta(f).hash = hash;
  Value* mine = row_for_update(f);
  for (std::uint32_t i = 0; i < width_; ++i) mine[i] = Value::null();
  for (const std::uint32_t field : key_) mine[field] = row[field];
  index_[at] = {hash, f};
  ++indexed_;
  return f;
}

void FactStore::grow_index() {
  PagedVector<Slot> old(index_.size() * 2);
  old.swap(index_);
  const std::size_t mask = index_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.fact == kNone) continue;
    std::size_t at = slot.hash & mask;
    while (index_[at].fact != kNone) at = (at + 1) & mask;
    index_[at] = slot;
  }
}

std::uint64_t FactStore::write(FactId f, FactMeta& meta, const Value* values) {
  Value* mine = reinterpret_cast<Value*>(&meta + 1);
  std::uint64_t changed = 0;
  if (meta.status == FactStatus::kLive) {
    for (std::uint32_t i = 0; i < width_; ++i) {
      const bool differs = mine[i] != values[i];
      changed |= std::uint64_t{differs} << i;
      mine[i] = values[i];
    }
    return changed;
  }
  if (meta.status == FactStatus::kStale) {
    changed = all_fields_ & ~key_mask_;
    forget_hidden(f);
    set_liveness_slot(f, Value::null());
    --own_.stale, --totals_->stale;
  } else {
    changed = all_fields_;
  }
  for (std::uint32_t i = 0; i < width_; ++i) mine[i] = values[i];
  meta.status = FactStatus::kLive;
  ++own_.live, ++totals_->live;
  return changed;
}

std::uint64_t FactStore::make_stale(FactId f) {
  FactMeta& meta = this->meta(f);
  FB_CHECK(meta.status == FactStatus::kLive);
  Value* mine = row_for_update(f);
  if (hidden_.size() < end_) hidden_.resize(end_, kNone);
  std::uint32_t& place = hidden_[f];
  if (free_hidden_.empty()) {
    place = hidden_end_++;
    if (place >> kHiddenBits == hidden_rows_.size())
      hidden_rows_.push_back(std::make_unique<Value[]>((std::size_t{1} << kHiddenBits) * width_));
  } else {
    place = free_hidden_.back();
    free_hidden_.pop_back();
  }
  std::copy_n(mine, width_, hidden_row(place));
  for (std::uint32_t i = 0; i < width_; ++i) {
    if ((key_mask_ >> i & 1U) == 0) mine[i] = Value::unknown();
  }
  set_liveness_slot(f, Value::unknown());
  meta.status = FactStatus::kStale;
  --own_.live, --totals_->live;
  ++own_.stale, ++totals_->stale;
  return all_fields_ & ~key_mask_;
}

void FactStore::make_absent(FactId f) {
  FactMeta& meta = this->meta(f);
  if (meta.status == FactStatus::kLive) --own_.live, --totals_->live;
  if (meta.status == FactStatus::kStale) {
    --own_.stale, --totals_->stale;
    // What was known last is what `on clear` will read.
    std::copy_n(hidden_row(hidden_[f]), width_, row_for_update(f));
    forget_hidden(f);
    set_liveness_slot(f, Value::null());
  }
  meta.status = FactStatus::kAbsent;
  meta.suspended = false;
}

const Value* FactStore::last_row(FactId f) const {
  if (meta(f).status != FactStatus::kStale) return row(f);
  return hidden_row(hidden_[f]);
}

void FactStore::release_if_unused(FactId f) {
  FactMeta& meta = this->meta(f);
  if (!meta.used || meta.status != FactStatus::kAbsent || meta.pins != 0) return;
  FB_CHECK(meta.items == kNone && meta.tokens == kNone);
  meta.used = false;
  free_.push_back(f);
  if (!keyed_) return;
  // Backward-shift deletion keeps probe sequences without tombstones.
  const std::size_t mask = index_.size() - 1;
  std::size_t hole = meta.hash & mask;
  while (index_[hole].fact != f) hole = (hole + 1) & mask;
  std::size_t at = hole;
  for (;;) {
    at = (at + 1) & mask;
    const Slot other = index_[at];
    if (other.fact == kNone) break;
    const std::size_t home = other.hash & mask;
    if (((at - home) & mask) >= ((at - hole) & mask)) {
      index_[hole] = other;
      hole = at;
    }
  }
  index_[hole] = Slot{};
  --indexed_;
}

std::size_t FactStore::bytes() const {
  return memory_.bytes() + index_.capacity() * sizeof(Slot) + free_.capacity() * sizeof(FactId) +
         hidden_.capacity() * sizeof(std::uint32_t) + hidden_rows_.size() * (std::size_t{1} << kHiddenBits) * width_ * sizeof(Value);
}

int FactStore::compare_keys(FactId a, FactId b, const Interner& in) const {
  if (a == b) return 0;
  const Value* left = row(a);
  const Value* right = row(b);
  for (const std::uint32_t field : key_) {
    const Value& x = left[field];
    const Value& y = right[field];
    if (x.kind == Kind::kInt && y.kind == Kind::kInt) {  // as most are
      if (x.bits != y.bits) return x.bits < y.bits ? -1 : 1;
      continue;
    }
    if (const int order = compare_total(x, y, in); order != 0) return order;
  }
  if (keyed_) return 0;
  if (const int order = compare_total(event_keys_[a].source, event_keys_[b].source, in); order != 0) return order;
  if (event_keys_[a].number != event_keys_[b].number) return event_keys_[a].number < event_keys_[b].number ? -1 : 1;
  return 0;
}

std::uint64_t FactStore::key_prefix(FactId f, const Interner& in) const {
  if (!key_.empty()) return order_prefix(row(f)[key_.front()], in);
  return keyed_ ? 0 : order_prefix(event_keys_[f].source, in);
}

void FactStore::set_event_key(FactId f, Value source, std::uint64_t number) {
  if (event_keys_.size() <= f) event_keys_.resize(f + 1);
  event_keys_[f] = EventKey{source, number};
}

void FactStore::append_identity(FactId f, std::vector<Value>& out) const {
  const Value* mine = row(f);
  for (const std::uint32_t field : key_) out.push_back(mine[field]);
  if (keyed_) return;
  out.push_back(event_keys_[f].source);
  out.push_back(Value::uinteger(event_keys_[f].number));
}

void FactStore::mark(Interner& in) const {
  for (FactId f = 0; f < end_; ++f) {
    if (!meta(f).used) continue;
    const Value* mine = row(f);
    for (std::uint32_t i = 0; i < width_; ++i) in.mark(mine[i]);
  }
  for (const EventKey& key : event_keys_) in.mark(key.source);
  for (const std::uint32_t place : hidden_) {
    if (place == kNone) continue;
    for (const Value& v : std::span(hidden_row(place), width_)) in.mark(v);
  }
}

}  // namespace flyball::engine
