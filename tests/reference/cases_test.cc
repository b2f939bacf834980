// Cases kept as files: each is one point of semantics.md, or a bug that was found. The naive matcher must say exactly what
// stands under `=== expect`, and the engine the same. UPDATE_GOLDEN=1 writes it; the difference is then read beside
// semantics.md.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/reference/harness.h"

namespace flyball::reference {
namespace {

std::vector<std::string> case_files() {
  std::vector<std::string> out;
  for (const auto& e : std::filesystem::directory_iterator(std::string(FLYBALL_SOURCE_DIR) + "/tests/reference/cases")) {
    if (e.path().extension() == ".txt") out.push_back(e.path().string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("kept cases give their transcripts") {
  const std::vector<std::string> files = case_files();
  REQUIRE(files.size() > 10);
  for (const std::string& path : files) {
    INFO(path);
    Result<CaseText> c = read_case(read_file(path));
    REQUIRE(c.has_value());
    const Result<std::unique_ptr<Loaded>> loaded = load(c->files);
    INFO((loaded ? "" : loaded.error().message));
    REQUIRE(loaded.has_value());
    const std::unique_ptr<Player> naive = make_naive(**loaded);
    std::string answers;
    for (const std::string& line : c->steps) {
      const Result<Step> step = parse_step(line, **loaded);
      INFO(line << (step ? "" : ": " + step.error().message));
      REQUIRE(step.has_value());
      CHECK(render_step(*step, **loaded) == line);
      if (const std::optional<Answer> a = naive->take(*step)) answers += "answer " + a->from + "\n";
    }
    naive->finish();
    const std::string transcript = render(naive->transcript(), **loaded) + answers;
    if (std::getenv("UPDATE_GOLDEN") != nullptr) {
      c->expect = transcript;
      std::ofstream(path, std::ios::binary) << write_case(*c);
    } else {
      CHECK(transcript == c->expect);
    }
    std::string both;
    const std::optional<Difference> difference = run_text(*c, make_engine, &both);
    INFO((difference ? difference->text + both : ""));
    CHECK(!difference);
  }
}

}  // namespace flyball::reference
