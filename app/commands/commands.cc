// The table itself.
#include "app/commands/commands.h"

#include <array>

namespace flyball::app {

std::span<const CommandGroup> command_groups() {
  static constexpr std::array kRules = {&make_check, &make_explain, &make_fix,  &make_lint,   &make_test, &make_fmt,    &make_doc,
                                        &make_graph, &make_lsp,     &make_eval, &make_replay, &make_plan, &make_whatif, &make_profile};
  static constexpr std::array kExplain = {&make_ask, &make_why, &make_why_not, &make_facts, &make_shadow};
  static constexpr std::array kService = {&make_run,    &make_apply, &make_pub,     &make_sub,    &make_record,
                                          &make_status, &make_top,   &make_approve, &make_reject, &make_connect};
  static constexpr std::array kAbout = {&make_help, &make_completions, &make_version};
  static const std::array kGroups = {
      CommandGroup{"Rules and their tests", kRules},
      CommandGroup{"Decisions and explanations, over recorded facts or from a running service", kExplain},
      CommandGroup{"A running service", kService},
      CommandGroup{"About the program", kAbout},
  };
  return kGroups;
}

std::vector<CommandEntry> command_entries() {
  std::vector<CommandEntry> all;
  for (const CommandGroup& group : command_groups()) {
    for (const MakeCommand make : group.commands) {
      CommandEntry& entry = all.emplace_back();
      entry.command = make();
      entry.manual = entry.command->manual();
      entry.command->options(entry.options);
    }
  }
  return all;
}

std::unique_ptr<Command> find_command(std::string_view name) {
  for (const CommandGroup& group : command_groups()) {
    for (const MakeCommand make : group.commands) {
      std::unique_ptr<Command> command = make();
      if (command->manual().name == name) return command;
    }
  }
  return nullptr;
}

}  // namespace flyball::app
