// Command: one subcommand of the program. It says what it is (name, texts), what it takes (options) and does it (run).
// The table of all of them (commands/commands.h) is what --help, `help`, the reference page and the completions read.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli/io.h"
#include "app/cli/options.h"

namespace flyball::app {

struct Example {
  std::string call;
  std::string says;  // what it shows, one line
};

struct Manual {
  std::string name;
  std::string summary;                // one line, lower case, no full stop
  std::vector<std::string> synopsis;  // without the program's name
  std::string description;            // paragraphs separated by empty lines; a line that starts with two spaces stays as it is
  std::vector<Example> examples;
  std::string exit_codes;  // lines "0  …"
};

class Command {
 public:
  virtual ~Command() = default;
  virtual Manual manual() const = 0;
  virtual void options(Options& options) = 0;
  // Called once after the options were parsed; gives the exit code.
  virtual int run(Io& io) = 0;
  // Commands that pass everything on (connect) take the words as they are; then options() and run() are not called.
  virtual bool takes_raw() const { return false; }
  virtual int run_raw(const std::vector<std::string>&, Io&) { return kExitUsage; }
};

// The whole program: finds the command, parses, runs. Gives the exit code.
int run_program(const std::vector<std::string>& args, Io& io);

}  // namespace flyball::app
