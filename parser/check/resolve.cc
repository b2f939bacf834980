// Names and members: what `util`, `hot.util`, `net.limits.high_util` and `m["k"]` mean. See expressions.h.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "model/text.h"
#include "parser/check/expressions.h"
#include "parser/grammar/slips.h"

namespace flyball::check {

using ast::Expr;
using ast::ExprKind;
using ast::RefKind;

namespace {

// `a.b.c` if the expression is a chain of plain names; else empty.
std::string dotted(const Expr& e) {
  if (e.kind == ExprKind::kName) return e.name;
  if (e.kind != ExprKind::kSelect || e.op == ast::Op::kOptional) return {};
  std::string head = dotted(e.args[0]);
  if (head.empty()) return {};
  return head + "." + e.name;
}

const std::string& head_name(const Expr& e) { return e.kind == ExprKind::kSelect ? head_name(e.args[0]) : e.name; }

// CEL's type values.
std::optional<Type> cel_type(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, TypeTag>, 15> kWords{{{"bool", TypeTag::kBool},
                                                                                {"int", TypeTag::kInt},
                                                                                {"uint", TypeTag::kUint},
                                                                                {"double", TypeTag::kDouble},
                                                                                {"string", TypeTag::kString},
                                                                                {"bytes", TypeTag::kBytes},
                                                                                {"null_type", TypeTag::kNull},
                                                                                {"google.protobuf.Duration", TypeTag::kDuration},
                                                                                {"google.protobuf.Timestamp", TypeTag::kTimestamp},
                                                                                {"list", TypeTag::kList},
                                                                                {"map", TypeTag::kMap},
                                                                                {"type", TypeTag::kTypeType},
                                                                                {"net.IP", TypeTag::kIp},
                                                                                {"net.CIDR", TypeTag::kCidr},
                                                                                {"optional_type", TypeTag::kOptional}}};
  for (const auto& [word, tag] : kWords) {
    if (word != name) continue;
    if (tag == TypeTag::kList) return Type::list_of(Type::of(TypeTag::kDyn));
    if (tag == TypeTag::kMap) return Type::map_of(Type::of(TypeTag::kDyn), Type::of(TypeTag::kDyn));
    Type t = Type::of(tag);
    if (tag == TypeTag::kOptional) t.args.push_back(Type::of(TypeTag::kDyn));
    return t;
  }
  return std::nullopt;
}

void become_type_value(Expr& e, const std::string& name, Type named) {
  e.kind = ExprKind::kName;
  e.name = name;
  e.args.clear();
  e.ref = ast::Ref{RefKind::kType};
  e.type = Type::of(TypeTag::kTypeType);
  e.type.args.push_back(std::move(named));
}

}  // namespace

bool ExprChecker::head_is_local(const std::string& name) const {
  const auto named = [&](const auto& list) { return std::any_of(list.begin(), list.end(), [&](const auto& x) { return x.name == name; }); };
  if (named(scope_.locals) || named(scope_.bindings) || named(scope_.lets)) return true;
  if (scope_.input != nullptr && name == "input") return true;
  if (std::find(scope_.hidden.begin(), scope_.hidden.end(), name) != scope_.hidden.end()) return true;
  return scope_.bare && scope_.bare->type != kNoId && p_.schema.types[scope_.bare->type].field_index(name) != kNoId;
}

void ExprChecker::narrow(Expr& e) {
  if (!e.type.nullable) return;
  const Place place = place_of(e);
  if (std::find(scope_.not_null.begin(), scope_.not_null.end(), place) != scope_.not_null.end()) e.type.nullable = false;
}

void ExprChecker::check_name(Expr& e) {
  e.type = Type::of(TypeTag::kError);
  std::string name = e.name;
  const bool absolute = name.starts_with('.');
  if (absolute) name.erase(0, 1);

  if (!absolute) {
    // The innermost macro variable hides everything else: it is written right here.
    for (auto it = scope_.locals.rbegin(); it != scope_.locals.rend(); ++it) {
      if (it->name != name) continue;
      e.ref = ast::Ref{RefKind::kLocal, 0, 0, it->index};
      e.type = it->type;
      narrow(e);
      return;
    }
  }
  if (scope_.variables != nullptr) {
    if (variable(e, e.name)) return;
    if (const std::optional<Type> t = cel_type(name)) return become_type_value(e, name, *t);
    return unknown_name(e);
  }

  const Binding* binding = nullptr;
  const LetName* let = nullptr;
  std::uint32_t bare_field = kNoId;
  if (!absolute) {
    for (const Binding& b : scope_.bindings) {
      if (b.name == name) binding = &b;
    }
    for (const LetName& l : scope_.lets) {
      if (l.name == name) let = &l;
    }
    if (scope_.bare && scope_.bare->type != kNoId) bare_field = p_.schema.types[scope_.bare->type].field_index(name);
  }
  const Found global = p_.names.find(SymbolKind::kValue, name, *scope_.file);
  const bool has_global = global.symbol != nullptr;

  if (bare_field != kNoId && (binding != nullptr || let != nullptr || has_global)) {
    const FactType& type = p_.schema.types[scope_.bare->type];
    const std::string a_value = has_global ? fmt::format("a {}", Package::word_of(*global.symbol)) : "";
    const char* other = binding != nullptr ? "a fact bound in this rule" : let != nullptr ? "a `let` of this rule" : a_value.c_str();
    std::string help = "rename one of them";
    if (has_global && binding == nullptr && let == nullptr) {
      help = fmt::format("write `{}.{}` for the {}, or rename one of them", global.symbol->module, name, Package::word_of(*global.symbol));
    }
    p_.report.error("E0304", e.span, fmt::format("`{}` is both a field of `{}` and {}", name, type.local, other), help);
    return;
  }
  if ((binding != nullptr || let != nullptr) && has_global) {
    p_.report.error("E0304", e.span,
                    fmt::format("`{}` is both a name of this rule and a {} of module `{}`", name, Package::word_of(*global.symbol),
                                global.symbol->module),
                    "rename one of them");
    return;
  }
  if (bare_field != kNoId) {
    if (p_.uses != nullptr) p_.uses->field(e.span, p_.schema.types[scope_.bare->type].fields, bare_field);
    e.ref = ast::Ref{RefKind::kField, scope_.bare->binding, bare_field, 0};
    e.type = p_.schema.types[scope_.bare->type].fields[bare_field].type;
    narrow(e);
    return;
  }
  if (binding != nullptr) {
    if (binding->type == kNoId) return;
    if (p_.uses != nullptr) p_.uses->bound(Meaning::kBinding, e.span, binding->at, binding->type, name);
    if (binding->each != kNoId) {
      e.ref = ast::Ref{RefKind::kField, binding->number, binding->each, 0};
      e.type = p_.schema.types[binding->type].fields[binding->each].type.without_null();
      return;
    }
    e.ref = ast::Ref{RefKind::kFact, binding->number, 0, 0};
    e.type = Type::of(TypeTag::kFact);
    e.type.fact_type = binding->type;
    return;
  }
  if (let != nullptr) {
    if (p_.uses != nullptr) p_.uses->bound(Meaning::kLet, e.span, let->at, kNoId, name);
    e.ref = ast::Ref{RefKind::kLet, 0, 0, let->index};
    e.type = let->type;
    narrow(e);
    return;
  }
  if (scope_.input != nullptr && name == "input" && !has_global) {
    p_.report.error("E0301", e.span, "`input` is no value by itself", "write `input.field`");
    return;
  }
  if (global_value(e, name, true)) return;
  if (const std::optional<Type> t = cel_type(name)) return become_type_value(e, name, *t);
  unknown_name(e);
}

// `.y` is a variable of that very name (the outermost one where a container hides it), else y.
bool ExprChecker::variable(Expr& e, const std::string& as_written) {
  const std::string name = as_written;  // may be e's own
  const std::string_view bare = name.starts_with('.') ? std::string_view(name).substr(1) : std::string_view(name);
  const std::vector<Variable>& all = *scope_.variables;
  auto found = std::find_if(all.begin(), all.end(), [&](const Variable& v) { return v.name == name; });
  if (found == all.end()) found = std::find_if(all.begin(), all.end(), [&](const Variable& v) { return v.name == bare; });
  if (found == all.end()) return false;
  e.kind = ExprKind::kName;
  e.name = name;
  e.args.clear();
  e.ref = ast::Ref{RefKind::kVariable, 0, 0, static_cast<std::uint32_t>(found - all.begin())};
  e.type = found->type;
  narrow(e);
  return true;
}

bool ExprChecker::global_value(Expr& e, const std::string& name, bool report) {
  const Found found = p_.names.find(SymbolKind::kValue, name, *scope_.file);
  if (found.symbol == nullptr) {
    if (!report || (found.ambiguous.empty() && found.not_imported.empty() && found.elsewhere.empty())) return false;
    e.type = Type::of(TypeTag::kError);
    if (!found.elsewhere.empty()) {
      p_.report.error("E0305", e.span, fmt::format("`{}` is declared in several modules, none of which this file imports", name),
                      fmt::format("write {}", listed(found.elsewhere)));
      return true;
    }
    if (!found.ambiguous.empty()) {
      p_.report.error("E0307", e.span, fmt::format("`{}` is declared in several imported modules", name),
                      fmt::format("write {}", listed(found.ambiguous)));
    } else {
      p_.report.error("E0305", e.span,
                      fmt::format("`{}` is declared in module `{}`, which this file does not import", name, found.not_imported),
                      fmt::format("add `import {}`", found.not_imported),
                      Fix{ast::Span{scope_.file->source, scope_.file->import_at, scope_.file->import_at},
                          fmt::format("import {}\n", found.not_imported)});
    }
    return true;
  }
  if (p_.uses != nullptr) p_.uses->symbol(SymbolKind::kValue, e.span, *found.symbol);
  e.kind = ExprKind::kName;
  e.args.clear();
  if (Package::is_let(*found.symbol)) {
    use_let(e, found.symbol->id & ~Package::kLetFlag, {});
    return true;
  }
  if (Package::is_calendar(*found.symbol)) {
    const std::uint32_t id = found.symbol->id & ~Package::kCalendarFlag;
    e.type = Type::of(TypeTag::kError);
    // What declarations say of themselves is read before calendars are known.
    const bool known = id < p_.schema.calendars.size();
    if (known) {
      e.name = p_.schema.calendars[id].name;
      e.ref = ast::Ref{RefKind::kCalendar, 0, 0, id};
    }
    if (calendar_wanted_ && !known) {
      p_.report.error("E0210", e.span, fmt::format("the calendar `{}` cannot be asked here", p_.report.excerpt(e.span)),
                      "conditions, effects and decisions can ask it");
    } else if (!calendar_wanted_) {
      p_.report.error("E0202", e.span, fmt::format("`{}` is a calendar, not a value", p_.report.excerpt(e.span)),
                      fmt::format("ask whether a time is in it: `now in {}`", p_.report.excerpt(e.span)));
    }
    return true;
  }
  if (scope_.no_params != nullptr) {
    const std::uint32_t param = found.symbol->id;
    const bool known = param < p_.schema.params.size() && !p_.schema.params[param].default_value.is_null();
    const std::string instead = known ? fmt::format("`{}`", to_source(p_.schema.params[param].default_value, p_.interner)) : "the value";
    p_.report.error("E0210", e.span, fmt::format("the param `{}` cannot be read here", name),
                    fmt::format("{}; write {}, or make a `let` of it", scope_.no_params, instead));
    e.type = Type::of(TypeTag::kError);
    return true;
  }
  e.name = found.symbol->module + "." + name.substr(name.rfind('.') == std::string::npos ? 0 : name.rfind('.') + 1);
  e.ref = ast::Ref{RefKind::kParam, 0, 0, found.symbol->id};
  e.type = p_.schema.params[found.symbol->id].type;
  return true;
}

void ExprChecker::unknown_name(Expr& e) {
  // Of a module that is not there, which is said already.
  if (scope_.file != nullptr && std::find(scope_.file->missing.begin(), scope_.file->missing.end(), e.name) != scope_.file->missing.end()) {
    e.type = Type::of(TypeTag::kError);
    return;
  }
  e.type = Type::of(TypeTag::kError);
  const std::string& name = e.name;
  if (std::find(scope_.hidden.begin(), scope_.hidden.end(), name) != scope_.hidden.end()) {
    p_.report.error("E0308", e.span, fmt::format("`{}` cannot be read here", name), scope_.hidden_why);
    return;
  }
  if (std::find(scope_.branch_only.begin(), scope_.branch_only.end(), name) != scope_.branch_only.end()) {
    p_.report.error("E0308", e.span, fmt::format("`{}` cannot be read here", name), kBranchOnlyWhy);
    return;
  }
  if (scope_.variables == nullptr && p_.names.find(SymbolKind::kType, name, *scope_.file).symbol != nullptr) {
    p_.report.error("E0301", e.span, fmt::format("`{}` is a type, not a value", name),
                    fmt::format("bind one of its facts with a line `n: {}`, or ask for some with `some {}`", name, name));
    return;
  }
  if (scope_.variables == nullptr && p_.names.find(SymbolKind::kFunction, name, *scope_.file).symbol != nullptr) {
    p_.report.error("E0301", e.span, fmt::format("`{}` is a function, not a value", name), fmt::format("call it: `{}(…)`", name));
    return;
  }
  if (const std::string_view value = cst::value_meant(name); !value.empty()) {
    p_.report.error("E0301", e.span, fmt::format("`{}` is not a name known here", name), {}, Fix{e.span, std::string(value)});
    return;
  }
  // `oper == up`: a word without its quotes.
  if (comparison_ != nullptr && comparison_->args[0].type.is(TypeTag::kEnum)) {
    const std::vector<std::string>& words = comparison_->args[0].type.members;
    if (std::find(words.begin(), words.end(), name) != words.end()) {
      p_.report.error("E0301", e.span, fmt::format("`{}` is not a name known here", name), "a text stands in quotes",
                      Fix{e.span, "\"" + name + "\""});
      return;
    }
  }
  std::vector<std::string> known;
  std::vector<std::string> qualified;
  for (const Local& l : scope_.locals) known.push_back(l.name);
  for (const LetName& l : scope_.lets) known.push_back(l.name);
  for (const Binding& b : scope_.bindings) {
    known.push_back(b.name);
    if (b.type != kNoId && b.each == kNoId && p_.schema.types[b.type].field_index(name) != kNoId) qualified.push_back(b.name + "." + name);
  }
  if (scope_.input != nullptr) {
    known.emplace_back("input");
    for (const Field& f : *scope_.input) {
      if (f.name == name) qualified.push_back("input." + name);
    }
  }
  if (!qualified.empty()) {
    std::optional<Fix> fix;
    std::string help;
    if (qualified.size() == 1) {
      fix = Fix{e.span, qualified.front()};
    } else {
      help = fmt::format("did you mean {}?", listed(qualified));
    }
    p_.report.error("E0301", e.span, fmt::format("`{}` alone means nothing here", name), help, std::move(fix));
    return;
  }
  std::string message = fmt::format("`{}` is not a name known here", name);
  if (scope_.variables != nullptr) {
    for (const Variable& v : *scope_.variables) known.push_back(v.name);
  } else {
    for (std::string& v : p_.names.visible(SymbolKind::kValue, *scope_.file)) {
      const Found found = p_.names.find(SymbolKind::kValue, v, *scope_.file);
      if (calendar_wanted_ || found.symbol == nullptr || !Package::is_calendar(*found.symbol)) known.push_back(std::move(v));
    }
  }
  if (scope_.bare && scope_.bare->type != kNoId) {
    const FactType& type = p_.schema.types[scope_.bare->type];
    for (const Field& f : type.fields) known.push_back(f.name);
    message = fmt::format("`{}` is neither a field of `{}` nor a name known here", name, type.local);
  }
  std::sort(known.begin(), known.end());
  known.erase(std::unique(known.begin(), known.end()), known.end());
  // `host == h1`: perhaps a word without its quotes.
  std::optional<Fix> quotes;
  if (comparison_ != nullptr && comparison_->args[0].type.is(TypeTag::kString)) quotes = Fix{e.span, quote(name), true};
  const char* const all = quotes ? "a text stands in quotes; names are" : nullptr;
  p_.report.misspelt("E0301", e.span, std::move(message), name, known, all, std::move(quotes));
}

void ExprChecker::check_select(Expr& e) {
  // A qualified name of a package (`net.limits.high`), a dotted variable or a dotted type is one name, longest first.
  const std::string path = dotted(e);
  if (!path.empty() && !head_is_local(head_name(e))) {
    if (scope_.variables != nullptr) {
      if (variable(e, path)) return;
    } else if (global_value(e, path, true)) {
      return;
    }
    if (const std::optional<Type> t = cel_type(path)) return become_type_value(e, path, *t);
  }
  if (scope_.input != nullptr && e.args[0].kind == ExprKind::kName && e.args[0].name == "input") {
    const bool bound = std::any_of(scope_.bindings.begin(), scope_.bindings.end(), [](const Binding& b) { return b.name == "input"; });
    if (!bound) {
      e.type = Type::of(TypeTag::kError);
      for (std::size_t i = 0; i < scope_.input->size(); ++i) {
        if ((*scope_.input)[i].name != e.name) continue;
        if (p_.uses != nullptr) p_.uses->field(e.name_span, *scope_.input, i);
        e.ref = ast::Ref{RefKind::kInput, 0, 0, static_cast<std::uint32_t>(i)};
        e.type = (*scope_.input)[i].type;
        narrow(e);
        return;
      }
      p_.report.misspelt("E0302", e.name_span, fmt::format("the decision has no input `{}`", e.name), e.name,
                         field_names(*scope_.input, scope_.input->size()));
      return;
    }
  }
  check(e.args[0]);
  member(e);
}

void ExprChecker::member(Expr& e) {
  Expr& of = e.args[0];
  const Type& t = of.type;
  e.type = Type::of(TypeTag::kError);
  if (t.is(TypeTag::kError)) return;
  if (t.is(TypeTag::kFact)) {
    const FactType& type = p_.schema.types[t.fact_type];
    const std::uint32_t field = type.field_index(e.name);
    if (field == kNoId) {
      p_.report.misspelt("E0302", e.name_span, fmt::format("`{}` has no field `{}`", type.local, e.name), e.name,
                         field_names(type.fields, type.fields.size()));
      return;
    }
    if (p_.uses != nullptr) p_.uses->field(e.name_span, type.fields, field);
    e.ref = ast::Ref{RefKind::kField, of.ref.binding, field, 0};
    e.type = type.fields[field].type;
    narrow(e);
    return;
  }
  const bool optional_select = e.op == ast::Op::kOptional;
  if (!optional_select && t.nullable && !usable(of)) return;
  if (t.is(TypeTag::kDyn)) {
    e.type = t;
  } else if (t.is(TypeTag::kRecord)) {
    const auto it = std::find(t.members.begin(), t.members.end(), e.name);
    if (it == t.members.end()) {
      p_.report.misspelt("E0302", e.name_span, fmt::format("the result has no field `{}`", e.name), e.name, t.members);
      return;
    }
    e.type = t.args[static_cast<std::size_t>(it - t.members.begin())];
  } else if (t.is(TypeTag::kMap)) {
    if (!is_open(t.args[0]) && !is_text(t.args[0])) {
      p_.report.error("E0214", e.name_span, fmt::format("`.{}` asks for a text key; this map's keys are {}", e.name, type_name(t.args[0])),
                      fmt::format("write `{}[…]`", p_.report.excerpt(of.span)));
      return;
    }
    if (missing_key(e, p_.interner.string(e.name), e.name_span)) return;
    e.type = t.args[1];
  } else if (t.is(TypeTag::kOptional)) {
    // CEL: selecting from an optional gives an optional.
    const Type inner = t.args.empty() ? Type::of(TypeTag::kDyn) : t.args[0];
    e.type = Type::of(TypeTag::kOptional);
    e.type.args.push_back(inner.is(TypeTag::kMap) ? inner.args[1] : Type::of(TypeTag::kDyn));
    return;
  } else {
    p_.report.error("E0214", e.name_span, fmt::format("{} has no fields, so `.{}` means nothing", a_type(t, &p_.schema), e.name));
    return;
  }
  if (optional_select) {
    Type optional = Type::of(TypeTag::kOptional);
    optional.args.push_back(e.type);
    e.type = std::move(optional);
  }
}

void ExprChecker::check_index(Expr& e) {
  check(e.args[0]);
  check(e.args[1]);
  Expr& of = e.args[0];
  Expr& at = e.args[1];
  const Type t = of.type;
  e.type = Type::of(TypeTag::kError);
  if (t.is(TypeTag::kError) || at.type.is(TypeTag::kError) || !usable(of) || !usable(at)) return;
  if (t.is(TypeTag::kDyn)) {
    e.type = t;
  } else if (t.is(TypeTag::kList)) {
    if (!is_open(at.type) && !is_number(at.type)) {
      p_.report.error("E0202", at.span, fmt::format("a list is indexed by an int, not by {}", a_type(at.type, &p_.schema)));
      return;
    }
    if (out_of_range(e)) return;
    e.type = t.args[0];
  } else if (t.is(TypeTag::kMap)) {
    if (!can_equal(at.type, t.args[0], true)) {
      p_.report.error("E0202", at.span,
                      fmt::format("this map's keys are {}, not {}", type_name(t.args[0]), type_name(at.type, &p_.schema)));
      return;
    }
    if (const std::optional<Value> key = fold(at, p_.interner); key && missing_key(e, *key, at.span)) return;
    e.type = t.args[1];
  } else if (t.is(TypeTag::kOptional)) {
    const Type inner = t.args.empty() ? Type::of(TypeTag::kDyn) : t.args[0];
    e.type = Type::of(TypeTag::kOptional);
    e.type.args.push_back(inner.is(TypeTag::kMap) ? inner.args[1] : inner.is(TypeTag::kList) ? inner.args[0] : Type::of(TypeTag::kDyn));
  } else {
    p_.report.error("E0214", e.span, fmt::format("{} cannot be indexed", a_type(t, &p_.schema)),
                    at.type.is(TypeTag::kDuration) ? "to look back is an aggregate's: `avg(Type.field over 5m)`" : "lists and maps can");
    return;
  }
  if (e.op == ast::Op::kOptional) {
    Type optional = Type::of(TypeTag::kOptional);
    optional.args.push_back(e.type);
    e.type = std::move(optional);
  }
}

}  // namespace flyball::check
