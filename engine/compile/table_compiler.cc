// A decision table's cells, sorted into those an index answers and those judged one by one.
//
// A cell is about constants if it asks nothing but how its column's input compares with constants: ==, !=, <, …, `in` a
// list or a range of them, joined by and, or, not. For values without order only == and != and lists.
#include <algorithm>
#include <unordered_map>

#include "engine/compile/decision_compiler.h"
#include "engine/expr/eval.h"
#include "model/compare.h"

namespace flyball::engine {

using ast::Expr;
using ast::ExprKind;
using ast::Op;
using ast::RefKind;

namespace {

class Cell final : public CellTruth {
 public:
  Cell(const Code& code, std::uint32_t input, Interner& interner) : code_(code), inputs_(input + 1), input_(input) {
    frame_.interner = &interner;
    frame_.input = inputs_.data();
  }
  int truth(const Value& v) const override {
    inputs_[input_] = v;
    return static_cast<int>(test(code_, frame_));
  }

 private:
  const Code& code_;
  mutable std::vector<Value> inputs_;
  std::uint32_t input_;
  Frame frame_;
};

class ConstantFinder {
 public:
  ConstantFinder(std::uint32_t input, Kind kind, const ExprContext& context) : input_(input), kind_(kind), context_(context) {}

  // Whether the cell is about constants; they are then in `constants`.
  bool find(const Expr& e) {
    switch (e.kind) {
      case ExprKind::kAnd:
      case ExprKind::kOr: return std::all_of(e.args.begin(), e.args.end(), [&](const Expr& a) { return find(a); });
      case ExprKind::kUnary: return e.op == Op::kNot && find(e.args[0]);
      case ExprKind::kBinary: return comparison(e);
      default: return false;
    }
  }
  std::vector<Value> constants;

 private:
  bool is_input(const Expr& e) const { return e.ref.kind == RefKind::kInput && e.ref.index == input_; }

  bool take(const Value& v) {
    if (v.is_null()) return true;  // tells null from all others, and null is not in the segments
    if (v.kind != kind_) return false;
    constants.push_back(v);
    return true;
  }

  bool comparison(const Expr& e) {
    const Expr *l = &e.args[0], *r = &e.args[1];
    if (e.op == Op::kIn) return is_input(*l) && membership(*r);
    const bool equality = e.op == Op::kEqual || e.op == Op::kNotEqual;
    const bool order = e.op == Op::kLess || e.op == Op::kLessEqual || e.op == Op::kGreater || e.op == Op::kGreaterEqual;
    if (!equality && !(order && has_order_key(kind_))) return false;
    if (!is_input(*l)) std::swap(l, r);
    if (!is_input(*l)) return false;
    const Value v = constant_value(*r, context_);
    return !v.is_error() && (equality || !v.is_null()) && take(v);
  }

  bool membership(const Expr& e) {
    if (e.kind == ExprKind::kRange) {
      if (!has_order_key(kind_)) return false;
      const Value low = constant_value(e.args[0], context_), high = constant_value(e.args[1], context_);
      return !low.is_error() && !high.is_error() && low.kind == kind_ && high.kind == kind_ && take(low) && take(high);
    }
    const Value list = constant_value(e, context_);
    if (list.is(Kind::kRange)) {
      const RangeBounds& b = context_.interner->range_of(list);
      return has_order_key(kind_) && b.lower.kind == kind_ && b.upper.kind == kind_ && take(b.lower) && take(b.upper);
    }
    if (!list.is(Kind::kList)) return false;
    const auto items = context_.interner->items(list);
    return std::all_of(items.begin(), items.end(), [&](const Value& v) { return take(v); });
  }

  std::uint32_t input_;
  Kind kind_;
  const ExprContext& context_;
};

struct CompiledCell {
  std::optional<Code> code;  // absent: a wildcard
  bool indexed = false;
  std::vector<Value> constants;
};

// Whether two checked expressions are written alike: then they mean the same.
bool alike(const Expr& a, const Expr& b) {
  return a.kind == b.kind && a.op == b.op && a.name == b.name && a.literal == b.literal && a.half_open == b.half_open && a.fn == b.fn &&
         a.ref.kind == b.ref.kind && a.ref.index == b.ref.index && a.ref.binding == b.ref.binding && a.ref.field == b.ref.field &&
         a.names == b.names && a.aggregate == b.aggregate && std::equal(a.args.begin(), a.args.end(), b.args.begin(), b.args.end(), alike);
}

// Equal for expressions that are alike.
std::uint64_t shape(const Expr& e) {
  std::uint64_t h = static_cast<std::uint64_t>(e.kind) << 8 | static_cast<std::uint64_t>(e.op);
  h = h * 31 + hash_value(e.literal);
  h = h * 31 + std::hash<std::string>()(e.name);
  h = h * 31 + e.ref.index;
  for (const Expr& a : e.args) h = (h ^ (h >> 29)) * 0x9E3779B97F4A7C15ULL + shape(a);
  return h;
}

class TableCompiler {
 public:
  TableCompiler(const ast::Table& table, const DecisionType& type, const ExprContext& context)
      : table_(table), type_(type), context_(context) {
    plan_.rows = table.rows.size();
    plan_.words = table_words(plan_.rows);
    plan_.outputs = type.output.size();
    row_tests_.resize(plan_.rows);
    plan_.policy = table.policy;
    for (const ast::Name& head : table.outputs) {
      for (std::uint32_t o = 0; o < type.output.size(); ++o) {
        const Type& of = type.output[o].type;
        if (type.output[o].name != head.text || !of.without_null().is(TypeTag::kEnum)) continue;
        plan_.ranked.push_back({o, {}});
        for (const std::string& member : of.members) plan_.ranked.back().members.push_back(context.interner->string(member));
      }
    }
    if (type.output.size() == 1) plan_.aggregated = kind_of(type.output[0].type.without_null());
  }

  TablePlan run() {
    for (std::size_t c = 0; c < table_.inputs.size(); ++c) column(c);
    for (std::size_t r = 0; r < plan_.rows; ++r) {
      plan_.first_test.push_back(static_cast<std::uint32_t>(plan_.row_tests.size()));
      plan_.row_tests.insert(plan_.row_tests.end(), row_tests_[r].begin(), row_tests_[r].end());
      answer(r);
    }
    plan_.first_test.push_back(static_cast<std::uint32_t>(plan_.row_tests.size()));
    plan_.first_computed.push_back(static_cast<std::uint32_t>(plan_.computed.size()));
    return std::move(plan_);
  }

 private:
  void column(std::size_t c) {
    std::uint32_t input = kNoId;
    for (std::uint32_t i = 0; i < type_.input.size(); ++i) {
      if (type_.input[i].name == table_.inputs[c].text) input = i;
    }
    const Kind kind = input == kNoId ? Kind::kError : kind_of(type_.input[input].type);
    std::vector<CompiledCell> cells(plan_.rows);
    bool any = false;
    for (std::size_t r = 0; r < plan_.rows; ++r) {
      const ast::Cell& cell = table_.rows[r].inputs[c];
      if (!cell.test) continue;
      cells[r].code = compile_expr(*cell.test, context_);
      ConstantFinder finder(input, kind, context_);
      if (!ColumnBuilder::can_index(kind) || !finder.find(*cell.test)) continue;
      cells[r].indexed = any = true;
      cells[r].constants = std::move(finder.constants);
    }
    if (any) any = index(input, kind, cells);
    for (std::size_t r = 0; r < plan_.rows; ++r) {
      if (cells[r].code && !(any && cells[r].indexed))
        row_tests_[r].push_back(test_id(*table_.rows[r].inputs[c].test, std::move(*cells[r].code)));
    }
  }

  bool index(std::uint32_t input, Kind kind, const std::vector<CompiledCell>& cells) {
    ColumnBuilder builder(input, kind, plan_.rows);
    for (const CompiledCell& cell : cells) builder.add_constants(cell.constants);
    if (!builder.prepare()) return false;
    for (std::size_t r = 0; r < cells.size(); ++r) {
      if (cells[r].indexed) {
        builder.add_row(r, cells[r].constants, Cell(*cells[r].code, input, *context_.interner));
      } else {
        builder.add_wildcard(r);  // or a cell that is judged by itself
      }
    }
    plan_.columns.push_back(builder.finish());
    return true;
  }

  // Equal tests are one.
  std::uint32_t test_id(const Expr& e, Code code) {
    auto& same = known_[shape(e)];
    for (const auto& [expr, id] : same) {
      if (alike(*expr, e)) return id;
    }
    const auto id = static_cast<std::uint32_t>(plan_.tests.size());
    plan_.tests.push_back(std::move(code));
    same.emplace_back(&e, id);
    return id;
  }

  void answer(std::size_t r) {
    plan_.first_computed.push_back(static_cast<std::uint32_t>(plan_.computed.size()));
    for (std::uint32_t o = 0; o < plan_.outputs; ++o) {
      const Expr& written = table_.rows[r].outputs[o];
      Code code = compile_expr(written, context_);
      FieldFit fit = field_fit(written, type_.output[o].type);
      const Value* v = code.constant();
      plan_.constants.push_back(v != nullptr ? fit.take(*v, *context_.interner) : Value::unknown());
      if (plan_.constants.back().is_error()) plan_.computed.push_back({static_cast<std::uint32_t>(r), o, std::move(code), std::move(fit)});
    }
  }

  const ast::Table& table_;
  const DecisionType& type_;
  const ExprContext& context_;
  TablePlan plan_;
  std::vector<std::vector<std::uint32_t>> row_tests_;
  std::unordered_map<std::uint64_t, std::vector<std::pair<const Expr*, std::uint32_t>>> known_;
};

}  // namespace

TablePlan compile_table(const ast::Table& table, const DecisionType& type, const ExprContext& context) {
  return TableCompiler(table, type, context).run();
}

}  // namespace flyball::engine
