// The words after `flyball connect NAME`, and the table of connectors' promises about itself.
#include "connectors/options.h"

#include <catch2/catch.hpp>

#include "connectors/wire_fact.h"

using namespace flyball;
using namespace flyball::connectors;

namespace {

constexpr OptionSpec kSpecs[] = {{"--socket"}, {"--every"}, {"--backend", true, true}, {"--print", false}};

std::string error_of(std::vector<std::string> args) {
  const auto o = Options::parse(kSpecs, args);
  return o ? "accepted" : o.error().message + (o.error().help.empty() ? "" : "; " + o.error().help);
}

}  // namespace

TEST_CASE("options are read in both spellings", "[connectors]") {
  const auto o = Options::parse(kSpecs, {"--socket", "/run/s", "--every=250ms", "--backend", "a", "--backend", "b", "--print"});
  REQUIRE(o);
  CHECK(o->text("--socket", "") == "/run/s");
  CHECK(o->duration("--every", 1, 0, kNsPerSecond).value() == 250'000'000);
  CHECK(o->all("--backend") == std::vector<std::string>{"a", "b"});
  CHECK(o->has("--print"));
  CHECK(o->text("--name", "haproxy") == "haproxy");
  CHECK(o->number("--count", 7, 1, 9).value() == 7);
}

TEST_CASE("wrong options are said", "[connectors]") {
  CHECK(error_of({"--sokcet", "x"}) == "unknown option `--sokcet`; did you mean `--socket`?");
  CHECK(error_of({"stray"}) == "unknown option `stray`");
  CHECK(error_of({"--socket"}) == "`--socket` needs a value");
  CHECK(error_of({"--print=yes"}) == "`--print` takes no value");
  CHECK(error_of({"--socket", "a", "--socket", "b"}) == "`--socket` is given twice");
  const auto o = Options::parse(kSpecs, {"--every", "3"});
  REQUIRE(o);
  CHECK(o->duration("--every", 1, 50'000'000, kNsPerSecond).error().message == "`--every` is not a duration from 0.05s to 1s: \"3\"");
}

TEST_CASE("facts are printed as lines of recorded facts", "[connectors]") {
  WireFact fact{.type = "infra.lb.LbServer", .stamp = {1'500'000'000}};
  fact.set("server", "a\"b\n").set("n", std::int64_t{3}).set("up", WireValue(true)).set("none", WireValue()).set("x", WireValue(0.25));
  CHECK(
      to_json_line(fact, "haproxy/x") ==
      R"({"time":1.5,"type":"infra.lb.LbServer","data":{"server":"a\"b\u000a","n":3,"up":true,"none":null,"x":0.25},"source":"haproxy/x"})");
  WireFact gone{.type = "T", .retract = true, .stamp = {0}};
  CHECK(to_json_line(gone, "s") == R"({"time":0,"type":"T","op":"retract","data":{},"source":"s"})");
}
