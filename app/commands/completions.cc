// `flyball completions`: a completion script for bash, zsh or fish, made from the table of commands and their options.
#include <fmt/core.h>

#include "app/commands/commands.h"

namespace flyball::app {
namespace {

std::string names_of(const std::vector<CommandEntry>& all, char separator) {
  std::string names;
  for (const CommandEntry& entry : all) names += (names.empty() ? "" : std::string(1, separator)) + entry.manual.name;
  return names;
}

// The text of an option's help up to its first line's end, without characters the shells would read.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, text.find('\n'))) {
    if (c == '\'' || c == '`' || c == '"' || c == '$' || c == '\\') continue;
    if (c == '[' || c == ']' || c == ':')
      out += ' ';
    else
      out += c;
  }
  return out;
}

std::string words(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& word : list) out += (out.empty() ? "" : " ") + word;
  return out;
}

std::string bash() {
  const std::vector<CommandEntry> all = command_entries();
  std::string out =
      "# bash completion of flyball; load with: source <(flyball completions bash)\n"
      "_flyball() {\n"
      "  local current=\"${COMP_WORDS[COMP_CWORD]}\" previous=\"${COMP_WORDS[COMP_CWORD-1]}\" command=\"${COMP_WORDS[1]}\"\n"
      "  COMPREPLY=()\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n";
  out += fmt::format("    COMPREPLY=($(compgen -W '{} --help --version' -- \"$current\"))\n    return\n  fi\n", names_of(all, ' '));
  out += "  case \"$command $previous\" in\n";
  for (const CommandEntry& entry : all) {
    for (const Option& option : entry.options.all()) {
      if (option.positional || option.value.empty()) continue;
      if (!option.choices.empty())
        out += fmt::format("    '{} {}') COMPREPLY=($(compgen -W '{}' -- \"$current\")); return ;;\n", entry.manual.name, option.name,
                           words(option.choices));
      else if (option.complete == Complete::kNothing)
        out += fmt::format("    '{} {}') return ;;\n", entry.manual.name, option.name);
      else
        out += fmt::format("    '{} {}') COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n", entry.manual.name, option.name);
    }
  }
  out += "  esac\n  local options choices=''\n  case \"$command\" in\n";
  for (const CommandEntry& entry : all) {
    std::string options;
    std::string choices;
    for (const Option& option : entry.options.all()) {
      if (!option.positional)
        options += option.name + " ";
      else if (!option.choices.empty())
        choices = words(option.choices);
    }
    if (entry.manual.name == "help") choices = names_of(all, ' ');
    out += fmt::format("    {}) options='{}--help'; choices='{}' ;;\n", entry.manual.name, options, choices);
  }
  out +=
      "    *) return ;;\n  esac\n"
      "  if [[ \"$current\" == -* ]]; then COMPREPLY=($(compgen -W \"$options\" -- \"$current\"))\n"
      "  elif [ -n \"$choices\" ]; then COMPREPLY=($(compgen -W \"$choices\" -- \"$current\"))\n"
      "  else COMPREPLY=($(compgen -f -- \"$current\")); fi\n"
      "}\ncomplete -o filenames -F _flyball flyball\n";
  return out;
}

std::string zsh() {
  const std::vector<CommandEntry> all = command_entries();
  std::string out =
      "#compdef flyball\n# zsh completion of flyball; save as _flyball in a folder of $fpath\n_flyball() {\n  local -a commands\n  "
      "commands=(\n";
  for (const CommandEntry& entry : all) out += fmt::format("    '{}:{}'\n", entry.manual.name, plain(entry.manual.summary));
  out +=
      "  )\n  if (( CURRENT == 2 )); then _describe command commands; return; fi\n  local command=$words[2]\n  shift words; (( CURRENT-- "
      "))\n  case $command in\n";
  for (const CommandEntry& entry : all) {
    out += fmt::format("    {}) _arguments", entry.manual.name);
    for (const Option& option : entry.options.all()) {
      std::string action;
      if (!option.choices.empty())
        action = fmt::format("({})", words(option.choices));
      else if (option.complete != Complete::kNothing)
        action = "_files";
      if (option.positional)
        out += fmt::format(" '{}:{}:{}'", option.many ? "*" : "", option.name, action);
      else if (option.value.empty())
        out += fmt::format(" '{}[{}]'", option.name, plain(option.help));
      else
        out += fmt::format(" '{}{}[{}]:{}:{}'", option.many ? "*" : "", option.name, plain(option.help), option.value, action);
    }
    out += " '--help[print the manual]' ;;\n";
  }
  out += "  esac\n}\n_flyball \"$@\"\n";
  return out;
}

std::string fish() {
  const std::vector<CommandEntry> all = command_entries();
  std::string out = "# fish completion of flyball; load with: flyball completions fish | source\ncomplete -c flyball -f\n";
  for (const CommandEntry& entry : all)
    out += fmt::format("complete -c flyball -n __fish_use_subcommand -a {} -d '{}'\n", entry.manual.name, plain(entry.manual.summary));
  for (const CommandEntry& entry : all) {
    const std::string when = fmt::format("complete -c flyball -n '__fish_seen_subcommand_from {}'", entry.manual.name);
    for (const Option& option : entry.options.all()) {
      if (option.positional) {
        if (!option.choices.empty())
          out += fmt::format("{} -a '{}'\n", when, words(option.choices));
        else if (option.complete != Complete::kNothing)
          out += fmt::format("{} -F\n", when);
        continue;
      }
      out += fmt::format("{} -l {} -d '{}'", when, option.name.substr(2), plain(option.help));
      if (!option.choices.empty())
        out += fmt::format(" -x -a '{}'", words(option.choices));
      else if (!option.value.empty())
        out += option.complete == Complete::kNothing ? " -x" : " -r -F";
      out += '\n';
    }
    out += when + " -l help -d 'print the manual'\n";
  }
  return out;
}

class Completions : public Command {
 public:
  Manual manual() const override {
    return {.name = "completions",
            .summary = "print a completion script for a shell",
            .synopsis = {"completions bash|zsh|fish"},
            .description = "Prints a script that teaches the shell the commands, their options and what stands after them.",
            .examples = {{"source <(flyball completions bash)", "for this shell"},
                         {"flyball completions zsh > ~/.zfunc/_flyball", "for zsh, in a folder of $fpath"},
                         {"flyball completions fish | source", "for fish"}},
            .exit_codes = "0   fine\n64  wrong usage"};
  }
  void options(Options& options) override { options.positional("SHELL", shell_, "the shell").choices = {"bash", "zsh", "fish"}; }
  int run(Io& io) override {
    io.data(shell_ == "bash" ? bash() : shell_ == "zsh" ? zsh() : fish());
    return kExitFine;
  }

 private:
  std::string shell_;
};

}  // namespace

std::unique_ptr<Command> make_completions() { return std::make_unique<Completions>(); }

}  // namespace flyball::app
