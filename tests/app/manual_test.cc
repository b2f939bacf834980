// Manuals, completions and the tables they are made from say the same.
#include "app/cli/manual.h"

#include <catch2/catch.hpp>
#include <cstdio>
#include <set>
#include <sstream>

#include "app/commands/commands.h"

namespace flyball::app {
namespace {

std::string output_of(const std::vector<std::string>& args) {
  char* data = nullptr;
  std::size_t size = 0;
  Io io;
  io.out = open_memstream(&data, &size);
  CHECK(run_program(args, io) == kExitFine);
  std::fclose(io.out);
  std::string text(data, size);
  std::free(data);
  return text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// The words of `text` that begin with `--`, up to what cannot belong to an option's name.
std::set<std::string> options_in(const std::string& text) {
  std::set<std::string> found;
  for (std::size_t at = 0; (at = text.find("--", at)) != std::string::npos;) {
    std::size_t end = at + 2;
    while (end < text.size() && (std::islower(static_cast<unsigned char>(text[end])) != 0 || text[end] == '-')) ++end;
    if (end > at + 2 && (at == 0 || std::isalnum(static_cast<unsigned char>(text[at - 1])) == 0)) found.insert(text.substr(at, end - at));
    at = end;
  }
  return found;
}

std::set<std::string> options_of(const CommandEntry& entry) {
  std::set<std::string> names = {"--help"};
  for (const Option& option : entry.options.all()) {
    if (!option.positional) names.insert(option.name);
  }
  return names;
}

}  // namespace

TEST_CASE("every command has a whole manual") {
  for (const CommandEntry& entry : command_entries()) {
    INFO(entry.manual.name);
    const std::string text = output_of({entry.manual.name, "--help"});
    CHECK(text == output_of({"help", entry.manual.name}));
    for (const char* part : {"NAME\n", "SYNOPSIS\n", "DESCRIPTION\n", "OPTIONS\n", "EXAMPLES\n", "EXIT STATUS\n"})
      CHECK(text.find(part) != std::string::npos);
    CHECK(text.starts_with("NAME\n  flyball " + entry.manual.name + " — " + entry.manual.summary));
    CHECK_FALSE(entry.manual.examples.empty());
    for (const std::string& line : lines_of(text)) CHECK(line.size() <= 260);  // literal lines are long; running text is wrapped
    for (const Option& option : entry.options.all()) {
      INFO(option.name);
      CHECK_FALSE(option.help.empty());
      CHECK(text.find(option.name) != std::string::npos);
    }
  }
}

TEST_CASE("synopses and examples name only options that there are") {
  for (const CommandEntry& entry : command_entries()) {
    if (entry.manual.name == "connect") continue;  // its connectors' own
    const std::set<std::string> known = options_of(entry);
    std::string said;
    for (const std::string& line : entry.manual.synopsis) said += line + "\n";
    for (const Example& example : entry.manual.examples) {
      if (example.call.find("flyball " + entry.manual.name) != std::string::npos)
        said += example.call.substr(0, example.call.find(" | ")) + "\n";
    }
    for (const std::string& option : options_in(said)) {
      INFO(entry.manual.name << " " << option);
      CHECK(known.contains(option));
    }
  }
}

TEST_CASE("completions offer exactly the options of the tables") {
  const std::string bash = output_of({"completions", "bash"}), zsh = output_of({"completions", "zsh"}),
                    fish = output_of({"completions", "fish"});
  for (const CommandEntry& entry : command_entries()) {
    INFO(entry.manual.name);
    const std::set<std::string> known = options_of(entry);
    std::size_t found = 0;
    for (const std::string& line : lines_of(bash)) {
      if (!line.starts_with("    " + entry.manual.name + ") options='")) continue;
      ++found;
      CHECK(options_in(line) == known);
    }
    CHECK(found == 1);
    for (const std::string& line : lines_of(zsh)) {
      if (!line.starts_with("    " + entry.manual.name + ") _arguments")) continue;
      ++found;
      std::set<std::string> offered;
      for (std::size_t at = 0; (at = line.find("--", at)) != std::string::npos; ++at) {
        // '--name[help]' or '*--name[help]…': others stand inside a help text.
        const bool opens = line[at - 1] == '\'' || (line[at - 1] == '*' && line[at - 2] == '\'');
        if (opens) offered.insert(line.substr(at, line.find('[', at) - at));
      }
      CHECK(offered == known);
    }
    CHECK(found == 2);
    std::set<std::string> offered;
    const std::string begin = "complete -c flyball -n '__fish_seen_subcommand_from " + entry.manual.name + "' -l ";
    for (const std::string& line : lines_of(fish)) {
      if (line.starts_with(begin)) offered.insert("--" + line.substr(begin.size(), line.find(' ', begin.size()) - begin.size()));
    }
    CHECK(offered == known);
    CHECK(fish.find("-a " + entry.manual.name + " ") != std::string::npos);
    CHECK(bash.find(" " + entry.manual.name + " ") + bash.find("'" + entry.manual.name + " ") != 2 * std::string::npos);
  }
}

}  // namespace flyball::app
