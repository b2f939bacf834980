// See table_files.h.
#include "parser/tables/table_files.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "parser/grammar/grammar.h"
#include "parser/grammar/scan.h"
#include "parser/lower/lower.h"
#include "parser/tables/cells.h"

namespace flyball {

using ast::Expr;
using ast::ExprKind;
using tables::mistake;
using tables::RawCell;
using tables::RawRow;
using tables::RawTable;

namespace {

bool is_markdown(std::string_view path) { return path.ends_with(".md") || path.ends_with(".markdown"); }

// Places in a cell's text become places in the file.
void move_span(ast::Span& s, const RawCell& cell) {
  const auto last = static_cast<std::uint32_t>(cell.text.size());
  s.begin = cell.at[std::min(s.begin, last)];
  // Behind the last byte, not before what is written in front of the next.
  s.end = s.end == 0 || s.end > last ? cell.at[std::min(s.end, last)] : cell.at[s.end - 1] + 1;
  if (s.end < s.begin) s.end = s.begin;
}
void move_spans(Expr& e, const RawCell& cell) {
  move_span(e.span, cell);
  move_span(e.name_span, cell);
  for (Expr& a : e.args) move_spans(a, cell);
}

class TableReader {
 public:
  TableReader(const ast::DecisionDecl& decision, ast::Table& table, std::uint32_t file, Interner& interner, Diagnostics& out)
      : decision_(decision), table_(table), file_(file), in_(interner), out_(out) {}

  void read(const RawTable& raw) {
    if (raw.rows.empty()) {
      say(0, 0, "this file has no rows", "the first row names the columns");
      return;
    }
    if (!head(raw.rows.front())) {
      table_.inputs.clear();
      table_.outputs.clear();
      return;
    }
    for (std::size_t r = 1; r < raw.rows.size(); ++r) {
      if (r > kMaxTableRows) {
        say(raw.rows[r].begin, raw.rows[r].end, "a table has at most " + std::to_string(kMaxTableRows) + " rows", "divide it");
        return;
      }
      row(raw.rows[r]);
    }
  }

  // How many columns of the head are fields of the decision.
  std::size_t known(const RawRow& head) const {
    return static_cast<std::size_t>(std::count_if(head.cells.begin(), head.cells.end(), [&](const RawCell& c) {
      return field(decision_.input, c.text) != nullptr || field(decision_.output, c.text) != nullptr;
    }));
  }

 private:
  struct Column {
    const ast::FieldDecl* field = nullptr;  // null: the head names none, which the checker says
    bool output = false;
    bool skipped = false;  // nothing but a divider
  };

  void say(std::uint32_t begin, std::uint32_t end, std::string message, std::string help = {}) {
    out_.add(mistake(file_, begin, end, std::move(message), std::move(help)));
  }
  static const ast::FieldDecl* field(const std::vector<ast::FieldDecl>& fields, std::string_view name) {
    const auto it = std::find_if(fields.begin(), fields.end(), [&](const ast::FieldDecl& f) { return f.name.text == name; });
    return it == fields.end() ? nullptr : &*it;
  }

  bool head(const RawRow& row) {
    if (row.cells.size() == 1 && row.cells[0].text.find_first_of(";\t") != std::string::npos) {
      say(row.begin, row.end, "the head has one column", "cells are divided by `,`: save the sheet as CSV with commas");
      return false;
    }
    bool outputs = false;
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      const RawCell& c = row.cells[i];
      if (c.text.empty()) {
        if (table_.format == ast::TableFormat::kMarkdown) {
          columns_.push_back({nullptr, false, true});  // `||`
          continue;
        }
        say(c.begin(), c.end(), "column " + std::to_string(i + 1) + " has no name",
            "the first row names inputs and outputs of `" + decision_.name.text + "`");
        return false;
      }
      const ast::Name name{c.text, {file_, c.begin(), c.end()}};
      const ast::FieldDecl* input = field(decision_.input, c.text);
      const ast::FieldDecl* output = field(decision_.output, c.text);
      // A name that both have is the input's first.
      const bool again = std::any_of(table_.inputs.begin(), table_.inputs.end(), [&](const ast::Name& n) { return n.text == c.text; });
      const bool is_output = output != nullptr ? input == nullptr || again || outputs : outputs && input == nullptr;
      if (!is_output && outputs) {
        say(c.begin(), c.end(), "the input `" + c.text + "` stands right of an output", "inputs stand left of the outputs");
        return false;
      }
      outputs = outputs || is_output;
      (is_output ? table_.outputs : table_.inputs).push_back(name);
      columns_.push_back({is_output ? output : input, is_output, false});
    }
    if (table_.outputs.empty()) {
      say(row.begin, row.end, "no column is an output of `" + decision_.name.text + "`",
          "the first row names inputs, then outputs: as in `app,load,class`");
      return false;
    }
    return true;
  }

  void row(const RawRow& raw) {
    if (raw.cells.size() != columns_.size()) {
      say(raw.begin, raw.end,
          "this row has " + std::to_string(raw.cells.size()) + " cells, the head names " + std::to_string(columns_.size()),
          table_.format == ast::TableFormat::kCsv ? "a cell with a comma stands in quotes" : "a bar inside a cell is written `\\|`");
      table_.rows.emplace_back().span = {file_, raw.begin, raw.end};  // so that nothing is said of what the rows leave open
      return;
    }
    ast::TableRow row;
    row.span = {file_, raw.begin, raw.end};
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const Column& column = columns_[i];
      if (column.skipped) continue;
      if (column.output) {
        row.outputs.push_back(output(raw.cells[i], column));
      } else {
        row.inputs.push_back(input(raw.cells[i], column));
      }
    }
    table_.rows.push_back(std::move(row));
  }

  static bool holds_text(const Column& c) {
    return c.field != nullptr && (c.field->type.name.text == "string" || !c.field->type.members.empty());
  }
  Expr literal(Value v, ast::Span span) const {
    Expr e;
    e.kind = ExprKind::kLiteral;
    e.span = e.name_span = span;
    e.literal = v;
    return e;
  }

  // Whether a cell about texts is written as in a rule file: with quotes, an operator or a word of the language.
  static bool is_expression(std::string_view text, const Column& c) {
    if (std::string_view("\"'<>=!([").find(text[0]) != std::string_view::npos) return true;
    if (text == "null") return c.field->type.nullable;
    if (text.starts_with("f\"") || text.starts_with("r\"")) return true;
    for (const std::string_view word : {"like", "not", "in"}) {
      if (text.starts_with(word) && text.size() > word.size() &&
          std::string_view(" \t([\"").find(text[word.size()]) != std::string_view::npos)
        return true;
    }
    return false;
  }

  ast::Cell input(const RawCell& raw, const Column& column) {
    ast::Cell cell;
    cell.span = {file_, raw.begin(), raw.end()};
    if (raw.text.empty() || raw.text == "-") {
      cell.wildcard = true;
      return cell;
    }
    if (holds_text(column) && !is_expression(raw.text, column)) {
      // Texts, divided by commas.
      for (std::size_t from = 0; from <= raw.text.size();) {
        const std::size_t comma = std::min(raw.text.find(',', from), raw.text.size());
        std::size_t begin = from, end = comma;
        while (begin < end && raw.text[begin] == ' ') ++begin;
        while (end > begin && raw.text[end - 1] == ' ') --end;
        const ast::Span span{file_, raw.at[begin], end == begin ? raw.at[begin] : raw.at[end - 1] + 1};
        if (begin == end) {
          say(cell.span.begin, cell.span.end, "a text is missing beside a `,`",
              "a text with a comma stands in quotes of the language, too");
          cell.wildcard = true;
          return cell;
        }
        cell.alternatives.push_back(literal(in_.string(raw.text.substr(begin, end - begin)), span));
        from = comma + 1;
      }
      return cell;
    }
    cell = parse<ast::Cell>(raw, cst::parse_cell_text, [](lower::Lowering& l, const cst::Node& n) { return l.cell(n); });
    cell.span = {file_, raw.begin(), raw.end()};
    for (Expr& e : cell.alternatives) move_spans(e, raw);
    return cell;
  }

  Expr output(const RawCell& raw, const Column& column) {
    const ast::Span span{file_, raw.begin(), raw.end()};
    if (raw.text.empty()) {
      if (column.field != nullptr && column.field->default_value) return *column.field->default_value;
      if (column.field == nullptr || !column.field->type.nullable)
        say(span.begin, span.end, "an output is missing here", "give a value, or the output a default: `class: string = \"default\"`");
      Expr e = literal(Value::null(), span);
      if (column.field == nullptr || !column.field->type.nullable) e.kind = ExprKind::kHole;
      return e;
    }
    const bool quoted =
        raw.text[0] == '"' || raw.text.starts_with("f\"") || (raw.text == "null" && column.field != nullptr && column.field->type.nullable);
    if (holds_text(column) && !quoted) return literal(in_.string(raw.text), span);
    Expr e = parse<Expr>(raw, cst::parse_expression_text, [](lower::Lowering& l, const cst::Node& n) { return l.expr(n); });
    move_spans(e, raw);
    return e;
  }

  // What the cell's text is, read by the grammar; empty, and said, if it is nothing.
  template <typename T, typename Parse, typename Lower>
  T parse(const RawCell& raw, Parse parse_text, Lower lower_node) {
    Diagnostics found;
    const std::vector<std::uint32_t> no_bad_bytes;
    cst::Builder b(raw.text, file_, found, no_bad_bytes);
    const cst::Tree tree = parse_text(b);
    lower::Lowering lowering(b, in_);
    lowering.use(tree);
    T result{};
    const bool fine = !tree.root.broken && tree.root.count > 0;
    if (fine) result = lower_node(lowering, tree.children(tree.root)[0]);
    for (Diagnostic d : found.all()) {
      move_span(d.span, raw);
      constexpr std::string_view kEnd = "the end of the file";
      if (const std::size_t at = d.message.find(kEnd); at != std::string::npos) d.message.replace(at, kEnd.size(), "the end of the cell");
      if (d.fix && d.fix->replacement.find_first_of(",\"|\n") != std::string::npos) d.fix.reset();  // would need quoting of its own
      if (d.fix) move_span(d.fix->span, raw);
      out_.add(std::move(d));
    }
    return result;
  }

  const ast::DecisionDecl& decision_;
  ast::Table& table_;
  std::uint32_t file_;
  Interner& in_;
  Diagnostics& out_;
  std::vector<Column> columns_;
};

std::string beside(const std::string& rule_file, const std::string& path) {
  const std::size_t slash = rule_file.rfind('/');
  return path.starts_with('/') || slash == std::string::npos ? path : rule_file.substr(0, slash + 1) + path;
}

void read_one(const ast::DecisionDecl& decision, ast::Table& table, SourceFiles& sources, const ReadTable& read, Interner& interner,
              Diagnostics& out) {
  const ast::Span at = table.from->span;
  const std::string name = std::exchange(table.from->text, {});
  const auto refuse = [&](std::string message, std::string help) {
    out.add(mistake(at.file, at.begin, at.end, std::move(message), std::move(help)));
  };
  const bool markdown = is_markdown(name);
  if (!is_table_file(name)) {
    refuse("a table stands in a file that ends in `.csv` or `.md`", "the path is relative to this file");
    return;
  }
  const std::string path = beside(sources.path(at.file), name);
  std::optional<std::uint32_t> file;
  for (std::uint32_t i = 0; i < sources.size(); ++i) {
    if (sources.path(i) == path) file = i;
  }
  if (!file) {
    Result<std::string> text = read(path);
    if (!text) {
      refuse(text.error().message, text.error().help.empty() ? "the path is relative to this file" : text.error().help);
      return;
    }
    const Result<std::uint32_t> added = sources.add(path, std::move(*text));
    if (!added) {
      refuse(added.error().message, added.error().help);
      return;
    }
    file = *added;
  }
  const std::string_view text = sources.text(*file);
  if (text.size() > kMaxTableFileBytes) {
    refuse("`" + path + "` has more than " + std::to_string(kMaxTableFileBytes >> 20) + " MiB", "divide the table");
    return;
  }
  if (const cst::BadBytes bad = cst::find_bad_bytes(text, true); !bad.runs.empty()) {
    out.add(mistake(*file, bad.runs[0], bad.runs[0] + 1, "a byte that is no text", "save the file as UTF-8"));
    return;
  }
  TableReader reader(decision, table, *file, interner, out);
  if (!markdown) {
    RawTable raw;
    table.format = ast::TableFormat::kCsv;
    if (split_csv(text, *file, raw, out)) reader.read(raw);
    return;
  }
  std::vector<RawTable> all;
  table.format = ast::TableFormat::kMarkdown;
  if (!split_markdown(text, *file, all, out)) return;
  // The one whose head fits best; of equals the first.
  std::size_t best = 0;
  for (std::size_t i = 1; i < all.size(); ++i) {
    if (reader.known(all[i].rows.front()) > reader.known(all[best].rows.front())) best = i;
  }
  reader.read(all[best]);
}

}  // namespace

bool is_table_file(std::string_view path) { return is_markdown(path) || path.ends_with(".csv"); }

void read_table_files(ast::File& file, SourceFiles& sources, const ReadTable& read, Interner& interner, Diagnostics& out) {
  for (ast::DecisionDecl& d : file.decisions) {
    if (d.table && d.table->from && !d.table->from->text.empty()) read_one(d, *d.table, sources, read, interner, out);
  }
}

}  // namespace flyball
