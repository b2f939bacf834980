// What the checker says of tables (gaps, shadowed rows, conflicts), against asking every input of a small domain; and that it
// is said in time for large tables.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <set>

#include "tests/engine/tables_harness.h"

using namespace flyball;
using flyball::tests::CheckedTable;

namespace {

class Domain {
 public:
  explicit Domain(CheckedTable& t) {
    for (const char* e : {"a", "b", "c"}) {
      for (const bool b : {false, true}) {
        for (std::int64_t n = -1; n < 8; ++n) {
          for (std::int64_t o = -2; o < 8; ++o) {
            for (int x = 0; x < 11; ++x) {
              inputs.push_back({t.in.string(e), Value::boolean(b), Value::integer(n), o == -2 ? Value::null() : Value::integer(o),
                                Value::real(0.5 * x)});
            }
          }
        }
      }
    }
  }
  std::vector<std::vector<Value>> inputs;
};

class Tables {
 public:
  explicit Tables(std::uint64_t seed) : random_(seed) {}

  std::string table(const std::string& policy, std::size_t rows, int dashes) {
    std::string text =
        "decision d {\n  input { e: \"a\" | \"b\" | \"c\"  b: bool  n: int  o: int?  x: double }\n  output { r: \"hi\" | \"lo\" }\n  "
        "table " +
        policy + " {\n    | e | b | n | o | x || r |\n";
    for (std::size_t r = 0; r < rows; ++r) {
      const auto maybe = [&](const std::string& cell) { return below(10) < static_cast<std::size_t>(dashes) ? std::string("-") : cell; };
      const auto letter = [&] { return "\"" + std::string(1, static_cast<char>('a' + below(3))) + "\""; };
      const std::string e = below(3) == 0 ? letter() + ", " + letter() : below(3) == 0 ? "!= " + letter() : letter();
      text += "    | " + maybe(e) + " | " + maybe(below(2) ? "true" : "false") + " | " + maybe(number("")) + " | " +
              maybe(below(4) == 0   ? "null"
                    : below(4) == 0 ? "!= null"
                                    : number("")) +
              " | " + maybe(number(".5")) + " || " + (below(2) ? "\"hi\"" : "\"lo\"") + " |\n";
    }
    return text + "  }\n}\n";
  }
  std::size_t below(std::size_t n) { return random_() % n; }

 private:
  std::string number(const std::string& tail) {
    const std::size_t n = below(tail.empty() ? 5 : 3);
    const auto at = [&](std::size_t i) { return std::to_string(i) + tail; };
    switch (below(8)) {
      case 0: return at(n);
      case 1: return ">= " + at(n);
      case 2: return "< " + at(n);
      case 3: return "> " + at(n);
      case 4: return at(n) + ".." + at(n + below(3));
      case 5: return at(n) + "..<" + at(n + 1 + below(2));
      case 6: return "not (" + at(n) + ".." + at(n + 1) + ")";
      default: return "<= " + at(n) + " or " + at(n + 2);
    }
  }
  std::mt19937_64 random_;
};

}  // namespace

TEST_CASE("rows are called shadowed exactly where no input reaches them") {
  Tables make(3);
  std::size_t shadowed = 0;
  for (int round = 0; round < 150; ++round) {
    CheckedTable t(make.table("first", 2 + make.below(9), 3 + static_cast<int>(make.below(6))));
    INFO(t.sources.text(0));
    INFO(t.said);
    std::set<std::size_t> reached;
    for (const auto& input : Domain(t).inputs) {
      for (std::size_t r = 0; r < t.rows.size(); ++r) {
        if (t.judge(r, input) != engine::Truth::kTrue) continue;
        reached.insert(r);
        break;
      }
    }
    std::vector<std::size_t> never;
    for (std::size_t r = 0; r < t.rows.size(); ++r) {
      if (!reached.contains(r)) never.push_back(r);
    }
    shadowed += never.size();
    REQUIRE(t.find("W0823") == nullptr);
    if (t.find("E0602") == nullptr) CHECK(t.reported("W0801") == never);
    CheckedTable closed(std::string(t.sources.text(0)).insert(t.sources.text(0).rfind('}'), "default return { r: \"lo\" }\n"));
    CHECK(closed.reported("W0801") == never);
  }
  CHECK(shadowed > 100);
}

TEST_CASE("a table counts as open exactly where an input has no row; the rows that are proposed close it") {
  Tables make(4);
  std::size_t open = 0, closed = 0;
  for (int round = 0; round < 60; ++round) {
    std::string text = make.table("first", 1 + make.below(6), 5 + static_cast<int>(make.below(5)));
    std::size_t before = 0;
    for (int step = 0;; ++step) {
      CheckedTable t(text);
      INFO(text);
      INFO(t.said);
      std::size_t covered = 0;
      const Domain domain(t);
      for (const auto& input : domain.inputs) {
        bool any = false;
        for (std::size_t r = 0; r < t.rows.size() && !any; ++r) any = t.judge(r, input) == engine::Truth::kTrue;
        covered += any ? 1 : 0;
      }
      const Diagnostic* gap = t.find("E0602");
      REQUIRE((gap != nullptr) == (covered < domain.inputs.size()));
      if (gap == nullptr) {
        ++closed;
        break;
      }
      ++open;
      // The row closes some of it, takes nothing that another row has, and the next one goes on.
      REQUIRE(step < 200);
      if (step > 0) REQUIRE(covered > before);
      before = covered;
      REQUIRE(gap->fix);
      text.insert(gap->fix->span.begin, gap->fix->replacement);
      CheckedTable next(text);
      INFO(text);
      REQUIRE(next.rows.size() == t.rows.size() + 1);
      for (const auto& input : domain.inputs) {
        if (next.judge(t.rows.size(), input) != engine::Truth::kTrue) continue;
        for (std::size_t r = 0; r < t.rows.size(); ++r) REQUIRE(next.judge(r, input) == engine::Truth::kFalse);
      }
    }
  }
  CHECK(closed == 60);
  CHECK(open > 100);  // how many differs by compiler: in what order operands draw is its choice
}

TEST_CASE("rows of `unique` and `any` are in conflict exactly where an input has both") {
  Tables make(5);
  std::size_t conflicts = 0;
  for (int round = 0; round < 150; ++round) {
    const bool any = round % 2 == 1;
    CheckedTable t(make.table(any ? "any" : "unique", 2 + make.below(6), static_cast<int>(make.below(5))));
    INFO(t.sources.text(0));
    INFO(t.said);
    std::set<std::size_t> both;
    for (const auto& input : Domain(t).inputs) {
      std::vector<std::size_t> hold;
      for (std::size_t r = 0; r < t.rows.size(); ++r) {
        if (t.judge(r, input) != engine::Truth::kTrue) continue;
        const auto differs = [&](std::size_t o) {
          return !any || engine::evaluate(t.rows[o].outputs[0], t.frame) != engine::evaluate(t.rows[r].outputs[0], t.frame);
        };
        if (std::any_of(hold.begin(), hold.end(), differs)) both.insert(r);
        hold.push_back(r);
      }
    }
    conflicts += both.size();
    CHECK(t.reported("E0605") == std::vector<std::size_t>(both.begin(), both.end()));
  }
  CHECK(conflicts > 50);
}

namespace {

constexpr std::size_t kColumns = 6;

std::string large_head(const std::string& policy) {
  return "decision d {\n  input { a: int  b: int  c: percent  d: string  e: \"x\" | \"y\" | \"z\"  f: duration }\n  output { r: int }\n  "
         "table " +
         policy + " {\n    | a | b | c | d | e | f || r |\n";
}

}  // namespace

TEST_CASE("a table of 1,000 rows and 6 columns that divides everything is told to be closed, without one of its rows open") {
  // Boxes that are split until there are 1,000: nothing overlaps and nothing is left out.
  struct Box {
    std::int64_t low[kColumns], high[kColumns];  // the ends are open
  };
  std::mt19937_64 random(9);
  std::vector<Box> boxes(1);
  for (std::size_t c = 0; c < kColumns; ++c) boxes[0].low[c] = 0, boxes[0].high[c] = 1000;
  while (boxes.size() < 1000) {
    Box& box = boxes[random() % boxes.size()];
    const std::size_t c = random() % 3;  // of the ordered columns a, b, c
    if (box.high[c] - box.low[c] < 2) continue;
    const std::int64_t cut =
        box.low[c] + 1 + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(box.high[c] - box.low[c] - 1));
    Box other = box;
    box.high[c] = cut;
    other.low[c] = cut;
    boxes.push_back(other);
  }
  const auto cell = [](const Box& b, std::size_t c, const std::string& unit) {
    const bool first = b.low[c] == 0, last = b.high[c] == 1000;
    if (first && last) return std::string("-");
    if (first) return "< " + std::to_string(b.high[c]) + unit;
    if (last) return ">= " + std::to_string(b.low[c]) + unit;
    return std::to_string(b.low[c]) + unit + "..<" + std::to_string(b.high[c]) + unit;
  };
  const auto text = [&](std::size_t left_out) {
    std::string out = large_head("unique");
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      if (i == left_out) continue;
      out += "    | " + cell(boxes[i], 0, "") + " | " + cell(boxes[i], 1, "") + " | " + cell(boxes[i], 2, "%") + " | - | - | - || " +
             std::to_string(i) + " |\n";
    }
    return out + "  }\n}\n";
  };
  CheckedTable whole(text(boxes.size()));
  INFO(whole.said);
  CHECK(whole.said.empty());
  for (const std::size_t hole : {std::size_t{0}, std::size_t{500}, std::size_t{999}}) {
    CheckedTable t(text(hole));
    const Diagnostic* gap = t.find("E0602");
    REQUIRE(gap != nullptr);
    REQUIRE(gap->fix);
    // The row that is proposed is the one that was left out.
    CHECK(gap->fix->replacement.find("| " + cell(boxes[hole], 2, "%") + " | - | - | - ||") != std::string::npos);
  }
}

TEST_CASE("what cannot be decided within the limit is said, never taken for closed") {
  // 1,000 random boxes over six columns: whether they cover everything is hard, that they do not is found at once.
  std::mt19937_64 random(10);
  std::string text = large_head("first");
  const auto n = [&] { return std::to_string(random() % 50); };
  for (int r = 0; r < 1000; ++r) {
    text += "    | >= " + n() + " | < " + n() + " | >= " + n() + "% | " + (random() % 2 ? "-" : "\"w" + n() + "\"") + " | " +
            (random() % 2 ? "-" : "\"x\"") + " | > " + n() + "s || " + std::to_string(r) + " |\n";
  }
  CheckedTable t(text + "  }\n}\n");
  INFO(t.said);
  CHECK(t.find("E0602") != nullptr);
  // Beyond the number of rows that are compared.
  text = large_head("unique");
  for (int r = 0; r < 2'001; ++r) text += "    | " + std::to_string(r) + " | - | - | - | - | - || 1 |\n";
  CheckedTable large(text + "  }\n  default return { r: 0 }\n}\n");
  CHECK(large.find("W0823") != nullptr);
  CheckedTable open(text + "  }\n}\n");
  CHECK(open.find("E0602") != nullptr);
}
