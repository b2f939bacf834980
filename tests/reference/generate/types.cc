// The types, literals and calendars of random packages.
#include "tests/reference/generate/types.h"

namespace flyball::reference {
namespace {

const char* type_word(GenKind kind) {
  switch (kind) {
    case GenKind::kInt: return "int";
    case GenKind::kOptionalInt: return "int?";
    case GenKind::kPercent: return "percent";
    case GenKind::kString: return "string";
    case GenKind::kOptionalString: return "string?";
    case GenKind::kEnum: return "\"up\" | \"down\" | \"test\"";
    case GenKind::kBool: return "bool";
    case GenKind::kDouble: return "double";
  }
  return "int";
}

}  // namespace

// Every type draws its fields from one list, so that `same k`, `same n` and `same o` join any two of them.
const std::vector<GenField>& all_fields() {
  static const std::vector<GenField> kFields = {{"k", GenKind::kInt},    {"n", GenKind::kString},        {"v", GenKind::kInt},
                                                {"w", GenKind::kInt},    {"o", GenKind::kOptionalInt},   {"p", GenKind::kPercent},
                                                {"s", GenKind::kString}, {"e", GenKind::kEnum},          {"b", GenKind::kBool},
                                                {"d", GenKind::kDouble}, {"q", GenKind::kOptionalString}};
  return kFields;
}

std::string declaration(const GenType& t) {
  std::string out = t.is_action ? "action " : t.is_event ? "event " : t.is_mutable ? "mutable fact " : "fact ";
  out += t.name;
  if (t.has_key) {
    out += " key (";
    for (std::size_t i = 0; i < t.key_fields; ++i) out += (i > 0 ? ", " : "") + t.fields[i].name;
    out += ")";
  }
  out += t.options + " {";
  for (const GenField& f : t.fields) out += "  " + f.name + ": " + type_word(f.kind);
  return out + " }\n";
}

GenType random_type(Random& r, const std::string& name) {
  GenType t;
  t.name = name;
  t.fields.push_back(all_fields()[0]);
  if (r.chance(30)) {
    t.fields.push_back(all_fields()[1]);
    t.key_fields = 2;
  }
  for (std::size_t i = 2; i < all_fields().size(); ++i) {
    if (r.chance(i == 2 ? 80 : 25)) t.fields.push_back(all_fields()[i]);
  }
  return t;
}

std::string literal(Random& r, GenKind kind) {
  switch (kind) {
    case GenKind::kInt: return std::to_string(r.between(0, 3));
    case GenKind::kOptionalInt: return r.chance(40) ? "null" : std::to_string(r.between(0, 2));
    case GenKind::kPercent: return r.word({"20%", "50%", "80%"});
    case GenKind::kString: return r.word({"\"a\"", "\"b\"", "\"et-1\""});
    case GenKind::kOptionalString: return r.word({"null", "\"a\"", "\"b\""});
    case GenKind::kEnum: return r.word({"\"up\"", "\"down\"", "\"test\""});
    case GenKind::kBool: return r.word({"true", "false"});
    case GenKind::kDouble: return r.word({"0.5", "1.0", "2.25"});
  }
  return "0";
}

std::string random_calendar(Random& r, const std::string& name) {
  const auto clock = [](int second) {
    const std::string s = std::to_string(second % 60);
    return "00:0" + std::to_string(second / 60) + ":" + (s.size() < 2 ? "0" : "") + s;
  };
  const auto times = [&] {
    const int from = r.between(98, 150);
    return clock(from) + ".." + clock(from + r.between(1, 14));
  };
  std::string out = "calendar " + name + " = " + r.word({"daily ", "thu ", "day 1 ", "1970-01-01 "}) + times();
  const int more = r.between(0, 3);
  for (int i = 0; i < more; ++i) out += r.chance(50) ? ", " + times() : " or daily " + times();
  if (r.chance(25)) out += " except daily " + times();
  return out + " in \"UTC\"\n";
}

}  // namespace flyball::reference
