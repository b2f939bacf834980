// `flyball lsp`: the language server, over standard input and output.
#include "app/commands/commands.h"
#include "app/lsp/server.h"

namespace flyball::app {
namespace {

class Lsp : public Command {
 public:
  Manual manual() const override {
    return {.name = "lsp",
            .summary = "serve an editor: diagnostics, completion, rename and more",
            .synopsis = {"lsp"},
            .description =
                "A language server on standard input and output, for any editor that speaks the Language Server Protocol. It says what "
                "`check` says while you write, offers the fixes, completes types, fields, values and names, shows what a name means, goes "
                "to its declaration, finds and renames its uses in all files, formats as `fmt` does.\n\n"
                "A file's package is its folder; while a file imports a module that is not declared there, the folder above, up to the "
                "editor's own workspace folder.",
            .examples = {{"flyball lsp", "what the editor starts; docs/howto/editors.md says how"}},
            .exit_codes = "0   the editor said `shutdown` and `exit`\n1   the stream ended before that\n64  wrong usage"};
  }
  void options(Options&) override {}
  int run(Io& io) override { return lsp::serve(io.in, io.out); }
};

}  // namespace

std::unique_ptr<Command> make_lsp() { return std::make_unique<Lsp>(); }

}  // namespace flyball::app
