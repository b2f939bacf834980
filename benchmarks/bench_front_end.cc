// Reading rules: parsing, checking and compiling 1,000 and 10,000 rules in processor time, and the peak of memory.
// Prints what `benchmarks/run` reads. With an argument (a number of rules) it writes their text instead, for `flyball check -`.
#include <fmt/core.h>
#include <sys/resource.h>

#include <cstdlib>
#include <ctime>

#include "benchmarks/generated_rules.h"
#include "benchmarks/support.h"

namespace flyball::bench {
namespace {

struct Seconds {
  double parse = 0, check = 0, compile = 0;
  double all() const { return parse + check + compile; }
};

double processor_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

std::int64_t peak_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return std::int64_t{usage.ru_maxrss} * 1024;
}

// The rules of the program that comes out; 0 if anything is wrong with them.
std::size_t read_rules(std::vector<RulesText> package, Seconds& took) {
  Interner interner;
  SourceFiles sources;
  Diagnostics diagnostics;
  std::vector<ast::File> files;
  double begun = processor_seconds();
  const auto lap = [&begun](double& into) {
    const double now = processor_seconds();
    into = now - begun;
    begun = now;
  };
  for (RulesText& file : package) {
    const auto index = sources.add(std::move(file.path), std::move(file.text));
    if (!index) World::die(index.error().message);
    files.push_back(parse_file(sources, *index, interner, diagnostics));
  }
  lap(took.parse);
  ast::RuleSet set = check_package(std::move(files), sources, interner, diagnostics);
  lap(took.check);
  for (const Diagnostic& d : diagnostics.all()) {
    fmt::print(stderr, "{}:{}: {}\n", sources.path(d.span.file), sources.position(d.span.file, d.span.begin).line, d.message);
  }
  if (!diagnostics.all().empty()) return 0;
  const auto program = engine::compile(std::move(set), interner, {}, engine::Trees::kFree);
  lap(took.compile);
  if (!program) World::die(program.error().message);
  return program->rules().rules.size();
}

std::size_t bytes(const std::vector<RulesText>& package) {
  std::size_t sum = 0;
  for (const RulesText& file : package) sum += file.text.size();
  return sum;
}

void print_row(const char* name, double seconds, bool checked, const char* after) {
  fmt::print(R"({{"name": "{}", "real_time": {:.3f}, "time_unit": "ms", "checked": {}}}{})"
             "\n",
             name, seconds * 1e3, checked ? 1 : 0, after);
}

int main_of_bench() {
  std::vector<RulesText> large = generated_package(10'000);
  const std::size_t text_bytes = bytes(large);
  Seconds of_small;
  Seconds of_large;
  const bool small_good = read_rules(generated_package(1'000), of_small) == 1'000;
  const std::int64_t before = peak_bytes();
  const bool large_good = read_rules(std::move(large), of_large) == 10'000;
  const std::int64_t peak = peak_bytes();
  fmt::print(stderr, "10,000 rules, {} bytes: parse {:.0f} ms, check {:.0f} ms, compile {:.0f} ms; peak {} MB ({} MB before)\n", text_bytes,
             of_large.parse * 1e3, of_large.check * 1e3, of_large.compile * 1e3, peak >> 20, before >> 20);
  fmt::print("{{\"benchmarks\": [\n");
  print_row("front_end_1k", of_small.all(), small_good, ",");
  print_row("front_end_10k", of_large.all(), large_good, ",");
  // Memory in the same table: a millisecond stands for a MB.
  print_row("front_end_10k_mb", static_cast<double>(peak) / 1e9, large_good, ",");
  print_row("front_end_text_mb", static_cast<double>(text_bytes) / 1e9, large_good, "");
  fmt::print("]}}\n");
  return small_good && large_good ? 0 : 1;
}

}  // namespace
}  // namespace flyball::bench

int main(int argc, char** argv) {
  if (argc > 1 && argv[1][0] != '-') {
    const auto files = flyball::bench::generated_package(static_cast<std::uint32_t>(std::strtoul(argv[1], nullptr, 10)));
    for (std::size_t i = 0; i < files.size(); ++i)
      fmt::print("{}", i == 0 ? files[i].text : files[i].text.substr(files[i].text.find('\n') + 1));
    return 0;
  }
  return flyball::bench::main_of_bench();
}
