// What the checker puts into the tree: numbers of bindings, refs, coerced literals, inlined lets, desugared cells.
#include <catch2/catch.hpp>
#include <functional>

#include "parser/diagnostics/render.h"
#include "parser/parser.h"

using namespace flyball;
using ast::Expr;
using ast::ExprKind;
using ast::RefKind;

namespace {

struct Checked {
  SourceFiles sources;
  Interner interner;
  Diagnostics out;
  ast::RuleSet set;

  explicit Checked(const std::vector<std::string>& files, bool good = true) {
    std::vector<ast::File> parsed;
    for (std::size_t i = 0; i < files.size(); ++i) {
      REQUIRE(sources.add("f" + std::to_string(i) + ".fly", files[i]));
      parsed.push_back(parse_file(sources, static_cast<std::uint32_t>(i), interner, out));
    }
    set = check_package(std::move(parsed), sources, interner, out);
    INFO(render_all(out, sources));
    CHECK(out.has_errors() != good);
  }
  std::string type_name(FactTypeId id) const { return id == kNoId ? "?" : set.schema.types[id].local; }
};

const std::string kWorld =
    "fact Link key (device, port) ttl 45s { device: string  port: string  util: percent  load: double  n: int }\n"
    "fact Rack key (rack) { rack: string }\n"
    "action Drain key (device) { device: string  count: int  share: double }\n";

std::vector<const Expr*> all(const Expr& e, ExprKind kind) {
  std::vector<const Expr*> found;
  const std::function<void(const Expr&)> walk = [&](const Expr& x) {
    if (x.kind == kind) found.push_back(&x);
    for (const Expr& a : x.args) walk(a);
  };
  walk(e);
  return found;
}

}  // namespace

TEST_CASE("bindings are numbered: when, until, then aggregates in the order they are met", "[check]") {
  const Checked c({kWorld + R"(
rule r {
  cooldown 1m
  when {
    l: Link where n > count(Link where device == "a")
    no Rack where rack == l.device
    cross m: Rack
    check sum(Link.n) > 3
  }
  then { do Drain { device: l.device, count: count(Rack), share: 3 } }
  until { some Link same device as l  check avg(Link.util) < 50% }
  on clear { log f"{count(Drain)}" }
})"});
  const ast::RuleDecl& r = c.set.rules.at(0);
  std::vector<std::string> types;
  for (const FactTypeId id : r.binding_types) types.push_back(c.type_name(id));
  CHECK(types == std::vector<std::string>{"Link", "Rack", "Rack", "Link", "Link", "Link", "Link", "Rack", "Drain"});
  CHECK(r.binding_count == 9);
  CHECK(r.identity == std::vector<std::uint32_t>{0, 2});
  CHECK(r.until->lines[0].pattern.binding == 3);
  REQUIRE(r.until->lines[0].pattern.joins.size() == 1);
  CHECK(r.until->lines[0].pattern.joins[0].other == 0);
  // Aggregates follow: two of `when`, one of `until`, one of `then`, one of `on clear`.
  const auto aggregate = [](const Expr& e) { return all(e, ExprKind::kAggregate).at(0)->aggregate->binding; };
  CHECK(aggregate(*r.when.lines[0].pattern.where) == 4);
  CHECK(aggregate(r.when.lines[3].expr) == 5);
  CHECK(aggregate(r.until->lines[1].expr) == 6);
  CHECK(aggregate(r.then[0].record.fields[1].value) == 7);
  CHECK(aggregate(*r.on_clear[0].text) == 8);
  // Inside an aggregate a bare name is its own fact's field.
  const Expr& inner = *all(*r.when.lines[0].pattern.where, ExprKind::kAggregate).at(0)->aggregate->where;
  CHECK(inner.args[0].ref.kind == RefKind::kField);
  CHECK(inner.args[0].ref.binding == 4);
}

TEST_CASE("an int literal becomes a double where one is wanted", "[check]") {
  const Checked c({kWorld + R"(
rule r {
  cooldown 1m
  when { l: Link where load > 3 and load in [1, 2.5] and load in 1..5 and load != -4 and n > 3 }
  then { do Drain { device: l.device, count: 3, share: 3 } }
})"});
  const ast::RuleDecl& r = c.set.rules.at(0);
  const Expr& where = *r.when.lines[0].pattern.where;
  CHECK(where.args[0].args[1].literal == Value::real(3.0));
  CHECK(where.args[1].args[1].args[0].literal == Value::real(1.0));
  CHECK(where.args[2].args[1].args[1].literal == Value::real(5.0));
  CHECK(where.args[3].args[1].literal == Value::real(-4.0));
  CHECK(where.args[4].args[1].literal == Value::integer(3));
  CHECK(r.then[0].record.fields[1].value.literal == Value::integer(3));
  CHECK(r.then[0].record.fields[2].value.literal == Value::real(3.0));
}

TEST_CASE("lets are put in place with their own names, macro variables and aggregates", "[check]") {
  const Checked c({kWorld + R"(
param limit: int = 3
let has_any(xs: list<int>, n: int) = xs.exists(x, x == n + limit)
let total(d: string) = sum(Link.n where device == d)
rule r {
  cooldown 1m
  when {
    l: Link where [1, 2].all(x, has_any([x, 7].map(y, y * x), n))
    check total(l.device) > total("b")
  }
  then { log "x" }
})"});
  const ast::RuleDecl& r = c.set.rules.at(0);
  CHECK(r.binding_count == 3);
  // all(x₀, exists(map(y₁, …)) with its own variable at 1: nested, so each has a number of its own.
  const Expr& where = *r.when.lines[0].pattern.where;
  const auto macros = all(where, ExprKind::kComprehension);
  REQUIRE(macros.size() == 3);
  const Expr& exists = *macros[1];
  CHECK(exists.name == "exists");
  const Expr& body = exists.args[1];
  CHECK(body.args[0].ref.kind == RefKind::kLocal);
  CHECK(body.args[0].ref.index == 1);
  CHECK(body.args[1].args[0].ref.kind == RefKind::kField);
  CHECK(body.args[1].args[1].ref.kind == RefKind::kParam);
  const Expr& map_body = macros[2]->args[1];
  CHECK(map_body.args[0].ref.index == 1);
  CHECK(map_body.args[1].ref.index == 0);
  const auto totals = all(r.when.lines[1].expr, ExprKind::kAggregate);
  REQUIRE(totals.size() == 2);
  CHECK(totals[0]->aggregate->binding == 1);
  CHECK(totals[1]->aggregate->binding == 2);
  CHECK(totals[1]->aggregate->where->args[0].ref.binding == 2);
  CHECK(totals[0]->aggregate->where->args[1].ref.binding == 0);
}

TEST_CASE("an argument's own macro inside a let's macro gets a number of its own", "[check]") {
  const Checked c({kWorld + R"(
let any_is(xs: list<int>, wanted: bool) = xs.exists(x, wanted and x > 1)
rule r { cooldown 1m when { l: Link where any_is([1], [n].all(z, z > 3)) } then { log "x" } })"});
  const auto macros = all(*c.set.rules.at(0).when.lines[0].pattern.where, ExprKind::kComprehension);
  REQUIRE(macros.size() == 2);
  CHECK(macros[0]->args[1].args[1].args[0].ref.index == 0);  // x
  CHECK(macros[1]->args[1].args[0].ref.index == 1);          // z, inside x
}

TEST_CASE("a network list is asked one by one", "[check]") {
  const Checked c({R"(
let campus = [10.0.0.0/8, 192.168.0.0/16]
fact Host key (addr) { addr: ip  nets: list<cidr> }
rule r { cooldown 1m when { h: Host where addr in campus and addr in nets } then { log "x" } })"});
  const Expr& where = *c.set.rules.at(0).when.lines[0].pattern.where;
  CHECK(where.args[0].kind == ExprKind::kOr);
  CHECK(where.args[0].args.size() == 2);
  CHECK(where.args[1].kind == ExprKind::kComprehension);
  CHECK(where.args[1].args[1].args[1].ref.kind == RefKind::kLocal);
}

TEST_CASE("cells become conditions on the input, answers stand in the output's order", "[check]") {
  const Checked c({R"(
decision d {
  input  { app: string  n: int  maybe: string? }
  output { a: int = 7  b: string  c: string? }
  table first {
    | n      | app        | maybe || b   |
    | 1..5   | like "x*"  | "m"   || "r" |
    | >= 9   | "a" or "b" | -     || "s" |
    | -      | -          | null  || "t" |
  }
  default return { b: "u" }
})"});
  const ast::Table& t = *c.set.decisions.at(0).table;
  const auto& cell = [&](std::size_t row, std::size_t column) -> const Expr& { return *t.rows[row].inputs[column].test; };
  CHECK(cell(0, 0).op == ast::Op::kIn);
  CHECK(cell(0, 0).args[0].ref.kind == RefKind::kInput);
  CHECK(cell(0, 0).args[0].ref.index == 1);
  CHECK(cell(0, 1).op == ast::Op::kLike);
  CHECK(cell(0, 2).kind == ExprKind::kAnd);  // a cell about an optional input holds only where it is there
  CHECK(cell(1, 0).op == ast::Op::kGreaterEqual);
  CHECK(cell(1, 1).kind == ExprKind::kOr);
  CHECK_FALSE(t.rows[1].inputs[2].test.has_value());
  CHECK(cell(2, 2).op == ast::Op::kEqual);
  REQUIRE(t.rows[0].outputs.size() == 3);
  CHECK(t.rows[0].outputs[0].literal == Value::integer(7));
  CHECK(t.rows[0].outputs[1].kind == ExprKind::kLiteral);
  CHECK(t.rows[0].outputs[2].literal.is_null());
}

TEST_CASE("the schema: options in nanoseconds, action fields, defaults, params", "[check]") {
  const Checked c({R"(
fact F key (id) ttl 90s lateness 250ms late drop { id: string  p: percent = 3%  t: timestamp = timestamp("2030-01-01T00:00:00Z") }
event E { a: string }
mutable fact M { a: string  b: int }
action A key (who) tries 3 every 2s timeout 10s rate 20 per 1s else refuse retain 1h { who: string } result { ip: ip  note: string? }
param p: percent = 40% * 50% range 0%..50%
)"},
                  false);
  // Percents of percents are rounded by the evaluator, not folded here.
  CHECK(c.out.error_count() == 1);
  const Schema& s = c.set.schema;
  const FactType& f = s.types.at(0);
  CHECK(f.ttl_ns == 90 * kNsPerSecond);
  CHECK(f.lateness_ns == 250'000'000);
  CHECK(f.late == LatePolicy::kDrop);
  CHECK(f.fields[1].default_value == Value::percent_e9(30'000'000));
  CHECK(f.fields[2].default_value == Value::timestamp(1893456000, 0));
  CHECK(s.types.at(1).key.empty());
  CHECK_FALSE(s.types.at(1).has_key);
  CHECK(s.types.at(2).key == std::vector<std::uint32_t>{0, 1});
  const FactType& a = s.types.at(3);
  CHECK(a.declared_fields == 1);
  REQUIRE(a.fields.size() == 1 + kActionFieldCount);
  CHECK(a.fields[a.action_field(ActionField::kState)].type.members.size() == 8);
  const Type& result = a.fields[a.action_field(ActionField::kResult)].type;
  CHECK(result.is(TypeTag::kRecord));
  CHECK(result.nullable);
  CHECK(result.members == std::vector<std::string>{"ip", "note"});
  CHECK(a.tries == 3);
  CHECK(a.try_every_ns == 2 * kNsPerSecond);
  CHECK(a.timeout_ns == 10 * kNsPerSecond);
  CHECK(a.rate_count == 20U);
  CHECK(a.rate_else_refuse);
  CHECK(a.retain_ns == 3600 * kNsPerSecond);
}

TEST_CASE("rules stand by module, then path, whatever the order of the files", "[check]") {
  const std::string a = "module a\nrule one { when { check true } then { log \"1\" } }\n";
  const std::string b =
      "module b\nrule two { when { check true } then { log \"2\" } }\nrule three { when { check true } then { log \"3\" } }\n";
  const Checked first({a, b});
  const Checked second({b, a});
  for (const Checked* c : {&first, &second}) {
    REQUIRE(c->set.rules.size() == 3);
    CHECK(c->set.rules[0].qualified == "a.one");
    CHECK(c->set.rules[1].qualified == "b.two");
    CHECK(c->set.rules[2].qualified == "b.three");
  }
}

TEST_CASE("a test's step knows its rule, decision, param and types", "[check]") {
  const Checked c({kWorld + R"(
param high: int = 3
rule a { cooldown 1m when { l: Link where n > high } then { do Drain { device: l.device, count: 1, share: 1.5 } } }
rule b { cooldown 1m when { l: Link where n > 5 } then { do Drain { device: l.device, count: 1, share: 1.5 } } }
decision d { input { x: double } output { y: int } default return { y: 1 } }
test "t" {
  set high = 5
  at 1s send Link { device: "d", port: "p", util: 3%, load: 2, n: 2 * 3 }
  at 2s expect Drain { device: "d" } from b
  at 3s ask d { x: 3 } expect { y: 1 } from default
})"});
  const auto& steps = c.set.tests.at(0).steps;
  CHECK(steps.at(0).param == 0);
  CHECK(steps.at(0).value->literal == Value::integer(5));
  CHECK(steps.at(1).record.fields[3].value.literal == Value::real(2.0));
  CHECK(steps.at(1).record.fields[4].value.literal == Value::integer(6));
  CHECK(steps.at(1).at->literal == Value::duration_ns(kNsPerSecond));
  CHECK(steps.at(2).rule == 1);
  CHECK(steps.at(3).decision_id == 0);
}

TEST_CASE("of `no … within … after m` of m's own type m itself is the first", "[check]") {
  const auto warned = [](const std::string& where) {
    Checked c(
        {"event Restart key (host) { host: string  by: string }\naction Page key (host) { host: string }\n"
         "rule r { cooldown 1m when { m: Restart no Restart same host as m " +
         where + " within 2m after m } then { do Page { host: m.host } } }\n"});
    return render_all(c.out, c.sources).find("`m` itself is such a `Restart`") != std::string::npos;
  };
  CHECK(warned(""));
  CHECK_FALSE(warned("where by != m.by"));
}
