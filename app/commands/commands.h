// The table of commands: every subcommand, in the groups and the order the overview shows them.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli/command.h"

namespace flyball::app {

using MakeCommand = std::unique_ptr<Command> (*)();

struct CommandGroup {
  std::string_view title;
  std::span<const MakeCommand> commands;
};

std::span<const CommandGroup> command_groups();
// What each command says of itself, in the table's order: manuals, completions and `help --json` are made from it.
struct CommandEntry {
  std::unique_ptr<Command> command;  // what `options` write into
  Manual manual;
  Options options;
};
std::vector<CommandEntry> command_entries();
// By name; nullptr if there is none.
std::unique_ptr<Command> find_command(std::string_view name);

std::unique_ptr<Command> make_replay();
std::unique_ptr<Command> make_plan();
std::unique_ptr<Command> make_whatif();
std::unique_ptr<Command> make_run();
std::unique_ptr<Command> make_pub();
std::unique_ptr<Command> make_sub();
std::unique_ptr<Command> make_record();
std::unique_ptr<Command> make_status();
std::unique_ptr<Command> make_top();
std::unique_ptr<Command> make_profile();
std::unique_ptr<Command> make_approve();
std::unique_ptr<Command> make_reject();
std::unique_ptr<Command> make_apply();
std::unique_ptr<Command> make_shadow();
std::unique_ptr<Command> make_connect();
std::unique_ptr<Command> make_eval();
std::unique_ptr<Command> make_check();
std::unique_ptr<Command> make_test();
std::unique_ptr<Command> make_fmt();
std::unique_ptr<Command> make_fix();
std::unique_ptr<Command> make_lint();
std::unique_ptr<Command> make_doc();
std::unique_ptr<Command> make_graph();
std::unique_ptr<Command> make_explain();
std::unique_ptr<Command> make_why();
std::unique_ptr<Command> make_why_not();
std::unique_ptr<Command> make_facts();
std::unique_ptr<Command> make_ask();
std::unique_ptr<Command> make_version();
std::unique_ptr<Command> make_help();
std::unique_ptr<Command> make_completions();
std::unique_ptr<Command> make_lsp();

}  // namespace flyball::app
