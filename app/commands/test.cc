// `flyball test`: runs the `test` blocks of a package on the production engine, on recorded time.
#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "app/commands/commands.h"
#include "app/explain/render.h"
#include "app/io/files.h"
#include "app/package/package.h"
#include "app/testing/judge.h"
#include "bus/codec/json_lines.h"
#include "bus/codec/json_reader.h"
#include "engine/expression.h"
#include "model/text.h"

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
  Result<LineReader> lines = LineReader::open(file.string(), stdin);
  if (!lines) return std::unexpected(lines.error());
  bus::RecordedReader reader(schema, interner);
  std::vector<testing::RecordedLine> out;
  std::string_view line;
  for (;;) {
    const LineReader::Status status = lines->next(line);
    if (status == LineReader::Status::kEnd) return out;
    if (status == LineReader::Status::kFailed) return fail(fmt::format("`{}` cannot be read to its end", file.string()));
    if (status == LineReader::Status::kOversize)
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
    }
  }
}

class Test : public Command {
 public:
  Manual manual() const override {
    return {.name = "test",
            .summary = "run the tests that stand beside the rules",
            .synopsis = {"test PATH… [--filter TEXT] [--verbose] [--coverage] [--json]"},
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
                "\"why_not\":…}]}",
            .examples = {{"flyball test rules/", "all tests of a package"},
                         {"flyball test rules/ --filter drain --verbose", "those with `drain` in their name, a line for each"},
                         {"flyball test rules/ --coverage", "and the rules that no test makes fire"}},
            .exit_codes = "0   all passed\n1   some failed, the rules do not check, or no test was found\n64  wrong usage"};
  }
  void options(Options& options) override {
    options.positionals("PATH", paths_, "rule files, folders, or `-` for standard input").complete = Complete::kRules;
    options.value("--filter", "TEXT", filter_, "only tests whose name contains TEXT");
    options.flag("--verbose", verbose_, "a line for each test");
    options.flag("--coverage", coverage_, "say which rules no test made fire");
    options.flag("--json", json_, "one JSON object a line on standard output");
  }

  int run(Io& io) override {
    package_ = compile_package(paths_, {}, io);
    if (package_ == nullptr) return kExitFailed;
    const ast::RuleSet& rules = package_->program->rules();
    std::size_t passed = 0, failed = 0, expecting_nothing = 0;
    for (const ast::TestDecl& test : rules.tests) {
      if (filter_ && test.name.text.find(*filter_) == std::string::npos) continue;
      std::size_t expected = 0;
      const std::vector<Told> failures = run_one(test, expected);
      if (failures.empty() && expected == 0) {
        ++expecting_nothing;
        io.warning(fmt::format("{}: the test \"{}\" expects nothing, so that it always passes", place(package_->sources, test.span),
                               test.name.text));
      }
      ++(failures.empty() ? passed : failed);
      if (json_)
        say_json(test, failures, expected, io);
      else
        say_text(test, failures, io);
    }
    if (coverage_) say_coverage(io);
    if (expecting_nothing > 0)
      io.warning(fmt::format("{} of the passed tests expect{} nothing", expecting_nothing, expecting_nothing == 1 ? "s" : ""));
    const std::string summary = fmt::format("{} passed, {} failed", passed, failed);
    if (json_)
      io.note(summary);
    else
      io.data(summary + "\n");
    if (passed + failed == 0)
      io.error(filter_ ? fmt::format("no test has `{}` in its name", *filter_) : "there are no tests",
               "a test stands beside the rules: test \"…\" { … }");
    return failed > 0 || passed == 0 ? kExitFailed : kExitFine;
  }

 private:
  // A failure as it is shown.
  struct Told {
    ast::Span span;
    std::string message;
    std::vector<std::string> happened;
    std::string why_not;
  };

  // `expected`: how many things the test looks at.
  std::vector<Told> run_one(const ast::TestDecl& test, std::size_t& expected) {
    const engine::Program& base = *package_->program;
    Interner& interner = package_->interner;
    const Schema& schema = base.schema();
    std::vector<Value> params;
    for (std::uint32_t i = 0; i < schema.params.size(); ++i) params.push_back(base.param_value(i));
    const auto plan = testing::make_plan(
        test, schema, interner, [&](const ast::Expr& e) { return engine::constant_of(e, schema, params, interner); },
        [&](const std::string& path, const ast::Span& at, Timestamp zero) {
          return read_recorded(path, at, zero, schema, package_->sources, interner);
        });
    if (!plan) return {{plan.error().span, plan.error().message, {}, {}}};
    expected = plan->expectations.size();
    for (const testing::Input& input : plan->inputs) {
      const testing::Question* asked = std::get_if<testing::Question>(&input.what);
      if (asked != nullptr && (!asked->expected.empty() || !asked->from.empty())) ++expected;
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
    for (const testing::Firing& firing : result.recording.firings) fired_.insert(firing.rule);
    note_derivations(program.rules(), result.recording.derived);

    std::vector<Told> told;
    for (const Failure& failure : testing::judge(*plan, result.recording, program.rules(), interner).failures) {
      Told& t = told.emplace_back(
          Told{failure.step < test.steps.size() ? test.steps[failure.step].span : test.span, failure.message, failure.happened, {}});
      if (failure.at && failure.why_not_rule != kNoId) t.why_not = why_not(*plan, program, failure);
    }
    if (!told.empty()) {
      for (const testing::Told& trouble : result.recording.troubles) {
        told.back().happened.push_back(fmt::format("{} the engine said: {}", testing::since_start(*plan, trouble.time), trouble.text));
      }
    }
    return told;
  }

  // A rule that only derives does not fire: it counts as soon as a fact of a type it derives was there.
  void note_derivations(const ast::RuleSet& rules, const std::vector<FactTypeId>& derived) {
    for (std::uint32_t i = 0; i < rules.rules.size(); ++i) {
      for (const ast::Effect& effect : rules.rules[i].then) {
        if (effect.kind == ast::EffectKind::kDerive && std::binary_search(derived.begin(), derived.end(), effect.record.fact_type))
          fired_.insert(i);
      }
    }
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

  void say_text(const ast::TestDecl& test, const std::vector<Told>& failures, Io& io) const {
    const SourceFiles& sources = package_->sources;
    if (failures.empty()) {
      if (verbose_)
        io.data(fmt::format("{}passed{} {}  ({})\n", io.paint_out(colour::kGreen), io.paint_out(colour::kReset), test.name.text,
                            place(sources, test.span)));
      return;
    }
    io.data(fmt::format("{}FAILED{} {}  ({})\n", io.paint_out(colour::kRed), io.paint_out(colour::kReset), test.name.text,
                        place(sources, test.span)));
    for (const Told& f : failures) {
      io.data(fmt::format("  {}: {}\n", place(sources, f.span), f.message));
      for (const std::string& line : f.happened) io.data(fmt::format("      {}\n", line));
      if (f.why_not.empty()) continue;
      io.data("    why not:\n");
      for (std::size_t at = 0; at < f.why_not.size();) {
        const std::size_t end = f.why_not.find('\n', at);
        io.data("      " + f.why_not.substr(at, end - at) + "\n");
        at = end == std::string::npos ? f.why_not.size() : end + 1;
      }
    }
  }

  void say_json(const ast::TestDecl& test, const std::vector<Told>& failures, std::size_t expected, Io& io) const {
    const SourceFiles& sources = package_->sources;
    const auto at = [&](const ast::Span& span) {
      return fmt::format("\"file\":{},\"line\":{}", quote(sources.path(span.file)), sources.position(span.file, span.begin).line);
    };
    std::string out = fmt::format("{{\"test\":{},{},\"passed\":{},\"expectations\":{},\"failures\":[", quote(test.name.text), at(test.span),
                                  failures.empty(), expected);
    for (std::size_t i = 0; i < failures.size(); ++i) {
      const Told& f = failures[i];
      out += fmt::format("{}{{{},\"message\":{},\"happened\":[", i == 0 ? "" : ",", at(f.span), quote(f.message));
      for (std::size_t k = 0; k < f.happened.size(); ++k) out += (k == 0 ? "" : ",") + quote(f.happened[k]);
      out += fmt::format("],\"why_not\":{}}}", f.why_not.empty() ? "null" : quote(f.why_not));
    }
    io.data(out + "]}\n");
  }

  void say_coverage(Io& io) const {
    const ast::RuleSet& rules = package_->program->rules();
    for (std::uint32_t i = 0; i < rules.rules.size(); ++i) {
      if (!fired_.contains(i))
        io.note(fmt::format("never fired: {} ({})", rules.rules[i].qualified, place(package_->sources, rules.rules[i].span)));
    }
    io.note(fmt::format("{} of {} rules fired in a test", fired_.size(), rules.rules.size()));
  }

  std::vector<std::string> paths_;
  std::optional<std::string> filter_;
  bool verbose_ = false, coverage_ = false, json_ = false;
  std::unique_ptr<CompiledPackage> package_;
  std::set<std::uint32_t> fired_;
};

}  // namespace

std::unique_ptr<Command> make_test() { return std::make_unique<Test>(); }

}  // namespace flyball::app
