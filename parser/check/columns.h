// Column: the values of one input of a decision table, cut into finitely many atoms on which every cell is constant.
//
// The cuts are the constants that the column's cells name: of ordered types an atom is a constant or what lies between two
// neighbours; of others a constant, or everything else; null, where it can be, is one. What a cell says that is not about
// constants (`like`, a param, a network) is neither surely true nor surely false of any atom. Internal to parser/check.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "parser/check/package.h"

namespace flyball::check {

class Bits {
 public:
  Bits() = default;
  explicit Bits(std::size_t size, bool value = false) : words_((size + 63) / 64, value ? ~std::uint64_t{0} : 0), size_(size) { trim(); }
  std::size_t size() const { return size_; }
  bool test(std::size_t i) const { return (words_[i / 64] >> (i % 64) & 1U) != 0; }
  void set(std::size_t i, bool value = true) {
    const std::uint64_t bit = std::uint64_t{1} << (i % 64);
    words_[i / 64] = value ? words_[i / 64] | bit : words_[i / 64] & ~bit;
  }
  void flip() {
    for (std::uint64_t& w : words_) w = ~w;
    trim();
  }
  Bits& operator&=(const Bits& o) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= o.words_[i];
    return *this;
  }
  Bits& operator|=(const Bits& o) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] |= o.words_[i];
    return *this;
  }
  bool meets(const Bits& o) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      if ((words_[i] & o.words_[i]) != 0) return true;
    }
    return false;
  }
  bool within(const Bits& o) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      if ((words_[i] & ~o.words_[i]) != 0) return false;
    }
    return true;
  }
  bool none() const {
    for (const std::uint64_t w : words_) {
      if (w != 0) return false;
    }
    return true;
  }
  std::size_t count() const;
  const std::vector<std::uint64_t>& words() const { return words_; }
  friend bool operator==(const Bits&, const Bits&) = default;

 private:
  void trim() {
    if (size_ % 64 != 0) words_.back() &= (std::uint64_t{1} << (size_ % 64)) - 1;
  }
  std::vector<std::uint64_t> words_;
  std::size_t size_ = 0;
};

struct CellSet {
  Bits surely;       // by atom: every value of it
  Bits possibly;     // by atom: some value of it
  bool any = false;  // a wildcard
};

class Column {
 public:
  Column(const ast::Table& table, std::size_t index, const Type& type, const Package& p);

  std::size_t atoms() const { return atoms_; }
  const CellSet& at(std::size_t row) const { return cells_[row]; }
  // Atoms that have a value: not what would lie between neighbouring whole numbers.
  const Bits& inhabited() const { return inhabited_; }
  // The cell that takes these atoms of the ones around `seed`, as an author writes it; all of them: `-`.
  std::string text(const Bits& atoms, std::size_t seed) const;
  // What that cell takes: of ordered columns the run around `seed`, not all that `atoms` has.
  Bits taken(const Bits& atoms, std::size_t seed) const;
  // The same whatever the constants are: both rows say the same words.
  bool same_text(std::size_t a, std::size_t b) const { return words_[a] == words_[b]; }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  void collect(const ast::Expr& e);
  bool keeps(const Value& v) const;
  CellSet all(bool surely, bool possibly) const;
  CellSet compare(ast::Op op, const Value& c) const;
  CellSet of(const ast::Expr& e) const;
  CellSet cell(const ast::Cell& c) const;
  std::string source(std::size_t constant) const;
  std::string run_text(std::size_t from, std::size_t to) const;
  std::pair<std::size_t, std::size_t> run(const Bits& atoms, std::size_t seed) const;

  const ast::Table& table_;
  std::size_t index_;
  const Type& type_;
  const Package& p_;
  std::vector<Value> constants_;
  bool closed_ = false;
  bool ordered_ = false;
  bool whole_ = false;  // ordered, and neighbours have nothing between them
  std::size_t atoms_ = 0;
  std::size_t null_atom_ = kNone;
  Bits inhabited_;
  std::vector<CellSet> cells_;
  std::vector<std::uint32_t> words_;  // by row: equal for cells of equal text
};

}  // namespace flyball::check
