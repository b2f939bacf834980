// See sarif.h. Columns count code points, as SARIF's `columnKind` says. Thread safety: pure function.
#include "parser/diagnostics/sarif.h"

#include <fmt/core.h>

#include <algorithm>

#include "model/check.h"
#include "parser/diagnostics/code_titles.h"
#include "parser/diagnostics/render.h"

namespace flyball {
namespace {

// A path as a URI reference: relative ones stay relative.
std::string uri(std::string_view path) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out = path.starts_with('/') ? "file://" : "";
  for (const char c : path) {
    const auto u = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      out += {'%', kHex[u >> 4], kHex[u & 15]};
    }
  }
  return out;
}

std::string region(const ast::Span& span, const SourceFiles& sources) {
  const Position a = sources.position(span.file, span.begin);
  const Position z = sources.position(span.file, std::max(span.begin, span.end));
  return fmt::format(R"({{"startLine":{},"startColumn":{},"endLine":{},"endColumn":{}}})", a.line, a.column, z.line, z.column);
}

std::string artifact(const ast::Span& span, const SourceFiles& sources) {
  return fmt::format(R"("artifactLocation":{{"uri":{}}})", json_text(uri(sources.path(span.file))));
}

std::string fix(const Diagnostic& d, const SourceFiles& sources) {
  return fmt::format(
      R"(,"fixes":[{{"description":{{"text":{}}},"artifactChanges":[{{{},"replacements":[{{"deletedRegion":{},"insertedContent":{{"text":{}}}}}]}}]}}])",
      json_text(fix_text(d, sources)), artifact(d.fix->span, sources), region(d.fix->span, sources), json_text(d.fix->replacement));
}

}  // namespace

std::string render_sarif(const std::vector<Diagnostic>& diagnostics, const SourceFiles& sources, std::string_view version) {
  std::vector<const CodeTitle*> rules;
  std::string results;
  for (const Diagnostic& d : diagnostics) {
    const auto* title = std::find_if(kCodeTitles.begin(), kCodeTitles.end(), [&](const CodeTitle& t) { return t.code == d.code; });
    FB_CHECK(title != kCodeTitles.end());  // a test holds it
    const auto known = std::find(rules.begin(), rules.end(), title);
    const std::ptrdiff_t index = known - rules.begin();
    if (known == rules.end()) rules.push_back(title);
    const std::string message = d.help.empty() ? d.message : fmt::format("{} ({})", d.message, d.help);
    results += fmt::format(
        R"({}{{"ruleId":{},"ruleIndex":{},"level":"{}","message":{{"text":{}}},"locations":[{{"physicalLocation":{{{},"region":{}}}}}]{}}})",
        results.empty() ? "\n" : ",\n", json_text(d.code), index, d.severity == Severity::kError ? "error" : "warning", json_text(message),
        artifact(d.span, sources), region(d.span, sources), d.fix ? fix(d, sources) : std::string{});
  }
  std::string described;
  for (const CodeTitle* rule : rules) {
    described +=
        fmt::format(R"({}{{"id":{},"shortDescription":{{"text":{}}},"help":{{"text":{}}},"defaultConfiguration":{{"level":"{}"}}}})",
                    described.empty() ? "\n" : ",\n", json_text(rule->code), json_text(rule->title),
                    json_text(fmt::format("flyball explain {}", rule->code)), rule->code.starts_with('E') ? "error" : "warning");
  }
  return fmt::format(
      R"({{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"flyball","version":{},"rules":[{}]}}}},"columnKind":"unicodeCodePoints","results":[{}]}}]}})"
      "\n",
      json_text(version), described, results);
}

}  // namespace flyball
