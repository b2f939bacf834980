// The formatter as properties, over every rule file and snippet of the repository and thousands of mutations of them:
// formatting twice is formatting once, the tree stays the same, and no comment is lost. And its form, by examples.
#include "parser/format/format.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "parser/ast/dump.h"
#include "parser/diagnostics/render.h"
#include "parser/format/tokens.h"
#include "parser/grammar/trees.h"
#include "parser/parser.h"

using namespace flyball;
namespace fs = std::filesystem;

namespace {

struct Source {
  std::string name;
  std::string text;
};

std::string read(const fs::path& p) {
  std::ifstream in(p, std::ios::binary);
  std::stringstream s;
  s << in.rdbuf();
  return s.str();
}

std::vector<Source> rule_files(const std::string& folder) {
  std::vector<Source> all;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(FLYBALL_SOURCE_DIR) / folder)) {
    if (entry.path().extension() == ".fly") all.push_back({entry.path().string(), read(entry.path())});
  }
  std::sort(all.begin(), all.end(), [](const Source& a, const Source& b) { return a.name < b.name; });
  return all;
}

// ```fly … ``` of every page.
std::vector<Source> snippets() {
  std::vector<fs::path> pages{fs::path(FLYBALL_SOURCE_DIR) / "README.md"};
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(FLYBALL_SOURCE_DIR) / "docs")) {
    if (entry.path().extension() == ".md") pages.push_back(entry.path());
  }
  std::sort(pages.begin(), pages.end());
  std::vector<Source> all;
  for (const fs::path& page : pages) {
    std::istringstream in(read(page));
    std::string text;
    bool inside = false;
    std::size_t number = 0, began = 0;
    for (std::string line; std::getline(in, line);) {
      ++number;
      if (!inside && line.starts_with("```fly")) {
        inside = true;
        began = number;
        text.clear();
      } else if (inside && line.starts_with("```")) {
        inside = false;
        all.push_back({page.string() + ":" + std::to_string(began), text});
      } else if (inside) {
        text += line + "\n";
      }
    }
  }
  return all;
}

std::vector<Source> corpus() {
  std::vector<Source> all = rule_files("rules");
  for (auto more : {rule_files("tests/golden"), snippets()}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

// The dump, or nothing if there is a mistake of grammar.
std::optional<std::string> dump_of(const std::string& text, std::vector<format::Token>* tokens = nullptr) {
  SourceFiles sources;
  REQUIRE(sources.add("x.fly", text));
  Interner in;
  Diagnostics out;
  std::uint32_t last = 0;
  const ast::File file = parse_file_trees(sources, 0, in, out, [&](const cst::Tree& tree) {
    if (tokens == nullptr || tree.root.broken) return;
    for (format::Token& t : format::tokens_of(tree, sources.text(0), last)) tokens->push_back(std::move(t));
  });
  if (out.has_errors()) return std::nullopt;
  return ast::dump(file, in);
}

std::optional<std::string> formatted(const std::string& text, std::string* why = nullptr) {
  SourceFiles sources;
  REQUIRE(sources.add("x.fly", text));
  Interner in;
  Diagnostics out;
  const std::optional<std::string> result = format_file(sources, 0, in, out);
  if (why != nullptr) *why = render_all(out, sources);
  CHECK(result.has_value() != out.has_errors());
  return result;
}

std::size_t count(const std::string& text, const std::string& word) {
  std::size_t n = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++n;
  return n;
}

// Checks all properties of one text; false if it does not parse.
bool holds(const std::string& text) {
  const std::optional<std::string> before = dump_of(text);
  if (!before) return false;
  std::string why;
  const std::optional<std::string> once = formatted(text, &why);
  INFO("source:\n" << text);
  INFO(why);
  REQUIRE(once);
  INFO("formatted:\n" << *once);
  CHECK(dump_of(*once) == before);
  REQUIRE(formatted(*once) == once);
  // No blanks at an end, at most one empty line.
  if (text.find("\"\"\"") == std::string::npos && text.find("'''") == std::string::npos) {
    CHECK(once->find(" \n") == std::string::npos);
    CHECK(once->find("\n\n\n") == std::string::npos);
  }
  return true;
}

std::string form(const std::string& text) {
  std::string why;
  const std::optional<std::string> result = formatted(text, &why);
  INFO(why);
  REQUIRE(result);
  return *result;
}

}  // namespace

TEST_CASE("formatting is idempotent and keeps the tree: every rule file and snippet", "[format]") {
  std::size_t parsed = 0;
  for (const Source& s : corpus()) {
    INFO(s.name);
    if (holds(s.text)) ++parsed;
  }
  CHECK(parsed >= 100);
}

TEST_CASE("rule files and snippets are formatted", "[format]") {
  // Golden inputs show mistakes and odd layout on purpose; pages and packages are what people copy.
  for (auto sources : {rule_files("rules"), snippets()}) {
    for (const Source& s : sources) {
      if (!dump_of(s.text)) continue;
      INFO(s.name << ": run `flyball fmt` (for pages tests/docs/format_snippets.py)");
      CHECK((formatted(s.text) == s.text));
    }
  }
}

TEST_CASE("a comment behind two signs is one, and the signs are none", "[format]") {
  CHECK(holds("let m = 2\nlet n =\n  # a comment\n  - - # another\n  m\n"));
}

TEST_CASE("formatting keeps every comment and the tree, wherever comments and line ends stand", "[format]") {
  std::size_t held = 0;
  for (const Source& s : corpus()) {
    // Of its own text: another file more changes nothing for the others.
    std::uint32_t seed =
        std::getenv("FORMAT_SEED") == nullptr ? 20261122 : static_cast<std::uint32_t>(std::atoi(std::getenv("FORMAT_SEED")));
    for (const char c : s.text) seed = (seed ^ static_cast<unsigned char>(c)) * 16777619U;
    std::mt19937 random(seed);
    std::vector<format::Token> tokens;
    if (!dump_of(s.text, &tokens) || tokens.empty() || s.text.size() > 6000) continue;
    for (int round = 0; round < 24; ++round) {
      // What stands before some tokens is replaced.
      std::vector<std::size_t> where;
      const std::size_t changes = 1 + random() % 5;
      for (std::size_t i = 0; i < changes; ++i) where.push_back(random() % tokens.size());
      std::sort(where.begin(), where.end());
      where.erase(std::unique(where.begin(), where.end()), where.end());
      std::string text;
      std::size_t at = 0;
      std::vector<std::string> marks;
      for (const std::size_t i : where) {
        text.append(s.text, at, tokens[i].begin - at);
        at = tokens[i].begin;
        const std::string mark = "mark" + std::to_string(marks.size()) + "end";
        switch (random() % 8) {
          case 0: text += " # " + mark + "\n"; break;
          case 1: text += "\n# " + mark + "\n"; break;
          case 2: text += "\n\n\n  // " + mark + "\n\n"; break;
          case 3: text += " //# " + mark + "\n"; break;
          case 4: text += "\n    ## " + mark + "\n      "; break;
          case 5: text += "   "; continue;
          case 6: text += "\n\n\n"; continue;
          default: text += " # " + mark + "\n# again " + mark + "x\n"; break;
        }
        marks.push_back(mark);
      }
      text.append(s.text, at);
      INFO(s.name);
      if (!holds(text)) continue;  // a name stands on the line of the word before it
      ++held;
      const std::string result = form(text);
      INFO("formatted:\n" << result);
      for (const std::string& mark : marks) CHECK(count(result, mark) == count(text, mark));
    }
  }
  CHECK(held >= 2000);
}

TEST_CASE("formatting keeps the tree when all blanks change", "[format]") {
  std::mt19937 random(7);
  std::size_t held = 0;
  for (const Source& s : corpus()) {
    std::vector<format::Token> tokens;
    if (!dump_of(s.text, &tokens) || tokens.empty()) continue;
    for (int round = 0; round < 4; ++round) {
      std::string text;
      for (std::size_t i = 0; i < tokens.size(); ++i) {
        const std::uint32_t from = i == 0 ? 0 : tokens[i - 1].end;
        const std::string gap = s.text.substr(from, tokens[i].begin - from);
        const bool plain = gap.find('#') == std::string::npos && gap.find('/') == std::string::npos && !gap.empty();
        const std::size_t dice = random() % (round == 0 ? 2 : 12);
        text += !plain ? gap : dice == 0 ? "  \t" : dice == 1 ? " " : dice == 2 ? "\r\n  " : gap;
        text.append(s.text, tokens[i].begin, tokens[i].end - tokens[i].begin);
      }
      INFO(s.name);
      if (holds(text)) ++held;
    }
  }
  CHECK(held >= 200);
}

TEST_CASE("the words stand for the marks, with parentheses where they bind otherwise", "[format]") {
  const auto check = [](const std::string& condition) {
    const std::string text = form("rule r {\n  when {\n    check " + condition + "\n    check true\n  }\n  then { log \"\" }\n}\n");
    const std::size_t at = text.find("check ") + 6;
    return text.substr(at, text.find('\n', at) - at);
  };
  CHECK(check("a&&b||!c") == "a and b or not c");
  CHECK(check("!a == b") == "(not a) == b");
  CHECK(check("!(a == b)") == "not (a == b)");
  CHECK(check("!!a") == "not not a");
  CHECK(check("not !a") == "not (not a)");
  CHECK(check("!a.b[0].c()") == "not a.b[0].c()");
  CHECK(check("x in [!a, f(!b)] ? !c : !d") == "x in [not a, f(not b)] ? not c : not d");
  CHECK(check("a   not   in b") == "a not in b");
  CHECK(check("-  a+-b*(c)") == "-a + -b * (c)");
  CHECK(check("x in 1 .. 5") == "x in 1..5");
  CHECK(check("10 %3 == 1") == "10 % 3 == 1");
  CHECK(check("m == {'a':1,'b' : [1,2,],}") == "m == {'a': 1, 'b': [1, 2]}");
  CHECK(check("xs.all( x,x>1 )") == "xs.all(x, x > 1)");
  CHECK(check("a .? b . c [?0] ?? f ( )") == "a.?b.c[?0] ?? f()");
  CHECK(check("count( L . u  where a&&b  over 5m at least 3 samples )>1") == "count(L.u where a and b over 5m at least 3 samples) > 1");
}

TEST_CASE("a `!` in a cell keeps its meaning: `not` says another thing there", "[format]") {
  const std::string text = form(
      "decision d {\ninput { a: bool }\noutput { b: bool }\ntable first {\n|a||b|\n|!true||!false|\n|not  "
      "false||true|\n|-||false|\n}\n}\n");
  CHECK(text ==
        "decision d {\n  input { a: bool }\n  output { b: bool }\n  table first {\n"
        "    | a          || b         |\n"
        "    | (not true) || not false |\n"
        "    | not false  || true      |\n"
        "    | -          || false     |\n"
        "  }\n}\n");
}

TEST_CASE("short blocks stand on a line, long ones do not, neighbours in columns", "[format]") {
  CHECK(form("fact A key(a){a:string b:int}\nfact B key(a){a:string,bc:int=1}//why\n") ==
        "fact A key (a) { a: string  b: int }\n\nfact B key (a) {\n  a:  string\n  bc: int = 1\n}  # why\n");
  CHECK(form("rule r{when{x:A where x.b>1 for 2m}then{log \"a\"}on  clear{log \"b\"}}") ==
        "rule r {\n  when { x: A where x.b > 1 for 2m }\n  then     { log \"a\" }\n  on clear { log \"b\" }\n}\n");
  const std::string word(60, 'w');
  CHECK(form("rule r { when { x: A where " + word + " and " + word + " and b } then { log 1 } }") ==
        "rule r {\n  when {\n    x: A\n        where " + word + "\n            and " + word +
            "\n            and b\n  }\n  then { log 1 }\n}\n");
  CHECK(form("rule r { when { x: A } then { do B { a: \"" + word + "\", b: \"" + word + "\", c: 1 } } }") ==
        "rule r {\n  when { x: A }\n  then {\n    do B {\n      a: \"" + word + "\", b: \"" + word + "\",\n      c: 1\n    }\n  }\n}\n");
}

TEST_CASE("comments stay where they stand", "[format]") {
  const std::string text =
      "# first\n\n## A doc.\nfact A key (a) {  # of the brace\n  a: string  # of a\n\n  # before b\n  b: int  # of b\n  # last\n}\n\n# "
      "end\n";
  CHECK(form(text) == text);
  CHECK(form("//# no doc\nparam a: int = 1\n") == "# # no doc\nparam a: int = 1\n");
  CHECK(form("# alone") == "# alone\n");
  CHECK(form("\n\n").empty());
  // Parentheses that `not` gets are as those that stand there.
  CHECK(holds("let c = !a # m\n# n\n.b == c\n"));
}

TEST_CASE("a comment behind the mark of a remainder does not end its line", "[format]") {
  // `7 %` before a line's end or a comment would be a percent that is written apart.
  for (const char* text : {"let f = 7\n  % // why\n  \"x\"\n", "let f = 7 # so\n  % # why\n  (3)\n", "let f = a % # why\n  3\n"}) {
    INFO(text);
    CHECK(holds(text));
  }
}

TEST_CASE("what is said of a percent does not make its mark a remainder's", "[format]") {
  CHECK(form("let f = 7%\n[1]\n") == "let f = 7% [1]\n");
  for (const char* text : {"let f = 7% [1]\n", "let f = a in 7%\n[1]\n", "let f = [7%\n[1], 2]\n", "let f = 7%\n.a\n", "let f = 7%\n.?a\n",
                           "let f = 7%\n[?1]\n", "let f = 7%\n.a(1)\n", "let f = 7% # why\n  [1]\n", "let f = -7%\n[1]..8%\n[2]\n"}) {
    INFO(text);
    CHECK(holds(text));
  }
}

TEST_CASE("a file with a mistake is not formatted", "[format]") {
  CHECK(!formatted("rule r { when { check a = 1 } then { } }"));
  CHECK(!formatted("rule {"));
  // Both comments end what may be a unit: one that is rewritten as the other changes nothing.
  for (const char* mark : {"#", "//"}) CHECK(!formatted(std::string("let b = [7 % ") + mark + " c\n 3]\n"));
  CHECK(!formatted("fact A { a: string \xFF }"));
}
