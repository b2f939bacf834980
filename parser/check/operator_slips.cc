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

// `10GB/s`, where there is no `s`: a size in a second.
bool ExprChecker::per_second(Expr& e) {
  const Expr& l = e.args[0];
  const Expr& r = e.args[1];
  const bool second = r.kind == ExprKind::kName && (r.name == "s" || r.name == "sec" || r.name == "second");
  if (!rules_ || e.op != Op::kDivide || !second || l.kind != ExprKind::kLiteral || !l.literal.is(Kind::kSize)) return false;
  if (r.span.begin != e.name_span.end || e.name_span.begin != l.span.end || is_name(r.name)) return false;
  p_.report.error("E0106", e.span, fmt::format("`{}` is no literal", p_.report.text(e.span)),
                  "a rate of bytes is a size in a time, a bitrate", Fix{e.span, fmt::format("{} / 1s", p_.report.text(l.span))});
  e.type = Type::of(TypeTag::kError);
  return true;
}

// Whether a bare name means something here.
bool ExprChecker::is_name(const std::string& name) const {
  if (scope_.bare && scope_.bare->type != kNoId && p_.schema.types[scope_.bare->type].field_index(name) != kNoId) return true;
  const std::vector<std::string> values = p_.names.visible(SymbolKind::kValue, *scope_.file);
  return std::find(values.begin(), values.end(), name) != values.end() ||
         std::any_of(scope_.bindings.begin(), scope_.bindings.end(), [&](const Binding& b) { return b.name == name; }) ||
         std::any_of(scope_.lets.begin(), scope_.lets.end(), [&](const LetName& l) { return l.name == name; });
}

// `seen // 2 > 3`: what was meant to be divided is no comment.
bool ExprChecker::is_cut_off(const Expr& e) const {
  std::string_view rest = p_.report.rest_of_line(e.span);
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  if (!rest.starts_with("//")) return false;
  rest.remove_prefix(2);
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  const std::size_t operand = rest.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.");
  if (operand == 0 || operand == std::string_view::npos) return false;
  rest.remove_prefix(std::min(rest.find_first_not_of(' ', operand), rest.size()));
  return !rest.empty() && std::string_view("<>=!+-*/)").find(rest[0]) != std::string_view::npos;
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
  if (!slip.glob.empty() && pattern.kind == ExprKind::kLiteral &&
      std::string_view("\"'").find(p_.report.text(pattern.span)[0]) != std::string_view::npos)
    fix = Fix{pattern.span, quote(slip.glob)};
  p_.report.warning(
      "W0826", pattern.span,
      fmt::format("`{}` is {} way: in `like`, `*` is any text and `?` one character", p_.report.excerpt(pattern.span), slip.language),
      fix || *slip.language == 'S' ? "" : "`x.matches(…)` takes a regular expression", std::move(fix));
}

// `matches("core-*")`: as a regular expression reads it, `*` repeats the character before it.
void ExprChecker::glob_as_regex(const Expr& e) {
  if (e.args.size() != 2 || e.args[1].kind != ExprKind::kLiteral || !e.args[1].literal.is(Kind::kString)) return;
  const std::string_view text = p_.interner.text(e.args[1].literal);
  if (!reads_as_glob(text)) return;
  // With the whole call, where it is a method.
  std::optional<Fix> fix;
  const bool negated = e.span.begin > 0 && p_.report.text({e.span.file, e.span.begin - 1, e.span.begin}) == "!";
  if (e.method && !negated) {
    const std::string_view subject = p_.report.text({e.span.file, e.span.begin, e.name_span.begin - 1});
    fix = Fix{e.span, fmt::format("{} like {}", subject, quote(text))};
  }
  p_.report.warning("W0826", e.args[1].span,
                    fmt::format("`{}` is a pattern of `like`: in a regular expression `*` repeats what stands before it",
                                p_.report.excerpt(e.args[1].span)),
                    fix ? "" : fmt::format("`x like {}`", quote(text)), std::move(fix));
}

}  // namespace flyball::check
