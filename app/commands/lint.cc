// `flyball lint`: what is right and could still be better.
#include "parser/lint/lint.h"

#include <fmt/core.h>

#include "app/commands/commands.h"
#include "app/package/package.h"
#include "parser/diagnostics/render.h"
#include "parser/diagnostics/sarif.h"

namespace flyball::app {
namespace {

class Lint : public Command {
 public:
  Manual manual() const override {
    return {.name = "lint",
            .summary = "say what is right and could still be better",
            .synopsis = {"lint PATH… [--json | --sarif]"},
            .description =
                "Reads rule files (and folders' *.fly files, at any depth) as `flyball check` does, and says what nobody tests, owns or "
                "undoes, what costs more than it must, and what reads badly. What `check` warns of is `check`'s to say.\n\n"
                "Each lint has a code that `flyball explain` has a page about. A comment right above a declaration takes one from it, with "
                "the reason:\n\n"
                "  # lint: allow L0101 because it is tried out by hand until March\n\n"
                "`--json` and `--sarif` are the forms of `flyball check`.",
            .examples = {{"flyball lint rules/", "a whole package"},
                         {"flyball lint --json rules/ | jq -r .code | sort | uniq -c", "how often each"},
                         {"flyball lint --sarif rules/ > lint.sarif", "for a code host"}},
            .exit_codes = "0   nothing to say\n1   something was said, the rules have mistakes, or a file cannot be read\n64  wrong usage"};
  }
  void options(Options& options) override {
    options.positionals("PATH", paths_, "rule files, folders, or `-` for standard input").complete = Complete::kRules;
    options.flag("--json", json_, "as JSON lines on standard output");
    options.flag("--sarif", sarif_, "as one SARIF document on standard output");
  }
  int run(Io& io) override {
    if (json_ && sarif_) {
      io.error("lint: `--json` and `--sarif` are two forms of the same", "give one of them");
      return kExitUsage;
    }
    Package package(nullptr);
    SymbolIndex index;
    if (!parse_into(package, paths_, io, &index)) return kExitFailed;
    const bool wrong = package.diagnostics.has_errors();
    Diagnostics all, found;
    if (!wrong) lint_package(package.rules, index, package.sources, package.interner, all);
    // What the program carries is not the author's.
    const std::size_t given = package.sources.size() - package.standard_files;
    for (const Diagnostic& d : all.all()) {
      if (d.span.file < given) found.add(d);
    }
    Diagnostics& said = wrong ? package.diagnostics : found;
    if (json_) {
      for (const Diagnostic& d : said.all()) io.data(render_json(d, package.sources) + "\n");
    } else if (sarif_) {
      io.data(render_sarif(said.all(), package.sources, FLYBALL_VERSION));
    } else {
      io.message(render_all(said, package.sources, io.err_colour));
    }
    if (wrong) {
      io.note("the rules have mistakes; lint looks at rules that are right");
      return kExitFailed;
    }
    const std::size_t n = found.all().size() + all.suppressed();
    io.note(fmt::format("{} lint{}", n, n == 1 ? "" : "s"));
    return n == 0 ? kExitFine : kExitFailed;
  }

 private:
  std::vector<std::string> paths_;
  bool json_ = false, sarif_ = false;
};

}  // namespace

std::unique_ptr<Command> make_lint() { return std::make_unique<Lint>(); }

}  // namespace flyball::app
