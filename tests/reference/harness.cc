// Cases from seeds, and reports of differences.
#include "tests/reference/harness.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "model/check.h"
#include "tests/reference/generate/package.h"
#include "tests/reference/generate/stream.h"
#include "tests/reference/generate/twins.h"
#include "tests/reference/shrink.h"

namespace flyball::reference {

namespace {

SeedCase make_case(std::uint64_t seed, std::size_t steps, bool twins) {
  SeedCase c;
  c.seed = seed;
  Random random(seed * 0x2545'F491'4F6C'DD1DULL + 1);
  GenPackage package = generate_package(random, {});
  if (twins) add_twins(random, package);
  c.files = package.files();
  Result<std::unique_ptr<Loaded>> loaded = load(c.files);
  if (!loaded) {
    c.refusal = loaded.error().message;
    return c;
  }
  c.package = std::move(*loaded);
  c.steps = generate_stream(random, *c.package, steps);
  return c;
}

}  // namespace

SeedCase make_case(std::uint64_t seed, std::size_t steps) { return make_case(seed, steps, false); }
SeedCase make_twin_case(std::uint64_t seed) { return make_case(seed, kStepsPerSeed, true); }
SeedCase make_mixed_case(std::uint64_t seed) { return make_case(seed, kStepsPerSeed, seed % 3 == 0); }

std::uint64_t seeds_or(std::uint64_t usual) {
  const char* const text = std::getenv("REFERENCE_SEEDS");
  return text == nullptr ? usual : std::strtoull(text, nullptr, 10);
}

SeedCase loaded(const CaseText& text) {
  SeedCase c;
  c.files = text.files;
  Result<std::unique_ptr<Loaded>> package = load(text.files);
  FB_CHECK(package.has_value());
  c.package = std::move(*package);
  for (const std::string& line : text.steps) {
    Result<Step> step = parse_step(line, *c.package);
    FB_CHECK(step.has_value());
    c.steps.push_back(std::move(*step));
  }
  return c;
}

CaseText text_of(const SeedCase& c) {
  CaseText out;
  out.comment = "# seed " + std::to_string(c.seed) + "\n";
  out.files = c.files;
  for (const Step& s : c.steps) out.steps.push_back(render_step(s, *c.package));
  return out;
}

std::optional<Difference> run_text(const CaseText& c, const MakeOther& other, std::string* transcript) {
  const Result<std::unique_ptr<Loaded>> loaded = load(c.files);
  if (!loaded) return std::nullopt;
  const Loaded& package = **loaded;
  std::vector<Step> steps;
  for (const std::string& line : c.steps) {
    Result<Step> step = parse_step(line, package);
    if (step) steps.push_back(std::move(*step));  // a step about what is no longer declared is gone with it
  }
  const std::unique_ptr<Player> expected = make_naive(package);
  const Result<std::unique_ptr<Player>> got = other(package);
  if (!got) return Difference{0, "refused by the engine's compiler: " + got.error().message};
  std::optional<Difference> d = compare_players(*expected, **got, steps, package).difference;
  if (transcript != nullptr) {
    *transcript = "--- expected transcript\n" + render(expected->transcript(), package) + "--- got transcript\n" +
                  render((*got)->transcript(), package);
  }
  return d;
}

namespace {

enum class Ending { kAgrees, kDiffers, kDies };

// In a process of its own, which may crash or take too long.
Ending run_guarded(const CaseText& c, const MakeOther& other) {
  constexpr unsigned kSeconds = 5;
  const pid_t child = fork();
  if (child == 0) {
    for (const int s : {SIGSEGV, SIGABRT, SIGFPE, SIGILL, SIGBUS, SIGALRM}) signal(s, SIG_DFL);
    alarm(kSeconds);
    _exit(run_text(c, other) ? 1 : 0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFEXITED(status)) return Ending::kDies;
  return WEXITSTATUS(status) == 0 ? Ending::kAgrees : Ending::kDiffers;
}

}  // namespace

std::string report(const SeedCase& c, const MakeOther& other) {
  const std::string seed = "seed " + std::to_string(c.seed);
  const CaseText whole = text_of(c);
  const Ending ending = run_guarded(whole, other);
  if (ending == Ending::kAgrees) return seed + " differs, but its text does not: the case format loses something\n" + write_case(whole);
  const CaseText small = shrink(whole, [&](const CaseText& t) { return run_guarded(t, other) == ending; });
  if (ending == Ending::kDies) return seed + ", shrunk; it crashes or does not come to an end:\n" + write_case(small);
  std::string transcript;
  const std::optional<Difference> d = run_text(small, other, &transcript);
  return seed + ", shrunk; differs after step " + std::to_string(d->step + 1) + ":\n" + d->text + transcript + write_case(small);
}

}  // namespace flyball::reference
