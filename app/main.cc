// The program's main: words in, exit code out. Everything else is the app library's, so that tests can call it.
#include <csignal>
#include <exception>

#include "app/cli/command.h"

int main(int argc, char** argv) {
  // Whoever reads our output may go away: then we end without a word, even where the caller had the signal ignored. The
  // service, whose log is not its purpose, ignores it.
  std::signal(SIGPIPE, SIG_DFL);
  flyball::app::Io io = flyball::app::process_io();
  try {
    return flyball::app::run_program({argv + 1, argv + argc}, io);
  } catch (const std::exception& error) {
    // Nothing of ours throws; what arrives here is std::bad_alloc and the like.
    io.error(error.what());
    return flyball::app::kExitFailed;
  }
}
