// `flyball check`: parse, type-check, compile; diagnostics.
#include <fmt/core.h>

#include <algorithm>

#include "app/commands/commands.h"
#include "app/package/package.h"
#include "model/text.h"
#include "parser/diagnostics/render.h"
#include "parser/diagnostics/sarif.h"

namespace flyball::app {
namespace {

// What the compiler's messages name, and where it stands.
std::vector<std::pair<std::string, ast::Span>> names_of(const ast::RuleSet& set) {
  std::vector<std::pair<std::string, ast::Span>> all;
  for (const ast::RuleDecl& r : set.rules) all.emplace_back(r.qualified, r.name.span);
  for (const ast::DecisionDecl& d : set.decisions) {
    all.emplace_back(d.qualified, d.name.span);
    for (const ast::Case& c : d.cases) all.emplace_back(c.name.text, c.name.span);
  }
  return all;
}

// The compiler's message as a diagnostic, at the first thing that it names.
Diagnostic limit(const Error& error, const std::vector<std::pair<std::string, ast::Span>>& places) {
  Diagnostic d{"E0900", Severity::kError, {}, error.message, error.help, {}};
  std::size_t first = std::string::npos;
  for (const auto& [name, span] : places) {
    const std::size_t at = error.message.find("`" + name + "`");
    if (at >= first) continue;
    first = at;
    d.span = span;
  }
  return d;
}

class Check : public Command {
 public:
  Manual manual() const override {
    return {
        .name = "check",
        .summary = "parse and type-check rules, and say what is wrong with them",
        .synopsis = {"check PATH… [--json | --sarif] [--deny-warnings]"},
        .description =
            "Reads rule files (and folders' *.fly files, at any depth), checks them as one package and compiles it. Says every mistake "
            "it finds with its place, "
            "the source line and, where there is one, a fix. Nothing is run. A declaration that does not parse is not checked for what it "
            "means until it does; the others are, and the last line says so.\n\n"
            "`--json` writes one object a line to standard output:\n"
            "  "
            "{\"file\":…,\"line\":…,\"column\":…,\"end_line\":…,\"end_column\":…,\"severity\":\"error\",\"code\":\"E0203\",\"message\":"
            "…,\"help\":…,\"fix\":…}\n\n"
            "`--sarif` writes one SARIF 2.1.0 document, which code hosts and editors read. What a code means is said by `flyball explain`, "
            "and `flyball fix` applies the fixes of errors.",
        .examples = {{"flyball check rules/", "a whole package"},
                     {"flyball check --json rules/ | jq -r .code", "the codes of all mistakes"},
                     {"flyball check --sarif rules/ > rules.sarif", "for a code host"},
                     {"flyball check - < new.fly", "one file from standard input"}},
        .exit_codes =
            "0   no errors (warnings are allowed, unless `--deny-warnings`)\n1   errors, or a file cannot be read\n64  wrong usage"};
  }
  void options(Options& options) override {
    options.positionals("PATH", paths_, "rule files, folders, or `-` for standard input").complete = Complete::kRules;
    options.flag("--json", json_, "diagnostics as JSON lines on standard output");
    options.flag("--sarif", sarif_, "diagnostics as one SARIF document on standard output");
    options.flag("--deny-warnings", deny_warnings_, "warnings fail, too");
  }
  int run(Io& io) override {
    if (json_ && sarif_) {
      io.error("check: `--json` and `--sarif` are two forms of the same", "give one of them");
      return kExitUsage;
    }
    const std::unique_ptr<Package> package = parse_package(paths_, io);
    if (package == nullptr) return kExitFailed;
    std::vector<Diagnostic> all = package->diagnostics.all();
    const auto warnings = static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [](const Diagnostic& d) { return d.severity == Severity::kWarning; }));
    if (json_) {
      for (const Diagnostic& d : all) io.data(render_json(d, package->sources) + "\n");
    } else if (!sarif_) {
      io.message(render_all(package->diagnostics, package->sources, io.err_colour));
    }
    std::size_t errors = package->diagnostics.error_count();
    const std::size_t rules = package->rules.rules.size();
    if (errors == 0) {
      // What the compiler alone can see: limits of the network.
      const std::vector<std::pair<std::string, ast::Span>> places = names_of(package->rules);
      const Result<engine::Program> program = engine::compile(std::move(package->rules), package->interner, {}, engine::Trees::kFree);
      if (!program) {
        ++errors;
        all.push_back(limit(program.error(), places));
        if (json_) {
          io.data(render_json(all.back(), package->sources) + "\n");
        } else if (!sarif_) {
          io.message(render(all.back(), package->sources, io.err_colour));
        }
      }
    }
    if (sarif_) io.data(render_sarif(all, package->sources, FLYBALL_VERSION));
    io.note(fmt::format("{}, {}: {}, {}", plural(package->sources.size() - package->standard_files, "file"), plural(rules, "rule"),
                        plural(errors, "error"), plural(warnings, "warning")));
    if (package->diagnostics.has_muted()) io.note("what does not parse was not checked for what it means: more may be said once it does");
    return errors > 0 || (deny_warnings_ && warnings > 0) ? kExitFailed : kExitFine;
  }

 private:
  std::vector<std::string> paths_;
  bool json_ = false, sarif_ = false, deny_warnings_ = false;
};

}  // namespace

std::unique_ptr<Command> make_check() { return std::make_unique<Check>(); }

}  // namespace flyball::app
