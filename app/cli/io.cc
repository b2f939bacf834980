// Io's writing and the one place that asks the environment about colour.
#include "app/cli/io.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdlib>

namespace flyball::app {

void Io::write(std::FILE* to, std::string_view text) {
  // A full disk or a closed pipe shows in ferror, which main looks at before it leaves.
  if (!text.empty()) (void)!std::fwrite(text.data(), 1, text.size(), to);
}

void Io::error(std::string_view text, std::string_view help) const {
  message(fmt::format("flyball: {}error:{} {}\n", paint_err(colour::kRed), paint_err(colour::kReset), text));
  if (!help.empty()) message(fmt::format("  help: {}\n", help));
}

void Io::warning(std::string_view text) const {
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
