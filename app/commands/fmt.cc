// `flyball fmt`: rule files in their canonical form.
#include <fmt/core.h>

#include "app/commands/commands.h"
#include "app/io/diff.h"
#include "app/io/files.h"
#include "app/io/replace.h"
#include "parser/diagnostics/render.h"
#include "parser/format/format.h"

namespace flyball::app {
namespace {

class Fmt : public Command {
 public:
  Manual manual() const override {
    return {.name = "fmt",
            .summary = "write rule files in their canonical form",
            .synopsis = {"fmt [--check] PATH…"},
            .description =
                "Rewrites rule files (and folders' *.fly files, at any depth) in the one form that rule files have: there is nothing to "
                "choose. "
                "Comments stay where they are, what the rules mean stays the same, and formatting again changes nothing. Says the name of "
                "each file that it changed. `-` reads standard input and writes to standard output.\n\n"
                "A file with a mistake of grammar is left as it is, and the mistake is said; the others are formatted. A file is replaced "
                "as a whole and keeps its permissions.\n\n"
                "`--check` writes nothing: it shows what would change as a diff, and says so with its exit code.",
            .examples = {{"flyball fmt rules/", "a whole package"},
                         {"flyball fmt --check rules/", "is it formatted? for continuous integration"},
                         {"flyball fmt - < new.fly", "as an editor calls it"}},
            .exit_codes =
                "0   all files are formatted now\n1   a file has a mistake or cannot be read or written, or, with `--check`, would "
                "change\n64  wrong usage"};
  }
  void options(Options& options) override {
    options.positionals("PATH", paths_, "rule files, folders, or `-` for standard input").complete = Complete::kRules;
    options.flag("--check", check_, "change nothing; show what would change, and fail if anything would");
  }

  int run(Io& io) override {
    const Result<std::vector<std::string>> paths = rule_paths(paths_);
    if (!paths) {
      io.error(paths.error().message, paths.error().help);
      return kExitFailed;
    }
    bool fine = true;
    std::size_t would_change = 0;
    for (const std::string& path : *paths) fine = one(path, would_change, io) && fine;
    if (would_change > 0) io.note(fmt::format("{} of {} file{} would change", would_change, paths->size(), paths->size() == 1 ? "" : "s"));
    return fine && would_change == 0 ? kExitFine : kExitFailed;
  }

 private:
  bool one(const std::string& path, std::size_t& would_change, Io& io) const {
    const bool stream = path == "-";
    const Result<std::string> text = read_rules(path, io.in);
    SourceFiles sources;
    const Result<std::uint32_t> file = text ? sources.add(stream ? "<stdin>" : path, *text) : std::unexpected(text.error());
    if (!file) {
      io.error(file.error().message, file.error().help);
      return false;
    }
    Interner interner;
    Diagnostics diagnostics;
    const std::optional<std::string> formatted = format_file(sources, *file, interner, diagnostics);
    if (!formatted) {
      io.message(render_all(diagnostics, sources, io.err_colour));
      return false;
    }
    if (check_) {
      if (*formatted == *text) return true;
      ++would_change;
      io.data(unified_diff(sources.path(*file), *text, *formatted));
      return true;
    }
    if (stream) {
      io.data(*formatted);
      return true;
    }
    if (*formatted == *text) return true;
    if (const Result<void> written = replace_file(path, *formatted); !written) {
      io.error(written.error().message, written.error().help);
      return false;
    }
    io.data(path + "\n");
    return true;
  }

  std::vector<std::string> paths_;
  bool check_ = false;
};

}  // namespace

std::unique_ptr<Command> make_fmt() { return std::make_unique<Fmt>(); }

}  // namespace flyball::app
