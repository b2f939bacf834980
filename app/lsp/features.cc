// Hover, places, rename, symbols: lookups in the SymbolIndex. See features.h.
#include "app/lsp/features.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "app/lsp/text.h"
#include "app/package/standard.h"
#include "model/aggregates.h"
#include "model/functions.h"
#include "parser/ast/keywords.h"

namespace flyball::app::lsp {
namespace {

using nlohmann::json;

// By Meaning: the protocol's numbers of symbol kinds, and the legend's words of semantic tokens.
struct Shown {
  int symbol_kind;
  std::uint32_t token;
  std::string_view word;
};
constexpr std::array<std::string_view, 7> kTokenTypes{"type", "property", "parameter", "variable", "function", "class", "enumMember"};
constexpr Shown shown(Meaning m) {
  switch (m) {
    case Meaning::kType: return {23, 0, "type"};
    case Meaning::kField: return {8, 1, "field"};
    case Meaning::kParam: return {14, 2, "param"};
    case Meaning::kConstant: return {14, 3, "constant"};
    case Meaning::kFunction: return {12, 4, "function"};
    case Meaning::kRule: return {6, 5, "rule"};
    case Meaning::kDecision: return {11, 5, "decision"};
    case Meaning::kCase: return {22, 6, "case"};
    case Meaning::kInput: return {8, 1, "input"};
    case Meaning::kOutput: return {8, 1, "output"};
    case Meaning::kBinding: return {13, 3, "fact bound here"};
    case Meaning::kLet: return {13, 3, "let"};
  }
  return {13, 3, ""};
}

json range(const Analysis& a, ast::Span s) { return range_of(a.text(s.file), s.begin, s.end); }
json location(const Analysis& a, ast::Span s) { return {{"uri", uri_of(a.sources.path(s.file))}, {"range", range(a, s)}}; }

// What the program itself carries stands in no file that an editor could open.
bool can_be_opened(const Analysis& a, ast::Span s) { return !is_standard_path(a.sources.path(s.file)); }

const SymbolUse* declaration_of(const Analysis& a, const SymbolUse& use) {
  for (const SymbolUse* u : a.index.at(use.declaration.file, use.declaration.begin)) {
    if (u->is_declaration()) return u;
  }
  return nullptr;
}

std::string_view word_around(std::string_view text, std::uint32_t offset) {
  const auto inside = [&](std::size_t i) { return i < text.size() && (is_word(text.substr(i, 1)) || (text[i] >= '0' && text[i] <= '9')); };
  std::size_t begin = offset;
  while (begin > 0 && inside(begin - 1)) --begin;
  std::size_t end = offset;
  while (inside(end)) ++end;
  return text.substr(begin, end - begin);
}

}  // namespace

std::string described(const Analysis& a, const SymbolUse& d) {
  constexpr std::size_t kLines = 24;  // of a declaration; the rest is a click away
  std::string code;
  if (d.whole.end > d.whole.begin && d.meaning != Meaning::kField && d.meaning != Meaning::kInput && d.meaning != Meaning::kOutput) {
    std::string_view text = a.sources.text(d.whole);
    std::size_t at = 0;
    for (std::size_t line = 0; line < kLines && at != std::string_view::npos && at < text.size(); ++line) at = text.find('\n', at + 1);
    code = std::string(text.substr(0, at));
    if (at != std::string_view::npos && at < text.size()) code += "\n…";
  } else if (d.meaning == Meaning::kBinding && d.type < a.schema.types.size()) {
    code = fmt::format("{}: {}", d.name, a.schema.types[d.type].local);
  } else if (d.meaning == Meaning::kLet) {
    code = fmt::format("let {}: {}", d.name, d.detail);
  } else {
    code = fmt::format("{}: {}", d.name, d.detail);
  }
  std::string out = fmt::format("```fly\n{}\n```", code);
  if (d.meaning == Meaning::kField && d.type < a.schema.types.size()) out += fmt::format("\nfield of `{}`", a.schema.types[d.type].local);
  if (!d.doc.empty()) out += "\n\n" + d.doc;
  return out;
}

json diagnostics_of(const Analysis& a, std::uint32_t file) {
  json out = json::array();
  for (const Diagnostic& d : a.diagnostics) {
    if (d.span.file != file) continue;
    json one{{"range", range(a, d.span)},
             {"severity", d.severity == Severity::kError ? 1 : 2},
             {"code", d.code},
             {"source", "flyball"},
             {"message", d.help.empty() ? d.message : d.message + "\n" + d.help}};
    out.push_back(std::move(one));
  }
  return out;
}

json code_actions(const Analysis& a, std::uint32_t file, std::uint32_t begin, std::uint32_t end) {
  json out = json::array();
  for (const Diagnostic& d : a.diagnostics) {
    if (d.span.file != file || !d.fix || d.span.begin > end || d.span.end < begin) continue;
    const Fix& fix = *d.fix;
    std::string words = fix.replacement.substr(std::min(fix.replacement.find_first_not_of(" \n"), fix.replacement.size()));
    if (const std::size_t line = words.find('\n'); line != std::string::npos) words.resize(line);
    const std::string title = fix.replacement.empty()          ? fmt::format("remove `{}`", a.sources.text(fix.span))
                              : fix.span.begin == fix.span.end ? fmt::format("insert `{}`", words)
                                                               : fmt::format("write `{}`", words);
    json edit{{"range", range(a, fix.span)}, {"newText", fix.replacement}};
    json diagnostic{{"range", range(a, d.span)},
                    {"severity", d.severity == Severity::kError ? 1 : 2},
                    {"code", d.code},
                    {"source", "flyball"},
                    {"message", d.message}};
    out.push_back({{"title", title},
                   {"kind", "quickfix"},
                   {"isPreferred", !fix.choice},
                   {"diagnostics", json::array({std::move(diagnostic)})},
                   {"edit", {{"changes", {{uri_of(a.sources.path(fix.span.file)), json::array({std::move(edit)})}}}}}});
  }
  return out;
}

json hover(const Spot& s) {
  const std::vector<const SymbolUse*> found = s.analysis.index.at(s.file, s.offset);
  std::string text;
  for (const SymbolUse* use : found) {
    const SymbolUse* declaration = declaration_of(s.analysis, *use);
    if (declaration == nullptr) declaration = use;
    if (!text.empty()) text += "\n\n---\n";
    text += described(s.analysis, *declaration);
  }
  if (!found.empty()) return {{"contents", {{"kind", "markdown"}, {"value", text}}}, {"range", range(s.analysis, found.front()->at)}};
  const std::string_view word = word_around(s.analysis.text(s.file), s.offset);
  for (const FunctionInfo& f : functions()) {
    const std::string_view last = f.name.substr(f.name.rfind('.') == std::string_view::npos ? 0 : f.name.rfind('.') + 1);
    if (last == word) text += fmt::format("{}```\n{}\n```\n{}", text.empty() ? "" : "\n\n", f.signature, f.doc);
  }
  for (const AggregateInfo& a : kAggregates) {
    if (a.word == word) text += fmt::format("{}```\n{}\n```\n{}", text.empty() ? "" : "\n\n", aggregate_form(a), a.doc);
  }
  if (const ast::Keyword* keyword = ast::find_keyword(word); text.empty() && keyword != nullptr && !keyword->meaning.empty())
    text = fmt::format("`{}`: {}", word, keyword->meaning);
  if (text.empty()) return nullptr;
  return {{"contents", {{"kind", "markdown"}, {"value", text}}}};
}

json definition(const Spot& s) {
  json out = json::array();
  for (const SymbolUse* use : s.analysis.index.at(s.file, s.offset)) {
    if (can_be_opened(s.analysis, use->declaration)) out.push_back(location(s.analysis, use->declaration));
  }
  return out;
}

json references(const Spot& s, bool with_declaration) {
  json out = json::array();
  for (const SymbolUse* use : s.analysis.index.at(s.file, s.offset)) {
    for (const SymbolUse* other : s.analysis.index.of(use->declaration)) {
      if (can_be_opened(s.analysis, other->at) && (with_declaration || !other->is_declaration()))
        out.push_back(location(s.analysis, other->at));
    }
  }
  return out;
}

json highlights(const Spot& s) {
  json out = json::array();
  for (const SymbolUse* use : s.analysis.index.at(s.file, s.offset)) {
    for (const SymbolUse* other : s.analysis.index.of(use->declaration)) {
      if (other->at.file == s.file) out.push_back({{"range", range(s.analysis, other->at)}, {"kind", other->is_declaration() ? 3 : 2}});
    }
  }
  return out;
}

json document_symbols(const Analysis& a, std::uint32_t file) {
  json out = json::array();
  for (const SymbolUse& u : a.index.all()) {
    if (u.at.file != file || !u.is_declaration() || u.whole.end <= u.whole.begin) continue;
    json one{{"name", u.name},
             {"detail", u.detail.empty() ? std::string(shown(u.meaning).word) : u.detail},
             {"kind", shown(u.meaning).symbol_kind},
             {"range", range(a, u.whole)},
             {"selectionRange", range(a, u.at)}};
    const bool part =
        u.meaning == Meaning::kField || u.meaning == Meaning::kInput || u.meaning == Meaning::kOutput || u.meaning == Meaning::kCase;
    if (part && !out.empty()) {
      out.back()["children"].push_back(std::move(one));
    } else {
      out.push_back(std::move(one));
    }
  }
  for (const ast::TestDecl& t : a.tests) {
    if (t.span.file == file)
      out.push_back({{"name", t.name.text},
                     {"detail", "test"},
                     {"kind", 24},
                     {"range", range(a, t.span)},
                     {"selectionRange", range(a, t.name.span)}});
  }
  return out;
}

json workspace_symbols(const Analysis& a, const std::string& query) {
  json out = json::array();
  for (const SymbolUse& u : a.index.all()) {
    if (!u.is_declaration() || u.whole.end <= u.whole.begin || u.name.find(query) == std::string::npos) continue;
    if (!can_be_opened(a, u.at)) continue;
    out.push_back({{"name", u.name}, {"kind", shown(u.meaning).symbol_kind}, {"location", location(a, u.at)}});
  }
  return out;
}

json inlay_hints(const Analysis& a, std::uint32_t file, std::uint32_t begin, std::uint32_t end) {
  json out = json::array();
  for (const SymbolUse& u : a.index.all()) {
    if (u.at.file != file || u.at.begin < begin || u.at.end > end || u.meaning != Meaning::kLet || !u.is_declaration() || u.detail.empty())
      continue;
    out.push_back({{"position", place_of(a.text(file), u.at.end)}, {"label", ": " + u.detail}, {"kind", 1}});
  }
  return out;
}

json code_lenses(const Analysis& a, std::uint32_t file) {
  json out = json::array();
  for (const ast::TestDecl& t : a.tests) {
    if (t.span.file != file) continue;
    out.push_back({{"range", range(a, t.name.span)},
                   {"command",
                    {{"title", "run test"},
                     {"command", "flyball.runTest"},
                     {"arguments", json::array({uri_of(a.sources.path(file)), t.name.text})}}}});
  }
  return out;
}

json semantic_legend() {
  json words = json::array();
  for (const std::string_view word : kTokenTypes) words.push_back(word);
  return {{"tokenTypes", words}, {"tokenModifiers", json::array({"declaration"})}};
}

json semantic_tokens(const Analysis& a, std::uint32_t file) {
  json data = json::array();
  const std::string_view text = a.text(file);
  std::uint32_t character = 0;  // the last token's column
  std::uint32_t from = 0;       // the last token, from which on lines are counted
  std::uint32_t last = 0xFFFF'FFFF;
  for (const SymbolUse& u : a.index.all()) {
    if (u.at.file != file || u.at.begin == last) continue;
    last = u.at.begin;
    // Counted from the last token, so that a file is passed over once.
    const auto down = static_cast<std::uint32_t>(std::count(text.begin() + from, text.begin() + last, '\n'));
    const std::size_t newline = text.substr(0, last).rfind('\n');
    const std::size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
    const auto c = place_of(text.substr(begin), static_cast<std::uint32_t>(last - begin))["character"].get<std::uint32_t>();
    data.insert(data.end(),
                {down, down == 0 ? c - character : c, u.at.end - u.at.begin, shown(u.meaning).token, u.is_declaration() ? 1 : 0});
    from = last;
    character = c;
  }
  return {{"data", data}};
}

}  // namespace flyball::app::lsp
