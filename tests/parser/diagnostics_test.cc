// Places, collection and rendering of diagnostics.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "parser/diagnostics/render.h"

using namespace flyball;

namespace {

Diagnostic at(std::uint32_t begin, std::uint32_t end, std::string code = "E0203") {
  return {std::move(code), Severity::kError, {0, begin, end}, "`util` is a percent, `80` is a plain number", "", {}};
}

}  // namespace

TEST_CASE("places count lines by newline and columns by code point", "[source]") {
  SourceFiles s;
  REQUIRE(s.add("a.fly", "é日b\r\nsecond\n\nlast") == 0U);
  CHECK(s.position(0, 0).column == 1);
  CHECK(s.position(0, 2).column == 2);
  CHECK(s.position(0, 5).column == 3);
  CHECK(s.position(0, 8).line == 2);
  CHECK(s.position(0, 8).column == 1);
  CHECK(s.position(0, 9999).line == 4);
  CHECK(s.position(0, 9999).column == 5);
  CHECK(s.line_text(0, 1) == "é日b");
  CHECK(s.line_text(0, 3) == "");
  CHECK(s.line_text(0, 4) == "last");
  CHECK(s.line_text(0, 5) == "");
  CHECK(s.line_text(0, 0) == "");
  CHECK(s.text(ast::Span{0, 8, 14}) == "second");
  CHECK(s.text(ast::Span{0, 14, 8}) == "");
  CHECK(s.text(ast::Span{0, 8, 9999}) == "second\n\nlast");
}

TEST_CASE("a file beyond the limit is refused", "[source]") {
  SourceFiles s;
  CHECK_FALSE(s.add("big.fly", std::string(SourceFiles::kMaxFileBytes + 1, ' ')));
  CHECK(s.add("fits.fly", std::string(SourceFiles::kMaxFileBytes, ' ')));
}

TEST_CASE("a diagnostic shows its line, a caret and its fix", "[render]") {
  SourceFiles s;
  std::string text;
  for (int i = 0; i < 15; ++i) text += "\n";
  text += "    hot:  LinkStats where util > 80\n";
  REQUIRE(s.add("rules/net.fly", text));
  const auto begin = static_cast<std::uint32_t>(text.find("80"));
  Diagnostic d = at(begin, begin + 2);
  d.help = "without the unit it would mean 8000 %";
  d.fix = Fix{d.span, "80%"};
  CHECK(render(d, s) ==
        "error[E0203]: `util` is a percent, `80` is a plain number\n"
        "  --> rules/net.fly:16:34\n"
        "16 |     hot:  LinkStats where util > 80\n"
        "   |                                  ^^ fix: `80%` (without the unit it would mean 8000 %)\n");
  const auto json = nlohmann::json::parse(render_json(d, s));
  const auto expected = nlohmann::json::parse(R"({
    "file": "rules/net.fly", "line": 16, "column": 34, "end_line": 16, "end_column": 36, "severity": "error", "code": "E0203",
    "message": "`util` is a percent, `80` is a plain number", "help": "without the unit it would mean 8000 %",
    "fix": {"line": 16, "column": 34, "end_line": 16, "end_column": 36, "replacement": "80%"}})");
  CHECK(json == expected);
  d.fix.reset();
  d.help.clear();
  d.severity = Severity::kWarning;
  CHECK(render(d, s).starts_with("warning[E0203]: "));
  const auto bare = nlohmann::json::parse(render_json(d, s));
  CHECK(bare["fix"].is_null());
  CHECK(bare["help"].is_null());
  CHECK(bare["severity"] == "warning");
}

TEST_CASE("colour is only around the text", "[render]") {
  SourceFiles s;
  REQUIRE(s.add("a.fly", "abc def"));
  const std::string plain = render(at(4, 7), s);
  std::string colored = render(at(4, 7), s, true);
  CHECK(colored != plain);
  for (std::size_t i = colored.find('\x1b'); i != std::string::npos; i = colored.find('\x1b'))
    colored.erase(i, colored.find('m', i) - i + 1);
  CHECK(colored == plain);
}

TEST_CASE("what could steer a terminal or is not UTF-8 does not reach it", "[render]") {
  SourceFiles s;
  REQUIRE(s.add("a.fly", "a\x1b[31m\xff\xed\xa0\x80 b\xc2\x9b c"));
  const std::string shown = render(at(0, 1), s);
  CHECK(shown.find('\x1b') == std::string::npos);
  CHECK(shown.find('\xff') == std::string::npos);
  CHECK(shown.find("\xc2\x9b") == std::string::npos);
  Diagnostic d = at(0, 1);
  d.message = "found `\xff`";
  CHECK(nlohmann::json::parse(render_json(d, s))["message"] == "found `\xEF\xBF\xBD`");
}

TEST_CASE("the caret stays under its text in long lines and after tabs", "[render]") {
  SourceFiles s;
  const std::string text = std::string(1000, 'x') + "HERE" + std::string(1000, 'y') + "\n\t\tz\n";
  REQUIRE(s.add("a.fly", text));
  const std::string shown = render(at(1000, 1004), s);
  const std::size_t source = shown.find("\n1 |") + 1;
  const std::size_t caret = shown.find("\n  |") + 1;
  CHECK(shown.size() < 700);
  // The line begins with an ellipsis of three bytes in one column.
  CHECK(shown.find("HERE") - source - 2 == shown.find("^^^^") - caret);
  CHECK(render(at(2007, 2008), s).find("\n  | \t\t^\n") != std::string::npos);
}

TEST_CASE("a span at the end of a file or over several lines has a caret", "[render]") {
  SourceFiles s;
  REQUIRE(s.add("a.fly", "one\ntwo"));
  CHECK(render(at(7, 7), s).find("2 | two\n  |    ^\n") != std::string::npos);
  CHECK(render(at(1, 6), s).find("1 | one\n  |  ^^\n") != std::string::npos);
  REQUIRE(s.add("empty.fly", ""));
  Diagnostic d = at(0, 0);
  d.span.file = 1;
  CHECK(render(d, s).find("1 | \n  | ^\n") != std::string::npos);
}

TEST_CASE("diagnostics come in order of place, once each, at most a hundred a file", "[diagnostics]") {
  Diagnostics out;
  out.add(at(5, 6));
  out.add(at(1, 2));
  out.add(at(5, 6));
  CHECK(out.error_count() == 2);
  REQUIRE(out.all().size() == 2);
  CHECK(out.all()[0].span.begin == 1);
  Diagnostics many;
  for (std::uint32_t i = 0; i < 150; ++i) many.add(at(i, i + 1));
  Diagnostic other = at(0, 1);
  other.span.file = 1;
  many.add(other);
  CHECK(many.all().size() == 101);
  CHECK(many.suppressed() == 50);
  CHECK(many.error_count() == 151);
  SourceFiles s;
  REQUIRE(s.add("a.fly", std::string(200, 'x')));
  REQUIRE(s.add("b.fly", "x"));
  CHECK(render_all(many, s).find("50 more not shown") != std::string::npos);
  Diagnostics warnings;
  Diagnostic w = at(0, 1);
  w.severity = Severity::kWarning;
  warnings.add(w);
  CHECK_FALSE(warnings.has_errors());
}
