// The language server's answer to an edit: one rule of a package of 10 or 1,000 rules is changed, and the package is diagnosed
// again; in processor time, the median of some. Prints what `benchmarks/run` reads.
#include <fmt/core.h>
#include <stdlib.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "app/lsp/workspace.h"
#include "benchmarks/generated_rules.h"

namespace flyball::bench {
namespace {

double processor_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

struct Edits {
  double median = 0;
  bool checked = true;
};

Edits edits(std::uint32_t rules) {
  constexpr int kEdits = 21;
  std::string folder = (std::filesystem::temp_directory_path() / "flyball-bench-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) std::exit(1);
  const std::vector<RulesText> files = generated_package(rules);
  std::filesystem::create_directory(folder + "/fabric");
  for (const RulesText& file : files) std::ofstream(folder + "/" + file.path) << file.text;
  const std::string path = folder + "/" + files.back().path;
  const std::string& text = files.back().text;

  app::lsp::Workspace workspace;
  workspace.add_root(folder);
  workspace.open(path, text);
  Edits out;
  out.checked = workspace.analyse(path).diagnostics.empty();
  std::vector<double> took;
  for (int i = 0; i < kEdits; ++i) {
    // Every other edit has a mistake in it: a percent without its sign.
    std::string edited = text;
    const std::size_t at = edited.find("util < 60%");
    edited.replace(at, 10, i % 2 == 0 ? "util < 60" : fmt::format("util < {}%", 40 + i));
    const double before = processor_seconds();
    workspace.open(path, std::move(edited));
    const std::size_t found = workspace.analyse(path).diagnostics.size();
    took.push_back(processor_seconds() - before);
    out.checked = out.checked && found == (i % 2 == 0 ? 1U : 0U);
  }
  std::filesystem::remove_all(folder);
  std::sort(took.begin(), took.end());
  out.median = took[took.size() / 2];
  return out;
}

void print_row(const char* name, const Edits& e, const char* after) {
  fmt::print(R"({{"name": "{}", "real_time": {:.3f}, "time_unit": "ms", "checked": {}}}{})"
             "\n",
             name, e.median * 1e3, e.checked ? 1 : 0, after);
}

}  // namespace
}  // namespace flyball::bench

int main() {
  using flyball::bench::edits;
  fmt::print("{{\"benchmarks\": [\n");
  flyball::bench::print_row("edit_10", edits(10), ",");
  flyball::bench::print_row("edit_1k", edits(1'000), "");
  fmt::print("]}}\n");
  return 0;
}
