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
            .synopsis = {"help [COMMAND]", "help --markdown"},
            .description =
                "Without an argument prints the list of commands. With a command's name prints what `flyball COMMAND --help` prints.",
            .examples = {{"flyball help replay", "the manual of `replay`"},
                         {"flyball help --markdown", "all manuals as the page docs/reference/commands.md"}},
            .exit_codes = "0   fine\n64  there is no such command"};
  }
  void options(Options& options) override {
    options.positional("COMMAND", command_, "the command to explain", false);
    options.flag("--markdown", markdown_, "all manuals as one Markdown page");
  }
  int run(Io& io) override {
    if (markdown_) {
      io.data(render_reference());
      return kExitFine;
    }
    if (command_.empty()) {
      io.data(render_overview(io.out_colour));
      return kExitFine;
    }
    return run_program({command_, "--help"}, io);
  }

 private:
  std::string command_;
  bool markdown_ = false;
};

}  // namespace

std::unique_ptr<Command> make_help() { return std::make_unique<Help>(); }

}  // namespace flyball::app
