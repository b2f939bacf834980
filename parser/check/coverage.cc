// Coverage of a decision table. See coverage.h.
#include "parser/check/coverage.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/compare.h"
#include "model/text.h"
#include "parser/check/expressions.h"
#include "parser/check/types.h"

namespace flyball::check {

using ast::Expr;
using ast::ExprKind;
using ast::Op;

namespace {

struct CellSet {
  std::vector<bool> surely;    // by atom: every value of it
  std::vector<bool> possibly;  // by atom: some value of it
  bool any = false;            // a wildcard
};

// One column: its atoms and the sets its cells are.
class Column {
 public:
  Column(const ast::Table& table, std::size_t index, const Type& type, const Package& p)
      : table_(table), index_(index), type_(type), p_(p) {
    const Type plain = type.without_null();
    if (plain.is(TypeTag::kBool)) {
      constants_ = {Value::boolean(false), Value::boolean(true)};
      closed_ = true;
    } else if (plain.is(TypeTag::kEnum)) {
      for (const std::string& m : plain.members) constants_.push_back(p.interner.string(m));
      closed_ = true;
    } else {
      ordered_ = is_number(plain) || is_unit(plain);
      for (const ast::TableRow& row : table.rows) {
        if (row.inputs[index].test) collect(*row.inputs[index].test);
      }
      std::sort(constants_.begin(), constants_.end(), [&](const Value& a, const Value& b) { return less(a, b); });
      constants_.erase(std::unique(constants_.begin(), constants_.end()), constants_.end());
    }
    // Atoms: ordered columns below c0, c0, between, c1 … above; others each constant and everything else. Null is the last.
    atoms_ = ordered_ ? 2 * constants_.size() + 1 : constants_.size() + (closed_ ? 0 : 1);
    null_atom_ = type.nullable ? atoms_++ : kNone;
    for (const ast::TableRow& row : table.rows) cells_.push_back(cell(row.inputs[index]));
  }

  std::size_t atoms() const { return atoms_; }
  const CellSet& at(std::size_t row) const { return cells_[row]; }

  // Atoms that have no value at all: whole numbers between neighbours.
  bool empty(std::size_t atom) const {
    if (!ordered_ || type_.is(TypeTag::kDouble) || atom == null_atom_ || atom % 2 == 1) return false;
    const std::size_t next = atom / 2;
    if (next == 0 || next >= constants_.size()) return false;
    return constants_[next].bits - constants_[next - 1].bits == 1;
  }

  // The cell that takes an atom, as an author writes it.
  std::string text(std::size_t atom) const {
    if (atom == null_atom_) return "null";
    if (!ordered_) return atom < constants_.size() ? to_source(constants_[atom], p_.interner) : "-";
    if (constants_.empty()) return "-";
    if (atom % 2 == 1) return to_source(constants_[atom / 2], p_.interner);
    const std::size_t next = atom / 2;
    if (next == 0) return "< " + to_source(constants_[0], p_.interner);
    if (next == constants_.size()) return "> " + to_source(constants_[next - 1], p_.interner);
    return to_source(constants_[next - 1], p_.interner) + ".." + to_source(constants_[next], p_.interner);
  }

  // The same whatever the constants are: both rows say the same words.
  bool same_text(std::size_t a, std::size_t b) const {
    return p_.report.text(table_.rows[a].inputs[index_].span) == p_.report.text(table_.rows[b].inputs[index_].span);
  }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  bool less(const Value& a, const Value& b) const { return compare_total(a, b, p_.interner) < 0; }

  void collect(const Expr& e) {
    if (e.kind == ExprKind::kLiteral && e.literal.is(Kind::kList)) {
      for (const Value& v : p_.interner.items(e.literal)) constants_.push_back(v);
    } else if (e.kind == ExprKind::kBinary || e.kind == ExprKind::kUnary || e.kind == ExprKind::kRange) {
      if (const std::optional<Value> v = e.kind == ExprKind::kRange ? std::nullopt : fold(e, p_.interner)) {
        if (keeps(*v)) constants_.push_back(*v);
        return;
      }
      for (const Expr& a : e.args) collect(a);
    } else if (e.kind == ExprKind::kLiteral) {
      if (keeps(e.literal)) constants_.push_back(e.literal);
    } else {
      for (const Expr& a : e.args) collect(a);
    }
  }

  bool keeps(const Value& v) const { return v.kind == kind_of(type_.without_null()); }

  CellSet all(bool surely, bool possibly) const {
    return CellSet{std::vector<bool>(atoms_, surely), std::vector<bool>(atoms_, possibly), false};
  }

  // Atoms where `a op c` holds for the input.
  CellSet compare(Op op, const Value& c) const {
    CellSet s = all(false, false);
    if (c.is_null()) {
      for (std::size_t i = 0; i < atoms_; ++i) s.surely[i] = (i == null_atom_) == (op == Op::kEqual);
      s.possibly = s.surely;
      return s;
    }
    if (!keeps(c)) return all(false, true);
    for (std::size_t i = 0; i < atoms_; ++i) {
      if (i == null_atom_) {
        s.surely[i] = op == Op::kNotEqual;
        continue;
      }
      if (!ordered_) {
        if (op != Op::kEqual && op != Op::kNotEqual) return all(false, true);
        const bool equal = i < constants_.size() && constants_[i] == c;
        s.surely[i] = equal == (op == Op::kEqual);
        continue;
      }
      // Every constant is a cut, so an atom lies wholly on one side.
      const std::size_t rank = 2 * static_cast<std::size_t>(std::find(constants_.begin(), constants_.end(), c) - constants_.begin()) + 1;
      const int side = i < rank ? -1 : i > rank ? 1 : 0;
      switch (op) {
        case Op::kEqual: s.surely[i] = side == 0; break;
        case Op::kNotEqual: s.surely[i] = side != 0; break;
        case Op::kLess: s.surely[i] = side < 0; break;
        case Op::kLessEqual: s.surely[i] = side <= 0; break;
        case Op::kGreater: s.surely[i] = side > 0; break;
        case Op::kGreaterEqual: s.surely[i] = side >= 0; break;
        default: return all(false, true);
      }
    }
    s.possibly = s.surely;
    return s;
  }

  static CellSet combine(CellSet a, const CellSet& b, bool is_or) {
    for (std::size_t i = 0; i < a.surely.size(); ++i) {
      a.surely[i] = is_or ? a.surely[i] || b.surely[i] : a.surely[i] && b.surely[i];
      a.possibly[i] = is_or ? a.possibly[i] || b.possibly[i] : a.possibly[i] && b.possibly[i];
    }
    return a;
  }

  CellSet of(const Expr& e) const {
    if (e.kind == ExprKind::kAnd || e.kind == ExprKind::kOr) {
      CellSet s = of(e.args[0]);
      for (std::size_t i = 1; i < e.args.size(); ++i) s = combine(std::move(s), of(e.args[i]), e.kind == ExprKind::kOr);
      return s;
    }
    if (e.kind == ExprKind::kUnary && e.op == Op::kNot) {
      const CellSet inner = of(e.args[0]);
      CellSet s = all(false, false);
      for (std::size_t i = 0; i < atoms_; ++i) {
        s.surely[i] = !inner.possibly[i];
        s.possibly[i] = !inner.surely[i];
      }
      return s;
    }
    const bool about_input = e.kind == ExprKind::kBinary && e.args[0].ref.kind == ast::RefKind::kInput;
    if (!about_input) return all(false, true);
    const Expr& right = e.args[1];
    if (e.op == Op::kIn && right.kind == ExprKind::kRange) {
      const std::optional<Value> low = fold(right.args[0], p_.interner);
      const std::optional<Value> high = fold(right.args[1], p_.interner);
      if (!low || !high || !ordered_) return all(false, true);
      return combine(compare(Op::kGreaterEqual, *low), compare(right.half_open ? Op::kLess : Op::kLessEqual, *high), false);
    }
    if (e.op == Op::kIn && right.kind == ExprKind::kList) {
      CellSet s = all(false, false);
      for (const Expr& item : right.args) {
        const std::optional<Value> v = fold(item, p_.interner);
        s = combine(std::move(s), v ? compare(Op::kEqual, *v) : all(false, true), true);
      }
      return s;
    }
    const std::optional<Value> v = fold(right, p_.interner);
    return v && e.op != Op::kIn && e.op != Op::kLike ? compare(e.op, *v) : all(false, true);
  }

  CellSet cell(const ast::Cell& c) const {
    if (c.test) return of(*c.test);
    CellSet s = all(true, true);
    s.any = true;
    return s;
  }

  const ast::Table& table_;
  std::size_t index_;
  const Type& type_;
  const Package& p_;
  std::vector<Value> constants_;
  bool closed_ = false;
  bool ordered_ = false;
  std::size_t atoms_ = 0;
  std::size_t null_atom_ = kNone;
  std::vector<CellSet> cells_;
};

bool inside(const CellSet& narrow, const CellSet& wide) {
  if (wide.any) return true;
  for (std::size_t i = 0; i < narrow.possibly.size(); ++i) {
    if (narrow.possibly[i] && !wide.surely[i]) return false;
  }
  return true;
}

// Looks for a combination of atoms that no row surely takes.
class GapSearch {
 public:
  explicit GapSearch(const std::vector<Column>& columns) : columns_(columns), atoms_(columns.size(), 0) {}

  bool find(const std::vector<std::size_t>& rows, std::size_t column) {
    if (++steps_ > kMaxCoverageSteps) return true;
    if (rows.empty()) {
      depth_ = column;
      return true;
    }
    if (column == columns_.size()) return false;
    for (const std::size_t row : rows) {
      bool rest_any = true;
      for (std::size_t c = column; c < columns_.size() && rest_any; ++c) rest_any = columns_[c].at(row).any;
      if (rest_any) return false;
    }
    // From above: what stays open beyond the last constant is the gap an author expects to see named.
    for (std::size_t i = columns_[column].atoms(); i-- > 0;) {
      if (columns_[column].empty(i)) continue;
      std::vector<std::size_t> left;
      for (const std::size_t row : rows) {
        if (columns_[column].at(row).surely[i]) left.push_back(row);
      }
      atoms_[column] = i;
      if (find(left, column + 1)) return true;
    }
    return false;
  }

  std::string row() const {
    if (steps_ > kMaxCoverageSteps) return {};
    std::string out = "|";
    for (std::size_t c = 0; c < columns_.size(); ++c) out += " " + (c < depth_ ? columns_[c].text(atoms_[c]) : std::string("-")) + " |";
    return out + "| … |";
  }

 private:
  const std::vector<Column>& columns_;
  std::vector<std::size_t> atoms_;
  std::size_t depth_ = 0;
  std::size_t steps_ = 0;
};

}  // namespace

Coverage cover(const ast::Table& table, const std::vector<std::uint32_t>& inputs, const std::vector<Field>& fields, const Package& p) {
  Coverage result;
  const std::size_t rows = table.rows.size();
  for (std::size_t r = 0; r < rows; ++r) {
    const auto& cells = table.rows[r].inputs;
    if (std::all_of(cells.begin(), cells.end(), [](const ast::Cell& c) { return !c.test; })) result.open = false;
  }
  if (rows > kMaxRowsCompared) return result;
  std::vector<Column> columns;
  columns.reserve(inputs.size());
  for (std::size_t c = 0; c < inputs.size(); ++c) columns.emplace_back(table, c, fields[inputs[c]].type, p);

  for (std::size_t row = 1; row < rows; ++row) {
    for (std::size_t before = 0; before < row; ++before) {
      bool covered = true;
      for (const Column& c : columns) {
        covered = inside(c.at(row), c.at(before)) || c.same_text(row, before);
        if (!covered) break;
      }
      if (!covered) continue;
      result.shadowed.push_back(Shadowed{row, before});
      break;
    }
  }
  if (!result.open) return result;
  std::vector<std::size_t> all(rows);
  for (std::size_t i = 0; i < rows; ++i) all[i] = i;
  GapSearch search(columns);
  result.open = search.find(all, 0);
  if (result.open) result.gap = search.row();
  return result;
}

}  // namespace flyball::check
