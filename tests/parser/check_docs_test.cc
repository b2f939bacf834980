// docs/reference/diagnostics.md: every code that the sources can emit has a section there, every section stands for such
// a code, its bad example gives the code and its good one gives nothing. A line `#--- path` begins another file.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "parser/diagnostics/render.h"
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
  const std::regex code("\"([EW]0[0-9]{3})\"");
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(FLYBALL_SOURCE_DIR) / "parser")) {
    if (entry.path().extension() != ".cc" && entry.path().extension() != ".h") continue;
    // The header that shows what a code looks like emits none.
    if (entry.path().filename() == "diagnostic.h") continue;
    const std::string text = read(entry.path());
    for (std::sregex_iterator i(text.begin(), text.end(), code), end; i != end; ++i) codes.insert((*i)[1]);
  }
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

std::vector<std::string> check(const std::string& text, std::string& rendered) {
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
  (void)check_package(std::move(files), sources, interner, out);
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
}

TEST_CASE("examples of diagnostics give what they say", "[docs]") {
  // What no page can show: bytes that are no text, and expressions of a thousand operators.
  const std::set<std::string> without{"E0108", "E0110", "E0120"};
  for (const auto& [code, blocks] : sections()) {
    INFO(code);
    bool shown = false;
    for (const Block& block : blocks) {
      std::string rendered;
      const std::vector<std::string> codes = check(block.text, rendered);
      INFO(block.text << rendered);
      if (block.expected.empty()) {
        CHECK(codes.empty());
      } else {
        CHECK(block.expected == code);
        // One mistake, one message: nothing but the code shown.
        CHECK(!codes.empty());
        CHECK(std::all_of(codes.begin(), codes.end(), [&](const std::string& c) { return c == block.expected; }));
        shown = true;
      }
    }
    CHECK(shown != without.contains(code));
  }
}
