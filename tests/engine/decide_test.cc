// Decisions: tables against a row-by-row evaluation at random; cases against working memory, its unknowns included.
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "engine/compile/decision_compiler.h"
#include "engine/decide/decider.h"
#include "tests/engine/expr_harness.h"

using namespace flyball;
using namespace flyball::engine;

namespace {

// Working memory as a list.
class Facts final : public FactSource {
 public:
  struct Entry {
    FactTypeId type;
    std::vector<Value> slots;
    bool suspended = false;
  };
  std::vector<Entry> entries;
  Timestamp now;

  void visit_all(FactTypeId type, FactVisitor& visitor) const override {
    for (const Entry& e : entries) {
      if (e.type == type && !visitor.visit({e.slots.data(), 0, false, e.suspended})) return;
    }
  }
  void visit_equal(FactTypeId type, std::span<const std::uint32_t> fields, std::span<const Value> values,
                   FactVisitor& visitor) const override {
    ++lookups;
    for (const Entry& e : entries) {
      if (e.type != type) continue;
      bool may = true;
      for (std::size_t i = 0; i < fields.size(); ++i) may = may && (e.slots[fields[i]] == values[i] || e.slots[fields[i]].is_error());
      if (may && !visitor.visit({e.slots.data(), 0, false, e.suspended})) return;
    }
  }
  Value aggregate_value(std::uint32_t, const Frame&) const override { return Value::unknown(); }
  Timestamp decision_time() const override { return now; }
  mutable int lookups = 0;
};

struct World {
  explicit World(const std::string& text) {
    SourceFiles sources;
    Diagnostics diagnostics;
    const auto file = sources.add("test.fly", text);
    std::vector<ast::File> files;
    files.push_back(parse_file(sources, *file, in, diagnostics));
    rules = check_package(std::move(files), sources, in, diagnostics);
    for (const Diagnostic& d : diagnostics.all()) {
      if (d.severity == Severity::kError) trouble += d.message + "; ";
    }
    INFO(text);
    REQUIRE(trouble.empty());
    for (const Param& p : rules.schema.params) params.push_back(p.default_value);
    context = {&rules.schema, &params, &in};
    auto compiled = compile_decisions(rules, context, {});
    REQUIRE(compiled);
    plans = std::move(*compiled);
    decider = std::make_unique<Decider>(*plans, &facts, in);
  }
  Value s(const std::string& text) { return in.string(text); }
  // The place's name, then the answer; "error: …".
  std::string ask(std::vector<Value> input, DecisionId d = 0) {
    std::vector<Value> output(plans->plans[d].outputs);
    const auto place = decider->decide_into(d, input.data(), output.data());
    if (!place) return "error: " + place.error().message;
    std::string text = decider->place_name(d, *place);
    for (const Value& v : output) text += " " + to_source(v, in);
    for (const std::uint32_t p : decider->skipped()) text += " ?" + decider->place_name(d, static_cast<int>(p));
    return text;
  }
  Interner in;
  ast::RuleSet rules;
  std::string trouble;
  std::vector<Value> params;
  ExprContext context;
  std::unique_ptr<DecisionPlans> plans;
  Facts facts;
  std::unique_ptr<Decider> decider;
};

constexpr std::int64_t kPercent = 10'000'000;

// The first row all of whose cells hold, cell by cell.
class Naive {
 public:
  explicit Naive(World& w) : w_(w) {
    for (const ast::TableRow& row : w.rules.decisions[0].table->rows) {
      Row out;
      for (const ast::Cell& cell : row.inputs) {
        if (cell.test) out.cells.push_back(compile_expr(*cell.test, w.context));
      }
      for (const ast::Expr& e : row.outputs) out.outputs.push_back(compile_expr(e, w.context));
      rows_.push_back(std::move(out));
    }
  }
  std::string ask(const std::vector<Value>& input) const {
    Frame frame;
    frame.input = input.data();
    frame.interner = &w_.in;
    std::string skipped;
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      Truth t = Truth::kTrue;
      for (const Code& c : rows_[r].cells) t = truth_and(t, test(c, frame));
      if (t == Truth::kTrue) {
        std::string text = "row " + std::to_string(r + 1);
        for (const Code& c : rows_[r].outputs) text += " " + to_source(evaluate(c, frame), w_.in);
        return text + skipped;
      }
      if (t == Truth::kUnknown) skipped += " ?row " + std::to_string(r + 1);
    }
    return "default 0" + skipped;
  }

 private:
  struct Row {
    std::vector<Code> cells, outputs;
  };
  World& w_;
  std::vector<Row> rows_;
};

}  // namespace

TEST_CASE("the table of the language reference") {
  World w(R"(
decision qos_class {
  input  { app: string  dscp: int  site: string  load: percent }
  output { class: string  rate: bitrate }
  table first {
    | app      | dscp  | site        | load   || class       | rate   |
    | "voip"   | -     | -           | -      || "ef"        | 10Mbps |
    | "backup" | 8..15 | like "br-*" | >= 80% || "scavenger" | 1Mbps  |
    | -        | -     | -           | -      || "default"   | 20Mbps |
  }
}
)");
  CHECK(w.ask({w.s("voip"), Value::integer(0), w.s("x"), Value::percent_e9(0)}) == "row 1 \"ef\" 10Mbps");
  CHECK(w.ask({w.s("backup"), Value::integer(8), w.s("br-1"), Value::percent_e9(80 * kPercent)}) == "row 2 \"scavenger\" 1Mbps");
  CHECK(w.ask({w.s("backup"), Value::integer(16), w.s("br-1"), Value::percent_e9(80 * kPercent)}) == "row 3 \"default\" 20Mbps");
  CHECK(w.ask({w.s("backup"), Value::integer(15), w.s("hq-1"), Value::percent_e9(80 * kPercent)}) == "row 3 \"default\" 20Mbps");
  CHECK(w.ask({w.s("backup"), Value::integer(15), w.s("br-1"), Value::percent_e9(80 * kPercent - 1)}) == "row 3 \"default\" 20Mbps");
  CHECK(w.plans->plans[0].table->columns.size() == 3);
  CHECK(w.plans->plans[0].table->tests.size() == 1);
  // An input that is unknown leaves a row unknown, not false.
  CHECK(w.ask({w.s("backup"), Value::unknown(), w.s("br-1"), Value::percent_e9(80 * kPercent)}) == "row 3 \"default\" 20Mbps ?row 2");
}

TEST_CASE("random tables answer as their rows do one by one") {
  std::mt19937_64 random(5);
  const auto below = [&](std::size_t n) { return random() % n; };
  for (int round = 0; round < 60; ++round) {
    const std::size_t rows = round % 10 == 9 ? 200 : 1 + below(20);
    std::string text =
        "decision d {\n  input { s: string  e: \"a\" | \"b\" | \"c\"  n: int  x: double  p: percent  b: bool  o: int?  t: duration  i: ip "
        "}\n"
        "  output { r: int }\n  table first {\n    | s | e | n | x | p | b | o | t | i || r |\n";
    const auto number = [&] { return std::to_string(below(7)); };
    for (std::size_t r = 0; r < rows; ++r) {
      const auto word = [&] { return "\"w" + number() + "\""; };
      const auto letter = [&] { return std::string("\"") + static_cast<char>('a' + below(3)) + "\""; };
      const auto ordered = [&](const std::string& unit, bool real) {
        const auto n = [&] { return number() + (real ? ".5" : "") + unit; };
        switch (below(7)) {
          case 0: return n();
          case 1: return ">= " + n();
          case 2: return "< " + n();
          case 3: return n() + ", " + n();
          case 4: {
            const std::size_t low = below(7);
            return std::to_string(low) + (real ? ".5" : "") + unit + ".." + std::to_string(low + below(4)) + (real ? ".5" : "") + unit;
          }
          case 5: return "> " + n();
          default: return std::string("-");
        }
      };
      const std::size_t k = below(6);
      const std::string s = k == 0   ? word()
                            : k == 1 ? word() + ", " + word()
                            : k == 2 ? "!= " + word()
                            : k == 3 ? "like \"*" + number() + "\""
                                     : "-";
      const std::string e = below(2) ? letter() : "-";
      const std::string b = below(4) == 0 ? "true" : "-";
      const std::string i = below(3) == 0 ? "10." + number() + ".0.0/16" : below(3) == 0 ? "10.1.0.1" : "-";
      text += "    | " + s + " | " + e + " | " + (below(2) ? ordered("", false) : "-") + " | " + (below(2) ? ordered("", true) : "-") +
              " | " + (below(2) ? ordered("%", false) : "-") + " | " + b + " | " + (below(3) == 0 ? ordered("", false) : "-") + " | " +
              (below(3) == 0 ? ordered("s", false) : "-") + " | " + i + " || " + std::to_string(r) + " |\n";
    }
    text += "  }\n  default return { r: 0 }\n}\n";
    World w(text);
    const Naive naive(w);
    for (int q = 0; q < 300; ++q) {
      const auto n = static_cast<std::int64_t>(below(9)) - 1;
      std::vector<Value> input{w.s("w" + std::to_string(below(8))),
                               w.s(std::string(1, static_cast<char>('a' + below(3)))),
                               Value::integer(n),
                               Value::real(static_cast<double>(below(16)) / 2 - 0.5),
                               Value::percent_e9(static_cast<std::int64_t>(below(15)) * kPercent / 2),
                               Value::boolean(below(2) == 0),
                               below(3) == 0 ? Value::null() : Value::integer(static_cast<std::int64_t>(below(8))),
                               Value::duration_ns(static_cast<std::int64_t>(below(15)) * 500'000'000),
                               w.in.ip(*parse_ip("10." + std::to_string(below(8)) + ".0.1"))};
      if (below(20) == 0) input[3] = Value::real(below(2) == 0 ? std::nan("") : -0.0);
      if (below(20) == 0) input[below(9)] = Value::unknown();
      INFO(text);
      INFO("question " << q << " n " << to_source(input[2], w.in) << " x " << to_source(input[3], w.in) << " p "
                       << to_source(input[4], w.in));
      REQUIRE(w.ask(input) == naive.ask(input));
    }
  }
}

TEST_CASE("answers may be worked out from the input; one that has no value makes its row unknown") {
  World w(R"(
decision d {
  input { a: int  b: int }
  output { q: int }
  table first {
    | a    || q                 |
    | >= 5 || input.a / input.b |
    | -    || 7                 |
  }
}
)");
  CHECK(w.ask({Value::integer(6), Value::integer(3)}) == "row 1 2");
  CHECK(w.ask({Value::integer(6), Value::integer(0)}) == "row 2 7 ?row 1");
  CHECK(w.ask({Value::integer(4), Value::integer(0)}) == "row 2 7");
}

TEST_CASE("cases come before the table and the default, in order") {
  World w(R"(
decision pick_pool {
  input  { service: string  client: ip }
  output { pool: string  timeout: duration }
  case internal when { check input.client in 10.0.0.0/8 } return { pool: "internal", timeout: 500ms }
  case long when { let n = size(input.service)  check n > 5 } return { pool: input.service + "-long", timeout: 2s }
  default return { pool: input.service, timeout: 1s500ms }
}
)");
  const Value inside = w.in.ip(*parse_ip("10.1.2.3")), outside = w.in.ip(*parse_ip("192.0.2.1"));
  CHECK(w.ask({w.s("api"), inside}) == "internal \"internal\" 500ms");
  CHECK(w.ask({w.s("api"), outside}) == "default \"api\" 1s500ms");
  CHECK(w.ask({w.s("billing"), outside}) == "long \"billing-long\" 2s");
}

TEST_CASE("cases ask working memory: joins, first key, unknown facts") {
  World w(R"(
fact Pool key (pool) ttl 10s { pool: string  service: string  load: percent }
fact Degraded key (pool) { pool: string }
rule quiet { when { p: Pool where load > 100% } then { derive Degraded { pool: p.pool } } }
decision pick {
  input  { service: string }
  output { pool: string  load: percent }
  case good when {
    p: Pool where service == input.service and load < 80%
    no Degraded same pool as p
  } return { pool: p.pool, load: p.load }
  case any when { some Pool where service == input.service } return { pool: "any", load: 0% }
  default return { pool: "none", load: 100% }
}
decision strict {
  input  { pool: string }
  output { ok: bool }
  case yes when { p: Pool where pool == input.pool and load < 80% } return { ok: true }
  default return { ok: false }
  on unknown fail
}
)");
  const FactTypeId pool = w.rules.schema.type_id("Pool"), degraded = w.rules.schema.type_id("Degraded");
  const auto add = [&](const std::string& name, std::int64_t percent) {
    w.facts.entries.push_back({pool, {w.s(name), w.s("api"), percent < 0 ? Value::unknown() : Value::percent_e9(percent * kPercent)}});
  };
  CHECK(w.ask({w.s("api")}) == "default \"none\" 100%");
  add("c", 10);
  add("b", 20);
  add("a", 90);
  CHECK(w.ask({w.s("api")}) == "good \"b\" 20%");
  CHECK(w.ask({w.s("web")}) == "default \"none\" 100%");
  w.facts.entries.push_back({degraded, {w.s("b")}});
  CHECK(w.ask({w.s("api")}) == "good \"c\" 10%");
  w.facts.entries.push_back({degraded, {w.s("c")}, true});  // suspended
  CHECK(w.ask({w.s("api")}) == "any \"any\" 0% ?good");
  w.facts.entries.clear();
  add("z", -1);  // stale: its key is known, its other fields are not
  w.facts.entries.back().slots[1] = Value::unknown();
  CHECK(w.ask({w.s("api")}) == "default \"none\" 100% ?good ?any");
  CHECK(w.ask({w.s("z")}, 1) == "error: decision `main.strict` is unknown: yes");
  CHECK(w.ask({w.s("y")}, 1) == "default false");
  CHECK(w.facts.lookups > 0);
}

TEST_CASE("a table that is too large to index by one column is still right") {
  // 3,000 rows × 3,000 distinct words: an index of the column would not fit its limit.
  std::string text = "decision d {\n  input { s: string  n: int }\n  output { r: int }\n  table first {\n    | s | n || r |\n";
  for (int r = 0; r < 16'000; ++r)
    text += "    | \"w" + std::to_string(r) + "\" | >= " + std::to_string(r % 5) + " || " + std::to_string(r) + " |\n";
  text += "  }\n  default return { r: -1 }\n}\n";
  World w(text);
  CHECK(w.plans->plans[0].table->columns.size() == 1);
  CHECK(w.ask({w.s("w15999"), Value::integer(4)}) == "row 16000 15999");
  CHECK(w.ask({w.s("w15999"), Value::integer(3)}) == "default -1");
  CHECK(w.ask({w.s("other"), Value::integer(3)}) == "default -1");
}
