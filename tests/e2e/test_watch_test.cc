// `flyball test --watch` runs again when a file changes, and ends by Ctrl-C; `--junit` writes what build servers read.
#include <catch2/catch.hpp>

#include "tests/e2e/process.h"

namespace flyball::e2e {
namespace {

std::string package(const std::string& port) {
  return "fact Link key (port) ttl 10s { port: string }\naction Drain key (port) { port: string }\n"
         "rule r {\n  when { l: Link }\n  then { do Drain { port: l.port } }\n}\n"
         "test \"drains\" {\n  at 1s send Link { port: \"a\" }\n  at 1s expect Drain { port: \"" +
         port + "\" }\n}\n";
}
std::size_t times(const std::string& text, const std::string& word) {
  std::size_t n = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++n;
  return n;
}

TEST_CASE("test --watch: again after a change, a broken file, a file that is new; Ctrl-C ends with the last run's status") {
  const Folder folder;
  folder.write("rules/a.fly", package("a"));
  Child child(folder, "watch", {"test", "--watch", folder / "rules"});
  const auto waits = [&](std::size_t n) { return eventually([&] { return times(child.err(), "waiting for a change") == n; }); };
  REQUIRE(waits(1));
  CHECK(child.out() == "1 passed, 0 failed\n");
  folder.write("rules/a.fly", package("bb"));
  REQUIRE(waits(2));
  CHECK(child.out().find("0 passed, 1 failed\n") != std::string::npos);
  CHECK(child.out().find("expected") != std::string::npos);
  folder.write("rules/a.fly", "rule {");
  REQUIRE(waits(3));
  CHECK(child.err().find("error[E0") != std::string::npos);
  folder.write("rules/a.fly", package("a") + "# mended\n");
  REQUIRE(waits(4));
  folder.write("rules/b.fly", "test \"more\" {\n  by 1s expect nothing else\n}\n");
  REQUIRE(waits(5));
  CHECK(child.out().ends_with("2 passed, 0 failed\n"));
  child.signal(SIGINT);
  CHECK(child.wait() == 0);
}

TEST_CASE("test --watch: recorded facts are watched, too; the status is that of the last run") {
  const Folder folder;
  folder.write("a.fly",
               "fact Link key (port) ttl 10s { port: string }\naction Drain key (port) { port: string }\n"
               "rule r {\n  when { l: Link }\n  then { do Drain { port: l.port } }\n}\n"
               "test \"drains\" {\n  send from \"facts.jsonl\"\n  by 9s expect Drain { port: \"a\" }\n}\n");
  folder.write("facts.jsonl", "{\"time\": 1, \"type\": \"Link\", \"data\": {\"port\": \"a\"}}\n");
  Child child(folder, "watch", {"test", "--watch", folder / "a.fly"});
  const auto waits = [&](std::size_t n) { return eventually([&] { return times(child.err(), "waiting for a change") == n; }); };
  REQUIRE(waits(1));
  CHECK(child.out() == "1 passed, 0 failed\n");
  folder.write("facts.jsonl", "{\"time\": 1, \"type\": \"Link\", \"data\": {\"port\": \"other\"}}\n");
  REQUIRE(waits(2));
  child.signal(SIGINT);
  CHECK(child.wait() == 1);
}

TEST_CASE("test --junit: a file of every outcome; what cannot be written fails") {
  const Folder folder;
  folder.write("a.fly", package("b"));
  Finished f = flyball({"test", "a.fly", "--junit", "out.xml"}, "", folder.path().string());
  CHECK(f.status == 1);
  const std::string xml = folder.read("out.xml");
  CHECK(xml.starts_with(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"flyball\" tests=\"1\" failures=\"1\" errors=\"0\">\n"));
  CHECK(xml.find("<testcase name=\"drains\" classname=\"a.fly\" file=\"a.fly\" line=\"7\" assertions=\"1\">") != std::string::npos);
  CHECK(xml.find("why not:") != std::string::npos);
  folder.write("a.fly", package("a"));
  f = flyball({"test", "a.fly", "--junit", "out.xml"}, "", folder.path().string());
  CHECK(f.status == 0);
  CHECK(folder.read("out.xml").find("failures=\"0\"") != std::string::npos);
  folder.write("a.fly", "rule {");
  CHECK(flyball({"test", "a.fly", "--junit", "out.xml"}, "", folder.path().string()).status == 1);
  CHECK(folder.read("out.xml").find("errors=\"1\"") != std::string::npos);
  folder.write("a.fly", package("a"));
  f = flyball({"test", "a.fly", "--junit", "nowhere/out.xml"}, "", folder.path().string());
  CHECK(f.status == 1);
  CHECK(f.err.find("`nowhere/out.xml` cannot be written") != std::string::npos);
}

}  // namespace
}  // namespace flyball::e2e
