// Runs a classical program: in process as a flyball Session, and in a child as CLIPS, if that is installed. For benchmarks and tests.
// One thread. Stops the process with a message when the rules do not check; a wrong number of firings is the caller's to judge.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "benchmarks/classical/data.h"
#include "benchmarks/support.h"

namespace flyball::bench::classical {

struct Ran {
  std::uint64_t firings = 0;
  double seconds = 0;  // of the run alone: facts are there, programs compiled
};

// Where the programs are.
std::filesystem::path folder();

// `rules` with `data` in a session; nothing has fired yet.
class Match {
 public:
  Match(const std::string& rules, const std::vector<Datum>& data);
  ~Match();
  // Until nothing fires any more.
  Ran run();
  std::vector<engine::FactView> facts(std::string_view type) const;

 private:
  std::unique_ptr<World> world_;
};

std::string read_text(const std::filesystem::path& path);

// Whether CLIPS is installed.
bool have_clips();
// What CLIPS prints, errors too, of `constructs` loaded between the commands `before` and `after`. Nothing if it did not end by itself.
std::optional<std::string> clips_says(const std::string& constructs, const std::string& before, const std::string& after);
// `constructs` loaded, reset, run by `strategy`; what it printed besides goes into `said` if that is given. Nothing when CLIPS did not get
// to its end.
std::optional<Ran> run_clips(const std::string& constructs, const std::string& strategy, std::string* said = nullptr);

}  // namespace flyball::bench::classical
