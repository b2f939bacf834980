// The parser's public door: one file, one expression. Reads declarations one by one; each is parsed, lowered and
// forgotten, so memory stays that of the largest. Door: parser.h. Thread safety: one call, one thread.
#include <algorithm>

#include "model/suggest.h"
#include "parser/diagnostics/codes.h"
#include "parser/grammar/forms.h"
#include "parser/grammar/grammar.h"
#include "parser/grammar/scan.h"
#include "parser/grammar/slips.h"
#include "parser/grammar/trees.h"
#include "parser/lower/lower.h"
#include "parser/parser.h"

namespace flyball {
namespace {

constexpr std::size_t kMaxBadRuns = 10;  // more are of one cause: the file is no text

void report_bad_bytes(const cst::BadBytes& bad, std::string_view text, std::uint32_t file, Diagnostics& out) {
  for (std::size_t i = 0; i < bad.runs.size() && i < kMaxBadRuns; ++i) {
    const std::uint32_t at = bad.runs[i];
    const auto c = static_cast<unsigned char>(text[at]);
    Diagnostic d{codes::kBadEncoding, Severity::kError, {file, at, at + 1}, "", "", {}};
    static constexpr char kHex[] = "0123456789ABCDEF";
    const std::string hex{kHex[c >> 4], kHex[c & 15]};
    if (c == 0) {
      d.message = "a NUL byte";
      d.help = "rule files are UTF-8 text";
    } else if (c < 0x80) {
      d.message = "the control character 0x" + hex;
      d.help = "rule files are UTF-8 text; in a string write `\\x" + hex + "`";
    } else {
      d.message = "the byte 0x" + hex + " is not UTF-8";
      d.help = "save the file as UTF-8";
    }
    out.add(std::move(d));
  }
}

}  // namespace

namespace {

// What begins no declaration, said once. If it is a slip of one word, that word; else empty, and everything up to the
// next declaration is to be skipped.
std::string unknown_declaration(const char* p, bool after_another, cst::Builder& b) {
  const std::string word(cst::word_at(p, b.end()));
  const std::string found = b.found(p);
  if (word.empty() && (*p == '}' || *p == ')' || *p == ']')) {
    b.report(b.error(codes::kUnmatched, p, p + 1, found + " closes nothing", "a block before it ends earlier than it looks"));
  } else if (const std::string_view number = b.grouped_number(p); !number.empty()) {
    b.report(b.grouped_error(number));
  } else if (after_another && !b.new_line_before(p)) {
    b.report(b.error(codes::kUnexpected, p, b.token_end(p), "expected the end of the declaration, found " + found, b.foreign_help(p)));
  } else if (word.empty()) {
    // `(defrule …`.
    const cst::Slip* slip = *p == '(' ? cst::find_slip(cst::Place::kDeclaration, cst::word_at(p + 1, b.end())) : nullptr;
    b.report(b.error(codes::kUnexpected, p, b.token_end(p), "expected a declaration, found " + found,
                     slip != nullptr ? std::string(slip->help) : b.foreign_help(p)));
  } else {
    Diagnostic d = b.error(codes::kUnknownDeclaration, p, p + word.size(), "`" + word + "` begins no declaration");
    std::string meant;
    if (const cst::Slip* slip = cst::find_slip(cst::Place::kDeclaration, word)) {
      meant = slip->instead;
      d.help = slip->help;
      if (!meant.empty()) d.fix = Fix{d.span, meant};
    } else if (!suggest(d, word, cst::declaration_words())) {
      d.help = "declarations begin with " + listed(cst::declaration_words());
    } else if (d.fix) {
      meant = d.fix->replacement;
    }
    b.report(std::move(d));
    if (!meant.empty() && cst::follows_declaration_word(meant, p + word.size(), b.end())) return meant;
  }
  return {};
}

// module stands first, imports before everything else.
void check_place(const cst::Tree& tree, const ast::File& file, bool others, cst::Builder& b) {
  const cst::Node& n = tree.root;
  const bool module = n.kind == cst::Kind::kModule;
  if (n.broken || (!module && n.kind != cst::Kind::kImport)) return;
  const char* from = b.begin() + n.begin;
  const char* word_end = cst::word_end(from, b.end());
  if (module && file.module) {
    b.report(b.error(codes::kTwice, from, word_end, "`module` stands twice in this file", "a file is part of one module"));
  } else if (others || (module && !file.imports.empty())) {
    b.report(b.error(codes::kMisplaced, from, word_end,
                     module ? "`module` stands first in a file" : "`import` stands before all declarations", "move this line up"));
  }
}

}  // namespace

ast::File parse_file(const SourceFiles& sources, std::uint32_t file, Interner& interner, Diagnostics& out) {
  return parse_file_trees(sources, file, interner, out, {});
}

ast::File parse_file_trees(const SourceFiles& sources, std::uint32_t file, Interner& interner, Diagnostics& out,
                           const std::function<void(const cst::Tree&)>& each) {
  const std::string_view text = sources.text(file);
  const cst::BadBytes bad = cst::find_bad_bytes(text, true);
  report_bad_bytes(bad, text, file, out);
  cst::Builder b(text, file, out, bad.all);
  lower::Lowering lowering(b, interner);
  ast::File result;
  result.source = file;
  bool others = false;
  bool after_another = false;
  const char* p = b.begin();
  if (text.starts_with("\xEF\xBB\xBF")) p += 3;  // a byte order mark says nothing about UTF-8
  p = b.token(p);
  std::vector<ast::Span> broken;
  // With declarations behind it is one thing of elsewhere in a file of rules.
  if (const cst::Form form = cst::find_form(cst::FormPlace::kFile, text.substr(b.offset(p)));
      form.slip != nullptr && cst::next_declaration(p, p, b) == b.end()) {
    b.report(b.error(codes::kUnexpected, p, p + form.size, "this file is " + std::string(form.slip->instead) + ", not rules",
                     std::string(form.slip->help)));
    broken.push_back({file, b.offset(p), b.offset(b.end())});
    p = b.end();
  }
  while (p != b.end()) {
    std::string word(cst::word_at(p, b.end()));
    const bool guessed = !cst::is_declaration_word(word);
    if (guessed) word = unknown_declaration(p, after_another, b);
    after_another = !word.empty();
    if (word.empty()) {
      const std::uint32_t begin = b.offset(p);
      p = b.skip(cst::next_declaration(p, p, b));
      broken.push_back({file, begin, b.offset(p)});
      continue;
    }
    const std::uint32_t begin = b.offset(p);
    cst::Tree tree = cst::parse_declaration(p, word, b);
    if (tree.root.broken) broken.push_back({file, begin, b.offset(p)});
    p = b.skip(p);
    check_place(tree, result, others, b);
    others = others || (tree.root.kind != cst::Kind::kModule && tree.root.kind != cst::Kind::kImport);
    lowering.use(tree);
    lowering.declaration(result, guessed);
    if (each) each(tree);
    b.reuse(std::move(tree));
  }
  for (const ast::Span& span : broken) out.mute(span);
  return result;
}

ast::Expr parse_expression(const SourceFiles& sources, std::uint32_t file, Interner& interner, Diagnostics& out) {
  const std::string_view text = sources.text(file);
  const cst::BadBytes bad = cst::find_bad_bytes(text, false);
  report_bad_bytes(bad, text, file, out);
  cst::Builder builder(text, file, out, bad.all);
  const cst::Tree tree = cst::parse_expression_text(builder);
  lower::Lowering lowering(builder, interner);
  lowering.use(tree);
  if (tree.root.broken || tree.root.count == 0) return lowering.hole(tree.root);
  return lowering.expr(tree.children(tree.root)[0]);
}

}  // namespace flyball
