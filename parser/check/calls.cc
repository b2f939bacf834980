// Calls: functions of model/functions.h by their signatures, and package-wide functions (`let f(…) = …`). See expressions.h.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "model/check.h"
#include "parser/ast/words.h"
#include "parser/check/expressions.h"
#include "parser/grammar/slips.h"

namespace flyball::check {

using ast::Expr;
using ast::ExprKind;

namespace {

// A type of a signature: a Type in which kNull with fact_type n > 0 stands for the type variable n.
using Pattern = Type;

struct Overload {
  Fn fn = Fn::kNone;
  bool method = false;
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
    if (word.size() == 1 && word[0] >= 'A' && word[0] <= 'Z') {
      t.tag = TypeTag::kNull;
      t.fact_type = static_cast<std::uint32_t>(word[0] - 'A') + 1;
      return t;
    }
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

bool is_variable(const Pattern& t) { return t.is(TypeTag::kNull) && t.fact_type > 0; }

struct Unifier {
  bool rules;
  std::array<Type, 27> bound;  // by type variable; kError: free

  bool match(const Pattern& want, const Type& have, bool literal_int) {
    if (is_variable(want)) {
      Type& b = bound[want.fact_type];
      if (b.is(TypeTag::kError)) {
        b = have;
        return true;
      }
      if (is_open(b) || is_open(have)) {
        if (is_open(b)) b = have.is(TypeTag::kError) ? b : have;
        return true;
      }
      if (is_number(b) && is_number(have)) {
        // math.greatest(1, 2.5) takes any numbers; what it gives is known at run time only.
        if (b.tag != have.tag) b = rules && literal_int ? b : rules ? Type::of(TypeTag::kDouble) : Type::of(TypeTag::kDyn);
        return true;
      }
      const Type joined = join(b, have);
      if (joined.is(TypeTag::kDyn)) return false;
      b = joined;
      return true;
    }
    if (is_open(want) || is_open(have)) return true;
    if (want.is(TypeTag::kString) && have.is(TypeTag::kEnum)) return true;
    if (want.tag != have.tag) return rules && literal_int && want.is(TypeTag::kDouble) && have.is(TypeTag::kInt);
    for (std::size_t i = 0; i < want.args.size() && i < have.args.size(); ++i) {
      if (!match(want.args[i], have.args[i], false)) return false;
    }
    return true;
  }

  Type give(const Pattern& t) const {
    if (is_variable(t)) return bound[t.fact_type].is(TypeTag::kError) ? Type::of(TypeTag::kDyn) : bound[t.fact_type];
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

bool int_literal(const Expr& e) {
  return (e.kind == ExprKind::kLiteral && e.literal.is(Kind::kInt)) ||
         (e.kind == ExprKind::kUnary && e.op == ast::Op::kNegate && e.args[0].kind == ExprKind::kLiteral &&
          e.args[0].literal.is(Kind::kInt));
}

}  // namespace

bool is_function(std::string_view name) { return overloads().contains(name) || name == "has" || name == "stale"; }

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

void ExprChecker::check_call(Expr& e) {
  e.type = Type::of(TypeTag::kError);
  if (call_let(e)) return;

  // `math.abs(x)` is written like a method; it is one only if `math` is something here.
  const auto& table = overloads();
  if (e.method) {
    const std::string path = dotted_call(e);
    const auto global = path.empty() || head_is_local(first_name(e)) ? table.end() : table.find(path);
    if (global != table.end()) {
      e.name = path;
      e.method = false;
      e.args.erase(e.args.begin());
    }
  }
  if (e.name.starts_with('.')) e.name.erase(0, 1);
  for (Expr& a : e.args) check(a);

  const auto it = table.find(e.name);
  if (it == table.end()) {
    std::vector<std::string> known;
    for (const auto& [name, unused] : table) known.emplace_back(name);
    if (scope_.variables == nullptr) {
      for (std::string& f : p_.names.visible(SymbolKind::kFunction, *scope_.file)) known.push_back(std::move(f));
    }
    std::sort(known.begin(), known.end());
    if (e.name == "bind" || e.name == "block") return p_.report.later(e.span, fmt::format("`{}`", e.name));
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
      if (!slip->instead.empty()) fix = Fix{e.name_span, std::string(slip->instead)};
      p_.report.error("E0310", e.name_span, fmt::format("there is no function `{}`", e.name), std::string(slip->help), std::move(fix));
      return;
    }
    p_.report.misspelt("E0310", e.name_span, fmt::format("there is no function `{}`", e.name), e.name, known);
    return;
  }
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
  for (const Overload& o : it->second) {
    if (o.method != e.method || o.parameters.size() != e.args.size()) continue;
    Unifier unifier{rules_, {}};
    bool all = true;
    for (std::size_t i = 0; i < e.args.size() && all; ++i) all = unifier.match(o.parameters[i], e.args[i].type, int_literal(e.args[i]));
    if (!all) continue;
    const Type gives = unifier.give(o.result);
    if (chosen == nullptr) {
      chosen = &o;
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
    if (e.fn == Fn::kType) e.type.args = {e.args[0].type};
    if (!ambiguous && rules_) {
      for (std::size_t i = 0; i < e.args.size(); ++i) {
        if (chosen->parameters[i].is(TypeTag::kDouble) && int_literal(e.args[i])) coerce(e.args[i], Type::of(TypeTag::kDouble), "");
      }
    }
    return;
  }

  std::string have;
  for (std::size_t i = e.method ? 1 : 0; i < e.args.size(); ++i) have += (have.empty() ? "" : ", ") + type_name(e.args[i].type, &p_.schema);
  std::vector<std::string> forms;
  bool other_form = false;
  for (const Overload& o : it->second) {
    if (o.method != e.method) {
      other_form = true;
      continue;
    }
    forms.emplace_back(o.text);
  }
  constexpr std::size_t kMaxForms = 4;
  if (forms.size() > kMaxForms) forms.resize(kMaxForms);
  std::string help = forms.empty() ? std::string{} : fmt::format("it is {}", listed(forms));
  if (forms.empty() && other_form) {
    help = e.method ? fmt::format("it is no method: write `{}({})`", e.name, p_.report.excerpt(e.args[0].span))
                    : fmt::format("it is a method: write `x.{}(…)`", e.name);
  }
  const std::string on = e.method ? fmt::format(" on {}", a_type(e.args[0].type, &p_.schema)) : std::string{};
  p_.report.error("E0209", e.span, fmt::format("`{}` does not take ({}){}", e.name, have, on), help);
}

}  // namespace flyball::check
