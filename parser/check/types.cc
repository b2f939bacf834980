// Types as written, and what fits where. See types.h.
#include "parser/check/types.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "parser/grammar/slips.h"

namespace flyball::check {

namespace {

constexpr std::array<std::pair<std::string_view, TypeTag>, 15> kTypeWords{{{"bool", TypeTag::kBool},
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
                                                                           {"dyn", TypeTag::kDyn}}};

Type closed_set(const ast::TypeExpr& written) {
  Type t = Type::of(TypeTag::kEnum);
  t.nullable = written.nullable;
  for (const ast::Name& m : written.members) t.members.push_back(m.text);
  return t;
}

}  // namespace

std::vector<std::string> type_words() {
  std::vector<std::string> words{"list", "map", "range"};
  for (const auto& [word, tag] : kTypeWords) words.emplace_back(word);
  return words;
}

Type resolve_type(Package& p, const ast::TypeExpr& written) {
  if (!written.members.empty()) return closed_set(written);
  const std::string& word = written.name.text;
  if (word.empty()) return Type::of(TypeTag::kError);  // a hole; the parser has said so

  const auto with_args = [&](TypeTag tag, std::size_t want, const char* form) {
    Type t = Type::of(tag);
    t.nullable = written.nullable;
    if (written.args.size() != want) {
      p.report.error("E0201", written.span, fmt::format("`{}` needs what it holds: `{}`", word, form));
      return Type::of(TypeTag::kError);
    }
    for (const ast::TypeExpr& a : written.args) {
      t.args.push_back(resolve_type(p, a));
      if (t.args.back().is(TypeTag::kError)) return Type::of(TypeTag::kError);
    }
    return t;
  };
  if (word == "list") return with_args(TypeTag::kList, 1, "list<string>");
  if (word == "range") return with_args(TypeTag::kRange, 1, "range<int>");
  if (word == "map") {
    Type t = with_args(TypeTag::kMap, 2, "map<string, int>");
    if (t.is(TypeTag::kMap) && !may_key(t.args[0]) && !t.args[0].is(TypeTag::kDyn)) {
      p.report.error("E0201", written.args[0].span, fmt::format("a map's key cannot be {}", a_type(t.args[0])),
                     "use a string, a number, a bool or an address");
      return Type::of(TypeTag::kError);
    }
    return t;
  }
  for (const auto& [name, tag] : kTypeWords) {
    if (name != word) continue;
    if (!written.args.empty()) {
      p.report.error("E0201", written.span, fmt::format("`{}` holds nothing: write `{}` alone", word, word));
      return Type::of(TypeTag::kError);
    }
    Type t = Type::of(tag);
    t.nullable = written.nullable && tag != TypeTag::kDyn;
    return t;
  }
  std::string message = fmt::format("`{}` is not a type", word);
  if (const cst::Slip* slip = cst::find_type_slip(word)) {
    std::optional<Fix> fix;
    if (!slip->instead.empty()) fix = Fix{written.name.span, std::string(slip->instead)};
    p.report.error("E0201", written.name.span, std::move(message), std::string(slip->help), std::move(fix));
  } else {
    p.report.misspelt("E0201", written.name.span, std::move(message), word, type_words(), "types are");
  }
  return Type::of(TypeTag::kError);
}

bool is_number(const Type& t) { return t.is(TypeTag::kInt) || t.is(TypeTag::kUint) || t.is(TypeTag::kDouble); }

bool is_unit(const Type& t) {
  return t.is(TypeTag::kDuration) || t.is(TypeTag::kPercent) || t.is(TypeTag::kSize) || t.is(TypeTag::kBitrate) || t.is(TypeTag::kPps);
}

bool is_text(const Type& t) { return t.is(TypeTag::kString) || t.is(TypeTag::kEnum); }

bool is_ordered(const Type& t) {
  return is_number(t) || is_unit(t) || t.is(TypeTag::kString) || t.is(TypeTag::kBytes) || t.is(TypeTag::kBool) ||
         t.is(TypeTag::kTimestamp) || t.is(TypeTag::kTimeOfDay) || t.is(TypeTag::kIp);
}

bool is_open(const Type& t) { return t.is(TypeTag::kDyn) || t.is(TypeTag::kError); }

bool may_key(const Type& t) {
  return is_number(t) || is_unit(t) || is_text(t) || t.is(TypeTag::kBool) || t.is(TypeTag::kBytes) || t.is(TypeTag::kTimestamp) ||
         t.is(TypeTag::kIp) || t.is(TypeTag::kCidr);
}

bool fits(const Type& from, const Type& to) {
  if (is_open(from) || is_open(to)) return true;
  if (from.is(TypeTag::kNull)) return to.nullable || to.is(TypeTag::kNull);
  if (from.nullable && !to.nullable) return false;
  if (from.is(TypeTag::kEnum) && to.is(TypeTag::kString)) return true;
  if (from.tag != to.tag) return false;
  switch (from.tag) {
    case TypeTag::kEnum:
      return std::all_of(from.members.begin(), from.members.end(),
                         [&](const std::string& m) { return std::find(to.members.begin(), to.members.end(), m) != to.members.end(); });
    case TypeTag::kFact: return from.fact_type == to.fact_type;
    case TypeTag::kRecord: return from.members == to.members;
    case TypeTag::kTypeType: return true;
    default: break;
  }
  for (std::size_t i = 0; i < from.args.size() && i < to.args.size(); ++i) {
    if (!fits(from.args[i], to.args[i])) return false;
  }
  return true;
}

Type join(const Type& a, const Type& b) {
  if (a.is(TypeTag::kError) || b.is(TypeTag::kError)) return Type::of(TypeTag::kError);
  if (a == b) return a;
  if (a.is(TypeTag::kNull) && !b.is(TypeTag::kDyn)) {
    Type t = b;
    t.nullable = true;
    return t;
  }
  if (b.is(TypeTag::kNull)) return join(b, a);
  Type t = a.without_null();
  const Type u = b.without_null();
  const bool nullable = a.nullable || b.nullable;
  if (is_text(t) && is_text(u) && t.tag != u.tag) {
    t = Type::of(TypeTag::kString);
  } else if (t.is(TypeTag::kEnum) && u.is(TypeTag::kEnum)) {
    for (const std::string& m : u.members) {
      if (std::find(t.members.begin(), t.members.end(), m) == t.members.end()) t.members.push_back(m);
    }
  } else if ((t.is(TypeTag::kList) || t.is(TypeTag::kMap) || t.is(TypeTag::kRange) || t.is(TypeTag::kOptional)) && t.tag == u.tag) {
    // `[]` and `{}` hold dyn until they meet something that says more.
    for (std::size_t i = 0; i < t.args.size(); ++i) {
      if (t.args[i].is(TypeTag::kDyn)) {
        t.args[i] = u.args[i];
      } else if (!u.args[i].is(TypeTag::kDyn)) {
        t.args[i] = join(t.args[i], u.args[i]);
        if (t.args[i].is(TypeTag::kDyn)) return Type::of(TypeTag::kDyn);
      }
    }
  } else if (!(t == u)) {
    return Type::of(TypeTag::kDyn);
  }
  t.nullable = nullable;
  return t;
}

bool can_equal(const Type& a, const Type& b, bool rules) {
  if (is_open(a) || is_open(b)) return true;
  if (a.is(TypeTag::kNull)) return b.is(TypeTag::kNull) || b.nullable || !rules;
  if (b.is(TypeTag::kNull)) return can_equal(b, a, rules);
  if (is_text(a) && is_text(b)) {
    if (!a.is(TypeTag::kEnum) || !b.is(TypeTag::kEnum)) return true;
    return std::any_of(a.members.begin(), a.members.end(),
                       [&](const std::string& m) { return std::find(b.members.begin(), b.members.end(), m) != b.members.end(); });
  }
  if (rules && is_number(a) && is_number(b)) return true;
  if (a.tag != b.tag) return false;
  if (a.is(TypeTag::kFact)) return a.fact_type == b.fact_type;
  if (a.is(TypeTag::kTypeType)) return true;
  for (std::size_t i = 0; i < a.args.size() && i < b.args.size(); ++i) {
    if (!can_equal(a.args[i], b.args[i], rules)) return false;
  }
  return true;
}

}  // namespace flyball::check
