// Options: what a command takes, as a list of values that parsing, --help, the man text and the completions read.
//
// Door: a command fills an Options with flag/value/list/positional calls, then parse() writes through the given pointers.
// CLI11 does the splitting and stays inside options.cc; every message and every rule about what is required is ours.
// Not thread-safe; the targets must outlive the Options.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/result.h"
#include "model/time.h"

namespace flyball::app {

// What a shell should offer after an option.
enum class Complete : std::uint8_t { kNothing, kFile, kRules, kChoice };

struct Option {
  using Target = std::variant<bool*, std::string*, std::optional<std::string>*, std::vector<std::string>*, std::optional<std::uint64_t>*,
                              std::optional<double>*, std::optional<DurationNs>*>;
  std::string name;    // "--facts", or "RULES" for a positional
  std::string letter;  // "-n", or empty
  std::string value;   // "FILE"; empty for flags
  std::string help;    // one or more lines; units named
  Target target;
  bool positional = false;
  bool required = false;
  bool many = false;
  bool words = false;  // with many: takes all words up to the next option
  Complete complete = Complete::kNothing;
  std::vector<std::string> choices;
};

class Options {
 public:
  Option& flag(std::string name, bool& target, std::string help);
  template <typename T>
  Option& value(std::string name, std::string metavar, T& target, std::string help) {
    return add({std::move(name), {}, std::move(metavar), std::move(help), &target});
  }
  // May be given several times, each with one value.
  Option& list(std::string name, std::string metavar, std::vector<std::string>& target, std::string help);
  // The same, with all words up to the next option: `--against a b`.
  Option& word_list(std::string name, std::string metavar, std::vector<std::string>& target, std::string help);
  Option& positional(std::string name, std::string& target, std::string help, bool required = true);
  Option& positionals(std::string name, std::vector<std::string>& target, std::string help, bool required = true);

  const std::vector<Option>& all() const { return options_; }

  // Error: the message for people, its help naming what was probably meant. --help is seen by the caller, not here.
  Result<void> parse(std::vector<std::string> args);
  // True if the option was on the command line.
  bool given(std::string_view name) const;

 private:
  Option& add(Option option);
  Result<void> unknown(const std::string& word) const;
  std::vector<Option> options_;
  std::vector<std::string> given_;
};

}  // namespace flyball::app
