// Row: the fields of one fact as expressions, indexes and tests read them, by number; each comes as a Value.
//
// What facts are kept in is packed: a field whose kind its type says takes 8 bytes, what is a name, a truth or nothing but a handle 4; only
// timestamps, fields of any kind and numbers that may be null take a whole Value. A RowLayout says where each lies. Before a packed row
// stands one byte that says in what it is unusual (RowShape): stale, not yet written, or with a Value of another kind than its type's,
// which then lies elsewhere. Rows of Values (an input's, a kept sample's) are read through the same door.
//
// A view: valid as long as what it looks at stays. Thread safety: none of a row that is written; of others any. Complexity: O(1) a field.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "model/schema.h"
#include "model/value.h"

namespace flyball::engine {

// Bits of the byte before a packed row. None: every field is where its slot says.
enum RowShape : std::uint8_t {
  kRowStale = 1,  // fields that are no key read as unknown
  kRowUnset = 2,  // and as null
  kRowAside = 4,  // its Values lie elsewhere: the row begins with where
};

// Where one field lies.
struct alignas(16) RowSlot {
  enum class Form : std::uint8_t { kUsual, kOrNull, kWhole, kLiveness };
  std::uint32_t handle_mask = 0;  // what of it is the Value's aux; the rest are its bits
  std::uint16_t offset = 0;
  Kind kind = Kind::kNull;
  Form form = Form::kUsual;
  std::uint8_t width = 0;  // in bytes
  std::uint8_t field = 0;
  bool in_unset = false;  // is there in a row that is not yet written: a key field
  bool in_stale = false;  // and of a fact that is stale
};

class RowLayout {
 public:
  RowLayout() = default;  // of no fields
  // `key_fields`: bits of those that stay known when the fact is stale.
  RowLayout(const FactType& type, std::uint64_t key_fields);

  std::size_t bytes() const { return bytes_; }  // of a packed row, a multiple of 8
  // By field, for Row: as the fact is now, and as it was known last, whether or not it is stale.
  const RowSlot* now() const { return slots_.data(); }
  const RowSlot* last_known() const { return last_known_.data(); }

  // Whether that Value can be packed: it is of its field's kind.
  bool packs(std::uint32_t field, const Value& value) const { return takes(slots_[field], value); }
  // Overwrites a packed row from that field on, but for what an unusual shape says, with `values`, one for each field of the type; adds
  // which of them changed. False: from some field on nothing was done, as a Value does not fit.
  bool overwrite(std::byte* row, const Value* values, std::uint64_t& changed, std::uint32_t from = 0) const {
    for (std::uint32_t f = from; f < width_; ++f) {
      const RowSlot& slot = slots_[f];
      const Value& v = values[f];
      if (v.kind == slot.kind && slot.form == Form::kUsual) [[likely]] {
        changed |= std::uint64_t{replace(row + slot.offset, slot, static_cast<std::uint64_t>(v.bits) | v.aux)} << f;
        continue;
      }
      if (!takes(slot, v)) [[unlikely]]
        return false;
      changed |= std::uint64_t{put(row, slot, v)} << f;
    }
    return true;
  }
  void put(std::byte* row, std::uint32_t field, const Value& value) const { put(row, slots_[field], value); }
  // Where its Values lie that are put aside.
  static Value* aside(const std::byte* row) {
    AsideBytes bytes;
    std::memcpy(bytes.data(), row, bytes.size());
    return std::bit_cast<Value*>(bytes);
  }
  static void put_aside(std::byte* row, Value* values) {
    const auto bytes = std::bit_cast<AsideBytes>(values);
    std::memcpy(row, bytes.data(), bytes.size());
  }

 private:
  friend class Row;
  using Form = RowSlot::Form;
  using AsideBytes = std::array<std::byte, sizeof(std::uintptr_t)>;
  static constexpr std::uint32_t kNoSmall = 0xFFFF'FFFF;  // null, where a small field may be that

  static bool takes(const RowSlot& slot, const Value& v) {
    return v.kind == slot.kind || slot.form == Form::kWhole || (slot.form == Form::kOrNull && v.is_null());
  }
  // True if it was another.
  static bool put(std::byte* row, const RowSlot& slot, const Value& v) {
    std::byte* const place = row + slot.offset;
    if (slot.form == Form::kWhole) [[unlikely]]
      return replace(place, v);
    // A null has no bits.
    const auto payload = slot.form == Form::kOrNull && v.is_null() ? kNoSmall : static_cast<std::uint64_t>(v.bits) | v.aux;
    return replace(place, slot, payload);
  }
  static bool replace(std::byte* place, const RowSlot& slot, std::uint64_t payload) {
    if (slot.width == sizeof(std::uint64_t)) return replace(place, payload);
    return replace(place, static_cast<std::uint32_t>(payload));
  }
  template <typename T>
  static bool replace(std::byte* place, const T& value) {
    T before;
    std::memcpy(&before, place, sizeof(T));
    if (before == value) return false;
    std::memcpy(place, &value, sizeof(T));
    return true;
  }

  std::vector<RowSlot> slots_, last_known_;  // one more than fields: whether the fact is stale
  std::size_t bytes_ = 0;
  std::uint32_t width_ = 0;
};

class Row {
 public:
  Row() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): Values side by side are a row
  Row(const Value* values) : data_(reinterpret_cast<const std::byte*>(values)) {}
  Row(const std::byte* packed, const RowSlot* slots) : data_(packed), slots_(slots) {}

  Value operator[](std::size_t field) const {
    if (slots_ == nullptr) return reinterpret_cast<const Value*>(data_)[field];
    const RowSlot& slot = slots_[field];
    return is_usual(slot) ? usual(slot, word(slot)) : read_unusual(data_, slot);
  }
  // What a field of that kind holds, its number or its handle; false: it is of another kind now (null, unknown), or one of a kind that has
  // more than one word, and its Value must say.
  bool bits(std::size_t field, Kind kind, std::int64_t& out) const {
    if (slots_ != nullptr && is_usual(slots_[field])) {
      const RowSlot& slot = slots_[field];
      out = static_cast<std::int64_t>(word(slot));
      return slot.kind == kind;
    }
    const Value v = (*this)[field];
    out = v.bits | v.aux;
    return v.kind == kind && kind != Kind::kTimestamp;
  }
  // Whether the field's Value is `v`. Of a usual field's kind either the bits or the aux are 0.
  bool has(std::size_t field, const Value& v) const {
    if (slots_ == nullptr || !is_usual(slots_[field])) return (*this)[field] == v;
    return slots_[field].kind == v.kind && word(slots_[field]) == (static_cast<std::uint64_t>(v.bits) | v.aux);
  }
  void copy_to(std::span<Value> out) const {
    for (std::size_t f = 0; f < out.size(); ++f) out[f] = (*this)[f];
  }
  void append_to(std::vector<Value>& out, std::size_t width) const {
    out.resize(out.size() + width);
    copy_to(std::span(out).last(width));
  }
  void assign_to(std::vector<Value>& out, std::size_t width) const {
    out.resize(width);
    copy_to(out);
  }
  std::vector<Value> values(std::size_t width) const {
    std::vector<Value> out;
    assign_to(out, width);
    return out;
  }
  bool equals(std::span<const Value> values) const {
    for (std::size_t f = 0; f < values.size(); ++f) {
      if (!has(f, values[f])) return false;
    }
    return true;
  }
  explicit operator bool() const { return data_ != nullptr; }
  // The same row, not an equal one.
  friend bool operator==(Row a, Row b) { return a.data_ == b.data_; }

 private:
  // Two words, not five fields: nothing is done more often.
  static Value usual(const RowSlot& slot, std::uint64_t word) {
    const std::uint64_t handle = word & slot.handle_mask;
    return std::bit_cast<Value>(std::array<std::uint64_t, 2>{static_cast<std::uint64_t>(slot.kind) | handle << 32, word ^ handle});
  }
  bool is_usual(const RowSlot& slot) const {
    return (std::to_integer<std::uint8_t>(data_[-1]) | static_cast<std::uint8_t>(slot.form)) == 0;
  }
  std::uint64_t word(const RowSlot& slot) const { return word(data_, slot); }
  static std::uint64_t word(const std::byte* row, const RowSlot& slot) {
    if (slot.width == sizeof(std::uint64_t)) {
      std::uint64_t whole = 0;
      std::memcpy(&whole, row + slot.offset, sizeof(whole));
      return whole;
    }
    std::uint32_t small = 0;
    std::memcpy(&small, row + slot.offset, sizeof(small));
    return small;
  }
  static Value read_unusual(const std::byte* row, const RowSlot& slot);

  const std::byte* data_ = nullptr;
  const RowSlot* slots_ = nullptr;  // null: Values side by side
};

}  // namespace flyball::engine
