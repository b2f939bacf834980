// The standard vocabulary that the program carries: there without a file, a package's own files before it, what is misspelt said.
#include "app/package/standard.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "app/package/fix.h"
#include "parser/parser.h"

namespace flyball::app {
namespace {

const std::string kRule =
    "rule r {\n  cooldown 1m\n  when { l: Link where oper == \"down\" }\n"
    "  then { do DrainLink { device: l.device, port: l.port } }\n}\n";

struct Checked {
  SourceFiles sources;
  Interner interner;
  Diagnostics diagnostics;
  std::size_t added = 0;

  explicit Checked(const std::vector<std::string>& texts) {
    std::vector<ast::File> files;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const Result<std::uint32_t> index = sources.add(std::to_string(i) + ".fly", texts[i]);
      REQUIRE(index.has_value());
      files.push_back(parse_file(sources, *index, interner, diagnostics));
    }
    added = add_standard_modules(files, sources, interner, diagnostics);
    static_cast<void>(check_package(std::move(files), sources, interner, diagnostics));
  }
  bool says(const std::string& words) {
    const std::vector<Diagnostic>& all = diagnostics.all();
    return std::any_of(all.begin(), all.end(), [&](const Diagnostic& d) {
      return d.message.find(words) != std::string::npos || d.help.find(words) != std::string::npos ||
             (d.fix && d.fix->replacement == words);
    });
  }
};

TEST_CASE("standard modules: only what is imported, and without a word against any of them") {
  CHECK(Checked({"module a\n\nimport std.network\n\n" + kRule}).added == 1);
  CHECK(Checked({"param a: int = 1\n"}).added == 0);
  std::string all = "module a\n\n";
  for (const StandardModule& m : standard_modules()) all += "import " + std::string(m.name) + "\n";
  Checked c({all});
  CHECK(c.added == standard_modules().size());
  CHECK(c.added >= 4);
  CHECK_FALSE(c.diagnostics.has_errors());
}

TEST_CASE("standard modules: a file of the package that declares one is taken instead") {
  Checked c({"module std.network\n\nfact Link key (id) ttl 1m { id: string }\n",
             "module a\n\nimport std.network\n\nrule r {\n  when { l: Link }\n  then { log l.id }\n}\n"});
  CHECK(c.added == 0);
  CHECK_FALSE(c.diagnostics.has_errors());
}

TEST_CASE("standard modules: of a misspelt one the message says which there are") {
  Checked c({"module a\n\nimport std.netwrok\n"});
  CHECK(c.diagnostics.has_errors());
  CHECK(c.says("std.network"));
}

TEST_CASE("standard modules: what is not imported stays a name that nobody declares, and a type of one's own goes first") {
  CHECK(Checked({"module a\n\n" + kRule}).diagnostics.has_errors());
  Checked own(
      {"module a\n\nimport std.network\n\nfact Link key (id) ttl 1m { id: string }\n\n"
       "rule r {\n  when { l: Link }\n  then { log l.id }\n}\n"});
  CHECK_FALSE(own.diagnostics.has_errors());
}

TEST_CASE("standard modules: no warning asks for what the author of a rule cannot write") {
  Checked c(
      {"module a\n\nimport std.application\n\nrule r {\n  cooldown 1m\n  when { d: Deployment where share > 10% }\n"
       "  then { log d.service }\n}\n"});
  CHECK(c.diagnostics.all().empty());
}

TEST_CASE("standard modules: `fix` mends the rule that uses one, never the module") {
  const FixResult r = fix_texts({{"a.fly",
                                  "module a\n\nimport std.netwrok\n\nrule r {\n  cooldown 1m\n  when { l: Link where util > 80 }\n"
                                  "  then { do DrainLink { device: l.device, prt: l.port } }\n}\n"}});
  CHECK(r.errors_left == 0);
  CHECK(r.texts.size() == 1);
  CHECK(r.texts[0].text.find("import std.network\n") != std::string::npos);
  CHECK(r.texts[0].text.find("util > 80%") != std::string::npos);
}

}  // namespace
}  // namespace flyball::app
