// First pass: what modules there are, what each file imports, and every declared name. Types come later. See passes.h.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "model/text.h"
#include "parser/ast/words.h"
#include "parser/check/expressions.h"
#include "parser/check/passes.h"

namespace flyball::check {

namespace {

const char* kind_word(SymbolKind kind) {
  switch (kind) {
    case SymbolKind::kType: return "type";
    case SymbolKind::kValue: return "param, `let` or calendar";
    case SymbolKind::kFunction: return "function";
    case SymbolKind::kRule: return "rule";
    case SymbolKind::kDecision: return "decision";
  }
  return "name";
}

void declare(Package& p, SymbolKind kind, std::size_t file, const ast::Name& name, std::uint32_t id) {
  if (name.text.empty()) return;
  if (kind == SymbolKind::kValue && name.text == "now") {
    p.report.error("E0104", name.span, "`now` is the engine's time and cannot be another name", "choose another word");
    return;
  }
  if (kind == SymbolKind::kFunction && (ast::is_among(ast::kAggregateWords, name.text) || is_function(name.text))) {
    p.report.error("E0104", name.span, fmt::format("`{}` is a function of the language", name.text), "choose another name");
    return;
  }
  const Symbol* before = p.names.declare(kind, p.scopes[file].module, name.text, id, name.span);
  if (before == nullptr) return;
  p.report.error("E0401", name.span,
                 fmt::format("the {} `{}` is declared twice in module `{}`", kind_word(kind), name.text, p.scopes[file].module),
                 fmt::format("the other one is at {}", p.report.place(before->span)));
}

// Where an import that is missing can go: behind the last one, else behind `module`, else at the top.
std::uint32_t import_place(const Package& p, const ast::File& file) {
  std::uint32_t at = 0;
  if (file.module) at = file.module->span.end;
  for (const ast::Import& i : file.imports) at = std::max(at, i.span.end);
  if (at == 0) return 0;
  const std::string_view text = p.report.file_text(file.source);
  const std::size_t newline = text.find('\n', at);
  return newline == std::string_view::npos ? at : static_cast<std::uint32_t>(newline + 1);
}

std::vector<std::string> other_modules(const Package& p, const std::string& own) {
  std::vector<std::string> names = p.names.module_names();
  std::erase(names, own);
  return names;
}

// `import a` in module a, or twice.
bool without_effect(Package& p, const ast::Import& import, const FileScope& scope) {
  const std::string& module = import.module.text;
  std::string why;
  if (module == scope.module) {
    if (!import.as) why = fmt::format("this file is part of the module `{}` itself", module);
  } else if (import.as) {
    const auto same = [&](const auto& r) { return r.first == import.as->text && r.second == module; };
    if (std::any_of(scope.renamed.begin(), scope.renamed.end(), same)) why = fmt::format("`{}` is imported twice", module);
  } else if (std::find(scope.imports.begin(), scope.imports.end(), module) != scope.imports.end()) {
    why = fmt::format("`{}` is imported twice", module);
  }
  if (why.empty()) return false;
  p.report.warning("W0820", import.module.span, std::move(why), "leave it out");
  return true;
}

void open_scopes(Package& p) {
  for (const ast::File& file : p.files) {
    FileScope scope;
    scope.module = file.module ? file.module->text : "main";
    scope.source = file.source;
    scope.import_at = import_place(p, file);
    p.names.add_module(scope.module);
    p.scopes.push_back(std::move(scope));
  }
  for (std::size_t i = 0; i < p.files.size(); ++i) {
    FileScope& scope = p.scopes[i];
    for (const ast::Import& import : p.files[i].imports) {
      const std::string& module = import.module.text;
      if (module.empty()) continue;
      if (!p.names.has_module(module)) {
        p.report.misspelt("E0306", import.module.span, fmt::format("no file declares the module `{}`", module), module,
                          other_modules(p, scope.module));
        scope.missing.push_back(module);
        if (import.as) scope.missing.push_back(import.as->text);
        continue;
      }
      if (without_effect(p, import, scope)) continue;
      if (!import.as) {
        scope.imports.push_back(module);
        continue;
      }
      for (const auto& [alias, other] : scope.renamed) {
        if (alias == import.as->text && other != module) {
          p.report.error("E0401", import.as->span, fmt::format("`{}` already stands for the module `{}`", alias, other),
                         "choose another word after `as`");
        }
      }
      scope.renamed.emplace_back(import.as->text, module);
    }
  }
}

}  // namespace

void declare_names(Package& p) {
  open_scopes(p);
  std::uint32_t types = 0;
  std::uint32_t params = 0;
  std::uint32_t calendars = 0;
  std::uint32_t decisions = 0;
  std::uint32_t rules = 0;
  for (std::size_t i = 0; i < p.files.size(); ++i) {
    ast::File& file = p.files[i];
    for (ast::TypeDecl& t : file.types) {
      t.id = types++;
      declare(p, SymbolKind::kType, i, t.name, t.id);
    }
    for (ast::ParamDecl& d : file.params) {
      d.id = params++;
      declare(p, SymbolKind::kValue, i, d.name, d.id);
    }
    for (ast::LetDecl& l : file.lets) {
      const auto id = static_cast<std::uint32_t>(p.lets.size());
      LetInfo info;
      info.decl = &l;
      info.file = &p.scopes[i];
      p.lets.push_back(std::move(info));
      if (l.is_function) {
        declare(p, SymbolKind::kFunction, i, l.name, id);
      } else {
        declare(p, SymbolKind::kValue, i, l.name, id | Package::kLetFlag);
      }
    }
    for (ast::CalendarDecl& c : file.calendars) {
      c.id = calendars++;
      declare(p, SymbolKind::kValue, i, c.name, c.id | Package::kCalendarFlag);
    }
    for (ast::DecisionDecl& d : file.decisions) {
      d.id = decisions++;
      d.qualified = p.qualified(i, d.name.text);
      declare(p, SymbolKind::kDecision, i, d.name, d.id);
    }
    for (std::size_t t = 0; t < file.tests.size(); ++t) {
      const ast::Name& title = file.tests[t].name;
      for (std::size_t before = 0; before < t; ++before) {
        if (file.tests[before].name.text != title.text || title.text.empty()) continue;
        p.report.error("E0401", title.span, fmt::format("two tests of this file are called {}", quote(title.text)),
                       fmt::format("the other one is at {}", p.report.place(file.tests[before].name.span)));
        break;
      }
    }
    for (ast::RuleDecl& r : file.rules) {
      r.qualified = p.qualified(i, r.name.text);
      declare(p, SymbolKind::kRule, i, r.name, rules++);
    }
  }
}

}  // namespace flyball::check
