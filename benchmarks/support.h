// What the in-process benchmarks share: rules from text to a Session, and facts by hand.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "benchmarks/random.h"
#include "engine/program.h"
#include "engine/session.h"
#include "model/interner.h"
#include "parser/parser.h"

namespace flyball::bench {

// Counts what comes out, so that answers can be checked, and keeps nothing.
class CountingSink final : public engine::OutputSink {
 public:
  void on_action(const ActionOutput&) override { ++actions; }
  void on_firing(Timestamp, std::uint32_t, bool) override { ++firings; }
  void on_trouble(Timestamp, const std::string& message) override {
    std::fprintf(stderr, "trouble: %s\n", message.c_str());
    std::exit(1);
  }
  std::uint64_t actions = 0;
  std::uint64_t firings = 0;
};

// One interner, program and session over `rules`; stops the benchmark with the diagnostics if they do not check.
struct World {
  explicit World(const std::string& rules, engine::Limits limits = {}, const engine::JoinOptions& joins = {}) {
    program = compile_text(rules, nullptr, joins);
    session = std::make_unique<engine::Session>(*program, interner, sink, limits);
  }

  // Another program of the same interner; see engine::compile() for `running`.
  std::unique_ptr<engine::Program> compile_text(const std::string& rules, const engine::Program* running = nullptr,
                                                const engine::JoinOptions& joins = {}) {
    SourceFiles sources;
    Diagnostics diagnostics;
    auto file = sources.add("bench.fly", rules);
    if (!file) die(file.error().message);
    std::vector<ast::File> files;
    files.push_back(parse_file(sources, *file, interner, diagnostics));
    ast::RuleSet set = check_package(std::move(files), sources, interner, diagnostics);
    if (diagnostics.has_errors()) {
      for (const Diagnostic& d : diagnostics.all()) {
        std::fprintf(stderr, "%u: %s\n", sources.position(d.span.file, d.span.begin).line, d.message.c_str());
      }
      std::exit(1);
    }
    auto compiled = engine::compile(std::move(set), interner, {}, engine::Trees::kKeep, running, joins);
    if (!compiled) die(compiled.error().message);
    return std::make_unique<engine::Program>(std::move(*compiled));
  }

  FactInput fact(std::string_view type) const {
    FactInput input;
    input.type = program->schema().type_id(type);
    if (input.type == kNoId) die("no such type");
    const FactType& t = program->schema().types[input.type];
    input.values.resize(t.declared_fields);
    input.present = t.declared_fields == 64 ? ~0ULL : (1ULL << t.declared_fields) - 1;
    return input;
  }

  std::size_t count(std::string_view type) const { return session->fact_count(program->schema().type_id(type)); }

  void put(const FactInput& input) {
    if (auto r = session->put(input); !r) die(r.error().message);
  }

  [[noreturn]] static void die(const std::string& message) {
    std::fprintf(stderr, "benchmark: %s\n", message.c_str());
    std::exit(1);
  }

  Interner interner;
  CountingSink sink;
  std::unique_ptr<engine::Program> program;
  std::unique_ptr<engine::Session> session;
};

// What the process has in memory now.
inline double resident_bytes() {
  std::FILE* f = std::fopen("/proc/self/statm", "r");
  long total = 0, resident = 0;
  if (f == nullptr || std::fscanf(f, "%ld %ld", &total, &resident) != 2) resident = 0;
  if (f != nullptr) std::fclose(f);
  return static_cast<double>(resident) * 4096.0;
}

}  // namespace flyball::bench
