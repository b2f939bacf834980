// Lowering of module, import, param, let and the types of the world; and what all declarations share. Door: lower.h.
#include <algorithm>
#include <array>
#include <utility>

#include "parser/diagnostics/codes.h"
#include "parser/grammar/scan.h"
#include "parser/lower/lower.h"

namespace flyball::lower {

using cst::Kind;
using cst::Node;

// Doc comments are found from the declaration back, so the grammar need not know where they may stand.
std::string Lowering::doc_before(std::uint32_t at) const {
  const std::string_view all = b_.text();
  const auto line_begin = [&](std::size_t p) {
    const std::size_t newline = p == 0 ? std::string_view::npos : all.rfind('\n', p - 1);
    return newline == std::string_view::npos ? std::size_t{0} : newline + 1;
  };
  const auto trimmed = [&](std::size_t from, std::size_t to) {
    while (from < to && (all[from] == ' ' || all[from] == '\t')) ++from;
    while (to > from && (all[to - 1] == ' ' || all[to - 1] == '\t' || all[to - 1] == '\r')) --to;
    return all.substr(from, to - from);
  };
  std::size_t line = line_begin(at);
  if (!trimmed(line, at).empty()) return {};
  std::vector<std::string_view> lines;
  while (line > 0) {
    const std::size_t previous = line_begin(line - 1);
    std::string_view t = trimmed(previous, line - 1);
    if (!t.starts_with("##")) break;
    t.remove_prefix(2);
    if (t.starts_with(' ')) t.remove_prefix(1);
    lines.push_back(t);
    line = previous;
  }
  std::string doc;
  for (auto i = lines.rbegin(); i != lines.rend(); ++i) {
    if (i != lines.rbegin()) doc += '\n';
    doc += *i;
  }
  return doc;
}

ast::Name Lowering::declared_name(const Node& n, bool is_type) {
  ast::Name result = name(n);
  if (result.text.empty()) return result;
  const char c = result.text[0];
  if (result.span.end < b_.text().size() && b_.text()[result.span.end] == '-') return result;  // only half of it: said
  if (is_type ? cst::is_lower(c) : cst::is_upper(c)) {
    std::string other = result.text;
    other[0] = static_cast<char>(c ^ 0x20);
    const bool shouts = !is_type && other.size() > 1 && std::ranges::all_of(result.text, cst::is_upper);  // `COUNT`
    if (shouts) std::ranges::transform(result.text, other.begin(), [](char l) { return static_cast<char>(l | 0x20); });
    report(codes::kLetterCase, result.span,
           is_type ? "the name of a type starts with a capital letter" : "only names of types start with a capital letter", "",
           Fix{result.span, other});
  }
  return result;
}

bool Lowering::once(bool given, const Node& n, std::string_view what) {
  if (given) report(codes::kTwice, span(n), "`" + std::string(what) + "` stands twice", "keep one of them");
  return !given;
}

std::string Lowering::plain_text(const Node& n) { return n.kind == Kind::kString ? string_text(n, false) : std::string(text(n)); }

void Lowering::missing(const Node& named, std::string_view declaration, std::string_view part, std::string help) {
  if (guessed_) return;
  report(codes::kMissingPart, span(named),
         std::string(declaration) + " `" + std::string(text(named)) + "` has no `" + std::string(part) + "`", std::move(help));
}

ast::TypeExpr Lowering::type(const Node& n) {
  ast::TypeExpr t;
  t.span = span(n);
  for (const Node& c : children(n)) {
    switch (c.kind) {
      case Kind::kTypePath: t.name = name(c); break;
      case Kind::kTypeArguments:
        for (const Node& a : children(c)) t.args.push_back(type(a));
        break;
      case Kind::kTypeSet:
        for (const Node& m : children(c)) {
          ast::Name member{string_text(m, false), span(m)};
          const auto same = [&](const ast::Name& o) { return o.text == member.text; };
          if (std::any_of(t.members.begin(), t.members.end(), same)) {
            report(codes::kTwice, span(m), "`" + member.text + "` stands twice in this set");
          } else {
            t.members.push_back(std::move(member));
          }
        }
        break;
      case Kind::kNullable: t.nullable = true; break;
      default: break;
    }
  }
  return t;
}

std::vector<ast::FieldDecl> Lowering::fields(const Node* block) {
  std::vector<ast::FieldDecl> out;
  if (!block) return out;
  for (const Node& f : children(*block)) {
    if (f.kind != Kind::kField) continue;
    ast::FieldDecl field;
    field.type.span = span(f);
    for (const Node& c : children(f)) {
      if (c.kind == Kind::kName) field.name = declared_name(c, false);
      if (c.kind == Kind::kType) field.type = type(c);
      if (c.kind == Kind::kDefault) field.default_value = operand(c, 0);
    }
    field.doc = doc_before(f.begin);
    const auto same = [&](const ast::FieldDecl& o) { return o.name.text == field.name.text; };
    if (std::any_of(out.begin(), out.end(), same)) {
      // One of them may be what was kept of a field that did not parse.
      if (!block->broken) report(codes::kTwice, field.name.span, "the field `" + field.name.text + "` stands twice");
    } else {
      out.push_back(std::move(field));
    }
  }
  return out;
}

ast::OptionalExpr Lowering::operand(const Node& n, std::size_t index) {
  const auto parts = children(n);
  if (index >= parts.size()) return std::nullopt;
  return expr(parts[index]);
}

namespace {

// Which options a role has, in the order messages list them.
std::vector<std::string_view> options_of(Role role) {
  switch (role) {
    case Role::kEvent: return {"key", "late", "lateness"};
    case Role::kAction: return {"key", "tries", "timeout", "rate", "retain"};
    default: return {"key", "ttl", "late", "lateness"};
  }
}
std::string_view word_of(Role role) {
  return role == Role::kEvent ? "an event" : role == Role::kAction ? "an action" : role == Role::kMutable ? "a mutable fact" : "a fact";
}

}  // namespace

void Lowering::type_option(ast::TypeDecl& out, const Node& n, std::vector<std::string_view>& seen) {
  const auto parts = children(n);
  const std::string_view word = n.kind == Kind::kKey ? std::string_view("key") : parts.empty() ? std::string_view() : text(parts[0]);
  const std::vector<std::string_view> allowed = options_of(out.role);
  if (std::find(allowed.begin(), allowed.end(), word) == allowed.end()) {
    std::string help = "these are: ";
    for (std::size_t i = 0; i < allowed.size(); ++i) help += (i ? ", `" : "`") + std::string(allowed[i]) + "`";
    report(codes::kNotAnOption, span(n), "`" + std::string(word) + "` is no option of " + std::string(word_of(out.role)), help);
    return;
  }
  if (!once(std::find(seen.begin(), seen.end(), word) != seen.end(), n, word)) return;
  seen.push_back(word);
  if (word == "key") {
    out.has_key = true;
    for (const Node& k : parts) out.key.push_back(name(k));
  } else if (word == "ttl") {
    out.ttl = operand(n, 1);
  } else if (word == "lateness") {
    out.lateness = operand(n, 1);
  } else if (word == "late") {
    if (parts.size() > 1) out.late = name(parts[1]);
    if (out.late && out.late->text != "apply" && out.late->text != "drop" && out.late->text != "divert") {
      report(codes::kUnknownPart, out.late->span, "`" + out.late->text + "` is no treatment of late facts",
             "these are: `apply`, `drop`, `divert`");
      out.late.reset();
    }
  } else if (word == "tries") {
    out.tries = operand(n, 1);
    out.try_every = operand(n, 2);
  } else if (word == "timeout") {
    out.timeout = operand(n, 1);
  } else if (word == "rate") {
    out.rate_count = operand(n, 1);
    out.rate_per = operand(n, 2);
    out.rate_else_refuse = parts.size() > 3;
  } else if (word == "retain") {
    out.retain = operand(n, 1);
  }
}

void Lowering::type_decl(ast::TypeDecl& out) {
  const Node& root = tree_->root;
  out.span = span(root);
  out.doc = doc_before(root.begin);
  out.role = root.kind == Kind::kEvent         ? Role::kEvent
             : root.kind == Kind::kAction      ? Role::kAction
             : root.kind == Kind::kMutableFact ? Role::kMutable
                                               : Role::kFact;
  if (const Node* n = child(root, Kind::kName)) out.name = declared_name(*n, true);
  std::vector<std::string_view> seen;
  for (const Node& c : children(root)) {
    if (c.kind == Kind::kKey || c.kind == Kind::kOption) type_option(out, c, seen);
  }
  out.fields = fields(child(root, Kind::kFields));
  out.result_fields = fields(child(root, Kind::kResultFields));
}

ast::ParamDecl Lowering::param_decl() {
  const Node& root = tree_->root;
  ast::ParamDecl p;
  p.span = span(root);
  p.doc = doc_before(root.begin);
  if (const Node* n = child(root, Kind::kName)) p.name = declared_name(*n, false);
  if (const Node* n = child(root, Kind::kType)) p.type = type(*n);
  if (const Node* n = child(root, Kind::kDefault)) p.value = operand(*n, 0);
  if (const Node* n = child(root, Kind::kValue); n && n->count > 0) {
    ast::Expr range = expr(children(*n)[0]);
    if (range.kind == ast::ExprKind::kRange && !range.half_open) {
      p.minimum = std::move(range.args[0]);
      p.maximum = std::move(range.args[1]);
    } else {
      report(codes::kUnexpected, range.span, "the range of a param has two ends, both inside", "as in `range 50%..99%`");
    }
  }
  return p;
}

ast::LetDecl Lowering::let_decl() {
  const Node& root = tree_->root;
  ast::LetDecl l;
  l.span = span(root);
  l.doc = doc_before(root.begin);
  if (const Node* n = child(root, Kind::kName)) l.name = declared_name(*n, false);
  if (const Node* n = child(root, Kind::kParameters)) {
    l.is_function = true;
    l.parameters = fields(n);
  }
  const Node* value = child(root, Kind::kValue);
  l.value = value && value->count > 0 ? expr(children(*value)[0]) : hole(root);
  return l;
}

void Lowering::declaration(ast::File& file, bool guessed) {
  guessed_ = guessed;
  const Node& root = tree_->root;
  switch (root.kind) {
    case Kind::kModule:
      if (const Node* n = child(root, Kind::kPath)) file.module = name(*n);
      if (const Node* s = child(root, Kind::kStrategy)) {
        if (const Node* n = child(*s, Kind::kName)) file.strategy = name(*n);
      }
      return;
    case Kind::kImport: {
      ast::Import i;
      i.span = span(root);
      if (const Node* n = child(root, Kind::kPath)) i.module = name(*n);
      if (const Node* n = child(root, Kind::kName)) i.as = name(*n);
      if (!i.module.text.empty()) file.imports.push_back(std::move(i));
      return;
    }
    case Kind::kFact:
    case Kind::kMutableFact:
    case Kind::kEvent:
    case Kind::kAction: {
      ast::TypeDecl t;
      type_decl(t);
      if (!t.name.text.empty()) file.types.push_back(std::move(t));
      return;
    }
    case Kind::kParam:
      if (ast::ParamDecl p = param_decl(); !p.name.text.empty()) file.params.push_back(std::move(p));
      return;
    case Kind::kLet:
      if (ast::LetDecl l = let_decl(); !l.name.text.empty()) file.lets.push_back(std::move(l));
      return;
    case Kind::kCalendar:
      if (ast::CalendarDecl c = calendar_decl(); !c.name.text.empty()) file.calendars.push_back(std::move(c));
      return;
    case Kind::kRule:
      if (ast::RuleDecl r = rule_decl(); !r.name.text.empty()) file.rules.push_back(std::move(r));
      return;
    case Kind::kDecision:
      if (ast::DecisionDecl d = decision_decl(); !d.name.text.empty()) file.decisions.push_back(std::move(d));
      return;
    case Kind::kTest: file.tests.push_back(test_decl()); return;
    default: return;
  }
}

}  // namespace flyball::lower
