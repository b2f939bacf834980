// Operators that were not meant: a dash inside a name, `??` behind a comparison. See expressions.h.
#include <fmt/format.h>

#include <algorithm>

#include "model/text.h"
#include "parser/check/expressions.h"
#include "parser/check/globs.h"

namespace flyball::check {

using ast::Expr;
using ast::ExprKind;
using ast::Op;

// `last-seen` where there is a `last_seen`: said once, not of both halves.
bool ExprChecker::dash_in_name(Expr& e) {
  const Expr& l = e.args[0];
  const Expr& r = e.args[1];
  const bool selected = l.kind == ExprKind::kSelect && l.args[0].kind == ExprKind::kName;
  if (!rules_ || e.op != Op::kSubtract || r.kind != ExprKind::kName || (l.kind != ExprKind::kName && !selected)) return false;
  if (r.span.begin != l.span.end + 1) return false;
  const std::string joined = l.name + "_" + r.name;
  FactTypeId type = !selected && scope_.bare ? scope_.bare->type : kNoId;
  for (const Binding& b : scope_.bindings) {
    if (selected && b.name == l.args[0].name) type = b.type;
  }
  const auto is_field = [&](const std::string& name) { return type != kNoId && p_.schema.types[type].field_index(name) != kNoId; };
  const std::vector<std::string> values = selected ? std::vector<std::string>{} : p_.names.visible(SymbolKind::kValue, *scope_.file);
  const auto known = [&](const std::string& name) {
    return is_field(name) || std::find(values.begin(), values.end(), name) != values.end() ||
           (!selected && std::any_of(scope_.bindings.begin(), scope_.bindings.end(), [&](const Binding& b) { return b.name == name; }));
  };
  if (!known(joined) || known(l.name)) return false;
  const ast::Span at{e.span.file, selected ? l.name_span.begin : l.span.begin, r.span.end};
  p_.report.error("E0301", at, fmt::format("`-` subtracts; the name is `{}`", joined), "", Fix{at, joined});
  e.type = Type::of(TypeTag::kError);
  return true;
}

// `a == "x" ?? false` means `a == ("x" ?? false)`. What was meant is said by asking for null, or for the key, first.
void ExprChecker::binds_tighter(const Expr& comparison, const Expr& e) {
  const Expr& left = comparison.args[0];
  const std::string compared =
      fmt::format("{} {} {}", p_.report.text(left.span), p_.report.text(comparison.name_span), p_.report.text(e.args[0].span));
  const bool truth = e.args[1].literal.is_true();
  std::string known;
  if (left.kind == ExprKind::kIndex) {
    known = fmt::format("{} in {}", p_.report.text(left.args[1].span), p_.report.text(left.args[0].span));
    if (truth) known = fmt::format("not {}", known);
  } else if (maybe_null(left)) {
    known = fmt::format("{} {} null", p_.report.text(left.span), truth ? "==" : "!=");
  }
  std::optional<Fix> fix =
      Fix{comparison.span, known.empty() ? compared : fmt::format("({} {} {})", known, truth ? "or" : "and", compared)};
  if (e.args[1].kind != ExprKind::kLiteral) fix.reset();
  p_.report.error("E0202", e.name_span,
                  fmt::format("`??` binds tighter than `{}`: here it is about `{}`, which is never null",
                              p_.report.text(comparison.name_span), p_.report.excerpt(e.args[0].span)),
                  left.kind == ExprKind::kIndex ? "a missing key is unknown, not null" : "", std::move(fix));
}

// `like "core-%"`, `like "^core-.*"`: as `like` reads them, they match next to nothing.
void ExprChecker::foreign_glob(const Expr& e) {
  const Expr& pattern = e.args[1];
  const std::optional<Value> text = fold(pattern, p_.interner);
  if (!text || !text->is(Kind::kString)) return;
  const GlobSlip slip = flyball::foreign_glob(p_.interner.text(*text));
  if (slip.language == nullptr) return;
  std::optional<Fix> fix;
  if (!slip.glob.empty() && pattern.kind == ExprKind::kLiteral && p_.report.text(pattern.span).starts_with('"'))
    fix = Fix{pattern.span, quote(slip.glob)};
  p_.report.warning(
      "W0826", pattern.span,
      fmt::format("`{}` is {} way: in `like`, `*` is any text and `?` one character", p_.report.excerpt(pattern.span), slip.language),
      fix || *slip.language == 'S' ? "" : "`x.matches(…)` takes a regular expression", std::move(fix));
}

}  // namespace flyball::check
