// Rows, handles and the key index of one type's facts: open addressing, linear probes, backward-shift deletion.
#include "engine/network/fact_store.h"

#include <algorithm>
#include <bit>
#include <cstring>
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
  leading_keys_ = static_cast<std::uint32_t>(std::countr_one(key_mask_));
  layout_ = RowLayout(type, key_mask_);
  stride_ = sizeof(FactMeta) + layout_.bytes() + (timed_ ? sizeof(FactTimes) : 0);
  if (stride_ > kLine - kLine / 4 && stride_ < kLine) stride_ = kLine;  // a record that nearly fills a line of the cache has one
  lines_ahead_ = std::min(kLinesAheadMax, static_cast<std::uint32_t>((stride_ + kLine - 1) / kLine));
  if (keyed_) index_.assign(16, Slot{});
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
    std::memset(static_cast<void*>(record_of(f)), 0, stride_);
  }
  new (record_of(f)) FactMeta{};
  meta(f).used = true;
  meta(f).shape = kRowUnset;
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
  FactMeta& meta = this->meta(f);
  meta.hash = hash;
  set_key(meta, row);
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

// Of a record that was just made.
void FactStore::set_key(FactMeta& meta, const Value* row) {
  if (std::all_of(key_.begin(), key_.end(), [&](std::uint32_t field) { return layout_.packs(field, row[field]); })) {
    for (const std::uint32_t field : key_) layout_.put(packed(meta), field, row[field]);
    return;
  }
  std::vector<Value> values(width_, Value::null());
  for (const std::uint32_t field : key_) values[field] = row[field];
  set_row(meta, values.data());
  meta.shape |= kRowUnset;
}

// `changed`: of a live fact, what was overwritten before a Value that does not fit.
std::uint64_t FactStore::write_unusual(FactMeta& meta, const Value* values, std::uint64_t changed) {
  if (meta.status == FactStatus::kLive) {
    const Row before = row_of(meta);
    for (std::uint32_t i = 0; i < width_; ++i) changed |= std::uint64_t{before[i] != values[i]} << i;
    set_row(meta, values);
    return changed;
  }
  changed = all_fields_;
  if (meta.status == FactStatus::kStale) {
    changed &= ~key_mask_;
    --own_.stale, --totals_->stale;
  }
  set_row(meta, values);
  meta.status = FactStatus::kLive;
  ++own_.live, ++totals_->live;
  return changed;
}

// Whatever it was before. INVARIANT: `values` are nobody's Values aside: the row's own are given up first.
void FactStore::set_row(FactMeta& meta, const Value* values) {
  if ((meta.shape & kRowAside) != 0) forget_aside(meta);
  meta.shape = 0;
  std::uint64_t changed = 0;
  if (layout_.overwrite(packed(meta), values, changed)) [[likely]]
    return;
  Value* const room = take_aside();
  RowLayout::put_aside(packed(meta), room);
  meta.shape = kRowAside;
  std::copy_n(values, width_, room);
}

Value* FactStore::take_aside() {
  if (!free_aside_.empty()) {
    Value* const room = free_aside_.back();
    free_aside_.pop_back();
    return room;
  }
  const std::uint32_t place = aside_end_++;
  if (place >> kAsideBits == aside_.size()) aside_.push_back(std::make_unique<Value[]>((std::size_t{1} << kAsideBits) * width_));
  return aside_.back().get() + std::size_t{place & ((1U << kAsideBits) - 1)} * width_;
}

void FactStore::forget_aside(FactMeta& meta) {
  free_aside_.push_back(RowLayout::aside(packed(meta)));
  meta.shape &= static_cast<std::uint8_t>(~kRowAside);
}

void FactStore::set_last_row(FactId f, const Value* values) {
  FB_CHECK(!exists(f));
  set_row(meta(f), values);
}

std::uint64_t FactStore::make_stale(FactId f) {
  FactMeta& meta = this->meta(f);
  FB_CHECK(meta.status == FactStatus::kLive);
  meta.shape |= kRowStale;
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
    meta.shape &= static_cast<std::uint8_t>(~kRowStale);  // what was known last is what `on clear` will read
  }
  meta.status = FactStatus::kAbsent;
  meta.suspended = false;
}

void FactStore::release_if_unused(FactId f) {
  FactMeta& meta = this->meta(f);
  if (!meta.used || meta.status != FactStatus::kAbsent || meta.pins != 0) return;
  FB_CHECK(meta.items == kNone && meta.tokens == kNone);
  meta.used = false;
  if ((meta.shape & kRowAside) != 0) forget_aside(meta);
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
  return memory_.bytes() + index_.capacity() * sizeof(Slot) + free_.capacity() * sizeof(FactId) + free_aside_.capacity() * sizeof(Value*) +
         aside_.size() * (std::size_t{1} << kAsideBits) * width_ * sizeof(Value);
}

std::size_t FactStore::spare_bytes() const {
  const std::size_t records = memory_.bytes() - (std::size_t{end_} - free_.size()) * stride_;
  return records + free_.capacity() * sizeof(FactId) + free_aside_.size() * width_ * sizeof(Value);
}

int FactStore::compare_keys(FactId a, FactId b, const Interner& in) const {
  if (a == b) return 0;
  const Row left = row(a), right = row(b);
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
  const Row mine = row(f);
  for (const std::uint32_t field : key_) out.push_back(mine[field]);
  if (keyed_) return;
  out.push_back(event_keys_[f].source);
  out.push_back(Value::uinteger(event_keys_[f].number));
}

void FactStore::mark(Interner& in) const {
  for (FactId f = 0; f < end_; ++f) {
    if (!meta(f).used) continue;
    const Row known = last_row(f);
    for (std::uint32_t i = 0; i < width_; ++i) in.mark(known[i]);
  }
  for (const EventKey& key : event_keys_) in.mark(key.source);
}

}  // namespace flyball::engine
