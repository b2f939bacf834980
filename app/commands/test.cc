// `flyball test`: runs the `test` blocks of a package on the production engine, on recorded time.
#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

#include "app/commands/commands.h"
#include "app/explain/render.h"
#include "app/io/recorded_file.h"
#include "app/io/replace.h"
#include "app/package/package.h"
#include "app/testing/changes.h"
#include "app/testing/coverage.h"
#include "app/testing/judge.h"
#include "app/testing/report.h"
#include "app/testing/restarts.h"
#include "bus/codec/json_lines.h"
#include "bus/codec/json_reader.h"
#include "engine/expression.h"
#include "model/text.h"
#include "parser/tables/table_files.h"

namespace flyball::app {
namespace {

using testing::Failure;

std::string place(const SourceFiles& sources, const ast::Span& span) {
  return fmt::format("{}:{}", sources.path(span.file), sources.position(span.file, span.begin).line);
}

// True if the record's `time` is a number: seconds of the test, not a date.
bool has_relative_time(std::string_view line) {
  bus::JsonReader reader(line);
  std::string_view key;
  if (!reader.enter_object()) return false;
  while (reader.next_key(key)) {
    if (key == "time") return reader.peek() == bus::JsonKind::kNumber;
    if (!reader.skip_value()) return false;
  }
  return false;
}

Result<std::vector<testing::RecordedLine>> read_recorded(const std::string& path, const ast::Span& at, Timestamp zero, const Schema& schema,
                                                         const SourceFiles& sources, Interner& interner) {
  const std::filesystem::path file = std::filesystem::path(sources.path(at.file)).parent_path() / path;
  Result<RecordedFile> lines = RecordedFile::open(file.string(), stdin);
  if (!lines) return std::unexpected(lines.error());
  bus::RecordedReader reader(schema, interner);
  std::vector<testing::RecordedLine> out;
  std::string_view line;
  for (;;) {
    const RecordedFile::Status status = lines->next_line(line);
    if (status == RecordedFile::Status::kEnd) return out;
    if (status == RecordedFile::Status::kFailed) return fail(lines->failure());
    if (status == RecordedFile::Status::kDamaged) return fail(fmt::format("{}: {}", file.string(), lines->damage().text));
    if (status == RecordedFile::Status::kOversize)
      return fail(fmt::format("{}:{}: the line is too long", file.string(), lines->line_number()));
    if (bus::is_blank_line(line)) continue;
    const DurationNs shift = has_relative_time(line) ? zero.ns : 0;
    Result<bus::RecordedInput> input = reader.read(line);
    if (!input) return fail(fmt::format("{}:{}: {}", file.string(), lines->line_number(), input.error().message), input.error().help);
    if (FactInput* fact = std::get_if<FactInput>(&*input)) {
      fact->stamp = fact->stamp + shift;
      out.push_back({std::move(*fact)});
    } else if (AckInput* ack = std::get_if<AckInput>(&*input)) {
      ack->stamp = ack->stamp + shift;
      out.push_back({std::move(*ack)});
    } else if (bus::TickInput* tick = std::get_if<bus::TickInput>(&*input); tick != nullptr && tick->seq > 0) {
      out.push_back({testing::Accounted{std::move(tick->source), tick->seq}});
    }
  }
}

class Test : public Command {
 public:
  Manual manual() const override {
    return {
        .name = "test",
        .summary = "run the tests that stand beside the rules",
        .synopsis = {"test PATH… [--filter PATTERN] [--verbose] [--coverage] [--restarts] [--json] [--junit FILE] [--watch]"},
        .description =
            "Runs every `test` block of the package on the production engine. Time is the test's own: hours pass in milliseconds, and "
            "every run gives the same bytes.\n\n"
            "`at T expect A` means an action sent exactly then, `by T expect A` one at or before T; an action satisfies at most one of "
            "them. "
            "A failing expectation is shown with what happened instead, field by field, and with why the rule did not run.\n\n"
            "`--json` writes one object a line:\n"
            "  "
            "{\"test\":…,\"file\":…,\"line\":…,\"passed\":false,\"expectations\":3,\"failures\":[{\"file\":…,\"line\":…,\"message\":…,"
            "\"happened\":[…],"
            "\"why_not\":…}]}\n\n"
            "`--junit` writes what build servers read: a suite a file, without times, so that every run gives the same bytes.\n\n"
            "`--coverage` names rules that never fired, cases and rows that never answered, and lines of `when` (`some`, `no`, "
            "`check`) that "
            "were never decisive: left out, every test sees the same actions, firings and answers.\n\n"
            "`--restarts` runs each test again with the service stopped and started at each second and before each input, by a snapshot "
            "and "
            "by a session that takes over, and then with one restart at a time: the same must happen, at the same times, under the same "
            "ids.\n\n"
            "`--watch` runs the tests again whenever a rule file or a file of recorded facts changes, until Ctrl-C; its exit status is "
            "that of the last run.",
        .examples = {{"flyball test rules/", "all tests of a package"},
                     {"flyball test rules/ --filter drain --verbose", "those with `drain` in their name, a line for each"},
                     {"flyball test rules/ --junit tests.xml", "for a build server"},
                     {"flyball test rules/ --watch", "again after each change"},
                     {"flyball test rules/ --coverage", "and what no test needs"},
                     {"flyball test rules/ --restarts", "and no restart shows"}},
        .exit_codes = "0   all passed\n1   some failed, the rules do not check, or no test was found\n64  wrong usage"};
  }
  void options(Options& options) override {
    options.positionals("PATH", paths_, "rule files, folders, or `-` for standard input").complete = Complete::kRules;
    options.value("--filter", "PATTERN", filter_, "only tests with PATTERN in their name; `*` stands for any text");
    options.flag("--verbose", verbose_, "a line for each test");
    options.flag("--coverage", coverage_, "say which rules, cases, rows and lines of `when` no test needs");
    options.flag("--restarts", restarts_, "run each test again with a restart at each second and before each input");
    options.flag("--json", json_, "one JSON object a line on standard output");
    options.value("--junit", "FILE", junit_, "write what became of the tests to FILE as JUnit's XML").complete = Complete::kFile;
    options.flag("--watch", watch_, "run again when a file changes, until Ctrl-C");
  }

  int run(Io& io) override {
    if (!watch_) return run_all(io);
    if (std::find(paths_.begin(), paths_.end(), "-") != paths_.end()) {
      io.error("test: standard input cannot be watched", "give files or folders with `--watch`");
      return kExitUsage;
    }
    testing::Changes changes(paths_);
    while (true) {
      changes.note();
      const int status = run_all(io);
      if (package_ != nullptr) changes.also(recorded_files());
      std::fflush(io.out);
      if (!json_) io.note("waiting for a change; Ctrl-C ends");
      if (!changes.wait()) return status;
    }
  }

 private:
  int run_all(Io& io) {
    covered_ = {};
    restarted_ = 0;
    package_ = compile_package(paths_, {}, io, nullptr, nullptr, {}, engine::Trees::kKeep);
    if (package_ == nullptr) {
      std::string paths;
      for (const std::string& path : paths_) paths += (paths.empty() ? "" : " ") + path;
      if (junit_) write_junit(testing::report_junit_broken(paths), io);
      return kExitFailed;
    }
    const ast::RuleSet& rules = package_->program->rules();
    std::vector<testing::TestReport> reports;
    std::size_t failed = 0, expecting_nothing = 0;
    for (const ast::TestDecl& test : rules.tests) {
      if (filter_ && !testing::name_matches(test.name.text, *filter_)) continue;
      const testing::TestReport& report = reports.emplace_back(report_of(test));
      if (report.passed() && report.expectations == 0) {
        ++expecting_nothing;
        io.warning(fmt::format("{}: the test \"{}\" expects nothing, so that it always passes", place(package_->sources, test.span),
                               test.name.text));
      }
      failed += report.passed() ? 0 : 1;
      for (const std::string& note : std::exchange(notes_, {})) io.warning(note);
      if (json_)
        io.data(testing::report_json(report));
      else
        say_text(report, io);
    }
    if (coverage_) say_coverage(io);
    if (restarts_) io.note(fmt::format("{} restarts", restarted_));
    if (expecting_nothing > 0)
      io.warning(fmt::format("{} of the passed tests expect{} nothing", expecting_nothing, expecting_nothing == 1 ? "s" : ""));
    const std::string summary = fmt::format("{} passed, {} failed", reports.size() - failed, failed);
    if (json_)
      io.note(summary);
    else
      io.data(summary + "\n");
    if (reports.empty())
      io.error(filter_ ? fmt::format("no test has `{}` in its name", *filter_) : "there are no tests",
               "a test stands beside the rules: test \"…\" { … }");
    const bool written = !junit_ || write_junit(testing::report_junit(reports), io);
    return failed > 0 || reports.empty() || !written ? kExitFailed : kExitFine;
  }

  bool write_junit(const std::string& xml, Io& io) const {
    if (const Result<void> done = write_file(*junit_, xml); !done) {
      io.error(done.error().message, done.error().help);
      return false;
    }
    return true;
  }

  // What `send from` and tables read, to be watched with the rules.
  std::vector<std::string> recorded_files() const {
    std::vector<std::string> files;
    for (std::uint32_t i = 0; i < package_->sources.size(); ++i) {
      if (is_table_file(package_->sources.path(i))) files.push_back(package_->sources.path(i));
    }
    for (const ast::TestDecl& test : package_->program->rules().tests) {
      for (const ast::Step& step : test.steps) {
        if (step.path.empty()) continue;
        files.push_back((std::filesystem::path(package_->sources.path(step.span.file)).parent_path() / step.path).string());
      }
    }
    return files;
  }

  testing::TestReport report_of(const ast::TestDecl& test) {
    testing::TestReport report;
    const SourceFiles& sources = package_->sources;
    report.name = test.name.text;
    report.file = sources.path(test.span.file);
    report.line = sources.position(test.span.file, test.span.begin).line;
    for (Told& t : run_one(test, report.expectations)) {
      report.failures.push_back({sources.path(t.span.file), sources.position(t.span.file, t.span.begin).line, std::move(t.message),
                                 std::move(t.happened), std::move(t.why_not)});
    }
    return report;
  }

  // A failure as it is shown.
  struct Told {
    ast::Span span;
    std::string message;
    std::vector<std::string> happened;
    std::string why_not;
  };

  auto plan_of(const ast::TestDecl& test, const engine::Program& program) {
    Interner& interner = package_->interner;
    const Schema& schema = program.schema();
    std::vector<Value> params;
    for (std::uint32_t i = 0; i < schema.params.size(); ++i) params.push_back(program.param_value(i));
    return testing::make_plan(
        test, schema, interner, [&](const ast::Expr& e) { return engine::constant_of(e, schema, params, interner); },
        [&](const std::string& path, const ast::Span& at, Timestamp zero) {
          return read_recorded(path, at, zero, schema, package_->sources, interner);
        });
  }

  // What each test sees of a program; nothing if one cannot run.
  std::optional<std::vector<std::string>> seen_of(const engine::Program& base) {
    std::vector<std::string> all;
    for (const ast::TestDecl& test : base.rules().tests) {
      if (filter_ && !testing::name_matches(test.name.text, *filter_)) continue;
      const auto plan = plan_of(test, base);
      if (!plan) return std::nullopt;
      std::optional<engine::Program> own;
      if (!plan->params.empty()) {
        Result<engine::Program> compiled = engine::compile(base.rules(), package_->interner, plan->params);
        if (!compiled) return std::nullopt;
        own.emplace(std::move(*compiled));
      }
      const engine::Program& program = own ? *own : base;
      all.push_back(testing::seen(testing::run_plan(*plan, program, package_->interner).recording, program.rules(), package_->interner));
    }
    return all;
  }

  // `expected`: how many things the test looks at.
  std::vector<Told> run_one(const ast::TestDecl& test, std::size_t& expected) {
    const engine::Program& base = *package_->program;
    Interner& interner = package_->interner;
    const auto plan = plan_of(test, base);
    if (!plan) return {{plan.error().span, plan.error().message, {}, {}}};
    expected = plan->expectations.size();
    for (const testing::Input& input : plan->inputs) {
      const testing::Question* asked = std::get_if<testing::Question>(&input.what);
      if (asked != nullptr && (asked->expects || !asked->from.empty())) ++expected;
    }

    // Params are constants of a Program: `set` makes another one.
    std::optional<engine::Program> own;
    if (!plan->params.empty()) {
      Result<engine::Program> compiled = engine::compile(base.rules(), interner, plan->params);
      if (!compiled) return {{test.span, compiled.error().message, {}, {}}};
      own.emplace(std::move(*compiled));
    }
    const engine::Program& program = own ? *own : base;
    const testing::RunResult result = testing::run_plan(*plan, program, interner);
    covered_.note(*plan, result.recording, program.rules());

    std::vector<Told> told;
    for (const Failure& failure : testing::judge(*plan, result.recording, program.rules(), interner).failures) {
      Told& t = told.emplace_back(
          Told{failure.step < test.steps.size() ? test.steps[failure.step].span : test.span, failure.message, failure.happened, {}});
      if (failure.at && failure.why_not_rule != kNoId) t.why_not = why_not(*plan, program, failure);
    }
    if (result.runaways != 0) told.push_back({test.span, "rules ran away: what they did was undone, and one is switched off", {}, {}});
    if (restarts_ && told.empty()) {
      for (testing::RestartFailure& f : testing::restarts_that_show(*plan, program, interner, &restarted_)) {
        told.push_back({test.span, std::move(f.message), std::move(f.happened), {}});
      }
    }
    if (told.empty() && result.effect_errors == 0) return told;
    if (told.empty()) {
      for (const testing::Told& trouble : result.recording.troubles) {
        notes_.push_back(
            fmt::format("\"{}\": {} the engine said: {}", test.name.text, testing::since_start(*plan, trouble.time), trouble.text));
      }
    } else {
      for (const testing::Told& trouble : result.recording.troubles) {
        told.back().happened.push_back(fmt::format("{} the engine said: {}", testing::since_start(*plan, trouble.time), trouble.text));
      }
    }
    return told;
  }

  // The test again, up to the moment of the expectation; then the engine is asked.
  std::string why_not(const testing::Plan& plan, const engine::Program& program, const Failure& failure) {
    const ast::RuleDecl& rule = program.rules().rules[failure.why_not_rule];
    testing::RunOptions options{.until = failure.at, .why_not_rule = failure.why_not_rule};
    for (const auto& [name, value] : failure.why_not_with) {
      // Only what identifies a match can be asked for: key fields of the facts the rule binds.
      for (const std::uint32_t binding : rule.identity) {
        const FactType& type = program.schema().types[rule.binding_types[binding]];
        const std::uint32_t field = type.field_index(name);
        if (field == kNoId || !type.is_key_field(field) || !value_matches(value, type.fields[field].type, package_->interner)) continue;
        options.why_not_with.emplace_back(name, value);
        break;
      }
    }
    const testing::RunResult again = testing::run_plan(plan, program, package_->interner, options);
    if (!again.why_not) return {};
    return why_not_text(*again.why_not, {program.rules(), package_->sources, package_->interner});
  }

  void say_text(const testing::TestReport& report, Io& io) const {
    if (report.passed() && !verbose_) return;
    const std::string_view paint = io.paint_out(report.passed() ? colour::kGreen : colour::kRed);
    io.data(fmt::format("{}{}{} {}  ({}:{})\n{}", paint, report.passed() ? "passed" : "FAILED", io.paint_out(colour::kReset), report.name,
                        report.file, report.line, testing::failures_text(report)));
  }

  void say_coverage(Io& io) {
    const engine::Program& program = *package_->program;
    for (const std::string& line : covered_.report(program.rules(), package_->sources)) io.note(line);
    const auto fired = [&](std::uint32_t rule) { return covered_.fired(rule); };
    const auto run = [&](const engine::Program& p) { return seen_of(p); };
    for (const std::string& line : testing::undecisive_lines(package_->sources, package_->interner, program, fired, run)) io.note(line);
  }

  std::vector<std::string> paths_;
  std::optional<std::string> filter_, junit_;
  bool verbose_ = false, coverage_ = false, restarts_ = false, json_ = false, watch_ = false;
  std::unique_ptr<CompiledPackage> package_;
  testing::Coverage covered_;
  std::size_t restarted_ = 0;
  std::vector<std::string> notes_;  // what the engine said in tests that passed
};

}  // namespace

std::unique_ptr<Command> make_test() { return std::make_unique<Test>(); }

}  // namespace flyball::app
