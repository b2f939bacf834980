// tests/golden/parse: every NAME.fly beside NAME.expected, which is the dump of what was parsed, if anything was, and
// the rendered diagnostics. UPDATE_GOLDEN=1 rewrites them; the difference is then read by whoever commits it.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "parser/ast/dump.h"
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

std::vector<fs::path> cases() {
  std::vector<fs::path> all;
  for (const auto& entry : fs::directory_iterator(fs::path(FLYBALL_SOURCE_DIR) / "tests/golden/parse")) {
    if (entry.path().extension() == ".fly") all.push_back(entry.path());
  }
  std::sort(all.begin(), all.end());
  return all;
}

std::string parsed(const fs::path& p, bool& errors) {
  SourceFiles sources;
  REQUIRE(sources.add(p.filename().string(), read(p)));
  Interner in;
  Diagnostics out;
  const ast::File file = parse_file(sources, 0, in, out);
  std::string text = ast::dump(file, in);
  errors = out.has_errors();
  if (errors) text += "---\n" + render_all(out, sources);
  return text;
}

}  // namespace

TEST_CASE("every golden file parses to what stands beside it", "[golden]") {
  const bool update = std::getenv("UPDATE_GOLDEN") != nullptr;
  REQUIRE(cases().size() >= 40);
  for (const fs::path& p : cases()) {
    INFO(p.string());
    bool errors = false;
    const std::string text = parsed(p, errors);
    // The name says which kind it is, so that a slip of the parser cannot turn one into the other unseen.
    CHECK(errors == (p.filename().string().starts_with("bad_")));
    fs::path expected = p;
    expected.replace_extension(".expected");
    if (update) {
      std::ofstream(expected, std::ios::binary) << text;
    } else {
      CHECK(text == read(expected));
    }
  }
}
