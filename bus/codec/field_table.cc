// FieldTable: defaults and the words for what is missing or misspelt.
#include "bus/codec/field_table.h"

#include <fmt/format.h>

#include "bus/codec/suggest.h"
#include "model/check.h"

namespace flyball::bus {

FieldTable::FieldTable(std::string owner, std::span<const Field> fields) : owner_(std::move(owner)), fields_(fields) {
  FB_CHECK(fields.size() <= kMaxFields);
  for (const Field& f : fields) {
    names_.push_back(f.name);
    all_ = all_ << 1 | 1;
  }
}

bool FieldTable::fill(std::uint64_t present, std::uint64_t wanted, std::vector<Value>& values, std::size_t& missing) const {
  for (std::uint64_t left = all_ & ~present; left != 0; left &= left - 1) {
    const auto i = static_cast<std::size_t>(__builtin_ctzll(left));
    values[i] = Value::null();
    if ((wanted >> i & 1) == 0) continue;
    const Field& f = fields_[i];
    if (f.default_value) {
      values[i] = *f.default_value;
    } else if (!f.type.nullable && !f.type.is(TypeTag::kDyn) && !f.type.is(TypeTag::kNull)) {
      missing = i;
      return false;
    }
  }
  return true;
}

Error FieldTable::unknown_field(std::string_view name) const {
  std::vector<std::string> names(names_.begin(), names_.end());
  return {fmt::format("{} has no field {}", owner_, code(name)), did_you_mean(nearest(name, names))};
}

Error FieldTable::missing_field(std::size_t index) const {
  return {fmt::format("{} of {} is missing", code(fields_[index].name), owner_), {}};
}

Error FieldTable::duplicate_field(std::size_t index) const {
  return {fmt::format("{} of {} is given twice", code(fields_[index].name), owner_), {}};
}

}  // namespace flyball::bus
