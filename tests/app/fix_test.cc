// Fixes: applied together where they do not touch, again while there are some, and never in a circle; over every wrong
// rule file of the repository.
#include "app/package/fix.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace flyball::app {
namespace {

namespace fs = std::filesystem;

const std::string kFacts = "fact Link key (port) ttl 10s { port: string  util: percent }\naction Drain key (port) { port: string }\n";

TEST_CASE("fix: several in a file, at once and one uncovered by another") {
  const FixResult r = fix_texts(
      {{"x.fly", kFacts + "rule hot {\n  cooldwon 1m;\n  when { l: Link where utl > 80 }\n  then { do Drain { prt: l.port } }\n}\n"}});
  CHECK(r.texts[0].text ==
        kFacts + "rule hot {\n  cooldown 1m\n  when { l: Link where util > 80% }\n  then { do Drain { port: l.port } }\n}\n");
  CHECK(r.errors_before > 0);
  CHECK(r.errors_left == 0);
  CHECK_FALSE(r.circle);
  CHECK(r.applied.size() == 5);
}

TEST_CASE("fix: what has no fix stays, and is counted") {
  const std::string text = "let a = 1 +\nlet b = 3 seconds\n";
  const FixResult r = fix_texts({{"x.fly", text}});
  CHECK(r.texts[0].text == "let a = 1 +\nlet b = 3s\n");
  CHECK(r.errors_left == 1);
}

TEST_CASE("fix: a name is not turned into its opposite") {
  const std::string text =
      "fact Host key (host) ttl 1m { host: string  healthy: bool  state: \"in_service\" | \"planned\" }\n"
      "action Lock key (host) { host: string }\nrule r {\n"
      "  when { h: Host where not unhealthy and state == \"out_service\" for 1m }\n  then { do Lock { host: h.host } }\n"
      "  on clear { do Unlock { host: h.host } }\n}\n";
  const FixResult r = fix_texts({{"x.fly", text}});
  CHECK(r.texts[0].text == text);
  CHECK(r.applied.empty());
  CHECK(r.errors_left == 3);
}

TEST_CASE("fix: a colon before a block goes, `xor` has no word of its own") {
  const std::string head =
      "fact Host key (host) ttl 1m { host: string  a: bool  b: bool }\naction Lock key (host) { host: string }\nrule r {\n";
  const std::string tail = "  then { do Lock { host: h.host } }\n}\n";
  const FixResult r = fix_texts({{"x.fly", head + "  when: { h: Host where a }\n" + tail}, {"y.fly", "test t one {\n}\n"}});
  CHECK(r.texts[0].text == head + "  when { h: Host where a }\n" + tail);
  CHECK(r.texts[1].text == "test \"t one\" {\n}\n");
  for (const char* condition : {"xor(a, b)", "a xor b", "host in (\"a\", \"b\")", "host == h1"}) {
    const std::string text = head + "  when { h: Host where " + condition + " }\n" + tail;
    const FixResult kept = fix_texts({{"x.fly", text}});
    CHECK(kept.texts[0].text == text);
    CHECK(kept.errors_left > 0);
  }
}

// What becomes of a line between what is right; `left: ` before it, where mistakes stay.
std::string fixed_between(const std::string& head, const std::string& line, const std::string& tail) {
  const FixResult r = fix_texts({{"x.fly", head + line + tail}});
  const std::string& text = r.texts[0].text;
  REQUIRE(text.size() >= head.size() + tail.size());
  return (r.errors_left == 0 ? "" : "left: ") + text.substr(head.size(), text.size() - head.size() - tail.size());
}

TEST_CASE("fix: words of elsewhere become what was meant, or stay") {
  const std::string head = "fact Link key (id) ttl 1m { id: string  up: bool  util: percent  rate: bitrate }\nrule r {\n  when { ";
  const std::string tail = " }\n  then { log \"x\" }\n}\n";
  const auto fixed = [&](const std::string& line) { return fixed_between(head, line, tail); };
  CHECK(fixed("absent(Link)") == "no Link");
  CHECK(fixed("absent(Link where up)") == "no Link where up");
  CHECK(fixed("not(Link where (up or util > 3%))") == "no Link where (up or util > 3%)");
  CHECK(fixed("exists(Link)") == "some Link");
  CHECK(fixed("not Link where up") == "no Link where up");
  CHECK(fixed("check COUNT(Link) > 3") == "check count(Link) > 3");
  CHECK(fixed("check AVG(Link.util over 5m) > 3%") == "check avg(Link.util over 5m) > 3%");
  CHECK(fixed("check avg_over_time(Link.util[5m]) > 3%") == "check avg(Link.util over 5m) > 3%");
  CHECK(fixed("l: Link where if up") == "l: Link where up");
  CHECK(fixed("l: Link where up or { util > 3% }") == "l: Link where up or (util > 3%)");
  CHECK(fixed("l: Link where rate > 10Gbit/s") == "l: Link where rate > 10Gbps");
  CHECK(fixed("l: Link where rate > 10 Mb/s") == "l: Link where rate > 10Mbps");
  for (const char* line : {"l: Link where id == 10.0.0.1", "check absent(Link)", "not(up)", "l: Link where rate > 10Gb",
                           "check sum by (id) (Link.util) > 3%", "l: Link group by id"})
    CHECK(fixed(line) == std::string("left: ") + line);
}

TEST_CASE("fix: forms of elsewhere become what was meant, or nothing is touched") {
  const std::string head =
      "fact Host key (name) ttl 1m { name: string  load: double  os: string?  seen: int  at: timestamp  rate: bitrate }\n"
      "mutable fact Memo key (name) { name: string }\nrule r {\n  when { ";
  const std::string tail = " }\n  then { log \"x\" }\n}\n";
  const auto fixed = [&](const std::string& line) { return fixed_between(head, line, tail); };
  CHECK(fixed("h: Host where load =! 3") == "h: Host where load != 3");
  CHECK(fixed("h: Host where os IS NULL") == "h: Host where os == null");
  CHECK(fixed("h: Host where os IS NOT NULL") == "h: Host where os != null");
  CHECK(fixed("h: Host where os NOT NULL") == "h: Host where os != null");
  CHECK(fixed("h: Host where load BETWEEN 3 AND 5 and seen > 1") == "h: Host where load in 3..5 and seen > 1");
  CHECK(fixed("h: Host where load not between 3 and 5") == "h: Host where load not in 3..5");
  CHECK(fixed("h: Host where name in {\"a\", \"b\"}") == "h: Host where name in [\"a\", \"b\"]");
  CHECK(fixed("h: Host where coalesce(os, \"x\") == \"y\"") == "h: Host where (os ?? \"x\") == \"y\"");
  CHECK(fixed("h: Host where isnull(os)") == "h: Host where (os == null)");
  CHECK(fixed("h: Host where at < now() - 5m") == "h: Host where at < now - 5m");
  CHECK(fixed("h: Host where min(load, 3) > 2") == "h: Host where math.least(load, 3) > 2");
  CHECK(fixed("h: Host where if(seen > 3, load, 3.0) > 3") == "h: Host where ((seen > 3) ? load : 3.0) > 3");
  CHECK(fixed("h: Host where lower(name) == \"a\"") == "h: Host where name.lowerAscii() == \"a\"");
  CHECK(fixed("h: Host where load.abs() > 3") == "h: Host where math.abs(load) > 3");
  CHECK(fixed("h: Host where rate > 10GB/s") == "h: Host where rate > 10GB / 1s");
  CHECK(fixed("h: Host where rate > 10 GB/s") == "h: Host where rate > 10GB / 1s");
  CHECK(fixed("h: Host where rate > 10GBps") == "h: Host where rate > 10GB / 1s");
  CHECK(fixed("check avg(Host.load, 5m) > 2") == "check avg(Host.load over 5m) > 2");
  CHECK(fixed("?h: Host") == "h: Host");
  for (const char* line : {"h: Host where load == case when seen > 3 then 2.0 else 3.0 end", "h: Host where load == case when seen > 3",
                           "h: Host check h.load if h.seen > 3 else 3.0", "h: Host where load > (load if seen > 3 else 3.0)",
                           "check min(Host.load, 3) > 2", "h: Host where avg(load) > 3", "check avg(load) > 3", "any { some Host }",
                           "h: Host where load > 3 or { some Memo }", "h: Host where load ** 2 > 3", "h: Host where name[1:3] == \"a\"",
                           "forall Host where load > 3", "check count(*) > 3", "h: Host where load > 3 * { seen or seen < 2 }"})
    CHECK(fixed(line) == std::string("left: ") + line);
}

TEST_CASE("fix: blocks without braces, `mutable` behind `fact`") {
  const std::string head = "fact Host key (name) ttl 1m { name: string  load: double }\naction Page key (name) { name: string }\n";
  const auto fixed = [&](const std::string& rule) {
    const FixResult r = fix_texts({{"x.fly", head + rule}});
    return (r.errors_left == 0 ? "" : "left: ") + r.texts[0].text.substr(head.size());
  };
  CHECK(fixed("rule i {\n  if h: Host where load > 3\n  then do Page { name: h.name }\n}\n") ==
        "rule i {\n  when { h: Host where load > 3 }\n  then { do Page { name: h.name } }\n}\n");
  CHECK(fixed("rule i { if h: Host where load > 3 then do Page { name: h.name } }\n") ==
        "rule i { when { h: Host where load > 3 } then { do Page { name: h.name } } }\n");
  CHECK(fixed("rule i {\n  when\n    h: Host where load > 3\n  }\n  then { do Page { name: h.name } }\n}\n") ==
        "rule i {\n  when {\n    h: Host where load > 3\n  }\n  then { do Page { name: h.name } }\n}\n");
  const std::string none = "rule i {\n  if (Host.load > 3)\n  then { do Page { name: \"x\" } }\n}\n";
  CHECK(fixed(none) == "left: " + none);
  const std::string untyped = "fact B { device  port: string }\n";
  CHECK(fixed(untyped) == "left: " + untyped);
  CHECK(fixed("fact mutable A key (x) { x: string }\n") == "mutable fact A key (x) { x: string }\n");
}

TEST_CASE("fix: fields in parentheses move into braces, what is a key becomes one") {
  const FixResult r = fix_texts({{"x.fly", "fact Link(dev: string, util: percent)\nfact Third(dev) { dev: string }\n"}});
  CHECK(r.texts[0].text == "fact Link { dev: string, util: percent }\nfact Third key (dev) { dev: string }\n");
  CHECK(r.errors_left == 0);
  const std::string other = "fact Fourth(dev: string) ttl 45s\n";
  CHECK(fix_texts({{"x.fly", other}}).texts[0].text == other);
}

TEST_CASE("fix: what the author has to choose is not chosen") {
  const std::string text =
      "decision d {\n  input { load: percent }\n  output { class: string }\n  table first {\n    | load   || class |\n"
      "    | >= 80% || \"hot\" |\n    | < 50%  || \"ok\"  |\n  }\n}\n";
  const FixResult r = fix_texts({{"x.fly", text}});
  CHECK(r.texts[0].text == text);
  CHECK(r.errors_left == 1);
  CHECK(r.choices == 1);
}

TEST_CASE("fix: of several files, in the one that has the mistake") {
  const FixResult r = fix_texts({{"a.fly", "module a\n\nfact Link key (id) ttl 1m { id: string }\n"},
                                 {"b.fly", "module b\n\nrule r {\n  when { l: Link }\n  then { log l.id }\n}\n"}});
  CHECK(r.texts[0].text == "module a\n\nfact Link key (id) ttl 1m { id: string }\n");
  CHECK(r.texts[1].text.find("import a\n") != std::string::npos);
  CHECK(r.errors_left == 0);
}

TEST_CASE("fix: what works is not touched, also where a warning has a fix") {
  const std::string text = kFacts +
                           "fact Maintenance key (port) { port: string }\nrule r {\n  cooldown 1m\n  when {\n    l: Link\n"
                           "    no Maintenance\n  }\n  then { do Drain { port: l.port } }\n}\n";
  const FixResult r = fix_texts({{"x.fly", text}});
  CHECK(r.texts[0].text == text);
  CHECK(r.applied.empty());
  CHECK(r.warnings_with_fix == 1);
}

TEST_CASE("fix: no wrong file of the repository runs in a circle; what was fixed has no more of what was fixed") {
  std::size_t files = 0, repaired = 0, better = 0;
  for (const char* folder : {"check", "parse"}) {
    for (const auto& entry : fs::directory_iterator(fs::path(FLYBALL_SOURCE_DIR) / "tests/golden" / folder)) {
      if (entry.path().extension() != ".fly") continue;
      std::ifstream in(entry.path(), std::ios::binary);
      std::stringstream text;
      text << in.rdbuf();
      const FixResult once = fix_texts({{entry.path().filename().string(), text.str()}});
      INFO(entry.path());
      CHECK_FALSE(once.circle);
      if (once.applied.empty()) {
        CHECK(once.texts[0].text == text.str());
        continue;
      }
      ++files;
      repaired += once.errors_left == 0 ? 1 : 0;
      better += once.errors_left < once.errors_before ? 1 : 0;
      CHECK(once.errors_left <= once.errors_before);
    }
  }
  CHECK(files >= 50);
  CHECK(repaired >= 15);
  CHECK(better * 10 >= files * 8);
}

}  // namespace
}  // namespace flyball::app
