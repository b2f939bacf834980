// `flyball version`: what this binary is.
#include <fmt/core.h>

#include "app/commands/commands.h"

namespace flyball::app {
namespace {

class Version : public Command {
 public:
  Manual manual() const override {
    return {.name = "version",
            .summary = "print the version",
            .synopsis = {"version [--json]"},
            .description = "Prints the program's version and the compiler that built it.",
            .examples = {{"flyball version", "one line for people"}, {"flyball version --json", "the same for scripts"}},
            .exit_codes = "0  always"};
  }
  void options(Options& options) override { options.flag("--json", json_, "one JSON object: version, compiler, build"); }
  int run(Io& io) override {
#ifdef NDEBUG
    constexpr const char* kBuild = "release";
#else
    constexpr const char* kBuild = "debug";
#endif
#if defined(__clang__)
    const std::string compiler = fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
    const std::string compiler = fmt::format("g++ {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
    if (json_)
      io.data(fmt::format("{{\"version\":\"{}\",\"compiler\":\"{}\",\"build\":\"{}\"}}\n", FLYBALL_VERSION, compiler, kBuild));
    else
      io.data(fmt::format("flyball {} ({}, {})\n", FLYBALL_VERSION, compiler, kBuild));
    return kExitFine;
  }

 private:
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_version() { return std::make_unique<Version>(); }

}  // namespace flyball::app
