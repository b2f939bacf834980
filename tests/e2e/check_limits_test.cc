// `check` of what the compiler alone refuses: E0900 stands at the name of the rule or case, in text and in JSON lines.
#include <catch2/catch.hpp>

#include "tests/e2e/process.h"

namespace flyball::e2e {
namespace {

std::string facts_of_one_rule(int facts) {
  std::string rule = "rule wide {\n  when {\n    f0: F\n";
  for (int i = 1; i < facts; ++i) rule += "    f" + std::to_string(i) + ": F where id == f" + std::to_string(i - 1) + ".id\n";
  return rule + "  }\n  then { log f0.id }\n}\n";
}

std::string joined_by(int fields) {
  std::string declared;
  std::string same;
  for (int i = 0; i < fields; ++i) {
    declared += " a" + std::to_string(i) + ": int";
    same += (i == 0 ? "" : ", ") + ("a" + std::to_string(i));
  }
  return "fact G key (id) ttl 1m { id: string" + declared + " }\nrule wide { when { g: G  h: G same " + same +
         " as g } then { log g.id } }\n";
}

std::string lines_of_one_rule(int lines) {
  std::string rule = "rule wide {\n  when {\n    f: F\n";
  for (int i = 1; i < lines; ++i) rule += "    no G same id as f where n == " + std::to_string(i) + "\n";
  return "fact G key (id, n) ttl 1m { id: string  n: int }\n" + rule + "  }\n  then { log f.id }\n}\n";
}

}  // namespace

TEST_CASE("what is too large to compile is said at its rule") {
  const std::string fact = "fact F key (id) ttl 1m { id: string }\nrule fits { when { f: F } then { log f.id } }\n";
  struct Case {
    std::string text;
    const char* said;
    const char* line;
  };
  const Case cases[] = {{facts_of_one_rule(33), "`main.wide` binds more than 32 facts", "3"},
                        {joined_by(17), "`main.wide` joins a line by more than 16 fields", "4"},
                        {lines_of_one_rule(70), "`main.wide` has more than 64 lines and aggregates", "4"}};
  for (const Case& c : cases) {
    const Finished text = flyball({"check", "-"}, fact + c.text);
    INFO(text.err);
    CHECK(text.status == 1);
    CHECK(text.err.find("error[E0900]: " + std::string(c.said)) != std::string::npos);
    CHECK(text.err.find(" --> <stdin>:" + std::string(c.line) + ":6\n") != std::string::npos);
    CHECK(text.err.find("1 error") != std::string::npos);
    const Finished json = flyball({"check", "--json", "-"}, fact + c.text);
    CHECK(json.out.find("\"line\":" + std::string(c.line) + ",\"column\":6") != std::string::npos);
    CHECK(json.out.find("\"code\":\"E0900\"") != std::string::npos);
  }
  CHECK(flyball({"check", "-"}, fact + facts_of_one_rule(32)).status == 0);
  CHECK(flyball({"check", "-"}, fact + joined_by(16)).status == 0);
}

}  // namespace flyball::e2e
