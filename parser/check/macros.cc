// CEL's macros (model/functions.h lists them): what their variables are and what they give. See expressions.h.
#include <fmt/format.h>

#include "parser/check/expressions.h"

namespace flyball::check {

using ast::Expr;

namespace {

Type optional_of(Type inner) {
  Type t = Type::of(TypeTag::kOptional);
  t.args.push_back(std::move(inner));
  return t;
}

}  // namespace

void ExprChecker::check_macro(Expr& e) {
  e.type = Type::of(TypeTag::kError);
  Expr& over = e.args[0];
  check(over);
  const bool binds = e.name == "cel.bind";
  const bool optional = e.name == "optMap" || e.name == "optFlatMap";
  if (!binds && !over.type.is(TypeTag::kError) && !usable(over)) return;
  const bool two = e.names.size() == 2;
  Type first = Type::of(TypeTag::kError);
  Type second = Type::of(TypeTag::kError);
  bool is_map = false;
  if (two && e.names[0] == e.names[1]) {
    p_.report.error("E0209", e.name_span, fmt::format("the two variables of `{}` have one name: `{}`", e.name, e.names[0]),
                    "give each its own");
    return;
  }
  if (binds) {
    first = over.type;
  } else if (optional) {
    if (over.type.is(TypeTag::kOptional)) {
      first = over.type.args[0];
    } else if (is_open(over.type)) {
      first = over.type;
    } else {
      p_.report.error("E0209", over.span, fmt::format("`{}` takes an optional, not {}", e.name, a_type(over.type, &p_.schema)),
                      "an optional comes of `m.?key`, `xs[?i]` and `optional.of(x)`");
    }
  } else
    switch (over.type.tag) {
      case TypeTag::kList:
        first = two ? Type::of(TypeTag::kInt) : over.type.args[0];
        second = over.type.args[0];
        break;
      case TypeTag::kMap:
        is_map = true;
        first = over.type.args[0];
        second = over.type.args[1];
        break;
      case TypeTag::kDyn: first = second = over.type; break;
      case TypeTag::kError: break;
      default:
        p_.report.error("E0209", over.span,
                        fmt::format("`{}` goes through a list or a map, not {}", e.name, a_type(over.type, &p_.schema)));
        break;
    }
  if (rules_) {
    for (const std::string& name : e.names) {
      if (!head_is_local(name) && p_.names.find(SymbolKind::kValue, name, *scope_.file).none()) continue;
      p_.report.warning("W0815", e.span, fmt::format("`{}` means the elements here, and hides what is called so outside", name),
                        "choose another name");
    }
  }
  const std::size_t outer = scope_.locals.size();
  for (std::size_t i = 0; i < e.names.size(); ++i) {
    scope_.locals.push_back(Local{e.names[i], static_cast<std::uint32_t>(outer + i), i == 0 ? first : second});
  }
  {
    NullGuard guard(scope_);
    const bool transform = binds || optional || e.name == "map" || e.name.starts_with("transform");
    for (std::size_t i = 1; i < e.args.size(); ++i) {
      const bool last = i + 1 == e.args.size();
      if (transform && last) {
        check(e.args[i]);
      } else {
        condition(e.args[i], "the condition of a macro");
        learn(e.args[i], true);
      }
    }
  }
  scope_.locals.resize(outer);
  const Type& result = e.args.back().type;
  if (binds) {
    e.type = result;
    return;
  }
  if (over.type.is(TypeTag::kError)) return;
  if (optional) {
    if (!is_open(over.type) && !over.type.is(TypeTag::kOptional)) return;
    if (e.name == "optMap" && !result.is(TypeTag::kError)) {
      e.type = optional_of(result);
    } else if (result.is(TypeTag::kDyn)) {
      e.type = optional_of(result);
    } else if (result.is(TypeTag::kOptional)) {
      e.type = result;
    } else if (!result.is(TypeTag::kError)) {
      p_.report.error("E0209", e.args.back().span, fmt::format("`optFlatMap` needs an optional here, not {}", a_type(result, &p_.schema)),
                      "`optMap` takes any value");
    }
  } else if (e.name == "all" || e.name == "exists" || e.name == "exists_one" || e.name == "existsOne") {
    e.type = Type::of(TypeTag::kBool);
  } else if (e.name == "filter") {
    e.type = is_map ? Type::list_of(over.type.args[0]) : over.type.is(TypeTag::kDyn) ? Type::list_of(over.type) : over.type;
  } else if (e.name == "map" || e.name == "transformList") {
    if (!result.is(TypeTag::kError)) e.type = Type::list_of(result);
  } else if (e.name == "transformMap") {
    if (!result.is(TypeTag::kError))
      e.type = Type::map_of(is_map ? first : Type::of(over.type.is(TypeTag::kDyn) ? TypeTag::kDyn : TypeTag::kInt), result);
  } else if (e.name == "transformMapEntry") {
    if (result.is(TypeTag::kMap) || result.is(TypeTag::kDyn)) {
      e.type = result;
    } else if (!result.is(TypeTag::kError)) {
      p_.report.error("E0209", e.args.back().span, "`transformMapEntry` gives a map of one entry for each");
    }
  } else {
    p_.report.error("E0310", e.name_span, fmt::format("there is no macro `{}`", e.name));
  }
}

}  // namespace flyball::check
