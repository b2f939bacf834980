// Expressions end to end: text → parser → checker → compiler → value.
#include <catch2/catch.hpp>

#include "engine/expr/count_interval.h"
#include "engine/expr/operators.h"
#include "tests/engine/expr_harness.h"

using namespace flyball;
using namespace flyball::engine;
using namespace flyball::engine::testing;

namespace {

struct Case {
  const char* text;
  const char* expected;
};

void check_all(std::initializer_list<Case> cases, bool rules = false) {
  for (const Case& c : cases) {
    Interner in;
    INFO(c.text);
    CHECK(eval_text(c.text, in, {}, rules) == c.expected);
  }
}

}  // namespace

TEST_CASE("units: exact, and rounded half to even where they must be") {
  check_all({{"2 * 30s", "1m"},
             {"90s / 4", "22s500ms"},
             {"10ns / 4", "2ns"},
             {"14ns / 4", "4ns"},
             {"1h / 2m", "30.0"},
             {"25% * 10Gbps", "2500Mbps"},
             {"25% * 200", "50.0"},
             {"25% * 200.0", "50.0"},
             {"50% * 50%", "25%"},
             {"80% - 30%", "50%"},
             {"80% / 2", "40%"},
             {"40% / 80%", "0.5"},
             {"10GiB / 5s", "17179869184bps"},
             {"2GiB + 1GiB == 3GiB", "true"},
             {"1.5 * 10ns", "15ns"},
             {"10Gbps > 9999Mbps", "true"},
             {"-30s < 0s", "true"},
             {"-(30s)", "-30s"},
             {"3Mpps * 2", "6Mpps"},
             {"10s / 0", "error: division by zero"},
             {"10s / 0s", "error: division by zero"},
             {"9000000000s * 10", "error: duration out of range"},
             {"timestamp(\"2026-11-22T10:00:00Z\") + 90s", "timestamp(\"2026-11-22T10:01:30Z\")"},
             {"timestamp(\"2026-11-22T10:00:00Z\") - timestamp(\"2026-11-22T09:00:00.5Z\")", "59m59s500ms"},
             {"double(80%)", "0.8"},
             {"percent(0.92)", "92%"},
             {"int(2kB)", "2000"}});
}

TEST_CASE("in, like, coalescing, ranges") {
  check_all({{"5 in 1..5", "true"},
             {"5 in 1..<5", "false"},
             {"0 in 1..5", "false"},
             {"[3, 6].map(low, 5 in low..7)", "[true, false]"},
             {"[3, 5].map(high, 4 in 1..<high)", "[false, true]"},
             {"[2, 6].map(x, 5 in x..x + 3)", "[true, false]"},
             {"[2, 6].map(x, x + 1 in x..<x + 1)", "[false, false]"},
             {"10.1.2.3 in 10.0.0.0/8", "true"},
             {"11.1.2.3 in 10.0.0.0/8", "false"},
             {"10.1.2.3 in [192.168.0.0/16, 10.0.0.0/8]", "true"},
             {"2001:db8:20::1 in [10.20.0.0/16, 2001:db8:20::/48]", "true"},
             {"10.1.0.0/16 in 10.0.0.0/8", "true"},
             {"10.0.0.0/8 in 10.1.0.0/16", "false"},
             {"\"a\" in {\"a\": 1}", "true"},
             {"3 in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]", "true"},
             {"11 in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]", "false"},
             {"80% in 50%..99%", "true"},
             {"\"et-0/0/1\" like \"et-*\"", "true"},
             {"\"xe-0\" like \"et-*\"", "false"},
             {"\"br-madrid-1\" like \"br-*-?\"", "true"},
             {"\"br-madrid-12\" like \"br-*-?\"", "false"},
             {"\"br-madrid-\" like \"br-*-?\"", "false"},
             {"\"é\" like \"?\"", "true"},
             {"\"\" like \"*\"", "true"},
             {"\"abc\" like \"a*c\"", "true"},
             {"\"ac\" like \"a*c\"", "true"},
             {"\"a\" like \"a*a\"", "false"},
             {"\"a*b\" like r\"a\\*b\"", "true"},
             {"\"axb\" like r\"a\\*b\"", "false"},
             {"null ?? 5", "5"},
             {"4 ?? 5", "4"},
             {"f\"{1 + 1} is {80%} of {\"x\"}\"", "\"2 is 80% of x\""}});
}

TEST_CASE("three truth values") {
  check_all({{"1 / 0 > 1 && false", "false"},
             {"false && 1 / 0 > 1", "false"},
             {"1 / 0 > 1 || true", "true"},
             {"1 / 0 > 1 || false", "error: division by zero"},
             {"true && 1 / 0 > 1", "error: division by zero"},
             {"1 / 0 > 1 ? 1 : 2", "error: division by zero"},
             {"true ? 1 : 1 / 0", "1"},
             {"[1, 0].all(x, 1 / x > 5)", "false"},
             {"[1, 0].exists(x, 1 / x == 1)", "true"},
             {"[1, 0].exists(x, 1 / x > 5)", "error: division by zero"},
             {"[0, 1].exists_one(x, 1 / x == 1)", "error: division by zero"},
             {"not (1 / 0 > 1)", "error: division by zero"},
             {"!(1 / 0 > 1) || true", "true"},
             {"(1 / 0) ?? 3", "error: division by zero"},
             {"1 / 0 == 1 / 0", "error: division by zero"}});
}

TEST_CASE("checked arithmetic at the limits") {
  check_all({{"9223372036854775807 + 1", "error: integer overflow"},
             {"-9223372036854775808 - 1", "error: integer overflow"},
             {"-9223372036854775808 / -1", "error: integer overflow"},
             {"-9223372036854775808 % -1", "error: integer overflow"},
             {"-(-9223372036854775808)", "error: integer overflow"},
             {"4611686018427387904 * 2", "error: integer overflow"},
             {"0u - 1u", "error: unsigned integer overflow"},
             {"18446744073709551615u * 2u", "error: unsigned integer overflow"},
             {"7 % 0", "error: remainder by zero"},
             {"-7 / 2", "-3"},
             {"-7 % 2", "-1"},
             {"1.0 / 0.0", "inf"},
             {"int(9223372036854775808.0)", "error: range error"},
             {"int(\"9223372036854775808\")", "error: text is not an int"},
             {"uint(-1)", "error: range error"},
             {"uint(-0.5)", "0u"}});
}

TEST_CASE("functions: characters, not bytes; nothing silently wrong") {
  check_all({{"size(\"héllo\")", "5"},
             {"\"héllo\".substring(1, 3)", "\"él\""},
             {"\"héllo\".charAt(5)", "\"\""},
             {"\"héllo\".charAt(6)", "error: index out of range"},
             {"\"héllo\".indexOf(\"l\")", "2"},
             {"\"héllo\".lastIndexOf(\"l\")", "3"},
             {"\"héllo\".indexOf(\"\")", "0"},
             {"\"héllo\".lastIndexOf(\"\")", "5"},
             {"\"a-b-c\".split(\"-\")", "[\"a\", \"b\", \"c\"]"},
             {"\"a-b-c\".split(\"-\", 2)", "[\"a\", \"b-c\"]"},
             {"\"héy\".split(\"\")", "[\"h\", \"é\", \"y\"]"},
             {"\"\".split(\",\")", "[\"\"]"},
             {"\"aaa\".replace(\"a\", \"b\", 2)", "\"bba\""},
             {"\"ab\".replace(\"\", \"-\")", "\"-a-b-\""},
             {"[\"a\", \"b\"].join(\",\")", "\"a,b\""},
             {"\" \\u00a0x \".trim()", "\"x\""},
             {"\"Straße\".upperAscii()", "\"STRAßE\""},
             {"\"héy\".reverse()", "\"yéh\""},
             {"\"abc\".matches(\"^a.c$\")", "true"},
             {"\"abc\".matches(\"(\")", "error: bad pattern: missing ): ("},
             {"math.greatest(1, 5, 3)", "5"},
             {"math.least([2.5, 1.5])", "1.5"},
             {"math.abs(-9223372036854775808)", "error: integer overflow"},
             {"math.bitShiftRight(-1, 60)", "15"},
             {"math.round(2.5)", "3.0"},
             {"[3, 1, 2].sort()", "[1, 2, 3]"},
             {"[1, 1.0, 2].distinct()", "[1, 2]"},
             {"[[1], [2, 3]].flatten()", "[1, 2, 3]"},
             {"lists.range(3)", "[0, 1, 2]"},
             {"lists.range(100000000)", "error: list too long"},
             {"base64.encode(b\"hello\")", "\"aGVsbG8=\""},
             {"base64.decode(\"aGVsbG8\") == b\"hello\"", "true"},
             {"base64.decode(\"!\")", "error: text is not base64"},
             {"ip(\"10.0.0.1\").family()", "4"},
             {"10.0.0.0/8 == cidr(\"10.0.0.0/8\")", "true"},
             {"cidr(\"10.1.2.3/8\").masked()", "10.0.0.0/8"},
             {"cidr(\"10.0.0.0/8\").containsIP(\"10.9.9.9\")", "true"},
             {"isIP(\"1.2.3\")", "false"},
             {"timestamp(\"2024-02-29T12:34:56.789Z\").getDayOfYear()", "59"},
             {"timestamp(\"2024-02-29T23:30:00Z\").getHours(\"+02:00\")", "1"},
             {"string(2.0)", "\"2\""},
             {"string(90s)", "\"90s\""},
             {"bool(\"yes\")", "error: text is not a bool"}});
}

TEST_CASE("macros, in both forms, and optionals") {
  check_all({{"[1, 2, 3].map(x, x > 1, x * 10)", "[20, 30]"},
             {"[1, 2, 3].filter(x, x % 2 == 1)", "[1, 3]"},
             {"{\"a\": 1, \"b\": 2}.all(k, k < \"c\")", "true"},
             {"[5, 6].all(i, v, v == i + 5)", "true"},
             {"{\"a\": 1}.exists(k, v, k == \"a\" && v == 1)", "true"},
             {"[5, 6].transformList(i, v, i * v)", "[0, 6]"},
             {"{\"a\": 1, \"b\": 2}.transformMap(k, v, v > 1, v * 2)", "{\"b\": 4}"},
             {"[1, 2].map(x, [3, 4].map(y, x * y))", "[[3, 4], [6, 8]]"},
             {"[1, 2].map(x, [x].map(x, x + 1))", "[[2], [3]]"},
             {"[1, 2, 3].exists(x, x > 2 and x < 4)", "true"},
             {"[[1, 2], [3]].map(l, size(l) > 1 ? l[1] : l[0])", "[2, 3]"},
             {"optional.of(5).orValue(1 / 0)", "5"},
             {"optional.none().orValue(7)", "7"},
             {"optional.none().value()", "error: optional has no value"},
             {"{\"a\": 1, \"a\": 2}", "error: repeated key"},
             {"{1: \"a\", 1u: \"b\"}", "error: repeated key"},
             {"has({\"a\": 1}.a)", "true"},
             {"has({\"a\": 1}.b)", "false"}});
}

TEST_CASE("a comprehension that would run for ever is unknown, and says so") {
  Interner in;
  CHECK(eval_text("lists.range(2000).all(a, lists.range(2000).all(b, a + b >= 0))", in) == "error: too many iterations");
}

TEST_CASE("an index is what the value is, whatever the place it comes from") {
  // Folded constants and the machine agree, typed and untyped, for every operator and pair of values.
  const std::vector<std::string> values{"0",
                                        "1",
                                        "-3",
                                        "2u",
                                        "2.5",
                                        "\"a\"",
                                        "b\"a\"",
                                        "true",
                                        "null",
                                        "3s",
                                        "40%",
                                        "2GiB",
                                        "1Gbps",
                                        "5pps",
                                        "10.0.0.1",
                                        "10.0.0.0/8",
                                        "[1, 2]",
                                        "{1: 2}",
                                        "timestamp(\"2000-01-01T00:00:00Z\")",
                                        "1..3",
                                        "9223372036854775807"};
  const std::vector<std::string> operators{"+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "in", "like", "??"};
  Interner in;
  int compared = 0;
  for (const std::string& a : values) {
    for (const std::string& b : values) {
      const Compiled va = compile_text(a, in), vb = compile_text(b, in);
      REQUIRE(va.trouble.empty());
      const Value x = run_code(va.code, in), y = run_code(vb.code, in);
      const std::vector<Bound> bound{{"x", Type::of(TypeTag::kDyn), x}, {"y", Type::of(TypeTag::kDyn), y}};
      for (const std::string& op : operators) {
        const std::string folded = eval_text("(" + a + ") " + op + " (" + b + ")", in);
        const std::string run = eval_text("x " + op + " y", in, bound);
        if (folded.starts_with("refused") || run.starts_with("refused")) continue;
        INFO(a << ' ' << op << ' ' << b);
        CHECK(folded == run);
        ++compared;
      }
    }
  }
  CHECK(compared > 500);
}

TEST_CASE("counts known only as intervals") {
  Interner in;
  const auto count = [](std::int64_t known, std::int64_t unknown) {
    return std::vector<Bound>{{"n", Type::of(TypeTag::kInt), count_value(known, unknown)}};
  };
  const auto eval = [&](const std::string& text, std::vector<Bound> b) { return eval_text(text, in, b, true); };
  CHECK(eval("n > 3", count(2, 0)) == "false");
  CHECK(eval("n > 3", count(4, 2)) == "true");
  CHECK(eval("n > 3", count(1, 2)) == "false");
  CHECK(eval("n > 3", count(3, 1)) == "error: ");
  CHECK(eval("n >= 3", count(3, 1)) == "true");
  CHECK(eval("3 < n", count(4, 1)) == "true");
  CHECK(eval("n == 3", count(4, 1)) == "false");
  CHECK(eval("n == 4", count(4, 1)) == "error: ");
  CHECK(eval("n != 3", count(4, 1)) == "true");
  CHECK(eval("n in 4..9", count(4, 5)) == "true");
  CHECK(eval("n in 4..8", count(4, 5)) == "error: ");
  CHECK(eval("n in 10..12", count(4, 5)) == "false");
  CHECK(eval("n + 1 > 0", count(4, 5)) == "error: ");
  CHECK(eval("n == 0 or true", count(0, 5)) == "true");
  CHECK(eval("stale(n)", count(0, 5)).starts_with("refused"));
  CHECK(eval("f\"{n}\"", count(0, 5)) == "error: ");
  CHECK(eval("[n]", count(0, 5)) == "error: ");
  // Every interval against every constant, by looking at each number.
  for (std::int64_t t = 0; t < 5; ++t) {
    for (std::int64_t u = 1; u < 4; ++u) {
      for (std::int64_t c = -1; c < 9; ++c) {
        for (int op = 0; op < 6; ++op) {
          int yes = 0;
          for (std::int64_t n = t; n <= t + u; ++n)
            yes += compare(static_cast<Compare>(op), Value::integer(n), Value::integer(c), in).is_true() ? 1 : 0;
          const Truth expected = yes == u + 1 ? Truth::kTrue : yes == 0 ? Truth::kFalse : Truth::kUnknown;
          CHECK(truth_of(compare(static_cast<Compare>(op), count_value(t, u), Value::integer(c), in)) == expected);
        }
      }
    }
  }
}

namespace {

struct Package {
  explicit Package(const std::string& text) {
    SourceFiles sources;
    Diagnostics diagnostics;
    const auto file = sources.add("p.fly", text);
    std::vector<ast::File> files;
    files.push_back(parse_file(sources, *file, in, diagnostics));
    rules = check_package(std::move(files), sources, in, diagnostics);
    for (const Diagnostic& d : diagnostics.all()) UNSCOPED_INFO(d.message);
    REQUIRE_FALSE(diagnostics.has_errors());
    for (const Param& p : rules.schema.params) params.push_back(p.default_value);
    context = {&rules.schema, &params, &in};
  }
  const ast::Expr& where(std::size_t line) const { return *rules.rules[0].when.lines[line].pattern.where; }
  Interner in;
  ast::RuleSet rules;
  std::vector<Value> params;
  ExprContext context;
};

constexpr const char* kPackage = R"(
fact Link key (device, port) ttl 45s { device: string  port: string  util: percent  oper: "up" | "down"  note: string? }
action Drain key (device) { device: string }
param high: percent = 80%
rule r {
  cooldown 1m
  when {
    a: Link where util > high and oper == "up"
    b: Link same device as a where port != a.port and (stale(util) or util < 60%) and b != a
    c: Link same device as a where 80% <= util and port in ["x", "y"] and note == null
    some Link same device as a where stale(a)
  }
  then { do Drain { device: a.device } }
}
)";

}  // namespace

TEST_CASE("what code reads, field by field") {
  Package p(kPackage);
  const Code a = compile_expr(p.where(0), p.context);
  CHECK(a.fields_of(0) == 0b01100);
  CHECK(a.fields_of(1) == 0);
  CHECK(a.is_comparisons());
  const Code b = compile_expr(p.where(1), p.context);
  CHECK(b.fields_of(1) == 0b00111);  // port, util; device and port as the key of `b != a`
  CHECK(b.fields_of(0) == 0b00011);
  const Code d = compile_expr(p.where(3), p.context);
  CHECK(d.fields_of(0) == 0b00001);  // `stale`: a key field stands for the whole fact
}

TEST_CASE("facts in conditions: stale slots, identity, the short path agrees with the machine") {
  Package p(kPackage);
  Interner& in = p.in;
  const Code a = compile_expr(p.where(0), p.context), b = compile_expr(p.where(1), p.context), d = compile_expr(p.where(3), p.context);
  const auto row = [&](const char* device, const char* port, Value util, const char* oper) {
    return std::vector<Value>{in.string(device), in.string(port), util, oper == nullptr ? Value::unknown() : in.string(oper),
                              Value::null()};
  };
  const Value hot = Value::percent_e9(900'000'000), cool = Value::percent_e9(100'000'000), none = Value::unknown();
  struct Judged {
    std::vector<Value> fact;
    Truth expected;
  };
  for (const Judged& j : {Judged{row("d", "1", hot, "up"), Truth::kTrue}, Judged{row("d", "1", cool, "up"), Truth::kFalse},
                          Judged{row("d", "1", hot, "down"), Truth::kFalse}, Judged{row("d", "1", none, "up"), Truth::kUnknown},
                          Judged{row("d", "1", none, "down"), Truth::kFalse}, Judged{row("d", "1", cool, nullptr), Truth::kFalse},
                          Judged{row("d", "1", none, nullptr), Truth::kUnknown}}) {
    const Row rows[] = {j.fact.data()};
    Frame frame;
    frame.rows = rows;
    frame.interner = &in;
    CHECK(test(a, frame) == j.expected);
    CHECK(truth_of(evaluate(a, frame)) == j.expected);
  }
  const auto one = row("d", "1", hot, "up"), two = row("d", "2", none, "up"), same = row("d", "1", cool, "up");
  const auto judge = [&](const Code& code, const std::vector<Value>& x, const std::vector<Value>& y) {
    const Row rows[] = {x.data(), y.data(), y.data(), y.data()};
    Frame frame;
    frame.rows = rows;
    frame.interner = &in;
    return test(code, frame);
  };
  CHECK(judge(b, one, two) == Truth::kTrue);  // stale(util) is true
  CHECK(judge(b, one, same) == Truth::kFalse);
  CHECK(judge(d, two, one) == Truth::kTrue);
  CHECK(judge(d, one, two) == Truth::kFalse);
}

TEST_CASE("conjuncts and the simple tests among them") {
  Package p(kPackage);
  const auto parts = conjuncts(p.where(0));
  REQUIRE(parts.size() == 2);
  const auto above = simple_test(*parts[0], p.context), equal = simple_test(*parts[1], p.context);
  REQUIRE(above);
  REQUIRE(equal);
  CHECK(above->form == SimpleTest::Form::kFieldConstant);
  CHECK(above->op == Compare::kGreater);
  CHECK(above->field == 2);
  CHECK(above->constant == Value::percent_e9(800'000'000));  // the param's value
  CHECK(equal->op == Compare::kEqual);
  CHECK(equal->constant == p.in.string("up"));
  const auto b = conjuncts(p.where(1));
  REQUIRE(b.size() == 3);
  const auto joined = simple_test(*b[0], p.context);
  REQUIRE(joined);
  CHECK(joined->form == SimpleTest::Form::kFieldField);
  CHECK(joined->op == Compare::kNotEqual);
  CHECK_FALSE(simple_test(*b[1], p.context));
  CHECK_FALSE(simple_test(*b[2], p.context));
  const auto c = conjuncts(p.where(2));
  REQUIRE(c.size() == 3);
  const auto turned = simple_test(*c[0], p.context), set = simple_test(*c[1], p.context), null = simple_test(*c[2], p.context);
  REQUIRE(turned);
  CHECK(turned->op == Compare::kGreaterEqual);
  CHECK(turned->constant == Value::percent_e9(800'000'000));
  REQUIRE(set);
  CHECK(set->form == SimpleTest::Form::kFieldIn);
  CHECK(set->constants.size() == 2);
  REQUIRE(null);
  CHECK(null->constant.is_null());
}

TEST_CASE("constants fold, whatever they cost once") {
  Interner in;
  for (const char* text :
       {"2 * 30s", "[1, 2, [3, 4]]", "{\"a\": [1]}", "10.0.0.0/8", "1 / 0", "f\"a{1}b\"", "\"a\" + \"b\"", "1..5", "size(\"abc\")"}) {
    INFO(text);
    CHECK(compile_text(text, in).code.constant() != nullptr);
  }
  CHECK(compile_text("x + 1", in, {{"x", Type::of(TypeTag::kInt), Value::integer(1)}}).code.constant() == nullptr);
  Code nothing;
  REQUIRE(nothing.constant() != nullptr);
  CHECK(nothing.constant()->is_error());
}

TEST_CASE("nesting to the parser's limit compiles in a moment and runs") {
  Interner in;
  std::string text = "1 / 0", list = "x";
  for (int i = 0; i < 55; ++i) list = "[" + list + "]";
  const std::vector<Bound> bound{{"x", Type::of(TypeTag::kInt), Value::integer(7)}};
  std::string expected = "7";
  for (int i = 0; i < 55; ++i) expected = "[" + expected + "]";
  CHECK(eval_text(list, in, bound) == expected);
  // A list of many elements needs more temps than the machine keeps at hand.
  std::string wide = "[x";
  for (int i = 0; i < 500; ++i) wide += ", x";
  CHECK(eval_text("size(" + wide + "])", in, bound) == "501");
}
