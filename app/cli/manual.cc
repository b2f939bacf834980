// Manual texts: layout only. Widths count code points, so that `…` does not push a column.
#include "app/cli/manual.h"

#include <fmt/core.h>

#include <algorithm>

#include "app/commands/commands.h"
#include "model/text.h"

namespace flyball::app {
namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kOptionColumn = 26;

std::size_t width(std::string_view text) {
  std::size_t n = 0;
  for (const char c : text) n += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return n;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  return lines;
}

// Wraps running text at kWidth; lines that begin with two spaces stay as written.
void wrap(std::string& out, std::string_view text, std::size_t indent, std::size_t first_column) {
  const std::string margin(indent, ' ');
  std::size_t column = first_column;
  for (const std::string_view line : lines_of(text)) {
    if (line.empty() || line.starts_with("  ")) {
      if (column > indent) out += '\n';
      if (!line.empty()) out += margin + std::string(line);
      out += '\n';
      column = 0;
      continue;
    }
    std::size_t at = 0;
    while (at < line.size()) {
      std::size_t end = line.find(' ', at);
      if (end == std::string_view::npos) end = line.size();
      const std::string_view word = line.substr(at, end - at);
      at = end + 1;
      if (word.empty()) continue;
      if (column > indent && column + 1 + width(word) > kWidth) {
        out += '\n';
        column = 0;
      }
      if (column == 0) {
        out += margin;
        column = indent;
      } else if (column > indent) {
        out += ' ';
        ++column;
      }
      out += word;
      column += width(word);
    }
  }
  if (column > 0) out += '\n';
}

std::string option_head(const Option& option) {
  std::string head;
  if (option.positional) return option.name + (option.many ? "…" : "");
  if (!option.letter.empty()) head = option.letter + ", ";
  head += option.name;
  if (!option.value.empty()) head += " " + option.value;
  if (option.many) head += " …";
  return head;
}

std::string option_help(const Option& option) {
  if (option.choices.empty()) return option.help;
  std::string all;
  for (const std::string& choice : option.choices) all += (all.empty() ? "" : ", ") + choice;
  return option.help + " (" + all + ")";
}

// What the statuses mean in general: those that some command's manual has.
std::string exit_statuses() {
  const std::pair<std::string_view, std::string_view> known[] = {
      {"0", "fine"}, {"1", "failed"}, {"2", "changes found"}, {"64", "wrong usage"}};
  std::string out;
  for (const auto& [number, meaning] : known) {
    const auto has = [&](const CommandEntry& entry) {
      const std::vector<std::string_view> lines = lines_of(entry.manual.exit_codes);
      return std::any_of(lines.begin(), lines.end(), [&](std::string_view line) { return line.substr(0, line.find(' ')) == number; });
    };
    const std::vector<CommandEntry> all = command_entries();
    if (std::any_of(all.begin(), all.end(), has)) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", number, meaning);
  }
  return out;
}

}  // namespace

std::string render_manual(const Manual& manual, const Options& options, bool with_colour) {
  const std::string_view bold = with_colour ? colour::kBold : "";
  const std::string_view reset = with_colour ? colour::kReset : "";
  std::string out = fmt::format("{0}NAME{1}\n  flyball {2} — {3}\n\n{0}SYNOPSIS{1}\n", bold, reset, manual.name, manual.summary);
  for (const std::string& line : manual.synopsis) out += fmt::format("  flyball {}\n", line);
  out += fmt::format("\n{}DESCRIPTION{}\n", bold, reset);
  wrap(out, manual.description, 2, 0);
  out += fmt::format("\n{}OPTIONS{}\n", bold, reset);
  const auto line = [&](const std::string& head, const std::string& help) {
    out += "  " + head;
    std::size_t column = 2 + width(head);
    if (column + 2 > kOptionColumn) {
      out += '\n';
      column = 0;
    } else {
      out += std::string(kOptionColumn - column, ' ');
      column = kOptionColumn;
    }
    wrap(out, help, kOptionColumn, column);
  };
  for (const Option& option : options.all()) line(option_head(option), option_help(option));
  line("--help", "print this text and exit");
  out += fmt::format("\n{}EXIT STATUS{}\n", bold, reset);
  for (const std::string_view code : lines_of(manual.exit_codes)) out += fmt::format("  {}\n", code);
  out += fmt::format("\n{}EXAMPLES{}\n", bold, reset);
  for (const Example& example : manual.examples) {
    for (const std::string_view call : lines_of(example.call)) out += fmt::format("  {}\n", call);
    wrap(out, example.says, 6, 0);
  }
  return out;
}

std::string render_json(const Manual& manual, const Options& options) {
  const auto list = [](const auto& items, auto render) {
    std::string out = "[";
    for (const auto& item : items) out += (out.size() > 1 ? "," : "") + render(item);
    return out + "]";
  };
  const auto text = [](const std::string& s) { return quote(s); };
  return fmt::format(
      "{{\"name\":{},\"summary\":{},\"synopsis\":{},\"description\":{},\"options\":{},\"exit_status\":{},\"examples\":{}}}",
      quote(manual.name), quote(manual.summary), list(manual.synopsis, [](const std::string& s) { return quote("flyball " + s); }),
      quote(manual.description),
      list(options.all(),
           [&](const Option& o) {
             return fmt::format("{{\"name\":{},\"value\":{},\"many\":{},\"choices\":{},\"help\":{}}}", quote(o.name),
                                o.value.empty() || o.positional ? "null" : quote(o.value), o.many, list(o.choices, text), quote(o.help));
           }),
      quote(manual.exit_codes),
      list(manual.examples, [](const Example& e) { return fmt::format("{{\"call\":{},\"says\":{}}}", quote(e.call), quote(e.says)); }));
}

std::string render_markdown(const Manual& manual, const Options& options) {
  std::string out = fmt::format("## flyball {}\n\n{}{}.\n\n```\n", manual.name, static_cast<char>(std::toupper(manual.summary[0])),
                                manual.summary.substr(1));
  for (const std::string& line : manual.synopsis) out += fmt::format("flyball {}\n", line);
  out += "```\n\n";
  bool block = false;
  for (const std::string_view text : lines_of(manual.description)) {
    const bool literal = text.starts_with("  ");
    if (literal != block) out += "```\n";
    block = literal;
    out += std::string(literal ? text.substr(2) : text) + "\n";
  }
  if (block) out += "```\n";
  out += "\n| option | meaning |\n|---|---|\n";
  for (const Option& option : options.all()) {
    std::string help = option_help(option);
    for (std::size_t at = 0; (at = help.find_first_of("|\n", at)) != std::string::npos; at += 2)
      help.replace(at, 1, help[at] == '|' ? "\\|" : "  ");
    out += fmt::format("| `{}` | {} |\n", option_head(option), help);
  }
  out += "\nExamples:\n\n```\n";
  for (const Example& example : manual.examples) out += fmt::format("# {}\n{}\n", example.says, example.call);
  out += "```\n\nExit status:\n\n";
  for (const std::string_view code : lines_of(manual.exit_codes))
    out += fmt::format("- `{}` {}\n", code.substr(0, code.find(' ')), code.substr(code.find_first_not_of(' ', code.find(' '))));
  return out;
}

std::string render_overview(bool with_colour) {
  const std::string_view bold = with_colour ? colour::kBold : "";
  const std::string_view reset = with_colour ? colour::kReset : "";
  std::string out = fmt::format("{}flyball{} — a rule-based context engine: facts in, actions out, decisions answered\n\n", bold, reset);
  out += "usage: flyball COMMAND [ARGUMENT…]    flyball COMMAND --help    flyball help COMMAND\n";
  for (const CommandGroup& group : command_groups()) {
    out += fmt::format("\n{}{}{}\n", bold, group.title, reset);
    for (const auto make : group.commands) {
      const Manual manual = make()->manual();
      out += fmt::format("  {:<13} {}\n", manual.name, manual.summary);
    }
  }
  out += "\nData goes to standard output, messages to standard error. Exit status: " + exit_statuses() +
         "; each command's manual says when.\n";
  return out;
}

std::string render_reference() {
  std::string out =
      "# Commands\n\nGenerated from the program itself (`flyball help --markdown`); a test compares the two.\n"
      "Data goes to standard output, messages to standard error, colour only to a terminal and never with `NO_COLOR`.\n"
      "Exit status: " +
      exit_statuses() +
      "; below, each command says when.\n\n"
      "With `--json` data are JSON, one object a line, and so are messages: "
      "`{\"severity\":\"error\",\"message\":\"…\",\"help\":\"…\"}`, "
      "where `severity` is `error`, `warning` or `info`, `help` may be null, and `file` and `line` stand first where an input's line is "
      "meant; "
      "mistakes in rules have the shape that `check` describes. `-` as a file is standard input.\n";
  for (const CommandEntry& entry : command_entries()) out += "\n" + render_markdown(entry.manual, entry.options);
  return out;
}

}  // namespace flyball::app
