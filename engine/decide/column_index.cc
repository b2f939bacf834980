// Building a ColumnIndex: every cell is judged at its own constants and once between them; what it says of a segment
// follows, because between its own constants it is constant.
#include "engine/decide/column_index.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/expr/compare_bits.h"
#include "model/check.h"

namespace flyball::engine {

bool has_order_key(Kind kind) { return orders_as_integer(kind) || kind == Kind::kBool || kind == Kind::kDouble; }

Value at_order_key(Kind kind, std::int64_t key) {
  if (kind != Kind::kDouble) return {kind, 0, 0, 0, key};
  const Value v = {kind, 0, 0, 0, key >= 0 ? key : std::numeric_limits<std::int64_t>::min() - key};
  return key == kNanOrderKey || std::isnan(v.as_double()) ? Value::null() : v;
}

bool ColumnBuilder::can_index(Kind kind) {
  return has_order_key(kind) || kind == Kind::kString || kind == Kind::kIp || kind == Kind::kCidr || kind == Kind::kBytes;
}

ColumnBuilder::ColumnBuilder(std::uint32_t input, Kind kind, std::size_t rows) {
  index_.input_ = input;
  index_.kind_ = kind;
  index_.ordered_ = has_order_key(kind);
  index_.words_ = table_words(rows);
}

void ColumnBuilder::add_constants(const std::vector<Value>& constants) {
  for (const Value& v : constants) {
    FB_CHECK(v.kind == index_.kind_);
    if (index_.ordered_) {
      keys_.push_back(order_key(v));
    } else {
      identities_.push_back(identity_key(v));
    }
  }
}

std::size_t ColumnBuilder::segment_count() const { return index_.ordered_ ? 2 * index_.bounds_.size() + 1 : identities_.size() + 1; }

bool ColumnBuilder::prepare() {
  if (index_.ordered_) {
    if (index_.kind_ == Kind::kDouble) std::erase(keys_, kNanOrderKey);
    std::sort(keys_.begin(), keys_.end());
    keys_.erase(std::unique(keys_.begin(), keys_.end()), keys_.end());
    index_.bounds_ = keys_;
    // A double's neighbours are too many to list.
    const std::uint64_t span = keys_.empty() ? 0 : static_cast<std::uint64_t>(keys_.back()) - static_cast<std::uint64_t>(keys_.front());
    if (!keys_.empty() && span < ColumnIndex::kDirectSpan) {
      std::vector<std::uint16_t> direct;
      for (std::uint64_t d = 0; d <= span; ++d) {
        direct.push_back(
            static_cast<std::uint16_t>(index_.ordered_segment(static_cast<std::int64_t>(static_cast<std::uint64_t>(keys_.front()) + d))));
      }
      index_.direct_ = std::move(direct);
    }
  } else {
    std::sort(identities_.begin(), identities_.end());
    identities_.erase(std::unique(identities_.begin(), identities_.end()), identities_.end());
    std::size_t size = 4;
    while (size < identities_.size() * 3) size *= 2;
    index_.slots_.resize(size);
    index_.mask_ = size - 1;
    std::uint32_t segment = 0;
    for (const std::uint64_t key : identities_) {
      std::uint64_t i = ColumnIndex::mixed(key) & index_.mask_;
      while (index_.slots_[i].segment != 0) i = (i + 1) & index_.mask_;
      index_.slots_[i] = {key, ++segment};
    }
  }
  if (segment_count() * index_.words_ * sizeof(std::uint64_t) > kMaxIndexBytes) return false;
  index_.segments_.assign(segment_count() * index_.words_, 0);
  wildcards_.assign(index_.words_, 0);
  for (ColumnIndex::Outside* o : {&index_.null_, &index_.unknown_, &index_.nan_}) {
    o->yes.assign(index_.words_, 0);
    o->unknown.assign(index_.words_, 0);
  }
  return true;
}

void ColumnBuilder::set_outside(ColumnIndex::Outside& o, std::size_t row, int truth) {
  const std::uint64_t bit = std::uint64_t{1} << (row % 64);
  if (truth == 2) o.yes[row / 64] |= bit;
  if (truth == 1) {
    o.unknown[row / 64] |= bit;
    o.any_unknown = true;
  }
}

// The segment that the constant itself is.
std::size_t ColumnBuilder::place(const Value& v) {
  if (index_.ordered_) return index_.ordered_segment(order_key(v));
  return static_cast<std::size_t>(index_.hashed(identity_key(v)) - index_.segments_.data()) / index_.words_;
}

// INVARIANT: for a value of the column's kind a cell about constants is true or false, never unknown.
void ColumnBuilder::add_row(std::size_t row, const std::vector<Value>& constants, const CellTruth& cell) {
  set_outside(index_.null_, row, cell.truth(Value::null()));
  set_outside(index_.unknown_, row, cell.truth(Value::unknown()));
  if (!index_.ordered_) {
    // Any value that no cell names stands for all of them.
    std::uint64_t other = 1;
    while (std::binary_search(identities_.begin(), identities_.end(), other)) ++other;
    const bool is_handle = Value::handle(index_.kind_, 0).is_handle();
    const Value stranger = is_handle ? Value::handle(index_.kind_, static_cast<std::uint32_t>(other))
                                     : Value{index_.kind_, 0, 0, 0, static_cast<std::int64_t>(other)};
    const bool base = cell.truth(stranger) == 2;
    if (base) {
      for (std::size_t s = 0; s < segment_count(); ++s) set(s, row);
    }
    for (const Value& c : constants) {
      const std::size_t s = place(c);
      const std::uint64_t bit = std::uint64_t{1} << (row % 64);
      std::uint64_t& word = index_.segments_[s * index_.words_ + row / 64];
      word = cell.truth(c) == 2 ? word | bit : word & ~bit;
    }
    return;
  }
  if (index_.kind_ == Kind::kDouble) set_outside(index_.nan_, row, cell.truth(Value::real(std::numeric_limits<double>::quiet_NaN())));
  std::vector<std::int64_t> own;
  for (const Value& c : constants) {
    if (order_key(c) != kNanOrderKey || index_.kind_ != Kind::kDouble) own.push_back(order_key(c));
  }
  std::sort(own.begin(), own.end());
  own.erase(std::unique(own.begin(), own.end()), own.end());
  // Between (and around) its own constants the cell is judged at a neighbour of one of them.
  std::size_t from = 0;
  for (std::size_t i = 0; i <= own.size(); ++i) {
    const std::size_t to = i < own.size() ? index_.ordered_segment(own[i]) : segment_count();
    std::int64_t near = 0;
    bool some = true;
    if (i < own.size()) {
      some = own[i] != std::numeric_limits<std::int64_t>::min() && (i == 0 || own[i - 1] != own[i] - 1);
      near = some ? own[i] - 1 : 0;
    } else if (!own.empty()) {
      some = own.back() != std::numeric_limits<std::int64_t>::max();
      near = some ? own.back() + 1 : 0;
    }
    const Value v = some ? at_order_key(index_.kind_, near) : Value::null();
    if (some && !v.is_null() && cell.truth(v) == 2) {
      for (std::size_t s = from; s < to; ++s) set(s, row);
    }
    if (i == own.size()) break;
    if (cell.truth(at_order_key(index_.kind_, own[i])) == 2) set(to, row);
    from = to + 1;
  }
}

void ColumnBuilder::add_wildcard(std::size_t row) {
  wildcards_[row / 64] |= std::uint64_t{1} << (row % 64);
  for (ColumnIndex::Outside* o : {&index_.null_, &index_.unknown_, &index_.nan_}) set_outside(*o, row, 2);
}

ColumnIndex ColumnBuilder::finish() {
  for (std::size_t s = 0; s < segment_count(); ++s) {
    for (std::size_t w = 0; w < index_.words_; ++w) index_.segments_[s * index_.words_ + w] |= wildcards_[w];
  }
  return std::move(index_);
}

}  // namespace flyball::engine
