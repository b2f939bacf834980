// Columns of decision tables as atoms. See columns.h.
#include "parser/check/columns.h"

#include <algorithm>
#include <bit>
#include <unordered_map>

#include "model/compare.h"
#include "model/text.h"
#include "parser/check/expressions.h"
#include "parser/check/types.h"

namespace flyball::check {

using ast::Expr;
using ast::ExprKind;
using ast::Op;

std::size_t Bits::count() const {
  std::size_t n = 0;
  for (const std::uint64_t w : words_) n += static_cast<std::size_t>(std::popcount(w));
  return n;
}

Column::Column(const ast::Table& table, std::size_t index, const Type& type, const Package& p)
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
    whole_ = ordered_ && !plain.is(TypeTag::kDouble);
    for (const ast::TableRow& row : table.rows) {
      if (row.inputs[index].test) collect(*row.inputs[index].test);
    }
    std::sort(constants_.begin(), constants_.end(), [&](const Value& a, const Value& b) { return compare_total(a, b, p_.interner) < 0; });
    constants_.erase(std::unique(constants_.begin(), constants_.end()), constants_.end());
  }
  // Ordered columns: below c0, c0, between, c1 … above; others each constant and everything else. Null is the last.
  atoms_ = ordered_ ? 2 * constants_.size() + 1 : constants_.size() + (closed_ ? 0 : 1);
  null_atom_ = type.nullable ? atoms_++ : kNone;
  inhabited_ = Bits(atoms_, true);
  for (std::size_t next = 1; whole_ && next < constants_.size(); ++next) {
    if (static_cast<std::uint64_t>(constants_[next].bits) - static_cast<std::uint64_t>(constants_[next - 1].bits) == 1)
      inhabited_.set(2 * next, false);
  }
  if (plain.is(TypeTag::kUint) && !constants_.empty() && constants_[0].bits == 0) inhabited_.set(0, false);
  std::unordered_map<std::string_view, std::uint32_t> texts;
  for (const ast::TableRow& row : table.rows) {
    cells_.push_back(cell(row.inputs[index]));
    cells_.back().surely &= inhabited_;
    cells_.back().possibly &= inhabited_;
    words_.push_back(texts.try_emplace(p.report.text(row.inputs[index].span), static_cast<std::uint32_t>(texts.size())).first->second);
  }
}

std::string Column::source(std::size_t constant) const { return to_source(constants_[constant], p_.interner); }

// Atoms from..to of an ordered column.
std::string Column::run_text(std::size_t from, std::size_t to) const {
  const std::size_t last = 2 * constants_.size();
  if (from == 0 && to == last) return "-";
  if (from == to && from % 2 == 1) return source(from / 2);
  // Whole numbers have no open ends: what lies above c begins at its neighbour.
  const auto shifted = [&](std::size_t constant, std::int64_t by) {
    Value v = constants_[constant];
    v.bits += by;
    return to_source(v, p_.interner);
  };
  const bool integer = type_.without_null().is(TypeTag::kInt) || type_.without_null().is(TypeTag::kUint);
  const bool above = from % 2 == 0 && from != 0, below = to % 2 == 0 && to != last;  // open ends
  if (to == last) return (above ? "> " : ">= ") + source(above ? from / 2 - 1 : from / 2);
  if (from == 0) return (below ? "< " : "<= ") + source(to / 2);
  if (integer) {
    const std::string low = above ? shifted(from / 2 - 1, 1) : source(from / 2);
    const std::string high = below ? shifted(to / 2, -1) : source(to / 2);
    return low == high ? low : low + ".." + high;
  }
  if (!above) return source(from / 2) + (below ? "..<" : "..") + source(to / 2);
  return "> " + source(from / 2 - 1) + " and " + (below ? "< " : "<= ") + source(to / 2);
}

// The longest run of the atoms around `seed`; atoms without a value interrupt none, and end none.
std::pair<std::size_t, std::size_t> Column::run(const Bits& atoms, std::size_t seed) const {
  const auto has = [&](std::size_t i) { return atoms.test(i) || !inhabited_.test(i); };
  std::size_t from = seed, to = seed;
  while (from > 0 && has(from - 1)) --from;
  while (to < 2 * constants_.size() && has(to + 1)) ++to;
  while (from < seed && !inhabited_.test(from) && from != 0) ++from;
  while (to > seed && !inhabited_.test(to)) --to;
  return {from, to};
}

Bits Column::taken(const Bits& atoms, std::size_t seed) const {
  if (inhabited_.within(atoms)) return atoms;
  Bits out(atoms_);
  if (seed == null_atom_) {
    out.set(seed);
    return out;
  }
  if (!ordered_) {
    out = atoms;
    if (null_atom_ != kNone) out.set(null_atom_, false);  // a list of values has no null
    return out;
  }
  const auto [from, to] = run(atoms, seed);
  for (std::size_t i = from; i <= to; ++i) out.set(i);
  return out;
}

std::string Column::text(const Bits& atoms, std::size_t seed) const {
  if (inhabited_.within(atoms)) return "-";
  if (seed == null_atom_) return "null";
  if (ordered_) {
    const auto [from, to] = run(atoms, seed);
    if (type_.nullable && from == 0 && to == 2 * constants_.size()) return "!= null";
    return run_text(from, to);
  }
  // Named values as a list; with all others, what it is not.
  const bool others = !closed_ && atoms.test(constants_.size());
  std::string list;
  std::size_t named = 0;
  for (std::size_t i = 0; i < constants_.size(); ++i) {
    if (atoms.test(i) == others) continue;
    list += (list.empty() ? "" : ", ") + source(i);
    ++named;
  }
  if (!others) return list;
  return named == 0 ? "!= null" : named == 1 ? "!= " + list : "not in [" + list + "]";
}

namespace {

CellSet combine(CellSet a, const CellSet& b, bool is_or) {
  if (is_or) {
    a.surely |= b.surely;
    a.possibly |= b.possibly;
  } else {
    a.surely &= b.surely;
    a.possibly &= b.possibly;
  }
  return a;
}

}  // namespace

void Column::collect(const Expr& e) {
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

bool Column::keeps(const Value& v) const { return v.kind == kind_of(type_.without_null()); }

CellSet Column::all(bool surely, bool possibly) const { return CellSet{Bits(atoms_, surely), Bits(atoms_, possibly), false}; }

// Atoms where `a op c` holds for the input.
CellSet Column::compare(Op op, const Value& c) const {
  CellSet s = all(false, false);
  if (c.is_null()) {
    if (op != Op::kEqual && op != Op::kNotEqual) return all(false, true);
    if (null_atom_ != kNone) s.surely.set(null_atom_);
    if (op == Op::kNotEqual) s.surely.flip();
    s.possibly = s.surely;
    return s;
  }
  if (!keeps(c)) return all(false, true);
  const bool equality = op == Op::kEqual || op == Op::kNotEqual;
  const bool order = op == Op::kLess || op == Op::kLessEqual || op == Op::kGreater || op == Op::kGreaterEqual;
  if (!equality && !(order && ordered_)) return all(false, true);
  const auto less = [&](const Value& x, const Value& y) { return compare_total(x, y, p_.interner) < 0; };
  const std::size_t place =
      closed_ ? static_cast<std::size_t>(std::find(constants_.begin(), constants_.end(), c) - constants_.begin())
              : static_cast<std::size_t>(std::lower_bound(constants_.begin(), constants_.end(), c, less) - constants_.begin());
  // Every constant is a cut, so an atom lies wholly on one side.
  const std::size_t atom = ordered_ ? 2 * place + 1 : place;
  if (equality) {
    if (place < constants_.size()) s.surely.set(atom);
    if (op == Op::kNotEqual) s.surely.flip();
  } else {
    const bool below = op == Op::kLess || op == Op::kLessEqual;
    const std::size_t values = 2 * constants_.size() + 1;
    for (std::size_t i = below ? 0 : atom + 1; i < (below ? atom : values); ++i) s.surely.set(i);
    if (op == Op::kLessEqual || op == Op::kGreaterEqual) s.surely.set(atom);
  }
  s.possibly = s.surely;
  return s;
}

CellSet Column::of(const Expr& e) const {
  if (e.kind == ExprKind::kAnd || e.kind == ExprKind::kOr) {
    CellSet s = of(e.args[0]);
    for (std::size_t i = 1; i < e.args.size(); ++i) s = combine(std::move(s), of(e.args[i]), e.kind == ExprKind::kOr);
    return s;
  }
  if (e.kind == ExprKind::kUnary && e.op == Op::kNot) {
    const CellSet inner = of(e.args[0]);
    CellSet s{inner.possibly, inner.surely, false};
    s.surely.flip();
    s.possibly.flip();
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

CellSet Column::cell(const ast::Cell& c) const {
  if (c.test) return of(*c.test);
  CellSet s = all(true, true);
  s.any = true;
  return s;
}

}  // namespace flyball::check
