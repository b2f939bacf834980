// run_program: from the words of the command line to a command's exit code.
#include <fmt/core.h>

#include <algorithm>
#include <cerrno>

#include "app/cli/command.h"
#include "app/cli/manual.h"
#include "app/commands/commands.h"
#include "bus/transport/endpoint.h"
#include "model/schema.h"
#include "model/suggest.h"

namespace flyball::app {
namespace {

bool asks_help(const std::vector<std::string>& args) {
  for (const std::string& arg : args) {
    if (arg == "--") return false;
    if (arg == "--help" || arg == "-h") return true;
  }
  return false;
}

// Seen before the words are judged, so that wrong usage is said in JSON, too.
bool asks_json(const std::vector<std::string>& args) {
  for (const std::string& arg : args) {
    if (arg == "--") return false;
    if (arg == "--json") return true;
  }
  return false;
}

// What `--connect` names must be an endpoint, before anything is read or opened.
Result<void> check_endpoints(const Options& options) {
  for (const Option& option : options.all()) {
    const auto* const* target = std::get_if<std::optional<std::string>*>(&option.target);
    if (option.name != "--connect" || target == nullptr || !(*target)->has_value()) continue;
    if (Result<void> checked = bus::check_endpoint(***target); !checked) return checked;
  }
  return {};
}

int unknown_command(const std::string& name, Io& io) {
  std::vector<std::string> names;
  for (const CommandGroup& group : command_groups()) {
    for (const auto make : group.commands) names.push_back(make()->manual().name);
  }
  const std::string meant = did_you_mean(nearest(name, names));
  io.error(fmt::format("unknown command `{}`", name), meant.empty() ? "`flyball --help` lists the commands" : meant);
  return kExitUsage;
}

}  // namespace

int run_program(const std::vector<std::string>& args, Io& io) {
  if (args.empty()) {
    io.message(render_overview(io.err_colour));
    return kExitUsage;
  }
  if (args[0] == "--help" || args[0] == "-h") {
    io.data(render_overview(io.out_colour));
    return kExitFine;
  }
  const std::string name = args[0] == "--version" ? "version" : args[0];
  const std::unique_ptr<Command> command = find_command(name);
  if (command == nullptr) {
    if (name.starts_with('-')) {
      io.error(fmt::format("unknown option `{}`", name), "the command comes first: flyball COMMAND [ARGUMENT…]");
      return kExitUsage;
    }
    return unknown_command(name, io);
  }
  std::vector<std::string> rest(args.begin() + 1, args.end());
  io.json = asks_json(rest);
  if (command->takes_raw() && !rest.empty() && rest[0] != "--help" && rest[0] != "-h") return command->run_raw(rest, io);
  Options options;
  command->options(options);
  if (asks_help(rest)) {
    io.data(render_manual(command->manual(), options, io.out_colour));
    return kExitFine;
  }
  if (Result<void> parsed = options.parse(std::move(rest)); !parsed) {
    io.error(fmt::format("{}: {}", name, parsed.error().message),
             parsed.error().help.empty() ? fmt::format("`flyball {} --help` shows what it takes", name) : parsed.error().help);
    return kExitUsage;
  }
  if (const Result<void> reachable = check_endpoints(options); !reachable) {
    io.error(fmt::format("{}: {}", name, reachable.error().message), reachable.error().help);
    return kExitUsage;
  }
  const int code = command->run(io);
  errno = 0;
  if (std::fflush(io.out) != 0 || std::ferror(io.out) != 0) {
    // Whoever read it and went away has what they wanted.
    if (errno != EPIPE) io.error("standard output cannot be written");
    return code == kExitUsage ? code : kExitFailed;  // what a command says by its status is not to be taken for what it found
  }
  return code;
}

}  // namespace flyball::app
