// `flyball doc`: a package as Markdown.
#include <fmt/core.h>

#include <filesystem>

#include "app/commands/commands.h"
#include "app/doc/document.h"
#include "app/io/replace.h"
#include "app/package/package.h"
#include "parser/diagnostics/render.h"

namespace flyball::app {
namespace {

namespace fs = std::filesystem;

class Doc : public Command {
 public:
  Manual manual() const override {
    return {.name = "doc",
            .summary = "write what a package says as Markdown, each rule in English",
            .synopsis = {"doc PATH… [-o FILE | -o FOLDER]"},
            .description =
                "Reads rule files (and folders' *.fly files, at any depth) and writes a page about them: facts, events and actions with "
                "their fields, units and notes; params with their ranges; decisions with their cases and tables; and each rule with what "
                "it says in English, its owner, runbook and tags, what it reads and makes, and the tests that are about it.\n\n"
                "The page goes to standard output, or to the FILE of `-o`. If that is a folder (there already, or its name ends in `/`), "
                "each module gets a page of its own, and README.md lists them.",
            .examples = {{"flyball doc rules/first", "to read"},
                         {"flyball doc rules/ -o docs/rules/", "a page for each module"},
                         {"flyball doc rules/ -o rules.md", "all in one page"}},
            .exit_codes = "0   written\n1   the rules have mistakes, or a file cannot be read or written\n64  wrong usage"};
  }
  void options(Options& options) override {
    options.positionals("PATH", paths_, "rule files, folders, or `-` for standard input").complete = Complete::kRules;
    Option& out = options.value("--output", "PATH", output_, "the file to write, or a folder for a page of each module");
    out.letter = "-o";
    out.complete = Complete::kFile;
  }
  int run(Io& io) override {
    const std::unique_ptr<Package> package = parse_package(paths_, io);
    if (package == nullptr) return kExitFailed;
    if (package->diagnostics.has_errors()) {
      io.message(render_all(package->diagnostics, package->sources, io.err_colour));
      return kExitFailed;
    }
    const ReadingContext context{package->rules, package->sources, package->interner};
    if (!output_ || *output_ == "-") {
      io.data(document_page(context));
      return kExitFine;
    }
    std::error_code ignored;
    if (!output_->ends_with('/') && !fs::is_directory(*output_, ignored))
      return write(*output_, document_page(context), io) ? kExitFine : kExitFailed;
    std::error_code failed;
    fs::create_directories(*output_, failed);
    if (failed) {
      io.error(fmt::format("cannot make the folder `{}`: {}", *output_, failed.message()), {});
      return kExitFailed;
    }
    for (const auto& [name, text] : document_pages(context)) {
      const std::string path = (fs::path(*output_) / name).string();
      if (!write(path, text, io)) return kExitFailed;
      io.data(path + "\n");
    }
    return kExitFine;
  }

 private:
  static bool write(const std::string& path, const std::string& text, Io& io) {
    const Result<void> done = write_file(path, text);
    if (!done) io.error(done.error().message, done.error().help);
    return done.has_value();
  }
  std::vector<std::string> paths_;
  std::optional<std::string> output_;
};

}  // namespace

std::unique_ptr<Command> make_doc() { return std::make_unique<Doc>(); }

}  // namespace flyball::app
