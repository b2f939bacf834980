// How it reads: names, what nobody uses, what could be said more plainly. See linter.h.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "parser/check/globs.h"
#include "parser/lint/linter.h"

namespace flyball::lint {
namespace {

using ast::Expr;
using ast::ExprKind;

bool has_capital(const std::string& name) {
  return std::any_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

std::string snake(const std::string& name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool capital = name[i] >= 'A' && name[i] <= 'Z';
    if (capital && i > 0 && name[i - 1] != '_' && !(name[i - 1] >= 'A' && name[i - 1] <= 'Z')) out += '_';
    out += capital ? static_cast<char>(name[i] | 0x20) : name[i];
  }
  return out;
}

std::string camel(const std::string& name) {
  std::string out;
  bool next = true;
  for (const char c : name) {
    if (c == '_') {
      next = true;
      continue;
    }
    out += next && c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c;
    next = false;
  }
  return out;
}

void names(Linter& l) {
  for (const SymbolUse& use : l.index.all()) {
    if (!use.is_declaration()) continue;
    if (use.meaning == Meaning::kType) {
      if (use.name.find('_') != std::string::npos)
        l.say("L0114", use.at, fmt::format("`{}` is a type with `_` in its name", use.name),
              fmt::format("types are written `{}`", camel(use.name)));
      continue;
    }
    const bool small = use.meaning == Meaning::kRule || use.meaning == Meaning::kParam || use.meaning == Meaning::kDecision ||
                       use.meaning == Meaning::kConstant || use.meaning == Meaning::kFunction || use.meaning == Meaning::kField;
    if (small && has_capital(use.name))
      l.say("L0114", use.at, fmt::format("`{}` has capitals in its name", use.name),
            fmt::format("names other than types are written `{}`", snake(use.name)));
  }
}

void unused(Linter& l) {
  using Place = std::tuple<std::uint32_t, std::uint32_t>;
  std::map<Place, std::size_t> uses;
  for (const SymbolUse& use : l.index.all()) {
    if (!use.is_declaration()) ++uses[{use.declaration.file, use.declaration.begin}];
  }
  // A module without rules and decisions is a vocabulary: others use it.
  const auto module_of = [](const std::string& qualified) { return qualified.substr(0, qualified.rfind('.')); };
  std::set<std::string> with_rules;
  for (const ast::RuleDecl& r : l.rules.rules) with_rules.insert(module_of(r.qualified));
  for (const ast::DecisionDecl& d : l.rules.decisions) with_rules.insert(module_of(d.qualified));
  for (const SymbolUse& use : l.index.all()) {
    if (!use.is_declaration() || uses.contains({use.at.file, use.at.begin})) continue;
    switch (use.meaning) {
      case Meaning::kParam:
        l.say("L0115", use.at, fmt::format("nothing reads the param `{}`", use.name),
              "operators would turn it in vain: use it or remove it");
        break;
      case Meaning::kConstant:
      case Meaning::kCalendar:
      case Meaning::kFunction: l.say("L0115", use.at, fmt::format("nothing uses `{}`", use.name), "use it or remove it"); break;
      case Meaning::kType:
        if (l.type(use.type) != nullptr && with_rules.contains(l.type(use.type)->module))
          l.say("L0116", use.at, fmt::format("no rule, decision or test of this package names `{}`", use.name), "use it or remove it");
        break;
      default: break;
    }
  }
}

void expressions(Linter& l) {
  for (const ast::RuleDecl& r : l.rules.rules) {
    walk_conditions(r, [&](const Expr& x) {
      if (x.kind != ExprKind::kCall || x.name != "matches" || x.args.size() != 2) return;
      if (x.args[1].kind != ExprKind::kLiteral || !x.args[1].literal.is(Kind::kString)) return;
      const std::string like = glob_of_regex(l.interner.text(x.args[1].literal));
      if (like.empty()) return;
      l.say("L0118", x.span, "a regular expression for what `like` says",
            fmt::format("write `{} like \"{}\"`", l.sources.text(x.args[0].span), like));
    });
  }
}

}  // namespace

void lint_style(Linter& l) {
  names(l);
  unused(l);
  expressions(l);
}

}  // namespace flyball::lint
