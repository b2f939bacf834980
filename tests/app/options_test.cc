// Options: what the command line takes, what it refuses, and with which words.
#include "app/cli/options.h"

#include <catch2/catch.hpp>

namespace flyball::app {
namespace {

struct Parsed {
  bool verbose = false;
  std::string name;
  std::optional<std::string> facts;
  std::vector<std::string> params, paths;
  std::optional<std::uint64_t> count;
  std::optional<DurationNs> span;
  std::optional<double> rate;
  Result<void> done;
};

Parsed parse(std::vector<std::string> args) {
  Parsed p;
  Options options;
  options.positional("NAME", p.name, "", false);
  options.positionals("PATH", p.paths, "", false);
  options.flag("--verbose", p.verbose, "");
  options.value("--facts", "FILE", p.facts, "");
  options.list("--param", "NAME=VALUE", p.params, "");
  options.value("--count", "N", p.count, "");
  options.value("--for", "DURATION", p.span, "");
  options.value("--rate", "N", p.rate, "");
  p.done = options.parse(std::move(args));
  return p;
}

TEST_CASE("options: values, lists and positionals") {
  const Parsed p =
      parse({"drain", "a.fly", "--param", "x=1", "b", "--param", "y=[1,2]", "--facts=-", "--count", "3", "--for", "1m30s", "--verbose"});
  REQUIRE(p.done.has_value());
  CHECK(p.name == "drain");
  CHECK(p.paths == std::vector<std::string>{"a.fly", "b"});
  CHECK(p.params == std::vector<std::string>{"x=1", "y=[1,2]"});
  CHECK(p.facts == "-");
  CHECK(p.count == 3U);
  CHECK(p.span == 90 * kNsPerSecond);
  CHECK(p.verbose);
}

TEST_CASE("options: expressions that look like options are values") {
  CHECK(parse({"-1"}).name == "-1");
  CHECK(parse({"-(2 + 3)"}).name == "-(2 + 3)");
  CHECK(parse({"[1, 2]"}).name == "[1, 2]");
  CHECK(parse({"{\"a\": [1, 2]}"}).name == "{\"a\": [1, 2]}");
  CHECK(parse({"--", "--verbose"}).name == "--verbose");
}

TEST_CASE("options: what is wrong is said, with what was meant") {
  struct Bad {
    std::vector<std::string> args;
    std::string message, help;
  };
  const std::vector<Bad> all = {
      {{"--fact", "x"}, "unknown option `--fact`", "did you mean `--facts`?"},
      {{"--zzzzzzzz"}, "unknown option `--zzzzzzzz`", ""},
      {{"--facts"}, "`--facts` needs a FILE", ""},
      {{"--count", "three"}, "`--count` needs a whole number, not `three`", ""},
      {{"--count", "-3"}, "`--count` needs a whole number, not `-3`", ""},
      {{"--for", "5 apples"}, "`--for` needs a duration, not `5 apples`", "durations are written like 250ms, 90s or 1h30m"},
      {{"--facts", "a", "--facts", "b"}, "`--facts` is given twice", ""},
      {{"--rate", "0"}, "`--rate` needs a number above 0, not `0`", ""},
  };
  for (const Bad& bad : all) {
    const Parsed p = parse(bad.args);
    INFO(bad.args[0]);
    REQUIRE_FALSE(p.done.has_value());
    CHECK(p.done.error().message == bad.message);
    CHECK(p.done.error().help == bad.help);
  }
}

}  // namespace
}  // namespace flyball::app
