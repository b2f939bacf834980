// Rendering of a command's manual: for the terminal, and as Markdown for docs/reference/commands.md. Pure functions.
#pragma once

#include <string>

#include "app/cli/command.h"

namespace flyball::app {

std::string render_manual(const Manual& manual, const Options& options, bool with_colour);
std::string render_markdown(const Manual& manual, const Options& options);
// One JSON object, without a line end: name, summary, synopsis, description, options, exit_status, examples.
std::string render_json(const Manual& manual, const Options& options);
// The list of commands that `flyball` and `flyball --help` print.
std::string render_overview(bool with_colour);
// All manuals as one Markdown page.
std::string render_reference();

}  // namespace flyball::app
