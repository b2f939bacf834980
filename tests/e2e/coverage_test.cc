// `flyball test --coverage`: what no test needs, by name and place; what one needs is not named.
#include <catch2/catch.hpp>

#include "tests/e2e/process.h"

namespace flyball::e2e {
namespace {

constexpr const char* kRules = R"(fact Link key (port) ttl 1m { port: string  util: percent }
fact Maintenance key (port) { port: string }
fact Reserve key (port) { port: string }
action Drain key (port) { port: string }

rule hot {
  cooldown 1m
  when {
    l: Link
    no Maintenance same port as l
    some Reserve where port != l.port
    check l.util > 80%
  }
  then { do Drain { port: l.port } }
}

rule never {
  when { l: Link where port == "nowhere" }
  then { do Drain { port: l.port } }
}

decision class {
  input { load: percent }
  output { name: string }
  table first {
    | load   || name   |
    | >= 80% || "hot"  |
    | -      || "cold" |
  }
}
)";
constexpr const char* kTests = R"(test "a hot link is drained, a cold one not" {
  at 0s send Reserve { port: "spare" }
  at 1s send Link { port: "a", util: 90% }
  at 1s send Link { port: "b", util: 10% }
  at 1s expect Drain { port: "a" }
  at 2s ask class { load: 90% } expect { name: "hot" }
  by 9s expect nothing else
}
)";

TEST_CASE("coverage: rules, rows and lines that no test needs") {
  const Folder folder;
  folder.write("rules.fly", kRules);
  folder.write("rules_test.fly", kTests);
  Finished f = flyball({"test", "--coverage", "rules.fly", "rules_test.fly"}, "", folder.path().string());
  CHECK(f.status == 0);
  CHECK(f.out == "1 passed, 0 failed\n");
  CHECK(f.err ==
        "never fired: main.never (rules.fly:17)\n"
        "never answered: row 2 of main.class (rules.fly:28)\n"
        "1 of 2 rules fired in a test\n"
        "1 of 2 cases and rows answered in a test\n"
        "never decisive: `no Maintenance same port as l` of main.hot (rules.fly:10)\n"
        "never decisive: `some Reserve where port != l.port` of main.hot (rules.fly:11)\n"
        "1 of 3 lines of `when` were decisive in a test\n");

  // A test that needs the lines, and the row.
  folder.write("rules_test.fly",
               std::string(kTests) +
                   "test \"held back\" {\n  at 0s send Maintenance { port: \"a\" }\n  at 0s send Reserve { port: \"a\" }\n"
                   "  at 1s send Link { port: \"a\", util: 90% }\n  at 1s send Reserve { port: \"b\" }\n  at 2s ask class { load: 1% } "
                   "expect { name: \"cold\" }\n"
                   "  by 9s expect no Drain\n}\n"
                   "test \"no reserve\" {\n  at 1s send Link { port: \"a\", util: 90% }\n  by 9s expect no Drain\n}\n");
  f = flyball({"test", "--coverage", "rules.fly", "rules_test.fly"}, "", folder.path().string());
  CHECK(f.status == 0);
  CHECK(f.err ==
        "never fired: main.never (rules.fly:17)\n"
        "1 of 2 rules fired in a test\n"
        "2 of 2 cases and rows answered in a test\n"
        "3 of 3 lines of `when` were decisive in a test\n");
}

}  // namespace
TEST_CASE("coverage: a table from a file, rows that answer together, and a list that is expected to be empty") {
  const Folder folder;
  folder.write("told.csv", "load,who\n>= 80%,oncall\n>= 60%,team\n>= 95%,boss\n");
  folder.write("rules.fly", R"(
fact Link key (port) { port: string  util: percent }
action Page key (port) { port: string }
decision told {
  input { load: percent }
  output { who: string }
  table rule order from "told.csv"
}
rule page {
  when {
    l: Link where util > 80%
    check l.port != "lo"
  }
  then { do Page { port: l.port } }
}
test "two are told, or nobody" {
  at 1s ask told { load: 85% } expect [{ who: "oncall" }, { who: "team" }]
  at 1s ask told { load: 10% } expect []
  at 2s send Link { port: "lo", util: 90% }
  at 2s send Link { port: "et1", util: 90% }
  by 3s expect 1 Page
}
test "nobody" { at 1s ask told { load: 10% } expect [] }
)");
  const Finished f = flyball({"test", "--coverage", "rules.fly"}, "", folder.path().string());
  const std::string said = f.out + f.err;
  INFO(said);
  CHECK(f.status == 0);
  CHECK(said.find("row 3 of") != std::string::npos);
  CHECK(said.find("row 1 of") == std::string::npos);
  CHECK(said.find("row 2 of") == std::string::npos);
  CHECK(said.find("1 of 1 lines of `when` were decisive") != std::string::npos);
  CHECK(said.find("expects nothing") == std::string::npos);
}

}  // namespace flyball::e2e
