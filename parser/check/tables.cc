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
using ast::HitPolicy;
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
    const std::size_t errors = p_.diagnostics.error_count();
    if (table_.from && table_.inputs.empty() && table_.outputs.empty()) {
      // The file is no table, which was said; where files are not read at all, this is said.
      if (!table_.from->text.empty()) p_.report.error("E0607", table_.from->span, "tables are not read from files here");
      return;
    }
    inputs_ = heads(table_.inputs, type_.input, "input");
    outputs_ = heads(table_.outputs, type_.output, "output");
    missing_outputs();
    policy_fits();
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

  // `priority` needs something to rank by, `collect sum` something to add.
  void policy_fits() {
    const std::string words = fmt::format("`table {}`", table_.policy_name.text);
    const auto wrong = [&](ast::Span at, std::string message, std::string help) {
      p_.report.error("E0606", at, std::move(message), std::move(help));
    };
    const auto first_output = [&] { return table_.outputs.empty() ? table_.policy_name.span : table_.outputs.front().span; };
    switch (table_.policy) {
      case HitPolicy::kPriority:
      case HitPolicy::kOutputOrder: {
        const auto ranks = [&](std::uint32_t o) { return o != kNoId && type_.output[o].type.without_null().is(TypeTag::kEnum); };
        if (std::find(outputs_.begin(), outputs_.end(), kNoId) != outputs_.end() || std::any_of(outputs_.begin(), outputs_.end(), ranks))
          return;
        wrong(first_output(), words + " ranks rows by an output that is a closed set, there is none",
              "the order of its values is that of the ranks: `urgency: \"high\" | \"low\"`");
        return;
      }
      case HitPolicy::kCollectSum:
      case HitPolicy::kCollectMin:
      case HitPolicy::kCollectMax:
      case HitPolicy::kCollectCount: {
        if (type_.output.size() != 1) {
          wrong(table_.policy_name.span, fmt::format("{} makes one value, `{}` has {} outputs", words, type_.local, type_.output.size()),
                "`table collect` gives the rows that hold, all outputs of each");
          return;
        }
        const Type type = type_.output[0].type.without_null();
        if (type.is(TypeTag::kError)) return;
        if (table_.policy == HitPolicy::kCollectCount) {
          if (!type.is(TypeTag::kInt))
            wrong(first_output(), fmt::format("{} gives an int, `{}` is {}", words, type_.output[0].name, a_type(type)),
                  "declare the output as `int`; what its column says is counted, whatever it is");
          return;
        }
        const bool adds = is_number(type) || is_unit(type);
        if (adds || (table_.policy != HitPolicy::kCollectSum && type.is(TypeTag::kTimestamp))) return;
        wrong(first_output(), fmt::format("{} is for numbers and units, `{}` is {}", words, type_.output[0].name, a_type(type)),
              "`table collect` gives the values of all rows that hold");
        return;
      }
      default: return;
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

  static Expr literal(Value v, const Type& type, ast::Span span) {
    Expr e;
    e.kind = ExprKind::kLiteral;
    e.span = e.name_span = span;
    e.literal = v;
    e.type = type;
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
      if (table_.policy == HitPolicy::kCollectCount) {
        // What stands there only names the row; each counts one.
        checker_.check(row.outputs[i]);
        sound = sound && !row.outputs[i].type.is(TypeTag::kError);
        row.outputs[i] = literal(Value::integer(1), f.type, row.outputs[i].span);
        ordered[outputs_[i]] = std::move(row.outputs[i]);
        continue;
      }
      sound = checker_.value_for(row.outputs[i], f.type, "`" + f.name + "`") && sound;
      ordered[outputs_[i]] = std::move(row.outputs[i]);
    }
    for (std::size_t i = 0; i < ordered.size(); ++i) {
      if (ordered[i].kind != ExprKind::kHole) continue;
      if (std::find(outputs_.begin(), outputs_.end(), static_cast<std::uint32_t>(i)) != outputs_.end()) continue;
      ordered[i] = literal(type_.output[i].default_value.value_or(Value::null()), type_.output[i].type, row.span);
    }
    row.outputs = std::move(ordered);
    return sound;
  }

  // Of no row at all: these answer an empty list, or 0.
  bool nothing_is_answer() const {
    return type_.list || table_.policy == HitPolicy::kCollectSum || table_.policy == HitPolicy::kCollectCount;
  }

  void coverage() {
    if (table_.policy_name.text.empty()) return;  // it is no hit policy, which was said
    const bool must_close = !decision_.fallback && !nothing_is_answer();
    const Coverage found = cover(table_, inputs_, type_, must_close, p_);
    // Errors first: warnings must not fill what is kept of a file.
    if (must_close && found.open) no_answer(found);
    for (const Shadowed& s : found.shadowed) {
      const bool ranked = table_.policy == HitPolicy::kPriority;
      p_.report.warning("W0801", table_.rows[s.row].span,
                        s.together
                            ? fmt::format("row {} never {}: rows before it, up to row {}, together take all it would", s.row + 1,
                                          ranked ? "answers" : "holds", s.by + 1)
                            : fmt::format("row {} never {}: row {} takes all it would", s.row + 1, ranked ? "answers" : "holds", s.by + 1),
                        ranked ? "give it an output that counts more, or remove it" : "move it up, or remove it");
    }
    for (const Overlap& o : found.overlaps) {
      std::string where;
      for (std::size_t c = 0; c < o.where.size(); ++c) {
        if (o.where[c] != "-") where += fmt::format("{}`{}` is {}", where.empty() ? "" : ", ", table_.inputs[c].text, o.where[c]);
      }
      p_.report.error("E0605", table_.rows[o.second].span,
                      fmt::format("rows {} and {} both hold{}, {}", o.first + 1, o.second + 1,
                                  where.empty() ? std::string(" whatever the input") : ", for example where " + where,
                                  table_.policy == HitPolicy::kUnique ? "and `table unique` allows one" : "and their outputs differ"),
                      table_.policy == HitPolicy::kUnique ? "narrow one of them; `table first` takes the first row that holds"
                                                          : "give both the same outputs, or narrow one of them");
    }
    for (const auto& [row, before] : found.equal) {
      p_.report.warning("W0822", table_.rows[row].span, fmt::format("row {} says what row {} says", row + 1, before + 1), "remove it");
    }
    if (found.undecided && !(must_close && found.open)) {
      p_.report.warning(
          "W0823", table_.policy_name.span,
          table_.rows.size() > kMaxRowsCompared
              ? fmt::format("this table has {} rows; more than {} are not compared with each other", table_.rows.size(), kMaxRowsCompared)
              : std::string("this table is too intricate to compare all its rows with each other"),
          "there may be rows that never hold, or hold together, that nothing says; divide the table");
    }
  }

  void no_answer(const Coverage& found) {
    std::string help = "add `default return { … }`";
    std::optional<Fix> fix;
    if (!found.gap.empty() && !table_.rows.empty()) {
      const std::string row = row_text(table_, found.gap, outputs_of_last_row());
      help = fmt::format("the row closes a gap, its outputs are those of row {}: choose; or {}", table_.rows.size(), help);
      fix = Fix{end_of_rows(), indented(row), true};
    } else if (found.undecided) {
      help += "; whether the rows leave something open could not be told, there are too many combinations";
    }
    p_.report.error("E0602", decision_.name.span, fmt::format("`{}` has no answer where no row holds", type_.local), help, fix);
  }

  // As written, by column.
  std::vector<std::string> outputs_of_last_row() const {
    std::vector<std::string> out;
    for (const std::uint32_t o : outputs_) {
      if (table_.rows.empty()) break;
      const Expr& e = table_.rows.back().outputs[o];
      // An empty cell of a file stands for a default that is written elsewhere: it is left empty again.
      out.emplace_back(e.span.file == table_.rows.back().span.file ? p_.report.text(e.span) : std::string_view());
    }
    return out;
  }
  ast::Span end_of_rows() const {
    const ast::Span last = table_.rows.back().span;
    return {last.file, last.end, last.end};
  }
  std::string indented(const std::string& row) const {
    const ast::Span last = table_.rows.back().span;
    if (table_.format == ast::TableFormat::kCsv) return "\n" + row;
    const std::string_view text = p_.report.file_text(last.file);
    std::size_t line = last.begin;
    while (line > 0 && text[line - 1] != '\n') --line;
    std::size_t first = line;
    while (first < last.begin && (text[first] == ' ' || text[first] == '\t')) ++first;
    return "\n" + std::string(text.substr(line, first - line)) + row;
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
