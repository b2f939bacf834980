// FieldIndex: from what one field of a fact is to the conditions that the fact may pass, of those with a reach (reach.h) of one form
// over that field: by hash of the value, of so many bits of an address, of so much of a text, or by the order of numbers.
// Unknown and what is of another kind than the field lead to all, null to those that do not certainly fail for it.
// Immutable after seal(). Thread-safe after it, as far as the interner is.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "engine/compile/reach.h"
#include "engine/expr/order_place.h"
#include "engine/network/dispatch.h"
#include "engine/network/interval_index.h"
#include "engine/network/prefix_index.h"
#include "engine/network/text_index.h"
#include "model/interner.h"

namespace flyball::engine {

class FieldIndex {
 public:
  // For reaches like this one: of its field and form.
  explicit FieldIndex(const Reach& like);
  // `number`: of the condition.
  void add(const Reach& reach, std::uint32_t number);
  void seal();

  std::uint32_t field() const { return field_; }

  // Calls `hit` with the number of each condition that a fact with the value in its field may pass; with some of them more
  // than once.
  template <typename Hit>
  void find(const Value& v, const Interner& in, const Hit& hit) const {
    if (v.kind != kind_) [[unlikely]] {
      if (const ByValue* values = std::get_if<ByValue>(&index_); values != nullptr && v.is_null()) visit(values->find(v), hit);
      return visit(v.is_null() ? nulls_ : all_, hit);
    }
    switch (form_) {
      case Reach::Form::kValues: return visit(std::get_if<ByValue>(&index_)->find(v), hit);
      case Reach::Form::kNetworks: {
        const PrefixIndex& prefixes = *std::get_if<PrefixIndex>(&index_);
        return v.is(Kind::kIp) ? prefixes.find(in.ip_of(v), hit) : prefixes.find(in.cidr_of(v), hit);
      }
      case Reach::Form::kHeads:
      case Reach::Form::kTails: return std::get_if<TextIndex>(&index_)->find(in.text(v), hit);
      case Reach::Form::kIntervals:
        if (!is_nan(v)) std::get_if<IntervalIndex>(&index_)->find(order_place(v), hit);
    }
  }

 private:
  struct Hash {
    static std::uint64_t of(const Value& v) { return hash_value(v); }
  };
  using ByValue = Dispatch<Value, Hash>;
  template <typename Numbers, typename Hit>
  static void visit(const Numbers& numbers, const Hit& hit) {
    for (const std::uint32_t number : numbers) hit(number);
  }

  std::uint32_t field_;
  Reach::Form form_;
  Kind kind_;
  std::variant<ByValue, PrefixIndex, TextIndex, IntervalIndex> index_;
  std::vector<std::uint32_t> all_, nulls_;
};

}  // namespace flyball::engine
