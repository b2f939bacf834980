// `flyball fix`: applies the fixes that `flyball check` shows.
#include "app/package/fix.h"

#include <fmt/core.h>

#include <algorithm>

#include "app/commands/commands.h"
#include "app/io/diff.h"
#include "app/io/files.h"
#include "app/io/replace.h"
#include "model/text.h"

namespace flyball::app {
namespace {

// One line, as a message quotes it.
std::string quoted(const std::string& text) {
  std::string line = text;
  for (char& c : line) c = c == '\n' ? ' ' : c;
  return "`" + line + "`";
}
std::string change(const AppliedFix& f) {
  if (f.was.empty()) return "inserted " + quoted(f.is);
  if (f.is.empty()) return "removed " + quoted(f.was);
  return quoted(f.was) + " → " + quoted(f.is);
}

class FixCommand : public Command {
 public:
  Manual manual() const override {
    return {
        .name = "fix",
        .summary = "apply the fixes that `check` shows",
        .synopsis = {"fix [--check] PATH…"},
        .description =
            "Checks rule files (and folders' *.fly files, at any depth) as one package and applies the fix of every error that has one, "
            "several in a file at once, and again until no error is left that has one. Says each change with its place. `-` reads "
            "standard input and writes the fixed text to standard output, what it changed to standard error.\n\n"
            "A fix is what `flyball check` shows behind `fix:`: what was most likely meant. Fixes of warnings are not applied, because "
            "they would change rules that work; nor is a fix whose words are partly for you to choose, as what the row that closes a gap "
            "of a table answers. Errors without a fix stay, for `flyball check` to show.\n\n"
            "`--check` writes nothing: it shows what would change as a diff, and says so with its exit code.",
        .examples = {{"flyball fix rules/", "a whole package"},
                     {"flyball fix --check rules/", "what it would do"},
                     {"flyball fix rules/ && flyball fmt rules/", "fixed, and in the one form"}},
        .exit_codes =
            "0   no errors are left\n1   errors are left, a file cannot be read or written, or, with `--check`, something would "
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
    std::vector<Text> before;
    for (const std::string& path : *paths) {
      // A stream that cannot be fixed goes on as it came.
      Result<std::string> text = path == "-" ? read_text(path, io.in, SourceFiles::kMaxFileBytes) : read_rules(path, io.in);
      if (!text) {
        io.error(text.error().message, text.error().help);
        return kExitFailed;
      }
      before.push_back({path == "-" ? "<stdin>" : path, std::move(*text)});
    }
    const FixResult result = fix_texts(before, [&](const std::string& path) { return read_text(path, io.in, kMaxTableFileBytes); });
    if (result.circle) {
      io.error(fmt::format("after {} rounds there is still something to fix; nothing is written", kMaxFixRounds),
               "`flyball check` shows what is wrong");
      return kExitFailed;
    }
    std::size_t changed = 0;
    bool written = true;
    for (std::size_t i = 0; i < before.size(); ++i) {
      const bool differs = result.texts[i].text != before[i].text;
      changed += differs ? 1 : 0;
      written = put((*paths)[i], before[i], result.texts[i].text, differs, io) && written;
    }
    for (std::size_t i = 0; i < result.tables.size(); ++i) {
      const Text &table = result.tables[i], &now = result.texts[before.size() + i];
      const bool differs = now.text != table.text;
      changed += differs ? 1 : 0;
      if (differs) written = put(table.path, table, now.text, true, io) && written;
    }
    say(result, changed, io);
    return written && result.errors_left == 0 && (!check_ || changed == 0) ? kExitFine : kExitFailed;
  }

 private:
  bool put(const std::string& path, const Text& before, const std::string& text, bool differs, Io& io) const {
    if (check_) {
      if (differs) io.data(unified_diff(before.path, before.text, text));
    } else if (path == "-") {
      io.data(text);
    } else if (differs) {
      if (const Result<void> done = replace_file(path, text); !done) {
        io.error(done.error().message, done.error().help);
        return false;
      }
    }
    return true;
  }

  // What was changed goes where no fixed text goes.
  void say(const FixResult& result, std::size_t changed, Io& io) const {
    const bool stream = std::find(paths_.begin(), paths_.end(), "-") != paths_.end();
    if (!check_) {
      for (const AppliedFix& f : result.applied) {
        const std::string line = fmt::format("{}: {}: {}", f.place, f.code, change(f));
        if (stream) {
          io.note(line);
        } else {
          io.data(line + "\n");
        }
      }
    }
    std::string summary = fmt::format("{} {} in {}", plural(result.applied.size(), "fix", "fixes"), check_ ? "possible" : "applied",
                                      plural(changed, "file", "files"));
    summary += result.errors_left == 0
                   ? ", no errors are left"
                   : fmt::format(", {} left: `flyball check` shows {}", plural(result.errors_left, "error is", "errors are"),
                                 result.errors_left == 1 ? "it" : "them");
    if (result.choices > 0) summary += fmt::format("; of {} a part is yours to choose", plural(result.choices, "fix", "fixes"));
    if (result.warnings_with_fix > 0)
      summary += fmt::format("; {} not applied", plural(result.warnings_with_fix, "fix of a warning was", "fixes of warnings were"));
    io.note(summary);
  }

  std::vector<std::string> paths_;
  bool check_ = false;
};

}  // namespace

std::unique_ptr<Command> make_fix() { return std::make_unique<FixCommand>(); }

}  // namespace flyball::app
