// The examples of the manuals, run as they stand: what a manual shows works. Those that need a running service are not run here.
#include <catch2/catch.hpp>
#include <filesystem>
#include <sstream>

#include "tests/e2e/process.h"

namespace flyball::e2e {
namespace {

namespace fs = std::filesystem;

// The lines under EXAMPLES that begin a call.
std::vector<std::string> examples_of(const std::string& manual) {
  std::vector<std::string> calls;
  std::istringstream in(manual);
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line == "EXAMPLES" || line == "EXIT STATUS") inside = line == "EXAMPLES";
    if (inside && line.starts_with("  ") && !line.starts_with("   ")) calls.push_back(line.substr(2));
  }
  return calls;
}

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("the examples of the manuals run") {
  const Folder folder;
  fs::copy(fs::path(FLYBALL_SOURCE_DIR) / "tests" / "golden" / "manual", folder.path(), fs::copy_options::recursive);
  const std::string bin = fs::path(FLYBALL_BINARY).parent_path().string();
  std::size_t ran = 0;
  for (const char* command : {"check", "explain", "test", "eval", "fmt", "fix", "replay", "plan", "whatif", "ask", "why", "why-not",
                              "facts", "help", "completions", "version"}) {
    const Finished manual = flyball({command, "--help"});
    REQUIRE(manual.status == 0);
    const std::vector<std::string> calls = examples_of(manual.out);
    CHECK_FALSE(calls.empty());
    for (const std::string& call : calls) {
      const bool offline = has(call, "rules/") || !(has(call, "ask ") || has(call, "why") || has(call, "facts "));
      const bool asks_service = has(call, "--connect") || !offline;
      const bool ends = !has(call, "--watch");
      const bool needs_more = !ends || has(call, "| jq") || has(call, "fish | source") || has(call, "~/");
      if ((asks_service && !has(call, "help")) || needs_more) continue;
      INFO(call);
      const Finished f = run("bash", {"-c", "export PATH='" + bin + "':$PATH NO_COLOR=1\n" + call}, "", folder.path().string());
      INFO(f.err);
      CHECK(f.status == 0);
      ++ran;
    }
  }
  CHECK(ran >= 20);
}

}  // namespace flyball::e2e
