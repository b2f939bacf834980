// docs/reference/diagnostics.md: every code that the sources can emit has a title and a section there, every section stands for
// such a code, its bad example gives the code and its good one gives nothing; every slip of its table is in the golden test it
// names. A line `#--- path` begins another file.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "parser/diagnostics/code_titles.h"
#include "parser/diagnostics/render.h"
#include "parser/lint/lint.h"
#include "parser/parser.h"

using namespace flyball;
namespace fs = std::filesystem;

namespace {

std::string read(const fs::path& p) {
  std::ifstream in(p, std::ios::binary);
  std::stringstream s;
  s << in.rdbuf();
  return s.str();
}

std::set<std::string> emitted() {
  std::set<std::string> codes;
  const std::regex code("\"([EWL]0[0-9]{3})\"");
  const auto look = [&](const fs::path& path) {
    if (path.extension() != ".cc" && path.extension() != ".h") return;
    // The headers that show what a code looks like emit none.
    if (path.filename() == "diagnostic.h" || path.filename() == "code_titles.h") return;
    const std::string text = read(path);
    for (std::sregex_iterator i(text.begin(), text.end(), code), end; i != end; ++i) codes.insert((*i)[1]);
  };
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(FLYBALL_SOURCE_DIR) / "parser")) look(entry.path());
  for (const auto& entry : fs::directory_iterator(fs::path(FLYBALL_SOURCE_DIR) / "app/commands")) look(entry.path());
  return codes;
}

struct Block {
  std::string expected;  // a code; empty: nothing at all
  std::string text;
};

std::map<std::string, std::vector<Block>> sections() {
  std::map<std::string, std::vector<Block>> out;
  std::istringstream lines(read(fs::path(FLYBALL_SOURCE_DIR) / "docs/reference/diagnostics.md"));
  std::string section;
  Block block;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (inside && line == "```") {
      out[section].push_back(block);
      inside = false;
    } else if (inside) {
      block.text += line + "\n";
    } else if (line.starts_with("### ")) {
      section = line.substr(4, 5);
      out[section];
    } else if (line.starts_with("```fly") && !section.empty()) {
      const std::size_t equals = line.find('=');
      block = Block{equals == std::string::npos ? std::string{} : line.substr(equals + 1), {}};
      inside = true;
    }
  }
  return out;
}

// With a lint's code: whether lint says it, of what checks cleanly.
std::vector<std::string> check(const std::string& text, std::string& rendered, const std::string& code) {
  SourceFiles sources;
  std::string name = "example.fly";
  std::string part;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("#--- ")) {
      part += line + "\n";
      continue;
    }
    if (!part.empty()) REQUIRE(sources.add(name, part));
    name = line.substr(5);
    part.clear();
  }
  REQUIRE(sources.add(name, part));
  Interner interner;
  Diagnostics out;
  std::vector<ast::File> files;
  for (std::uint32_t i = 0; i < sources.size(); ++i) files.push_back(parse_file(sources, i, interner, out));
  SymbolIndex index;
  const ast::RuleSet rules = check_package(std::move(files), sources, interner, out, &index);
  if (code.starts_with("L") && out.all().empty()) {
    Diagnostics lints;
    lint_package(rules, index, sources, interner, lints);
    for (const Diagnostic& d : lints.all()) {
      if (d.code == code) out.add(d);
    }
  }
  rendered = render_all(out, sources);
  std::vector<std::string> codes;
  for (const Diagnostic& d : out.all()) codes.push_back(d.code);
  return codes;
}

}  // namespace

TEST_CASE("every code is documented, and every documented code exists", "[docs]") {
  const std::set<std::string> codes = emitted();
  std::set<std::string> documented;
  for (const auto& [code, blocks] : sections()) documented.insert(code);
  CHECK(codes.size() > 50);
  CHECK(documented == codes);
  std::set<std::string> titled;
  const std::string page = read(fs::path(FLYBALL_SOURCE_DIR) / "docs/reference/diagnostics.md");
  for (const CodeTitle& t : kCodeTitles) {
    titled.emplace(t.code);
    INFO(t.code);
    CHECK(page.find("\n### " + std::string(t.code) + " " + std::string(t.title) + "\n") != std::string::npos);
  }
  CHECK(titled == codes);
  CHECK(titled.size() == kCodeTitles.size());
}

TEST_CASE("every slip of the table is in its golden test, with its code, a caret and a help or a fix", "[docs]") {
  const fs::path golden = fs::path(FLYBALL_SOURCE_DIR) / "tests/golden";
  std::istringstream lines(read(fs::path(FLYBALL_SOURCE_DIR) / "docs/reference/diagnostics.md"));
  const std::regex code("[EW]0[0-9]{3}");
  const std::regex test("`((?:check|parse)/[a-z_]+)`");
  const auto all = [](const std::string& line, const std::regex& what, std::size_t group) {
    std::vector<std::string> found;
    for (std::sregex_iterator i(line.begin(), line.end(), what), end; i != end; ++i) found.push_back((*i)[group]);
    return found;
  };
  std::size_t slips = 0;
  for (std::string line; std::getline(lines, line);) {
    const std::vector<std::string> tests = all(line, test, 1);
    if (!line.starts_with("| ") || tests.empty()) continue;
    ++slips;
    INFO(line);
    std::string said;
    for (const std::string& name : tests) {
      CHECK(fs::exists(golden / (name + ".fly")));
      said += read(golden / (name + ".expected")) + "\n";
    }
    const std::vector<std::string> codes = all(line, code, 0);
    CHECK(!codes.empty());
    for (const std::string& c : codes) {
      const std::size_t at = said.find("[" + c + "]");
      REQUIRE(at != std::string::npos);
      // Of the messages of this code, one at least says what to do.
      bool helped = false;
      for (std::size_t i = at; i != std::string::npos; i = said.find("[" + c + "]", i + 1)) {
        const std::string message = said.substr(i, said.find("\n\n", i) - i);
        const std::size_t caret = message.rfind('^');
        CHECK(caret != std::string::npos);
        helped = helped || message.find_first_not_of(" \n", caret + 1) != std::string::npos;
      }
      CHECK(helped);
    }
  }
  CHECK(slips >= 28);
}

TEST_CASE("examples of diagnostics give what they say", "[docs]") {
  // What no page can show: bytes that are no text, expressions of a thousand operators, rules of thirty facts, and tables of
  // thousands of rows.
  const std::set<std::string> without{"E0110", "E0120", "E0900", "W0823"};
  for (const auto& [code, blocks] : sections()) {
    INFO(code);
    bool shown = false, right = false;
    for (const Block& block : blocks) {
      std::string rendered;
      const std::vector<std::string> codes = check(block.text, rendered, code);
      INFO(block.text << rendered);
      if (block.expected.empty()) {
        CHECK(codes.empty());
        right = true;
      } else {
        CHECK(block.expected == code);
        // One mistake, one message: nothing but the code shown.
        CHECK(!codes.empty());
        CHECK(std::all_of(codes.begin(), codes.end(), [&](const std::string& c) { return c == block.expected; }));
        shown = true;
      }
    }
    CHECK(shown != without.contains(code));
    CHECK(right != without.contains(code));
  }
}
