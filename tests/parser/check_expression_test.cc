// check_expression: the types of CEL expressions and of the rule dialect, and what each refuses.
#include <catch2/catch.hpp>

#include "parser/diagnostics/render.h"
#include "parser/parser.h"

using namespace flyball;

namespace {

// The type, or the codes of the errors.
std::string type_of(const std::string& text, bool rules) {
  SourceFiles sources;
  REQUIRE(sources.add("expr", text));
  Interner interner;
  Diagnostics out;
  ast::Expr e = parse_expression(sources, 0, interner, out);
  const std::vector<Variable> variables{
      {"d", Type::of(TypeTag::kDyn)},       {"n", Type::of(TypeTag::kInt)},
      {"x", Type::of(TypeTag::kDouble)},    {"p", Type::of(TypeTag::kPercent)},
      {"s", Type::of(TypeTag::kString)},    {"a.b", Type::of(TypeTag::kBool)},
      {"t", Type::of(TypeTag::kTimestamp)}, {"m", Type::map_of(Type::of(TypeTag::kString), Type::of(TypeTag::kInt))}};
  if (!out.has_errors()) check_expression(e, variables, rules, interner, out, &sources);
  if (!out.has_errors()) return to_string(e.type);
  std::string codes;
  for (const Diagnostic& d : out.all()) {
    if (d.severity == Severity::kError) codes += (codes.empty() ? "" : " ") + d.code;
  }
  return codes;
}

struct Case {
  const char* text;
  const char* cel;
  const char* rules;
};

}  // namespace

TEST_CASE("types of expressions", "[check]") {
  const Case cases[] = {
      {"1 + 2", "int", "int"},
      {"n + 1.0", "E0202", "E0202"},
      {"x + 1", "E0202", "double"},
      {"x > 1", "bool", "bool"},
      {"n == 1.0", "E0202", "bool"},
      {"d + 1", "dyn", "dyn"},
      {"d == 'x' && d > 3", "bool", "bool"},
      {"[1, 'a']", "list<dyn>", "E0205"},
      {"[1, 2.5]", "list<dyn>", "list<double>"},
      {"[]", "list<dyn>", "list<dyn>"},
      {"[] + [1]", "list<int>", "list<int>"},
      {"{'a': 1, 'b': 2}.a", "int", "int"},
      {"m.zz + m['q']", "int", "int"},
      {"m[3]", "E0202", "E0202"},
      {"a.b ? 1 : 2", "int", "int"},
      {"a.b ? 1 : 'x'", "E0205", "E0205"},
      {"[1, 2].map(i, i * 2.0)", "E0202", "E0202"},
      {"[1, 2].map(i, string(i))", "list<string>", "list<string>"},
      {"m.map(k, k)", "list<string>", "list<string>"},
      {"m.transformMap(k, v, v > 1)", "map<string, bool>", "map<string, bool>"},
      {"m.all(k, v, v > 1 && k != s)", "bool", "bool"},
      {"[1].exists(i, i)", "E0208", "E0208"},
      {"has(m.q) || has(d.q.r)", "bool", "bool"},
      {"type(1) == int", "bool", "bool"},
      {"math.greatest(1, 2)", "int", "int"},
      {"math.greatest(1, 2.5)", "dyn", "double"},
      {"s.size() + size([1])", "int", "int"},
      {"s.sise()", "E0310", "E0310"},
      {"timestamp('2030-01-01T00:00:00Z') - t", "duration", "duration"},
      {"t + 5m", "timestamp", "timestamp"},
      {"p + 5%", "percent", "percent"},
      {"p > 80", "E0203", "E0203"},
      {"p * 2.0", "double", "double"},
      {"p / 2.0", "percent", "percent"},
      {"p * 10GiB", "size", "size"},
      {"10GiB / 5s", "bitrate", "bitrate"},
      {"25% * n", "double", "double"},
      {"5m / 1s", "double", "double"},
      {"5m + 3GiB", "E0203", "E0203"},
      {"10.1.2.3 in 10.0.0.0/8", "bool", "bool"},
      {"'a' like 'b*'", "bool", "bool"},
      {"d.x ?? 3", "dyn", "dyn"},
      {"1 in 1..5", "bool", "bool"},
      {"nn + 1", "E0301", "E0301"},
      {"f\"{n} {p} {m}\"", "string", "string"},
      {"-s", "E0202", "E0202"},
      {"!n", "E0208", "E0208"},
      // One mistake, one message: what follows from it is silent.
      {"(nn + 1) * 2 > 3 && size(nn2) == 'x'", "E0301 E0301", "E0301 E0301"},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    CHECK(type_of(c.text, false) == c.cel);
    CHECK(type_of(c.text, true) == c.rules);
  }
}

TEST_CASE("checking without sources quotes nothing and still says what is wrong", "[check]") {
  SourceFiles sources;
  REQUIRE(sources.add("expr", "1 + 'x'"));
  Interner interner;
  Diagnostics out;
  ast::Expr e = parse_expression(sources, 0, interner, out);
  check_expression(e, {}, false, interner, out);
  REQUIRE(out.error_count() == 1);
  CHECK(out.all()[0].code == "E0202");
}
