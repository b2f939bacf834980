// Io's writing and the one place that asks the environment about colour.
#include "app/cli/io.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdlib>

#include "model/text.h"

namespace flyball::app {

void Io::write(std::FILE* to, std::string_view text) {
  // A full disk or a closed pipe shows in ferror, which main looks at before it leaves.
  if (!text.empty()) (void)!std::fwrite(text.data(), 1, text.size(), to);
}

void Io::json_message(std::string_view severity, std::string_view place, std::string_view text, std::string_view help) const {
  message(fmt::format("{{{}\"severity\":\"{}\",\"message\":{},\"help\":{}}}\n", place, severity, quote(text),
                      help.empty() ? "null" : quote(help)));
}

void Io::note(std::string_view text) const {
  if (json) return json_message("info", {}, text, {});
  message(fmt::format("{}\n", text));
}

void Io::refusal(std::string_view file, std::uint64_t line, std::string_view text, std::string_view help) const {
  if (json) return json_message("error", fmt::format("\"file\":{},\"line\":{},", quote(file), line), text, help);
  message(fmt::format("{}:{}: {}\n", file, line, text));
  if (!help.empty()) message(fmt::format("  help: {}\n", help));
}

void Io::error(std::string_view text, std::string_view help) const {
  if (json) return json_message("error", {}, text, help);
  message(fmt::format("flyball: {}error:{} {}\n", paint_err(colour::kRed), paint_err(colour::kReset), text));
  if (!help.empty()) message(fmt::format("  help: {}\n", help));
}

void Io::warning(std::string_view text) const {
  if (json) return json_message("warning", {}, text, {});
  message(fmt::format("flyball: {}warning:{} {}\n", paint_err(colour::kYellow), paint_err(colour::kReset), text));
}

Io process_io() {
  Io io;
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  const bool allowed = (no_colour == nullptr || *no_colour == '\0') && (terminal == nullptr || std::string_view(terminal) != "dumb");
  io.out_colour = allowed && isatty(STDOUT_FILENO) == 1;
  io.err_colour = allowed && isatty(STDERR_FILENO) == 1;
  return io;
}

}  // namespace flyball::app
