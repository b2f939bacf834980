// Decision tables: heads, cells as conditions over the input, answers in the order of the output fields. What rows
// shadow each other and what they leave open is coverage.cc's. See passes.h.
#include <fmt/format.h>

#include <algorithm>

#include "parser/check/coverage.h"
#include "parser/check/expressions.h"
#include "parser/check/passes.h"

namespace flyball::check {

using ast::Expr;
using ast::ExprKind;
using ast::Op;

namespace {

class TableChecker {
 public:
  TableChecker(Package& p, std::size_t file, ast::DecisionDecl& decision)
      : p_(p), decision_(decision), table_(*decision.table), type_(p.schema.decisions[decision.id]), checker_(p, scope_) {
    scope_.file = &p.scopes[file];
    scope_.input = &type_.input;
    scope_.now = NowUse::kAnywhere;
  }

  void run() {
    if (table_.policy != ast::HitPolicy::kFirst) {
      p_.report.later(table_.policy_name.span, fmt::format("`table {}`", p_.report.excerpt(table_.policy_name.span)),
                      "`table first` takes the first row that holds");
      return;
    }
    const std::size_t errors = p_.diagnostics.error_count();
    inputs_ = heads(table_.inputs, type_.input, "input");
    outputs_ = heads(table_.outputs, type_.output, "output");
    missing_outputs();
    bool sound = true;
    for (ast::TableRow& row : table_.rows) sound = check_row(row) && sound;
    const auto unknown = [](const std::vector<std::uint32_t>& heads) {
      return std::find(heads.begin(), heads.end(), kNoId) != heads.end();
    };
    if (!sound || unknown(inputs_) || unknown(outputs_) || p_.diagnostics.error_count() != errors) return;
    coverage();
  }

 private:
  std::vector<std::uint32_t> heads(const std::vector<ast::Name>& names, const std::vector<Field>& fields, const char* what) {
    std::vector<std::uint32_t> out;
    for (const ast::Name& name : names) {
      std::uint32_t index = kNoId;
      for (std::uint32_t i = 0; i < fields.size(); ++i) {
        if (fields[i].name == name.text) index = i;
      }
      if (index == kNoId) {
        p_.report.misspelt("E0603", name.span, fmt::format("`{}` has no {} `{}`", type_.local, what, name.text), name.text,
                           field_names(fields, fields.size()));
      } else if (std::find(out.begin(), out.end(), index) != out.end()) {
        p_.report.error("E0603", name.span, fmt::format("the column `{}` stands twice", name.text));
      }
      out.push_back(index);
    }
    return out;
  }

  void missing_outputs() {
    if (std::find(outputs_.begin(), outputs_.end(), kNoId) != outputs_.end()) return;
    for (std::uint32_t i = 0; i < type_.output.size(); ++i) {
      const Field& f = type_.output[i];
      if (std::find(outputs_.begin(), outputs_.end(), i) != outputs_.end() || f.default_value || f.type.nullable) continue;
      p_.report.error("E0505", table_.policy_name.span, fmt::format("the table gives no `{}`", f.name),
                      "add a column for it, right of `||`");
    }
  }

  // Spelt by the column's head, so that messages name it.
  Expr input(std::uint32_t index) const {
    ast::Span span;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      if (inputs_[i] == index) span = table_.inputs[i].span;
    }
    Expr head;
    head.kind = ExprKind::kName;
    head.name = "input";
    head.span = head.name_span = span;
    Expr e;
    e.kind = ExprKind::kSelect;
    e.span = e.name_span = span;
    e.name = type_.input[index].name;
    e.args.push_back(std::move(head));
    return e;
  }

  static Expr binary(Op op, Expr a, Expr b, ast::Span span) {
    Expr e;
    e.kind = ExprKind::kBinary;
    e.op = op;
    e.span = e.name_span = span;
    e.args.push_back(std::move(a));
    e.args.push_back(std::move(b));
    return e;
  }

  // `8..15` → input in 8..15; `>= 80%` → input >= 80%; `"voip"` → input == "voip"; a network holds addresses.
  Expr condition(const Expr& cell, std::uint32_t index) const {
    Expr value = input(index);
    if (cell.kind == ExprKind::kUnary && cell.op == Op::kNot) {
      Expr e = cell;
      e.args[0] = condition(cell.args[0], index);
      return e;
    }
    if (cell.kind == ExprKind::kAnd || cell.kind == ExprKind::kOr) {
      Expr e = cell;
      for (Expr& a : e.args) a = condition(Expr(a), index);
      return e;
    }
    if (cell.kind == ExprKind::kBinary && cell.args[0].kind == ExprKind::kHole) {
      Expr e = cell;
      e.args[0] = std::move(value);
      return e;
    }
    const Type& type = type_.input[index].type;
    const bool network = cell.kind == ExprKind::kLiteral && cell.literal.is(Kind::kCidr) && type.is(TypeTag::kIp);
    const bool many = cell.kind == ExprKind::kRange || (cell.kind == ExprKind::kList && !type.is(TypeTag::kList)) || network;
    return binary(many ? Op::kIn : Op::kEqual, std::move(value), cell, cell.span);
  }

  void check_cell(ast::Cell& cell, std::uint32_t index) {
    if (cell.wildcard || cell.alternatives.empty()) {
      cell.test.reset();
      return;
    }
    std::vector<Expr> parts;
    bool asks_null = false;
    for (const Expr& a : cell.alternatives) {
      asks_null = asks_null || (a.kind == ExprKind::kLiteral && a.literal.is_null()) ||
                  (a.kind == ExprKind::kBinary && a.args[1].kind == ExprKind::kLiteral && a.args[1].literal.is_null());
      parts.push_back(condition(a, index));
    }
    Expr test;
    if (parts.size() == 1) {
      test = std::move(parts.front());
    } else {
      test.kind = ExprKind::kOr;
      test.span = test.name_span = cell.span;
      test.args = std::move(parts);
    }
    if (type_.input[index].type.nullable && !asks_null) {
      // A cell about an optional input holds only where it is there.
      Expr null;
      null.kind = ExprKind::kLiteral;
      null.span = null.name_span = cell.span;
      Expr both;
      both.kind = ExprKind::kAnd;
      both.span = both.name_span = cell.span;
      both.args.push_back(binary(Op::kNotEqual, input(index), std::move(null), cell.span));
      both.args.push_back(std::move(test));
      test = std::move(both);
    }
    NullGuard guard(scope_);
    checker_.condition(test, "a cell");
    cell.test = std::move(test);
  }

  bool check_row(ast::TableRow& row) {
    // The parser has said that the row is too short or too long.
    if (row.inputs.size() != inputs_.size() || row.outputs.size() != outputs_.size()) {
      return false;
    }
    bool sound = true;
    for (std::size_t i = 0; i < row.inputs.size(); ++i) {
      if (inputs_[i] == kNoId) {
        sound = false;
      } else {
        check_cell(row.inputs[i], inputs_[i]);
        sound = sound && !(row.inputs[i].test && row.inputs[i].test->type.is(TypeTag::kError));
      }
    }
    std::vector<Expr> ordered(type_.output.size());
    for (std::size_t i = 0; i < row.outputs.size(); ++i) {
      if (outputs_[i] == kNoId) {
        sound = false;
        continue;
      }
      const Field& f = type_.output[outputs_[i]];
      sound = checker_.value_for(row.outputs[i], f.type, "`" + f.name + "`") && sound;
      ordered[outputs_[i]] = std::move(row.outputs[i]);
    }
    for (std::size_t i = 0; i < ordered.size(); ++i) {
      if (ordered[i].kind != ExprKind::kHole) continue;
      if (std::find(outputs_.begin(), outputs_.end(), static_cast<std::uint32_t>(i)) != outputs_.end()) continue;
      ordered[i].kind = ExprKind::kLiteral;
      ordered[i].span = ordered[i].name_span = row.span;
      ordered[i].literal = type_.output[i].default_value.value_or(Value::null());
      ordered[i].type = type_.output[i].type;
    }
    row.outputs = std::move(ordered);
    return sound;
  }

  void coverage() {
    const Coverage found = cover(table_, inputs_, type_.input, p_);
    for (const Shadowed& s : found.shadowed) {
      p_.report.warning("W0801", table_.rows[s.row].span, fmt::format("row {} never holds: row {} takes all it would", s.row + 1, s.by + 1),
                        "move it up, or remove it");
    }
    if (decision_.fallback || !found.open) return;
    std::string help = "add `default return { … }`";
    if (!found.gap.empty()) help += fmt::format(", or close it with the row `{}`", found.gap);
    p_.report.error("E0602", decision_.name.span, fmt::format("`{}` has no answer where no row holds", type_.local), help);
  }

  Package& p_;
  ast::DecisionDecl& decision_;
  ast::Table& table_;
  const DecisionType& type_;
  Scope scope_;
  ExprChecker checker_;
  std::vector<std::uint32_t> inputs_, outputs_;
};

}  // namespace

void check_table(Package& p, std::size_t file, ast::DecisionDecl& decision) { TableChecker(p, file, decision).run(); }

}  // namespace flyball::check
