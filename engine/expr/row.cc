// Where the fields of a type lie, and the rows that are not as usual.
#include "engine/expr/row.h"

#include <algorithm>

#include "model/check.h"
#include "model/type.h"

namespace flyball::engine {

namespace {

static_assert(std::endian::native == std::endian::little, "the first bytes of a word are its low ones");

constexpr std::size_t kWord = sizeof(std::uint64_t), kSmall = sizeof(std::uint32_t);

// Its handle is all of it, and never kNoHandle.
bool is_handle(Kind kind) { return kind >= Kind::kString && kind != Kind::kOptional && kind != Kind::kError; }

std::size_t room_of(const Type& type) {
  const Kind kind = kind_of(type);
  if (kind == Kind::kBool || is_handle(kind)) return kSmall;
  const bool is_number = kind > Kind::kBool && kind < Kind::kString && kind != Kind::kTimestamp;
  return is_number && !type.nullable ? kWord : sizeof(Value);
}

}  // namespace

// Small fields come first: a usual field is read as a word, wherever it lies.
RowLayout::RowLayout(const FactType& type, std::uint64_t key_fields) : width_(static_cast<std::uint32_t>(type.fields.size())) {
  slots_.resize(type.fields.size() + 1);
  std::size_t at = 0;
  for (const std::size_t room : {kSmall, kWord, sizeof(Value)}) {
    at = (at + std::min(room, kWord) - 1) & ~(std::min(room, kWord) - 1);
    for (std::uint32_t f = 0; f < width_; ++f) {
      const Type& field = type.fields[f].type;
      if (room_of(field) != room) continue;
      RowSlot& slot = slots_[f];
      slot.offset = static_cast<std::uint16_t>(at);
      slot.kind = kind_of(field);
      slot.width = static_cast<std::uint8_t>(room);
      slot.field = static_cast<std::uint8_t>(f);
      slot.in_unset = slot.in_stale = (key_fields >> f & 1U) != 0;
      slot.form = room == sizeof(Value) ? Form::kWhole : field.nullable ? Form::kOrNull : Form::kUsual;
      slot.mask = room == kWord ? ~std::uint64_t{0} : kNoSmall;
      if (room == kSmall && is_handle(slot.kind)) slot.handle_mask = kNoSmall;
      at += room;
    }
  }
  slots_[width_].form = Form::kLiveness;
  last_known_ = slots_;
  for (RowSlot& slot : last_known_) slot.in_stale = true;
  // Also where the last field is small there is a word to be read, and room for where Values lie that are put aside.
  std::size_t end = std::max(at, width_ == 0 ? 0 : kWord);
  for (const RowSlot& slot : slots_) {
    if (slot.width == kSmall) end = std::max(end, slot.offset + kWord);
  }
  bytes_ = (end + kWord - 1) & ~(kWord - 1);
  FB_CHECK(bytes_ <= 0xFFFF);
}

Value Row::read_unusual(const std::byte* row, const RowSlot& slot) {
  const auto shape = std::to_integer<std::uint8_t>(row[-1]);
  if ((shape & kRowStale) != 0 && !slot.in_stale) return Value::unknown();
  if (slot.form == RowSlot::Form::kLiveness || ((shape & kRowUnset) != 0 && !slot.in_unset)) return Value::null();
  if ((shape & kRowAside) != 0) return RowLayout::aside(row)[slot.field];
  if (slot.form == RowSlot::Form::kWhole) {
    Value whole;
    std::memcpy(&whole, row + slot.offset, sizeof(whole));
    return whole;
  }
  const std::uint64_t read = word(row, slot);
  return slot.form == RowSlot::Form::kOrNull && read == RowLayout::kNoSmall ? Value::null() : usual(slot, read);
}

}  // namespace flyball::engine
