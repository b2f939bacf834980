// `flyball help`: the overview, one command's manual, or the reference page.
#include <fmt/core.h>

#include "app/cli/manual.h"
#include "app/commands/commands.h"

namespace flyball::app {
namespace {

class Help : public Command {
 public:
  Manual manual() const override {
    return {.name = "help",
            .summary = "print the overview or one command's manual",
            .synopsis = {"help [COMMAND] [--json]", "help --markdown"},
            .description =
                "Without an argument prints the list of commands. With a command's name prints what `flyball COMMAND --help` prints.",
            .examples = {{"flyball help replay", "the manual of `replay`"},
                         {"flyball help --json", "every command with its options, one JSON object a line"},
                         {"flyball help --markdown", "all manuals as the page docs/reference/commands.md"}},
            .exit_codes = "0   fine\n64  there is no such command"};
  }
  void options(Options& options) override {
    options.positional("COMMAND", command_, "the command to explain", false);
    options.flag("--markdown", markdown_, "all manuals as one Markdown page");
    options.flag("--json", json_, "one JSON object a line: name, summary, synopsis, description, options, exit_status, examples");
  }
  int run(Io& io) override {
    if (markdown_) {
      io.data(render_reference());
      return kExitFine;
    }
    if (json_) return as_json(io);
    if (command_.empty()) {
      io.data(render_overview(io.out_colour));
      return kExitFine;
    }
    return run_program({command_, "--help"}, io);
  }

 private:
  int as_json(Io& io) const {
    if (!command_.empty() && find_command(command_) == nullptr) return run_program({command_, "--json"}, io);  // says what is meant
    for (const CommandEntry& entry : command_entries()) {
      if (command_.empty() || command_ == entry.manual.name) io.data(render_json(entry.manual, entry.options) + "\n");
    }
    return kExitFine;
  }

  std::string command_;
  bool markdown_ = false, json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_help() { return std::make_unique<Help>(); }

}  // namespace flyball::app
