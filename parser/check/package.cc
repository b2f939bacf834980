// The report of mistakes and the words its messages share. See package.h.
#include "parser/check/package.h"

#include <fmt/format.h>

#include <algorithm>

namespace flyball::check {

void Report::error(const char* code, ast::Span at, std::string message, std::string help, std::optional<Fix> fix) {
  out_.add(Diagnostic{code, Severity::kError, at, std::move(message), std::move(help), std::move(fix)});
}

void Report::warning(const char* code, ast::Span at, std::string message, std::string help, std::optional<Fix> fix) {
  out_.add(Diagnostic{code, Severity::kWarning, at, std::move(message), std::move(help), std::move(fix)});
}

void Report::misspelt(const char* code, ast::Span at, std::string message, std::string_view word, const std::vector<std::string>& names,
                      const char* all, std::optional<Fix> else_fix) {
  Diagnostic d{code, Severity::kError, at, message, {}, {}};
  if (suggest(d, word, names)) return out_.add(std::move(d));
  // What the parser could not read may well declare it.
  if (parsed_badly_) return;
  // Nothing near: it is missing, and that is one mistake however often it is named.
  if (!first(fmt::format("{} {} {}", code, at.file, message))) return;
  constexpr std::size_t kMaxListed = 12;
  std::string help;
  if (all != nullptr) {
    help = fmt::format("{} {}", all, listed(names, "and"));
  } else if (!names.empty() && names.size() <= kMaxListed) {
    help = fmt::format("it could be {}", listed(names));
  }
  error(code, at, std::move(message), std::move(help), std::move(else_fix));
}

void Report::later(ast::Span at, std::string_view what, std::string help) {
  error("E0190", at, fmt::format("{} is not in this version", what), std::move(help));
}

std::string_view Report::rest_of_line(ast::Span s) const {
  if (sources_ == nullptr) return {};
  const std::string_view rest = sources_->text(s.file).substr(s.end, 200);
  return rest.substr(0, rest.find('\n'));
}

std::string Report::excerpt(ast::Span s) const {
  constexpr std::size_t kMaxBytes = 40;
  std::string text(this->text(s));
  for (char& c : text) {
    if (c == '\n' || c == '\t' || c == '\r') c = ' ';
  }
  if (text.size() <= kMaxBytes) return text;
  std::size_t cut = kMaxBytes;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80U) --cut;
  return text.substr(0, cut) + "…";
}

std::string Report::place(ast::Span s) const {
  return fmt::format("{}:{}", sources_->path(s.file), sources_->position(s.file, s.begin).line);
}

std::string type_name(const Type& type, const Schema* schema) {
  if (type.is(TypeTag::kFact)) {
    return schema != nullptr && type.fact_type < schema->types.size() ? schema->types[type.fact_type].local : std::string("fact");
  }
  if (type.is(TypeTag::kEnum)) return type.members.size() > 4 ? std::string("closed set") : to_string(type);
  return to_string(type);
}

std::string a_type(const Type& type, const Schema* schema) {
  if (type.is(TypeTag::kNull)) return "null";
  if (type.is(TypeTag::kEnum)) return "one of " + to_string(type.without_null());
  return with_article(type_name(type, schema));
}

std::vector<std::string> field_names(const std::vector<Field>& fields, std::size_t count) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < count && i < fields.size(); ++i) out.push_back(fields[i].name);
  return out;
}

std::optional<FactTypeId> find_fact_type(Package& p, const FileScope& from, const ast::Name& name) {
  if (name.text.empty()) return std::nullopt;
  const Found found = p.names.find(SymbolKind::kType, name.text, from);
  if (found.symbol != nullptr) {
    if (p.uses != nullptr) p.uses->symbol(SymbolKind::kType, name.span, *found.symbol);
    return found.symbol->id;
  }
  if (!found.ambiguous.empty()) {
    p.report.error("E0307", name.span, fmt::format("`{}` is declared in several imported modules", name.text),
                   fmt::format("write {}", listed(found.ambiguous)));
    return std::nullopt;
  }
  if (!found.not_imported.empty()) {
    p.report.error("E0305", name.span,
                   fmt::format("`{}` is declared in module `{}`, which this file does not import", name.text, found.not_imported),
                   fmt::format("add `import {}`", found.not_imported),
                   Fix{ast::Span{from.source, from.import_at, from.import_at}, fmt::format("import {}\n", found.not_imported)});
    return std::nullopt;
  }
  if (!found.elsewhere.empty()) {
    p.report.error("E0305", name.span, fmt::format("`{}` is declared in several modules, none of which this file imports", name.text),
                   fmt::format("write {}", listed(found.elsewhere)));
    return std::nullopt;
  }
  const std::size_t dot = name.text.rfind('.');
  const std::string qualifier = dot == std::string::npos ? std::string{} : name.text.substr(0, dot);
  const std::vector<std::string> known =
      dot == std::string::npos ? p.names.visible(SymbolKind::kType, from) : p.names.visible_in(SymbolKind::kType, qualifier, from);
  // It may be of a module that is not there, which is said already.
  const bool missing = dot == std::string::npos ? !from.missing.empty() && nearest(name.text, known).empty()
                                                : std::find(from.missing.begin(), from.missing.end(), qualifier) != from.missing.end();
  if (missing) return std::nullopt;
  p.report.misspelt("E0303", name.span, fmt::format("no fact, event or action is called `{}`", name.text), name.text, known);
  return std::nullopt;
}

}  // namespace flyball::check
