// FieldTable: a declared list of fields as a decoder sees it: names to indexes, and what a finished set of values needs.
// Both codecs fill values through it, so that defaults, missing fields and misspelt names are one thing.
//
// Complexity: find is O(1) when fields come in declared order, else O(fields) comparisons of lengths.
// Thread safety: immutable after construction. The fields must outlive it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bus/codec/json_reader.h"
#include "model/result.h"
#include "model/schema.h"

namespace flyball::bus {

class FieldTable {
 public:
  // `owner` is named in messages as it stands: "`LinkStats`", "the result of `AllocateIp`".
  FieldTable(std::string owner, std::span<const Field> fields);

  std::size_t size() const { return names_.size(); }
  const std::string& owner() const { return owner_; }
  const Field& field(std::size_t i) const { return fields_[i]; }

  // The index of a field, or kNoId. `expected` is looked at first: one more than the last field found.
  std::uint32_t find(std::string_view name, std::uint32_t expected) const {
    if (expected < names_.size() && matches(expected, name)) return expected;
    for (std::uint32_t i = 0; i < names_.size(); ++i) {
      if (matches(i, name)) return i;
    }
    return kNoId;
  }

  // Gives every field that is not in `present` its default, or null where null is allowed. On a field that has
  // neither, returns false and its index in `missing`. Only fields of `wanted` are looked at; the others become null.
  bool fill(std::uint64_t present, std::uint64_t wanted, std::vector<Value>& values, std::size_t& missing) const;
  std::uint64_t all() const { return all_; }

  Error unknown_field(std::string_view name) const;
  Error missing_field(std::size_t index) const;
  Error duplicate_field(std::size_t index) const;

 private:
  bool matches(std::size_t i, std::string_view name) const { return same_text(names_[i], name); }

  std::string owner_;
  std::span<const Field> fields_;
  std::vector<std::string_view> names_;
  std::uint64_t all_ = 0;
};

}  // namespace flyball::bus
