// The parser's public door: one file, one expression. Reads declarations one by one; each is parsed, lowered and
// forgotten, so memory stays that of the largest. Door: parser.h. Thread safety: one call, one thread.
#include <algorithm>

#include "parser/diagnostics/codes.h"
#include "parser/grammar/grammar.h"
#include "parser/grammar/scan.h"
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
