// Text that is not quite a rule file: every truncation of a sample, and random deletions, doublings, swaps and foreign
// bytes, from fixed seeds. Whatever stands there, parsing ends with a tree and with diagnostics inside the text.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "parser/ast/dump.h"
#include "parser/diagnostics/render.h"
#include "parser/parser.h"

using namespace flyball;

namespace {

std::string sample() {
  std::ifstream in(FLYBALL_SOURCE_DIR "/tests/golden/parse/good_everything.fly", std::ios::binary);
  std::stringstream s;
  s << in.rdbuf();
  REQUIRE(s.str().size() > 3000);
  return s.str();
}

// Parses, dumps and renders; what is wrong with the outcome, or nothing.
std::string trouble(const std::string& text) {
  SourceFiles sources;
  if (!sources.add("m.fly", text)) return "refused";
  Interner in;
  Diagnostics out;
  const ast::File file = parse_file(sources, 0, in, out);
  (void)ast::dump(file, in);
  if (out.all().size() > Diagnostics::kMaxPerFile) return "more diagnostics than are kept";
  for (const Diagnostic& d : out.all()) {
    if (d.span.begin > d.span.end || d.span.end > text.size()) return "a span outside the text: " + d.message;
    if (d.message.empty() || d.message.find('\n') != std::string::npos || d.message.find("flyball::") != std::string::npos)
      return "a message that is none: " + d.message;
    const std::string shown = render(d, sources);
    if (shown.size() > 4096 || shown.find('\0') != std::string::npos) return "a rendering that is none";
    if (d.fix && (d.fix->span.begin > d.fix->span.end || d.fix->span.end > text.size())) return "a fix outside the text";
  }
  return {};
}

}  // namespace

TEST_CASE("a file cut off at any byte gives a tree and at least one message or none", "[mutation]") {
  const std::string text = sample();
  for (std::size_t n = 0; n <= text.size(); ++n) {
    const std::string bad = trouble(text.substr(0, n));
    if (!bad.empty()) FAIL("cut at " << n << ": " << bad);
  }
  for (std::size_t n = 0; n < text.size(); n += 7) {
    const std::string bad = trouble(text.substr(n));
    if (!bad.empty()) FAIL("from " << n << ": " << bad);
  }
}

TEST_CASE("a file with random damage gives a tree and messages inside the text", "[mutation]") {
  const std::string text = sample();
  static constexpr std::string_view kForeign = "{}()[]<>\"'`|,.:;=!?&%#/\\-+*0123456789azAZ_\n\r\t \0\xff\xc3\xed";
  std::mt19937 random(20261122);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  for (int i = 0; i < 5000; ++i) {
    std::string m = text;
    const std::size_t changes = 1 + below(8);
    for (std::size_t k = 0; k < changes && !m.empty(); ++k) {
      const std::size_t at = below(m.size());
      const std::size_t length = 1 + below(std::min<std::size_t>(m.size() - at, below(10) == 0 ? 400 : 3));
      switch (below(4)) {
        case 0: m.erase(at, length); break;
        case 1: m.insert(at, m.substr(at, length)); break;
        case 2: m[at] = kForeign[below(kForeign.size())]; break;
        default: m.insert(at, 1, kForeign[below(kForeign.size())]); break;
      }
    }
    const std::string bad = trouble(m);
    if (!bad.empty()) FAIL("mutant " << i << ": " << bad << "\n" << m);
  }
}

TEST_CASE("a single damaged declaration hides no mistake in another", "[mutation]") {
  // Damage to the first declaration; the mistake in the last one must still be said.
  const std::string first =
      "rule a {\n  when {\n    x: A where b == 3 and c in [1, 2]\n    some B same d as x\n  }\n  then { do C { d: x.d, e: f\"{x.b}\" } "
      "}\n}\n";
  const std::string last = "rule z {\n  when { x: A where b = 3 }\n  then { log \"z\" }\n}\n";
  int said = 0;
  for (std::size_t n = 0; n < first.size(); ++n) {
    SourceFiles sources;
    REQUIRE(sources.add("m.fly", first.substr(0, n) + first.substr(n + 1) + last));
    Interner in;
    Diagnostics out;
    (void)parse_file(sources, 0, in, out);
    for (const Diagnostic& d : out.all()) said += d.code == "E0102" && d.span.begin >= first.size() - 1;
  }
  CHECK(said == static_cast<int>(first.size()));
}

TEST_CASE("deep and long texts are refused, not fatal", "[mutation]") {
  const auto repeated = [](std::string_view s, std::size_t n) {
    std::string r;
    for (std::size_t i = 0; i < n; ++i) r += s;
    return r;
  };
  for (const std::string_view open :
       {"(", "[", "{", "f(", "x[", "{a:", "-", "!", "not ", "a ? ", "f\"{", "[?", "Foo{a:", "count(A where ", "xs.all(x, "}) {
    INFO(open);
    CHECK(trouble("let a = " + repeated(open, 32768)) == "");
    CHECK(trouble("let a = " + repeated(open, 32768) + "1\nlet b = 1\n") == "");
  }
  for (const std::string_view more :
       {" + 1", ".a", "[0]", " and a", " or a", " ?? a", " == a", " in a", "..1", "(1)", ".f()", " ? a : a", ", a", " - -1"}) {
    INFO(more);
    CHECK(trouble("let a = a" + repeated(more, 32768)) == "");
  }
  CHECK(trouble("fact A { a: " + repeated("list<", 32768)) == "");
  CHECK(trouble(repeated("rule a { when {", 5000)) == "");
  CHECK(trouble(repeated("rule a { when {\n", 5000)) == "");
  CHECK(trouble(repeated("{", 32768)) == "");
  CHECK(trouble(repeated("}", 32768)) == "");
  CHECK(trouble(repeated("rule a { when { either {", 5000)) == "");
  CHECK(trouble("let a = " + repeated("\"", 32769)) == "");
  CHECK(trouble(repeated("'''", 10001)) == "");
  CHECK(trouble(std::string(100000, '\xff')) == "");
  CHECK(trouble(std::string(100000, '\0')) == "");
  CHECK(trouble(repeated("1", 100000)) == "");
  CHECK(trouble("let a = " + repeated("1", 100000)) == "");
  CHECK(trouble("let a = " + repeated("a", 100000)) == "");
  CHECK(trouble("let a = " + repeated("1h", 100000)) == "");
  CHECK(trouble("let a = " + repeated("1:", 100000)) == "");
  CHECK(trouble("let a = " + repeated("1.", 100000)) == "");
}

TEST_CASE("one expression nested as deeply as is allowed parses, one deeper does not", "[mutation]") {
  for (const int levels : {kMaxNesting, kMaxNesting + 1}) {
    SourceFiles sources;
    REQUIRE(
        sources.add("e", std::string(static_cast<std::size_t>(levels), '(') + "1" + std::string(static_cast<std::size_t>(levels), ')')));
    Interner in;
    Diagnostics out;
    (void)parse_expression(sources, 0, in, out);
    CHECK(out.has_errors() == (levels > kMaxNesting));
    if (out.has_errors()) CHECK(out.all()[0].code == "E0108");
  }
}
