// SARIF: what its schema requires is there, and places, levels and fixes say what the diagnostics say.
#include "parser/diagnostics/sarif.h"

#include <catch2/catch.hpp>

using namespace flyball;

namespace {

std::size_t count(const std::string& text, const std::string& word) {
  std::size_t n = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_CASE("sarif: nothing to say is a document, too", "[sarif]") {
  CHECK(render_sarif({}, SourceFiles{}, "1.2.3") ==
        "{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":{\"name\":"
        "\"flyball\",\"version\":\"1.2.3\",\"rules\":[]}},\"columnKind\":\"unicodeCodePoints\",\"results\":[]}]}\n");
}

TEST_CASE("sarif: places in code points, a rule once, a fix as a replacement, paths as URIs", "[sarif]") {
  SourceFiles sources;
  REQUIRE(sources.add("rules/a b%.fly", "é = 80\nx\n"));
  REQUIRE(sources.add("/tmp/ü.fly", "y"));
  const std::vector<Diagnostic> all{
      {"E0203", Severity::kError, {0, 5, 7}, "no \"unit\"", "see", Fix{{0, 5, 7}, "80%"}},
      {"E0203", Severity::kError, {0, 8, 9}, "again", "", Fix{{0, 8, 8}, ","}},
      {"W0801", Severity::kWarning, {1, 0, 1}, "bad \xFF byte", "", {}},
  };
  const std::string out = render_sarif(all, sources, "1");
  CHECK(count(out, "\"id\":\"E0203\"") == 1);
  CHECK(count(out, "\"ruleId\":\"E0203\",\"ruleIndex\":0,\"level\":\"error\"") == 2);
  CHECK(count(out, "\"ruleId\":\"W0801\",\"ruleIndex\":1,\"level\":\"warning\"") == 1);
  CHECK(out.find("\"message\":{\"text\":\"no \\\"unit\\\" (see)\"}") != std::string::npos);
  CHECK(out.find("{\"startLine\":1,\"startColumn\":5,\"endLine\":1,\"endColumn\":7}") != std::string::npos);
  CHECK(out.find(
            "{\"deletedRegion\":{\"startLine\":2,\"startColumn\":1,\"endLine\":2,\"endColumn\":1},\"insertedContent\":{\"text\":\",\"}}") !=
        std::string::npos);
  CHECK(out.find("\"uri\":\"rules/a%20b%25.fly\"") != std::string::npos);
  CHECK(out.find("\"uri\":\"file:///tmp/%C3%BC.fly\"") != std::string::npos);
  CHECK(out.find("bad \xEF\xBF\xBD byte") != std::string::npos);
}
