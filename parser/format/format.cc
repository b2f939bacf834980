// A file from its declarations. Door: format.h.
#include "parser/format/format.h"

#include "parser/ast/dump.h"
#include "parser/format/layout.h"
#include "parser/format/tokens.h"
#include "parser/grammar/trees.h"
#include "parser/parser.h"

namespace flyball {
namespace {

using format::Comment;
using format::Doc;
using format::Token;

// Comments and empty lines before a declaration, or before the end of the file. `apart`: an empty line stands there anyway.
void between(Doc& out, const Token& t, bool first, bool apart, bool end) {
  bool blanks_count = !first;
  bool has_blank = t.blank_before;
  for (const Comment& c : t.comments) has_blank = has_blank || c.blank_before;
  bool missing = apart && !first && !has_blank && !end;
  bool begun = !first;
  const auto new_line = [&](bool blank) {
    if (begun) out.add(format::hard());
    begun = true;
    if ((blank && blanks_count) || missing) out.add(format::blank());
    missing = false;
    blanks_count = true;
  };
  for (const Comment& c : t.comments) {
    if (!c.own_line) {
      out.add({Doc::Kind::kTrailing, 0, c.text, {}});
      continue;
    }
    new_line(c.blank_before);
    out.add({Doc::Kind::kOwn, 0, c.text, {}});
  }
  if (!end) new_line(t.blank_before);
}

}  // namespace

std::optional<std::string> format_file(const SourceFiles& sources, std::uint32_t file, Interner& interner, Diagnostics& out) {
  const std::string_view source = sources.text(file);
  format::Renderer renderer;
  std::uint32_t last = source.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  bool first = true;
  bool several_lines = false;  // the declaration before
  cst::Kind kind = cst::Kind::kNothing;
  const ast::File before = parse_file_trees(sources, file, interner, out, [&](const cst::Tree& tree) {
    if (out.has_errors()) return;
    std::vector<Token> tokens = format::tokens_of(tree, source, last);
    Token head = std::move(tokens.front());
    tokens.front().begin = head.begin;
    tokens.front().end = head.end;
    tokens.front().comments.clear();
    Doc declaration = format::Layout(tree, source, tokens).declaration();
    const std::optional<std::size_t> width = format::flat_width(declaration);
    const bool long_one = !width || *width > format::kWidth;
    const bool heading = (kind == cst::Kind::kModule || kind == cst::Kind::kImport) && tree.root.kind != cst::Kind::kImport;
    Doc whole;
    between(whole, head, first, long_one || several_lines || heading, false);
    renderer.add(whole.add(std::move(declaration)));
    first = false;
    several_lines = long_one;
    kind = tree.root.kind;
  });
  if (out.has_errors()) return std::nullopt;
  Doc end;
  between(end, format::end_of(source, last), first, false, true);
  renderer.add(end);
  std::string result = renderer.finish();
  if (!result.empty()) result += '\n';

  SourceFiles again;
  const bool fits = again.add("formatted", result).has_value();
  Diagnostics none;
  const ast::File after = fits ? parse_file(again, 0, interner, none) : ast::File{};
  if (!fits || none.has_errors() || ast::dump(after, interner) != ast::dump(before, interner)) {
    out.add({"E0900",
             Severity::kError,
             {file, 0, 0},
             "this file cannot be formatted without changing what it means",
             "it is left as it is",
             {}});
    return std::nullopt;
  }
  return result;
}

}  // namespace flyball
