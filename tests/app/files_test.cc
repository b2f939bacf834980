// Files: lines in bounded memory, folders of rules in one order.
#include "app/io/files.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/app/folder.h"

namespace flyball::app {
namespace {

namespace fs = std::filesystem;

using testing::Folder;

std::vector<std::string> read_all(const std::string& file) {
  Result<LineReader> reader = LineReader::open(file, stdin);
  REQUIRE(reader.has_value());
  std::vector<std::string> lines;
  std::string_view line;
  for (;;) {
    switch (reader->next(line)) {
      case LineReader::Status::kLine: lines.emplace_back(line); break;
      case LineReader::Status::kOversize: lines.emplace_back("<oversize>"); break;
      case LineReader::Status::kFailed: lines.emplace_back("<failed>"); return lines;
      case LineReader::Status::kEnd: return lines;
    }
    CHECK(reader->line_number() == lines.size());
  }
}

TEST_CASE("lines: ends of all kinds, and a last one without") {
  const Folder folder;
  CHECK(read_all(folder.write("a", "one\ntwo\r\n\nfour")) == std::vector<std::string>{"one", "two", "", "four"});
  CHECK(read_all(folder.write("b", "")).empty());
  CHECK(read_all(folder.write("c", "\n")) == std::vector<std::string>{""});
}

TEST_CASE("lines: one that is too long is passed over, the rest goes on") {
  const Folder folder;
  const std::string longest(LineReader::kMaxLineBytes, 'x');
  CHECK(read_all(folder.write("a", longest + "\nnext\n")) == std::vector<std::string>{longest, "next"});
  CHECK(read_all(folder.write("b", longest + "x\nnext\n")) == std::vector<std::string>{"<oversize>", "next"});
  CHECK(read_all(folder.write("c", longest + longest + longest + "\nnext")) == std::vector<std::string>{"<oversize>", "next"});
  CHECK(read_all(folder.write("d", longest + longest)) == std::vector<std::string>{"<oversize>"});
}

TEST_CASE("rule paths: folders at any depth in the order of names, each file once") {
  const Folder folder;
  const std::string b = folder.write("rules/b.fly", ""), a = folder.write("rules/sub/a.fly", ""), c = folder.write("rules/a.fly", "");
  folder.write("rules/readme.md", "");
  const auto all = rule_paths({b, (folder.path / "rules").string(), (folder.path / "rules" / "." / "b.fly").string()});
  REQUIRE(all.has_value());
  CHECK(*all == std::vector<std::string>{b, c, a});

  fs::create_directories(folder.path / "empty");
  CHECK(rule_paths({(folder.path / "empty").string()}).error().message.ends_with("has no rule files"));
  CHECK(rule_paths({(folder.path / "nowhere").string()}).error().message.ends_with("does not exist"));
}

TEST_CASE("read_text: folders and files that are too large are refused") {
  const Folder folder;
  CHECK(read_text(folder.write("a", "12345"), stdin, 5).value() == "12345");
  CHECK(read_text(folder.write("a", "123456"), stdin, 5).error().message.ends_with("is larger than 5 bytes"));
  CHECK(read_text(folder.path.string(), stdin, 5).error().message.ends_with("is a folder, not a file"));
}

}  // namespace
}  // namespace flyball::app
