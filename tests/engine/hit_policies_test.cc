// Hit policies: the engine's indexed tables against judging the rows one by one, on random tables; and what each policy gives.
#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>
#include <random>

#include "tests/engine/tables_harness.h"

using namespace flyball;
using namespace flyball::engine;
using flyball::tests::CheckedTable;

namespace {

const char* const kPolicies[] = {"first",        "unique",      "any",         "priority",    "collect",      "rule order",
                                 "output order", "collect sum", "collect min", "collect max", "collect count"};

struct Asked {
  explicit Asked(const std::string& text) : table(text) {
    INFO(text);
    INFO(table.said);
    REQUIRE_FALSE(table.diagnostics.has_errors());
    auto compiled = compile_decisions(table.rules, table.context, {});
    REQUIRE(compiled);
    plans = std::move(*compiled);
    decider = std::make_unique<Decider>(*plans, nullptr, table.in);
  }
  std::string ask(const std::vector<Value>& input) {
    std::vector<Value> output(plans->plans[0].outputs);
    const auto place = decider->decide_into(0, input.data(), output.data());
    std::string text;
    if (!place) {
      text = decider->conflict() ? "conflict" : "error";
    } else {
      text = decider->answer_name(0, *place) + ":";
      if (plans->plans[0].list) output.assign(decider->list().begin(), decider->list().end());
      for (const Value& v : output) text += " " + to_source(v, table.in);
    }
    for (const std::uint32_t p : decider->skipped()) text += " ?" + decider->place_name(0, static_cast<int>(p));
    return text;
  }
  CheckedTable table;
  std::unique_ptr<DecisionPlans> plans;
  std::unique_ptr<Decider> decider;
};

// The same from the words of the reference: rows in order, each by its cells.
std::string naive(CheckedTable& t, const std::string& policy, const std::vector<Value>& input, bool has_default) {
  struct Hit {
    std::size_t row;
    std::vector<Value> out;
  };
  std::vector<Hit> hits;
  std::string skipped;
  for (std::size_t r = 0; r < t.rows.size(); ++r) {
    const Truth truth = t.judge(r, input);
    if (truth == Truth::kFalse) continue;
    Hit hit{r, {}};
    bool known = truth == Truth::kTrue;
    for (const Code& c : t.rows[r].outputs) {
      hit.out.push_back(evaluate(c, t.frame));
      known = known && !hit.out.back().is_error();
    }
    if (known) {
      hits.push_back(hit);
      if (policy == "first") break;
    } else {
      skipped += " ?row " + std::to_string(r + 1);
    }
  }
  const auto give = [&](std::string from, const std::vector<Value>& values) {
    from += ":";
    for (const Value& v : values) from += " " + to_source(v, t.in);
    return from + skipped;
  };
  const auto from = [&](const std::vector<Hit>& of) {
    std::string text = of.size() == 1 ? "row " : "rows ";
    for (std::size_t i = 0; i < of.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(of[i].row + 1);
    return text;
  };
  const bool list = policy == "collect" || policy == "rule order" || policy == "output order";
  if (hits.empty()) {
    if (has_default) return give("default", {t.in.string("lo"), Value::integer(-1)});
    if (list) return give("no row", {});
    if (policy == "collect sum" || policy == "collect count") return give("no row", {Value::integer(0)});
    return "error" + skipped;
  }
  const auto rank = [&](const Hit& h) {
    const std::string text = t.in.text(h.out[0]) == "hi" ? "0" : t.in.text(h.out[0]) == "mid" ? "1" : "2";
    return text;
  };
  if (policy == "unique" && hits.size() > 1) return "conflict" + skipped;
  if (policy == "any") {
    for (const Hit& h : hits) {
      if (h.out != hits[0].out) return "conflict" + skipped;
    }
  }
  if (policy == "priority" || policy == "output order")
    std::stable_sort(hits.begin(), hits.end(), [&](const Hit& a, const Hit& b) { return rank(a) < rank(b); });
  if (list) {
    std::vector<Value> all;
    for (const Hit& h : hits) all.insert(all.end(), h.out.begin(), h.out.end());
    return give(from(hits), all);
  }
  if (policy.starts_with("collect")) {
    std::int64_t sum = 0;
    std::size_t least = 0, most = 0;
    for (std::size_t i = 0; i < hits.size(); ++i) {
      sum += hits[i].out[0].bits;
      if (hits[i].out[0].bits < hits[least].out[0].bits) least = i;
      if (hits[i].out[0].bits > hits[most].out[0].bits) most = i;
    }
    if (policy == "collect sum") return give(from(hits), {Value::integer(sum)});
    if (policy == "collect count") return give(from(hits), {Value::integer(static_cast<std::int64_t>(hits.size()))});
    const std::size_t best = policy == "collect min" ? least : most;
    return give(from({hits[best]}), hits[best].out);
  }
  return give(from({hits[0]}), hits[0].out);
}

}  // namespace

TEST_CASE("random tables of all hit policies answer as their rows do one by one") {
  std::mt19937_64 random(11);
  const auto below = [&](std::size_t n) { return random() % n; };
  std::size_t conflicts = 0, lists = 0;
  for (int round = 0; round < 2'200; ++round) {
    const std::string policy = kPolicies[static_cast<std::size_t>(round) % std::size(kPolicies)];
    const bool one = policy.starts_with("collect ");
    // What rows have in common must not be sure, or the checker refuses the table.
    const bool exclusive = policy == "unique" || policy == "any";
    const std::size_t rows = exclusive ? 1 + below(20) : round % 50 < 11 ? 70 + below(80) : 1 + below(12);
    std::string text =
        "decision d {\n  input { s: string  e: \"a\" | \"b\" | \"c\"  n: int  p: percent  o: int?  t: duration  i: ip }\n  output { " +
        std::string(one ? "w: int" : "u: \"hi\" | \"mid\" | \"lo\"  w: int") + " }\n  table " + policy +
        " {\n    | s | e | n | p | o | t | i || " + (one ? "w |\n" : "u | w |\n");
    for (std::size_t r = 0; r < rows; ++r) {
      const auto number = [&] { return std::to_string(below(7)); };
      const auto ordered = [&](const std::string& unit) {
        const auto n = [&] { return number() + unit; };
        const std::size_t low = below(6);
        const auto at = [&](std::size_t i) { return std::to_string(i) + unit; };
        switch (below(13)) {
          case 0: return n();
          case 1: return ">= " + n();
          case 2: return "< " + n();
          case 3: return n() + ", " + n();
          case 4: return at(low) + ".." + at(low + below(4));
          case 5: return at(low) + "..<" + at(low + 1 + below(3));
          case 6: return "in [" + n() + ", " + n() + "]";
          case 7: return "not in [" + n() + ", " + n() + "]";
          case 8: return "not (" + at(low) + ".." + at(low + 1) + ")";
          case 9: return "< " + at(low) + " or > " + at(low + 2);
          case 10: return "> " + at(low) + " and <= " + at(low + 3);
          case 11: return "!= " + n();
          default: return std::string("-");
        }
      };
      const std::string letter(1, static_cast<char>('a' + r % 20));
      const std::string s = exclusive       ? "like \"*" + letter + "*\""
                            : below(3) == 0 ? "\"a\", \"ab\""
                            : below(3) == 0 ? "like \"*" + letter + "*\""
                            : below(3) == 0 ? "not like \"*" + letter + "*\""
                                            : "-";
      const auto any = [&](const std::string& cell) { return below(3) == 0 ? cell : std::string("-"); };
      text += "    | " + s + " | " + any(below(2) ? "\"a\"" : "not in [\"a\", \"b\"]") + " | " + any(ordered("")) + " | " +
              any(ordered("%")) + " | " + any(below(3) == 0 ? "null" : ordered("")) + " | " + any(ordered("s")) + " | " +
              any(below(2) ? "10.0.0.0/15" : "10.2.0.1, 10.1.0.0/16") + " || ";
      if (!one) text += std::string(below(3) == 0 ? "\"hi\"" : below(2) ? "\"mid\"" : "\"lo\"") + " | ";
      text += (policy == "any" ? std::to_string(below(20) == 0) : below(6) == 0 ? "12 / input.n" : std::to_string(below(9))) + " |\n";
    }
    const bool has_default = !one && (exclusive || policy == "first" || policy == "priority" || below(2) == 0);
    const bool aggregate_default = policy == "collect min" || policy == "collect max";
    text += "  }\n";
    if (has_default) text += "  default return { u: \"lo\", w: -1 }\n";
    if (aggregate_default) text += "  default return { w: -1 }\n";
    text += "}\n";
    Asked a(text);
    for (int q = 0; q < 25; ++q) {
      std::string s;
      for (std::size_t i = below(3); i > 0; --i) s += static_cast<char>('a' + below(20));
      std::vector<Value> input{a.table.in.string(s),
                               a.table.in.string(std::string(1, static_cast<char>('a' + below(3)))),
                               Value::integer(static_cast<std::int64_t>(below(9)) - 1),
                               Value::percent_e9(static_cast<std::int64_t>(below(15)) * 5'000'000),
                               below(3) == 0 ? Value::null() : Value::integer(static_cast<std::int64_t>(below(8))),
                               Value::duration_ns(static_cast<std::int64_t>(below(15)) * 500'000'000),
                               a.table.in.ip(*parse_ip("10." + std::to_string(below(4)) + ".0.1"))};
      if (below(20) == 0) input[below(7)] = Value::unknown();
      std::string expected = naive(a.table, policy, input, has_default);
      if (aggregate_default && expected.starts_with("error")) expected = "default: -1" + expected.substr(5);
      INFO(text);
      INFO("question " << q << " s " << s << " n " << to_source(input[2], a.table.in));
      REQUIRE(a.ask(input) == expected);
      conflicts += expected.starts_with("conflict") ? 1 : 0;
      lists += expected.starts_with("rows") ? 1 : 0;
    }
  }
  CHECK(conflicts > 50);
  CHECK(lists > 1000);
}

TEST_CASE("priority is the order of the output's alternatives, column by column, then that of the rows") {
  Asked a(R"(
decision d {
  input  { n: int }
  output { w: int  urgency: "high" | "low"  kind: "x" | "y" | "z" }
  table priority {
    | n    || urgency | kind | w |
    | >= 1 || "low"   | "x"  | 1 |
    | >= 2 || "high"  | "z"  | 2 |
    | >= 3 || "high"  | "y"  | 3 |
    | >= 4 || "high"  | "y"  | 4 |
    | -    || "low"   | "z"  | 5 |
  }
}
)");
  CHECK(a.ask({Value::integer(0)}) == "row 5: 5 \"low\" \"z\"");
  CHECK(a.ask({Value::integer(1)}) == "row 1: 1 \"low\" \"x\"");
  CHECK(a.ask({Value::integer(2)}) == "row 2: 2 \"high\" \"z\"");
  CHECK(a.ask({Value::integer(9)}) == "row 3: 3 \"high\" \"y\"");
}

TEST_CASE("sums of units keep their unit and say when they are out of range") {
  Asked a(R"(
decision d {
  input  { n: int }
  output { wait: duration }
  table collect sum {
    | n    || wait                |
    | >= 1 || 1s500ms             |
    | >= 2 || 2s                  |
    | >= 3 || 9000000000s         |
    | >= 3 || 8000000000s         |
  }
}
)");
  CHECK(a.ask({Value::integer(0)}) == "no row: 0s");
  CHECK(a.ask({Value::integer(2)}) == "rows 1, 2: 3s500ms");
  CHECK(a.ask({Value::integer(3)}) == "error");
}

TEST_CASE("a list names its rows, many of them by number") {
  std::string text = "decision d {\n  input { n: int }\n  output { w: int }\n  table collect {\n    | n || w |\n";
  for (int r = 0; r < 130; ++r) text += "    | >= 0 || " + std::to_string(r) + " |\n";
  Asked a(text + "  }\n}\n");
  const std::string answer = a.ask({Value::integer(1)});
  CHECK(answer.starts_with("rows 1, 2, 3, "));
  CHECK(answer.find("99, 100 and 30 more: 0 1 2 ") != std::string::npos);
}
