// Calls: functions of model/functions.h by their signatures, and package-wide functions (`let f(…) = …`). See expressions.h.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "model/check.h"
#include "model/format_text.h"
#include "parser/ast/words.h"
#include "parser/check/expressions.h"
#include "parser/grammar/slips.h"

namespace flyball::check {

using ast::Expr;
using ast::ExprKind;

namespace {

// A type of a signature, in which kVariable stands for any type, the same wherever its number is.
using Pattern = Type;
constexpr std::uint32_t kQuantity = 'N' - 'A' + 1;  // the variable for numbers, units and timestamps alone

struct Overload {
  Fn fn = Fn::kNone;
  bool method = false;
  bool more = false;                // the last parameter stands for one or more
  std::vector<Pattern> parameters;  // the receiver first
  Pattern result;
  std::string_view text;
};

class SignatureReader {
 public:
  explicit SignatureReader(std::string_view text) : text_(text) {}

  // "string.contains(string) -> bool", "math.abs(int) -> int" with name "math.abs".
  Overload read(const FunctionInfo& info) {
    Overload o;
    o.fn = info.fn;
    o.text = info.signature;
    const std::string_view name = info.name;
    if (text_.starts_with(name) && text_.size() > name.size() && text_[name.size()] == '(') {
      at_ = name.size();
    } else {
      o.method = true;
      o.parameters.push_back(type());
      take('.');
      const std::size_t dot = name.rfind('.');
      at_ += dot == std::string_view::npos ? name.size() : name.size() - dot - 1;
    }
    take('(');
    while (text_[at_] != ')') {
      o.parameters.push_back(type());
      if (text_[at_] == ',') at_ += 2;
      if (text_.substr(at_).starts_with("...")) {
        o.more = true;
        at_ += 3;
      }
    }
    take(')');
    FB_CHECK(text_.substr(at_).starts_with(" -> "));
    at_ += 4;
    o.result = type();
    FB_CHECK(at_ == text_.size());
    return o;
  }

 private:
  void take(char c) {
    FB_CHECK(at_ < text_.size() && text_[at_] == c);
    ++at_;
  }

  Pattern type() {
    std::size_t end = at_;
    while (end < text_.size() && ((text_[end] >= 'a' && text_[end] <= 'z') || (text_[end] >= 'A' && text_[end] <= 'Z'))) ++end;
    const std::string_view word = text_.substr(at_, end - at_);
    at_ = end;
    Pattern t;
    if (word.size() == 1 && word[0] >= 'A' && word[0] <= 'Z') return Type::variable(static_cast<std::uint32_t>(word[0] - 'A') + 1);
    static constexpr std::array<std::pair<std::string_view, TypeTag>, 21> kWords{{{"dyn", TypeTag::kDyn},
                                                                                  {"bool", TypeTag::kBool},
                                                                                  {"int", TypeTag::kInt},
                                                                                  {"uint", TypeTag::kUint},
                                                                                  {"double", TypeTag::kDouble},
                                                                                  {"string", TypeTag::kString},
                                                                                  {"bytes", TypeTag::kBytes},
                                                                                  {"duration", TypeTag::kDuration},
                                                                                  {"timestamp", TypeTag::kTimestamp},
                                                                                  {"percent", TypeTag::kPercent},
                                                                                  {"size", TypeTag::kSize},
                                                                                  {"bitrate", TypeTag::kBitrate},
                                                                                  {"pps", TypeTag::kPps},
                                                                                  {"ip", TypeTag::kIp},
                                                                                  {"cidr", TypeTag::kCidr},
                                                                                  {"list", TypeTag::kList},
                                                                                  {"map", TypeTag::kMap},
                                                                                  {"type", TypeTag::kTypeType},
                                                                                  {"optional", TypeTag::kOptional},
                                                                                  {"range", TypeTag::kRange},
                                                                                  {"null", TypeTag::kNull}}};
    const auto* it = std::find_if(kWords.begin(), kWords.end(), [&](const auto& w) { return w.first == word; });
    FB_CHECK(it != kWords.end());
    t.tag = it->second;
    if (at_ < text_.size() && text_[at_] == '<') {
      ++at_;
      t.args.push_back(type());
      while (text_[at_] == ',') {
        at_ += 2;
        t.args.push_back(type());
      }
      take('>');
    }
    return t;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// Every overload by the name it is called by; built once, read only.
const std::unordered_map<std::string_view, std::vector<Overload>>& overloads() {
  static const auto table = [] {
    std::unordered_map<std::string_view, std::vector<Overload>> t;
    for (const FunctionInfo& info : functions()) t[info.name].push_back(SignatureReader(info.signature).read(info));
    return t;
  }();
  return table;
}

bool is_variable(const Pattern& t) { return t.is(TypeTag::kVariable); }
bool is_quantity(const Type& t) { return is_number(t) || is_unit(t) || t.is(TypeTag::kTimestamp); }

struct Unifier {
  struct Variable {
    Type type;           // kError: free
    bool open = false;   // met a dyn: what does not agree makes it one
    bool mixed = false;  // known at run time only, whatever else comes
  };
  bool rules;
  std::array<Variable, kMaxTypeVariables + 1> bound;

  bool match_variable(std::uint32_t number, const Type& have, bool literal_int) {
    Variable& v = bound[number];
    if (number == kQuantity && !is_open(have) && !is_quantity(have)) return false;
    if (v.type.is(TypeTag::kError)) {
      v.type = have;
      v.open = have.is(TypeTag::kDyn);
      return true;
    }
    if (v.mixed || have.is(TypeTag::kError)) return true;
    if (is_open(v.type) || is_open(have)) {
      v.open = true;
      if (is_open(v.type)) v.type = have;
      return true;
    }
    const bool numbers = is_number(v.type) && is_number(have);
    if (numbers && v.type.tag == have.tag) return true;
    if (numbers && rules) {
      if (!literal_int) v.type = Type::of(TypeTag::kDouble);
      return true;
    }
    const Type joined = join(v.type, have);
    if (!joined.is(TypeTag::kDyn)) {
      v.type = joined;
      return true;
    }
    // math.greatest(1, 2.5) takes any numbers; what it gives is known at run time only.
    if (!v.open && !(numbers && number == kQuantity)) return false;
    v.type = joined;
    return v.mixed = true;
  }

  bool match(const Pattern& want, const Type& have, bool literal_int) {
    if (is_variable(want)) return match_variable(want.fact_type, have, literal_int);
    if (is_open(want) || is_open(have)) return true;
    if (want.is(TypeTag::kString) && have.is(TypeTag::kEnum)) return true;
    if (want.tag != have.tag) return rules && literal_int && want.is(TypeTag::kDouble) && have.is(TypeTag::kInt);
    if (want.is(TypeTag::kAbstract) && (want.members != have.members || want.args.size() != have.args.size())) return false;
    for (std::size_t i = 0; i < want.args.size() && i < have.args.size(); ++i) {
      if (!match(want.args[i], have.args[i], false)) return false;
    }
    return true;
  }

  Type give(const Pattern& t) const {
    if (is_variable(t)) {
      const Type& known = bound[t.fact_type].type;
      return known.is(TypeTag::kError) ? Type::of(TypeTag::kDyn) : known;
    }
    Type out = t;
    for (Type& a : out.args) a = give(a);
    // `type` and `list` of a signature say nothing more.
    if ((out.is(TypeTag::kList) || out.is(TypeTag::kOptional) || out.is(TypeTag::kRange)) && out.args.empty())
      out.args.push_back(Type::of(TypeTag::kDyn));
    if (out.is(TypeTag::kTypeType) && out.args.empty()) out.args.push_back(Type::of(TypeTag::kDyn));
    return out;
  }
};

std::string dotted_call(const Expr& e) {
  if (!e.method) return e.name;
  const Expr* at = &e.args[0];
  std::string path = e.name;
  while (at->kind == ExprKind::kSelect && at->op != ast::Op::kOptional) {
    path = at->name + "." + path;
    at = &at->args[0];
  }
  return at->kind == ExprKind::kName ? at->name + "." + path : std::string{};
}

const std::string& first_name(const Expr& e) {
  return e.args.empty() || (e.kind != ExprKind::kSelect && e.kind != ExprKind::kCall) ? e.name : first_name(e.args[0]);
}

std::string_view macro_form(std::string_view name) {
  for (const MacroInfo& m : macros()) {
    if (m.name == name) return m.form;
  }
  return {};
}

bool int_literal(const Expr& e) {
  return (e.kind == ExprKind::kLiteral && e.literal.is(Kind::kInt)) ||
         (e.kind == ExprKind::kUnary && e.op == ast::Op::kNegate && e.args[0].kind == ExprKind::kLiteral &&
          e.args[0].literal.is(Kind::kInt));
}

}  // namespace

bool is_function(std::string_view name) { return overloads().contains(name) || !macro_form(name).empty(); }

bool ExprChecker::call_let(Expr& e) {
  if (scope_.variables != nullptr) return false;
  const std::string path = dotted_call(e);
  if (path.empty() || (e.method && head_is_local(first_name(e)))) return false;
  const Found found = p_.names.find(SymbolKind::kFunction, path, *scope_.file);
  if (found.symbol == nullptr) {
    if (found.ambiguous.empty()) return false;
    p_.report.error("E0307", e.name_span, fmt::format("`{}` is declared in several imported modules", path),
                    fmt::format("write {}", listed(found.ambiguous)));
    e.type = Type::of(TypeTag::kError);
    return true;
  }
  if (p_.uses != nullptr) p_.uses->symbol(SymbolKind::kFunction, e.name_span, *found.symbol);
  std::vector<Expr> arguments = std::move(e.args);
  if (e.method) arguments.erase(arguments.begin());
  e.args.clear();
  use_let(e, found.symbol->id, std::move(arguments));
  return true;
}

bool ExprChecker::is_declared(std::string_view name) const {
  return scope_.functions != nullptr &&
         std::any_of(scope_.functions->begin(), scope_.functions->end(), [&](const FunctionDeclaration& f) { return f.name == name; });
}

// The values of a format stand in a list, each of its own type.
void ExprChecker::check_argument(const Expr& call, Expr& argument) {
  const bool values = call.method && call.name == "format" && call.args.size() == 2 && &argument == &call.args[1];
  if (!values || argument.kind != ExprKind::kList) return check(argument);
  bool broken = false;
  for (Expr& item : argument.args) {
    check(item);
    if (item.kind == ExprKind::kUnary && item.op == ast::Op::kOptional) item.type = element_of(item);
    broken = broken || item.type.is(TypeTag::kError);
  }
  argument.type = broken ? Type::of(TypeTag::kError) : Type::list_of(Type::of(TypeTag::kDyn));
}

// A format that is written here is read here, against the values beside it if they are, too.
void ExprChecker::check_format(Expr& e) {
  const Expr& form = e.args[0];
  if (form.kind != ExprKind::kLiteral || !form.literal.is(Kind::kString)) return;
  const Result<std::vector<FormatPiece>> pieces = parse_format(p_.interner.text(form.literal));
  const auto wrong = [&](const Expr& at, std::string message, std::string help = {}) {
    p_.report.error("E0209", at.span, std::move(message), std::move(help));
    e.type = Type::of(TypeTag::kError);
  };
  if (!pieces) return wrong(form, pieces.error().message);
  const Expr& list = e.args[1];
  const auto optional = [](const Expr& item) { return item.kind == ExprKind::kUnary && item.op == ast::Op::kOptional; };
  if (list.kind != ExprKind::kList || std::any_of(list.args.begin(), list.args.end(), optional)) return;
  std::size_t clauses = 0;
  for (const FormatPiece& piece : *pieces) {
    if (piece.clause == '\0' || clauses++ >= list.args.size()) continue;
    const Expr& item = list.args[clauses - 1];
    const Type& t = item.type;
    if (is_open(t)) continue;
    const char* takes = nullptr;
    switch (piece.clause) {
      case 's': takes = t.is(TypeTag::kOptional) || t.is(TypeTag::kAbstract) ? "a value that has a text" : nullptr; break;
      case 'b': takes = t.is(TypeTag::kInt) || t.is(TypeTag::kUint) || t.is(TypeTag::kBool) ? nullptr : "an int, a uint or a bool"; break;
      case 'o': takes = t.is(TypeTag::kInt) || t.is(TypeTag::kUint) ? nullptr : "an int or a uint"; break;
      case 'x':
      case 'X':
        takes = t.is(TypeTag::kInt) || t.is(TypeTag::kUint) || is_text(t) || t.is(TypeTag::kBytes) ? nullptr
                                                                                                   : "an int, a uint, a text or bytes";
        break;
      default: takes = is_number(t) ? nullptr : "a number"; break;
    }
    if (takes != nullptr)
      return wrong(item, fmt::format("`%{}` takes {}; this is {}", piece.clause, takes, a_type(t, &p_.schema)), "`%s` takes any value");
  }
  if (clauses != list.args.size())
    wrong(list, fmt::format("the format has {} {}, and there {} {} {}", clauses, clauses == 1 ? "clause" : "clauses",
                            list.args.size() == 1 ? "is" : "are", list.args.size(), list.args.size() == 1 ? "value" : "values"));
}

// A macro with the wrong number of arguments: what its names would mean is not looked at.
bool ExprChecker::is_macro_slip(const Expr& e) {
  for (const std::string& name : {dotted_call(e), e.name}) {
    if (const std::string_view form = macro_form(name); !form.empty()) {
      p_.report.error("E0209", e.name_span, fmt::format("`{}` is not written like this", name), fmt::format("it is `{}`", form));
      return true;
    }
  }
  return false;
}

// `math.foo(x)`, where `math` is nothing but the beginning of names of functions.
bool ExprChecker::unknown_in_namespace(const Expr& e) {
  if (!e.method || e.args[0].kind != ExprKind::kName) return false;
  const std::string& space = e.args[0].name;
  if (head_is_local(space)) return false;
  if (scope_.variables != nullptr
          ? std::any_of(scope_.variables->begin(), scope_.variables->end(), [&](const Variable& v) { return v.name == space; })
          : !p_.names.find(SymbolKind::kValue, space, *scope_.file).none())
    return false;
  std::vector<std::string> known;
  for (const auto& [name, unused] : overloads()) {
    if (name.starts_with(space + ".")) known.emplace_back(name);
  }
  for (const MacroInfo& m : macros()) {
    if (m.name.starts_with(space + ".")) known.emplace_back(m.name);
  }
  if (known.empty()) return false;
  std::sort(known.begin(), known.end());
  const std::string path = space + "." + e.name;
  p_.report.misspelt("E0310", ast::Span{e.span.file, e.args[0].span.begin, e.name_span.end}, fmt::format("there is no function `{}`", path),
                     path, known, "there are");
  return true;
}

// As an operand: what would come apart stands in parentheses.
std::string ExprChecker::argument_text(const Expr& e) const {
  const bool whole = e.kind == ExprKind::kName || e.kind == ExprKind::kLiteral || e.kind == ExprKind::kSelect ||
                     e.kind == ExprKind::kIndex || e.kind == ExprKind::kCall || e.kind == ExprKind::kNow;
  return fmt::format("{}{}{}", whole ? "" : "(", p_.report.text(e.span), whole ? "" : ")");
}

// `coalesce(a, b)`: what is no call here.
bool ExprChecker::foreign_call(const Expr& e) {
  const cst::Slip* slip = e.method ? nullptr : cst::find_call_slip(e.name, e.args.size());
  if (slip == nullptr) return false;
  std::optional<Fix> fix;
  if (!slip->instead.empty()) {
    std::string ours;
    for (std::size_t i = 0; i < slip->instead.size(); ++i) {
      if (slip->instead[i] == '$') {
        ours += argument_text(e.args[static_cast<std::size_t>(slip->instead[++i] - '1')]);
      } else {
        ours += slip->instead[i];
      }
    }
    fix = Fix{e.span, ours};
  }
  const bool aggregate = ast::is_among(ast::kAggregateWords, e.name);
  p_.report.error("E0310", e.name_span,
                  aggregate ? fmt::format("`{}` is an aggregate: it reads the facts of a type, not a value", e.name)
                            : fmt::format("there is no function `{}`", e.name),
                  std::string(slip->help), std::move(fix));
  return true;
}

void ExprChecker::unknown_function(Expr& e) {
  std::vector<std::string> known;
  for (const auto& [name, unused] : overloads()) known.emplace_back(name);
  if (scope_.variables == nullptr) {
    for (std::string& f : p_.names.visible(SymbolKind::kFunction, *scope_.file)) known.push_back(std::move(f));
  }
  for (const MacroInfo& m : macros()) known.emplace_back(m.name);
  if (scope_.functions != nullptr) {
    for (const FunctionDeclaration& f : *scope_.functions) known.push_back(f.name);
  }
  std::sort(known.begin(), known.end());
  if (rules_ && foreign_call(e)) return;
  if (rules_ && ast::is_among(ast::kAggregateWords, e.name)) {
    const std::string type = scope_.bare && scope_.bare->type != kNoId ? p_.schema.types[scope_.bare->type].local : "Type";
    const std::string what =
        e.name == "count" ? type : fmt::format("{}.{}", type, e.args.size() == 1 && !e.args[0].name.empty() ? e.args[0].name : "field");
    p_.report.error("E0310", e.name_span, fmt::format("`{}` is an aggregate: it reads the facts of a type, not a value", e.name),
                    fmt::format("name the type, and a window to look back: `{}({} over 5m)`", e.name, what));
    return;
  }
  if (const cst::Slip* slip = cst::find_function_slip(e.name)) {
    std::optional<Fix> fix;
    const auto known_as = overloads().find(slip->instead);
    const auto called_so = [&](const Overload& o) { return o.method == e.method; };
    const bool method = known_as != overloads().end() && known_as->second.front().method;
    if (!slip->instead.empty() &&
        (known_as == overloads().end() || std::any_of(known_as->second.begin(), known_as->second.end(), called_so))) {
      fix = Fix{e.name_span, std::string(slip->instead)};
    } else if (!slip->instead.empty() && !e.args.empty()) {
      // `lower(x)` for a method, `x.abs()` for a function.
      std::string rest;
      for (std::size_t i = 1; i < e.args.size(); ++i) rest += fmt::format("{}{}", i == 1 ? "" : ", ", p_.report.text(e.args[i].span));
      fix = Fix{e.span, method ? fmt::format("{}.{}({})", argument_text(e.args[0]), slip->instead, rest)
                               : fmt::format("{}({}{}{})", slip->instead, p_.report.text(e.args[0].span), rest.empty() ? "" : ", ", rest)};
    }
    p_.report.error("E0310", e.name_span, fmt::format("there is no function `{}`", e.name), std::string(slip->help), std::move(fix));
    return;
  }
  p_.report.misspelt("E0310", e.name_span, fmt::format("there is no function `{}`", e.name), e.name, known);
}

void ExprChecker::check_call(Expr& e) {
  e.type = Type::of(TypeTag::kError);
  if (call_let(e)) return;

  // `math.abs(x)` is written like a method; it is one only if `math` is something here.
  const auto& table = overloads();
  if (e.method) {
    const std::string path = dotted_call(e);
    if (!path.empty() && !head_is_local(first_name(e)) && (table.contains(path) || is_declared(path))) {
      e.name = path;
      e.method = false;
      e.args.erase(e.args.begin());
    }
  }
  if (e.name.starts_with('.') && !is_declared(e.name)) e.name.erase(0, 1);
  std::vector<Overload> declared;
  if (scope_.functions != nullptr) {
    for (const FunctionDeclaration& f : *scope_.functions) {
      if (f.name == e.name) declared.push_back({Fn::kNone, f.method, false, f.parameters, f.result, {}});
    }
  }
  std::vector<const Overload*> candidates;
  for (const Overload& o : declared) candidates.push_back(&o);
  if (const auto it = table.find(e.name); it != table.end()) {
    for (const Overload& o : it->second) candidates.push_back(&o);
  }
  if (candidates.empty() && (is_macro_slip(e) || unknown_in_namespace(e))) return;
  // An aggregate of a value: its name is not looked for, it may be a field of the type that is missing.
  if (candidates.empty() && rules_ && ast::is_among(ast::kAggregateWords, e.name) && e.args.size() == 1 &&
      e.args[0].kind == ExprKind::kName)
    return unknown_function(e);
  for (Expr& a : e.args) check_argument(e, a);
  if (candidates.empty()) return unknown_function(e);
  bool broken = false;
  for (Expr& a : e.args) {
    if (a.type.is(TypeTag::kError)) {
      broken = true;
    } else if (e.name != "type" && e.name != "dyn" && !usable(a)) {
      broken = true;
    }
  }
  if (broken) return;

  const Overload* chosen = nullptr;
  std::optional<Type> result;
  bool ambiguous = false;
  for (const Overload* o : candidates) {
    const std::size_t n = o->parameters.size();
    if (o->method != e.method || (o->more ? e.args.size() < n : e.args.size() != n)) continue;
    Unifier unifier{rules_, {}};
    bool all = true;
    for (std::size_t i = 0; i < e.args.size() && all; ++i)
      all = unifier.match(o->parameters[std::min(i, n - 1)], e.args[i].type, int_literal(e.args[i]));
    if (!all) continue;
    const Type gives = unifier.give(o->result);
    if (chosen == nullptr) {
      chosen = o;
      result = gives;
    } else if (!(*result == gives)) {
      // Several fit. Without dyn among the arguments the first is the exact one (an int literal can serve as a double, too).
      const bool dyn = std::any_of(e.args.begin(), e.args.end(), [](const Expr& a) { return a.type.is(TypeTag::kDyn); });
      ambiguous = ambiguous || dyn;
    }
  }
  if (chosen != nullptr) {
    e.fn = chosen->fn;
    e.type = ambiguous ? Type::of(TypeTag::kDyn) : *result;
    if (rules_ && unreadable(e)) return;
    if (e.fn == Fn::kFormat) check_format(e);
    if (e.fn == Fn::kType) e.type.args = {e.args[0].type};
    if (!ambiguous && rules_) {
      for (std::size_t i = 0; i < e.args.size(); ++i) {
        if (i < chosen->parameters.size() && chosen->parameters[i].is(TypeTag::kDouble) && int_literal(e.args[i]))
          coerce(e.args[i], Type::of(TypeTag::kDouble), "");
      }
    }
    return;
  }

  std::string have;
  for (std::size_t i = e.method ? 1 : 0; i < e.args.size(); ++i) have += (have.empty() ? "" : ", ") + type_name(e.args[i].type, &p_.schema);
  std::vector<std::string> forms;
  bool other_form = false;
  for (const Overload* o : candidates) {
    if (o->method != e.method) {
      other_form = true;
    } else if (!o->text.empty()) {
      forms.emplace_back(o->text);
    }
  }
  constexpr std::size_t kMaxForms = 4;
  if (forms.size() > kMaxForms) forms.resize(kMaxForms);
  std::string help = forms.empty() ? std::string{} : fmt::format("it is {}", listed(forms));
  if (help.find("N...") != std::string::npos) help += "; N is a number, a unit or a timestamp";
  if (forms.empty() && other_form) {
    help = e.method ? fmt::format("it is no method: write `{}({})`", e.name, p_.report.excerpt(e.args[0].span))
                    : fmt::format("it is a method: write `x.{}(…)`", e.name);
  }
  const std::string on = e.method ? fmt::format(" on {}", a_type(e.args[0].type, &p_.schema)) : std::string{};
  p_.report.error("E0209", e.span, fmt::format("`{}` does not take ({}){}", e.name, have, on), help);
}

}  // namespace flyball::check
