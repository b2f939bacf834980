// GroupKey: the values that name a group of an aggregate. One, as most have, stands in the record itself. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

#include "model/value.h"

namespace flyball::engine {

class GroupKey {
 public:
  const Value* begin() const { return more_ != nullptr ? more_->data() : &one_; }
  const Value* end() const { return begin() + size(); }
  std::size_t size() const { return more_ != nullptr ? more_->size() : size_; }
  bool empty() const { return size() == 0; }
  const Value& operator[](std::size_t i) const { return begin()[i]; }
  std::vector<Value> values() const { return {begin(), end()}; }
  template <typename Iterator>
  void assign(Iterator first, Iterator last) {
    more_.reset();
    size_ = static_cast<std::size_t>(last - first);
    if (size_ == 1) one_ = *first;
    if (size_ > 1) more_ = std::make_unique<std::vector<Value>>(first, last);
  }

 private:
  Value one_;
  std::size_t size_ = 0;
  std::unique_ptr<std::vector<Value>> more_;  // of none or one: nothing
};

}  // namespace flyball::engine
