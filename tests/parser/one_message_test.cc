// One mistake, one message, through parser and checker together: what follows from a mistake is not said, and what does
// not follow from it is.
#include <catch2/catch.hpp>

#include "parser/diagnostics/render.h"
#include "parser/parser.h"

using namespace flyball;

namespace {

constexpr std::string_view kWorld =
    "fact Link key (device, port) ttl 45s { device: string  port: string  util: percent }\n"
    "action Drain key (device) { device: string }\n";

std::string codes(const std::string& text, std::string& shown) {
  SourceFiles sources;
  REQUIRE(sources.add("m.fly", text));
  Interner in;
  Diagnostics out;
  std::vector<ast::File> files;
  files.push_back(parse_file(sources, 0, in, out));
  (void)check_package(std::move(files), sources, in, out);
  shown = render_all(out, sources);
  std::string all;
  for (const Diagnostic& d : out.all()) {
    if (d.severity == Severity::kError) all += (all.empty() ? "" : " ") + d.code;
  }
  return all;
}

}  // namespace

TEST_CASE("a mistake of grammar is said once by parser and checker together", "[one-message]") {
  struct Case {
    const char* text;
    const char* codes;
  };
  const Case cases[] = {
      // A forgotten mark: the field is there all the same.
      {"fact F key (a) ttl 1s { a: string  load percent }\nrule r { when { x: F where load > 80% for 1m } then { do Drain { device: x.a } "
       "} }\n",
       "E0100"},
      {"param p: percent 80%\nrule r { when { x: Link where util > p for 1m } then { do Drain { device: x.device } } }\n", "E0100"},
      // A type that did not parse: uses of the field are no mistakes.
      {"fact F key (a) ttl 1s {\n  a: string\n  load: in t\n}\nrule r { when { x: F where load > 80% for 1m } then { do Drain { device: "
       "x.a } } }\n",
       "E0100"},
      // A misspelt declaration is still there.
      {"fcat F key (a) ttl 1s { a: string }\nrule r { when { x: F where a == \"b\" for 1m } then { do Drain { device: x.a } } }\n",
       "E0112"},
      // What a misspelt one lacks may not be meant: it may be no rule.
      {"rules r { }\n", "E0112"},
      {"rules r { when { x: Link where util > 80% } }\n", "E0112"},
      {"rule r { }\n", "E0115"},
      // A line that did not parse still binds its name.
      {"rule r {\n  when {\n    x: Link where util > (\n    y: Link same device as x where util > 1% for 1m\n  }\n  then { do Drain { "
       "device: x.device } }\n}\n",
       "E0100"},
      {"rule r {\n  when {\n    x: Link where util > 80% and\n  }\n  then { do Drain { device: x.device } }\n}\n", "E0100"},
      // A wrong operator changes nothing else.
      {"rule r { when { x: Link where util = 80% for 1m } then { do Drain { device: x.device } } }\n", "E0102"},
      // A mistake of grammar in one rule, one of types in another: both.
      {"rule r { when { x: Link whre util > 80% for 1m } then { do Drain { device: x.device } } }\n"
       "rule s { when { x: Link where util > 80 for 1m } then { do Drain { device: x.device } } }\n",
       "E0113 E0203"},
      {"rule r { cooldwon 5m when { x: Link where util > 80% for 1m } then { do Drain { device: x.device } } }\n"
       "test \"t\" { at 1s send Link { device: \"a\", port: \"b\", util: 5min }  by 2s expect Drain { device: \"a\" } from r }\n",
       "E0113 E0106"},
  };
  for (const Case& c : cases) {
    std::string shown;
    const std::string found = codes(std::string(kWorld) + c.text, shown);
    INFO(c.text << shown);
    CHECK(found == c.codes);
  }
}
