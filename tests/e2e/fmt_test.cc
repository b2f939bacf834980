// `flyball fmt`, `flyball fix` and the files it rewrites: replaced as a whole, with their permissions, links staying links; or not at all.
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/e2e/process.h"

namespace flyball::e2e {
namespace {

namespace fs = std::filesystem;

constexpr const char* kOdd = "param a:int=1\n";
constexpr const char* kFormatted = "param a: int = 1\n";

mode_t mode_of(const std::string& path) {
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}
std::size_t files_in(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST_CASE("fmt: rewrites what is not formatted, names it, and keeps its permissions") {
  const Folder folder;
  const std::string odd = folder.write("rules/odd.fly", kOdd), fine = folder.write("rules/deep/fine.fly", kFormatted);
  REQUIRE(::chmod(odd.c_str(), 0640) == 0);
  Finished f = flyball({"fmt", "rules"}, "", folder.path().string());
  CHECK(f.status == 0);
  CHECK(f.out == "rules/odd.fly\n");
  CHECK(f.err.empty());
  CHECK(folder.read("rules/odd.fly") == kFormatted);
  CHECK(folder.read("rules/deep/fine.fly") == kFormatted);
  CHECK(mode_of(odd) == 0640);
  CHECK(files_in(folder.path() / "rules") == 2);
  f = flyball({"fmt", "rules"}, "", folder.path().string());
  CHECK(f.status == 0);
  CHECK(f.out.empty());
}

TEST_CASE("fmt: a file with a mistake is left alone, the others are formatted") {
  const Folder folder;
  const std::string broken = "param a:int=\nparam b:int=1\n";
  folder.write("bad.fly", broken);
  folder.write("good.fly", kOdd);
  const Finished f = flyball({"fmt", "bad.fly", "good.fly"}, "", folder.path().string());
  CHECK(f.status == 1);
  CHECK(f.out == "good.fly\n");
  CHECK(f.err.find("error[E0100]") != std::string::npos);
  CHECK(f.err.find("bad.fly:1:") != std::string::npos);
  CHECK(folder.read("bad.fly") == broken);
  CHECK(folder.read("good.fly") == kFormatted);
}

TEST_CASE("fmt --check: writes nothing and says what would change") {
  const Folder folder;
  folder.write("odd.fly", kOdd);
  const Finished f = flyball({"fmt", "--check", "odd.fly"}, "", folder.path().string());
  CHECK(f.status == 1);
  CHECK(f.out == "--- odd.fly\n+++ odd.fly\n@@ -1,1 +1,1 @@\n-param a:int=1\n+param a: int = 1\n");
  CHECK(folder.read("odd.fly") == kOdd);
}

TEST_CASE("fmt: a link stays a link, and its target is formatted") {
  const Folder folder;
  const std::string real = folder.write("real.fly", kOdd);
  fs::create_symlink("real.fly", folder.path() / "link.fly");
  CHECK(flyball({"fmt", "link.fly"}, "", folder.path().string()).status == 0);
  CHECK(fs::is_symlink(folder.path() / "link.fly"));
  CHECK(folder.read("real.fly") == kFormatted);
}

TEST_CASE("fmt: what cannot be replaced is said, and stays") {
  const Folder folder;
  folder.write("locked/odd.fly", kOdd);
  REQUIRE(::chmod((folder / "locked").c_str(), 0500) == 0);
  const Finished f = flyball({"fmt", "locked/odd.fly"}, "", folder.path().string());
  REQUIRE(::chmod((folder / "locked").c_str(), 0700) == 0);
  if (::access("/root", W_OK) != 0) {  // who may do anything is not refused
    CHECK(f.status == 1);
    CHECK(f.err.find("`locked/odd.fly` cannot be written: ") != std::string::npos);
    CHECK(folder.read("locked/odd.fly") == kOdd);
  }
  CHECK(files_in(folder.path() / "locked") == 1);
}

TEST_CASE("fix: rewrites the files that have mistakes, says what it did, and fails while errors are left") {
  const Folder folder;
  const std::string fact = "fact Link key (port) ttl 10s { port: string  util: percent }\n";
  folder.write("fact.fly", fact);
  const std::string rule = folder.write("rule.fly", "rule r {\n  when { l: Link where util > 80 }\n  then { log l.prt }\n}\n");
  REQUIRE(::chmod(rule.c_str(), 0604) == 0);
  Finished f = flyball({"fix", "--check", "."}, "", folder.path().string());
  CHECK(f.status == 1);
  CHECK(f.out.find("+  when { l: Link where util > 80% }\n") != std::string::npos);
  CHECK(folder.read("rule.fly").find("80 }") != std::string::npos);
  f = flyball({"fix", "."}, "", folder.path().string());
  CHECK(f.status == 0);
  CHECK(f.out == "./rule.fly:2:31: E0203: `80` → `80%`\n./rule.fly:3:16: E0302: `prt` → `port`\n");
  CHECK(folder.read("rule.fly") == "rule r {\n  when { l: Link where util > 80% }\n  then { log l.port }\n}\n");
  CHECK(folder.read("fact.fly") == fact);
  CHECK(mode_of(rule) == 0604);
  f = flyball({"fix", "."}, "", folder.path().string());
  CHECK(f.status == 0);
  CHECK(f.out.empty());
  folder.write("more.fly", "let a = 1 +\n");
  f = flyball({"fix", "."}, "", folder.path().string());
  CHECK(f.status == 1);
  CHECK(f.err.find("1 error is left: `flyball check` shows it") != std::string::npos);
}

}  // namespace
}  // namespace flyball::e2e
