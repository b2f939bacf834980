// Parsing of a command's options: CLI11 splits, this file judges. The only file that sees CLI11.
#include "app/cli/options.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <charconv>
#include <deque>

#include "model/schema.h"
#include "model/text.h"

namespace flyball::app {
namespace {

// `-1` or `-(a)` is an expression, not an option: hidden from CLI11 behind a mark and put back afterwards.
constexpr char kMark = '\x01';

bool looks_like_value(const std::string& arg) {
  if (arg.size() < 2 || arg[0] != '-') return false;
  return std::isdigit(static_cast<unsigned char>(arg[1])) != 0 || arg[1] == '(' || arg[1] == '.' || arg[1] == ' ';
}

std::string restore(std::string text) {
  if (!text.empty() && text[0] == kMark) text.erase(0, 1);
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
  if (!option.choices.empty() && std::find(option.choices.begin(), option.choices.end(), last) == option.choices.end()) {
    std::string all;
    for (const std::string& choice : option.choices) all += (all.empty() ? "`" : ", `") + choice + "`";
    return fail(fmt::format("`{}` cannot be `{}`", option.name, last), fmt::format("it is one of {}", all));
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
    const std::string names = option.letter.empty() ? option.name : option.letter + "," + option.name;
    CLI::Option* handle = nullptr;
    if (option.positional) {
      handle = cli.add_option("pos" + std::to_string(storage.size()), storage.emplace_back());
      if (!option.many)
        handle->expected(0, 1);
      else
        handle->expected(0, CLI::detail::expected_max_vector_size);
    } else if (option.value.empty()) {
      handle = cli.add_flag(names, flags.emplace_back());
    } else {
      handle = cli.add_option(names, storage.emplace_back());
      handle->expected(1)->allow_extra_args(false);
    }
    handle->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    handles.push_back(handle);
  }

  bool after_dashes = false;
  for (std::string& arg : args) {
    if (after_dashes || looks_like_value(arg) || (!arg.empty() && (arg[0] == '[' || arg[0] == kMark)))
      arg.insert(arg.begin(), kMark);
    else if (arg == "--")
      after_dashes = true;
  }
  std::reverse(args.begin(), args.end());  // CLI11 takes the vector as a stack
  try {
    cli.parse(std::move(args));
  } catch (const CLI::ParseError& error) {
    for (std::size_t i = 0; i < handles.size(); ++i) {
      const std::string what = error.what();
      if (!options_[i].positional && what.find(options_[i].name) != std::string::npos) {
        if (options_[i].value.empty()) return fail(fmt::format("`{}` takes no value", options_[i].name));
        return fail(fmt::format("`{}` needs a {}", options_[i].name, options_[i].value));
      }
    }
    return fail(fmt::format("these arguments cannot be read: {}", error.what()));
  }

  if (const std::vector<std::string> extra = cli.remaining(); !extra.empty()) {
    std::string word = restore(extra.front());
    if (word == "--" && extra.size() > 1) word = restore(extra[1]);
    if (word.empty() || word[0] != '-') return fail(fmt::format("unexpected argument `{}`", word));
    word = word.substr(0, word.find('='));
    std::vector<std::string> names = {"--help"};
    for (const Option& option : options_) {
      if (!option.positional) names.push_back(option.name);
    }
    std::string meant;
    for (const std::string& near : nearest(word, names)) meant += (meant.empty() ? "did you mean `" : " or `") + near + "`";
    return fail(fmt::format("unknown option `{}`", word), meant.empty() ? meant : meant + "?");
  }

  for (std::size_t i = 0; i < handles.size(); ++i) {
    if (handles[i]->count() == 0) {
      if (options_[i].required) return fail(fmt::format("`{}` is missing", options_[i].name));
      continue;
    }
    given_.push_back(options_[i].name);
    std::vector<std::string> values = handles[i]->results();
    if (values.empty()) values.emplace_back();
    std::transform(values.begin(), values.end(), values.begin(), restore);
    if (Result<void> done = assign(options_[i], std::move(values)); !done) return done;
  }
  return {};
}

}  // namespace flyball::app
