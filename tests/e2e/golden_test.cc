// Golden transcripts: each tests/golden/app/*.txt is a list of commands with what they print, to the byte. Run in that folder by bash,
// `flyball` being the built binary. UPDATE_GOLDEN=1 rewrites them; the difference is then read by a person.
//
//   $ flyball eval '1 + 2'
//   3
//   [err] a line of stderr
//   [exit 1]            when it is not 0
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/e2e/process.h"

namespace flyball::e2e {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(FLYBALL_SOURCE_DIR) / "tests" / "golden" / "app";

std::string transcript(const std::string& command) {
  const std::string path = fs::path(FLYBALL_BINARY).parent_path().string();
  const Finished f = run("bash", {"-c", "export PATH=" + path + ":$PATH LC_ALL=C.UTF-8 NO_COLOR=1\n" + command}, "", kFolder.string());
  std::string out = "$ " + command + "\n" + f.out;
  if (!f.out.empty() && !f.out.ends_with('\n')) out += "\n[no line end]\n";
  std::istringstream err(f.err);
  for (std::string line; std::getline(err, line);) out += "[err] " + line + "\n";
  if (f.status != 0) out += "[exit " + std::to_string(f.status) + "]\n";
  return out;
}

// Commands of a transcript; `> ` continues one.
std::vector<std::string> commands(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("$ ")) all.push_back(line.substr(2));
  }
  return all;
}

TEST_CASE("golden transcripts of the commands") {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  REQUIRE_FALSE(files.empty());
  for (const fs::path& file : files) {
    DYNAMIC_SECTION(file.filename().string()) {
      const std::string expected = slurp(file.string());
      std::string actual;
      for (const std::string& command : commands(expected)) actual += (actual.empty() ? "" : "\n") + transcript(command);
      if (std::getenv("UPDATE_GOLDEN") != nullptr) {
        std::ofstream(file, std::ios::binary) << actual;
        SUCCEED();
      } else {
        CHECK(actual == expected);
      }
    }
  }
}

TEST_CASE("docs/reference/commands.md is what the program says of itself") {
  const fs::path page = fs::path(FLYBALL_SOURCE_DIR) / "docs" / "reference" / "commands.md";
  const Finished f = flyball({"help", "--markdown"});
  REQUIRE(f.status == 0);
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::ofstream(page, std::ios::binary) << f.out;
    SUCCEED();
  } else {
    CHECK(slurp(page.string()) == f.out);
  }
}

}  // namespace
}  // namespace flyball::e2e
