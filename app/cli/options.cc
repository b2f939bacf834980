// Parsing of a command's options: CLI11 splits, this file judges. The only file that sees CLI11.
#include "app/cli/options.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <charconv>
#include <deque>

#include "model/schema.h"
#include "model/suggest.h"
#include "model/text.h"

namespace flyball::app {
namespace {

// `-1` or `-(a)` is an expression, not an option: hidden from CLI11 behind a mark and put back afterwards.
const std::string kMark(1, '\x01');

bool looks_like_value(const std::string& arg) {
  if (arg.size() < 2 || arg[0] != '-') return false;
  return std::isdigit(static_cast<unsigned char>(arg[1])) != 0 || arg[1] == '(' || arg[1] == '.' || arg[1] == ' ';
}

std::string restore(std::string text) {
  if (!text.empty() && text[0] == kMark[0]) text.erase(0, 1);
  return text;
}

template <typename... F>
struct Overload : F... {
  using F::operator()...;
};
template <typename... F>
Overload(F...) -> Overload<F...>;

template <typename Number>
std::optional<Number> number(const std::string& text) {
  Number n{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return n;
}

Result<void> assign(const Option& option, std::vector<std::string> values) {
  const std::string& last = values.back();
  for (const std::string& value : values) {
    if (option.choices.empty() || std::find(option.choices.begin(), option.choices.end(), value) != option.choices.end()) continue;
    std::string all;
    for (const std::string& choice : option.choices) all += (all.empty() ? "`" : ", `") + choice + "`";
    return fail(fmt::format("`{}` cannot be `{}`", option.name, value), fmt::format("it is one of {}", all));
  }
  return std::visit(Overload{
                        [](bool* target) -> Result<void> { return *target = true, Result<void>{}; },
                        [&](std::string* target) -> Result<void> { return *target = last, Result<void>{}; },
                        [&](std::optional<std::string>* target) -> Result<void> { return *target = last, Result<void>{}; },
                        [&](std::vector<std::string>* target) -> Result<void> { return *target = std::move(values), Result<void>{}; },
                        [&](std::optional<std::uint64_t>* target) -> Result<void> {
                          *target = number<std::uint64_t>(last);
                          if (!*target) return fail(fmt::format("`{}` needs a whole number, not `{}`", option.name, last));
                          return {};
                        },
                        [&](std::optional<double>* target) -> Result<void> {
                          *target = number<double>(last);
                          if (!*target || !(**target > 0))
                            return fail(fmt::format("`{}` needs a number above 0, not `{}`", option.name, last));
                          return {};
                        },
                        [&](std::optional<DurationNs>* target) -> Result<void> {
                          *target = parse_duration_ns(last);
                          if (!*target || **target < 0)
                            return fail(fmt::format("`{}` needs a duration, not `{}`", option.name, last),
                                        "durations are written like 250ms, 90s or 1h30m");
                          return {};
                        },
                    },
                    option.target);
}

}  // namespace

Option& Options::add(Option option) {
  options_.push_back(std::move(option));
  return options_.back();
}

Option& Options::flag(std::string name, bool& target, std::string help) { return add({std::move(name), {}, {}, std::move(help), &target}); }

Option& Options::list(std::string name, std::string metavar, std::vector<std::string>& target, std::string help) {
  Option& option = value(std::move(name), std::move(metavar), target, std::move(help));
  option.many = true;
  return option;
}

Option& Options::word_list(std::string name, std::string metavar, std::vector<std::string>& target, std::string help) {
  Option& option = list(std::move(name), std::move(metavar), target, std::move(help));
  option.words = true;
  return option;
}

Option& Options::positional(std::string name, std::string& target, std::string help, bool required) {
  Option& option = add({name, {}, name, std::move(help), &target});
  option.positional = true;
  option.required = required;
  return option;
}

Option& Options::positionals(std::string name, std::vector<std::string>& target, std::string help, bool required) {
  Option& option = add({name, {}, name, std::move(help), &target});
  option.positional = option.many = true;
  option.required = required;
  return option;
}

bool Options::given(std::string_view name) const { return std::find(given_.begin(), given_.end(), name) != given_.end(); }

Result<void> Options::parse(std::vector<std::string> args) {
  CLI::App cli;
  cli.set_help_flag();
  cli.allow_extras();
  std::deque<std::vector<std::string>> storage;
  std::deque<bool> flags;
  std::vector<CLI::Option*> handles;
  for (const Option& option : options_) {
    if (option.positional) {
      handles.push_back(nullptr);  // CLI11 leaves those words over; they are dealt out below
      continue;
    }
    const std::string names = option.letter.empty() ? option.name : option.letter + "," + option.name;
    CLI::Option* handle = option.value.empty() ? cli.add_flag(names, flags.emplace_back())
                                               : cli.add_option(names, storage.emplace_back())->expected(1)->allow_extra_args(false);
    if (option.words) handle->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args(true);
    handles.push_back(handle->multi_option_policy(CLI::MultiOptionPolicy::TakeAll));
  }

  std::vector<std::string> marked;
  bool after_dashes = false;
  for (std::string& arg : args) {
    if (!after_dashes && arg == "--") {
      after_dashes = true;
      continue;
    }
    marked.push_back(after_dashes || looks_like_value(arg) || (!arg.empty() && (arg[0] == '[' || arg[0] == kMark[0])) ? kMark + arg
                                                                                                                      : std::move(arg));
  }
  args = std::move(marked);
  std::reverse(args.begin(), args.end());  // CLI11 takes the vector as a stack
  try {
    cli.parse(std::move(args));
  } catch (const CLI::ParseError& error) {
    for (std::size_t i = 0; i < handles.size(); ++i) {
      const std::string what = error.what();
      if (!options_[i].positional && what.find(options_[i].name) != std::string::npos) {
        if (options_[i].value.empty()) return fail(fmt::format("`{}` takes no value", options_[i].name));
        return fail(fmt::format("`{}` needs {}", options_[i].name, with_article(options_[i].value)));
      }
    }
    return fail(fmt::format("these arguments cannot be read: {}", error.what()));
  }

  std::vector<std::string> words;
  for (const std::string& word : cli.remaining()) {
    if (word.size() < 2 || word[0] != '-')
      words.push_back(restore(word));
    else
      return unknown(word.substr(0, word.find('=')));
  }
  std::size_t next_word = 0;
  for (std::size_t i = 0; i < handles.size(); ++i) {
    std::vector<std::string> values;
    if (handles[i] != nullptr) {
      if (handles[i]->count() == 0) continue;
      values = handles[i]->results();
      if (values.empty()) values.emplace_back();
      // Taking one of two silently would lose what the other one meant.
      if (values.size() > 1 && !options_[i].value.empty() && !options_[i].many)
        return fail(fmt::format("`{}` is given twice", options_[i].name));
      std::transform(values.begin(), values.end(), values.begin(), restore);
    } else {
      while (next_word < words.size() && (options_[i].many || values.empty())) values.push_back(std::move(words[next_word++]));
      if (values.empty() && options_[i].required) return fail(fmt::format("`{}` is missing", options_[i].name));
      if (values.empty()) continue;
    }
    given_.push_back(options_[i].name);
    if (Result<void> done = assign(options_[i], std::move(values)); !done) return done;
  }
  if (next_word < words.size()) return fail(fmt::format("unexpected argument `{}`", words[next_word]));
  return {};
}

Result<void> Options::unknown(const std::string& word) const {
  std::vector<std::string> names = {"--help"};
  for (const Option& option : options_) {
    if (!option.positional) names.push_back(option.name);
  }
  return fail(fmt::format("unknown option `{}`", word), did_you_mean(nearest(word, names)));
}

}  // namespace flyball::app
