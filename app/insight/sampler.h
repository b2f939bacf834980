// Sampler: where this thread's time goes, by looking at it on a timer: what the engine's WorkPlace says, and beside it which part
// of the app is at work. A signal's handler counts; nothing that is measured knows of it, so nothing it does depends on it.
//
// One sampler may run per process, on the thread that started it. Costs nothing while it does not run; a few µs a sample then, on a virtual
// machine up to 60.
#pragma once

#include <csignal>
#include <cstdint>
#include <ctime>
#include <optional>
#include <vector>

#include "engine/insight.h"
#include "model/result.h"
#include "model/time.h"

namespace flyball::app {

// What the app does where the engine does not.
enum class AppPart : std::uint8_t {
  kOther,    // reading lines, waiting
  kDecode,   // bytes to facts
  kOutput,   // what the engine says, written down: also counted while the engine waits for that
  kRecord,   // the recording of inputs
  kAnswer,   // questions about what it knows and does
  kCollect,  // interned texts that nothing names any more
};
inline constexpr std::size_t kAppParts = 6;

struct Samples {
  DurationNs period = 0;  // what one sample stands for
  std::uint64_t total = 0;
  std::uint64_t app[kAppParts] = {};
  std::vector<std::uint64_t> engine[engine::kWorkParts];  // by part, by id

  std::uint64_t of(engine::WorkPart part) const;
  std::uint64_t of(engine::WorkPart part, std::uint32_t id) const;
  double seconds(std::uint64_t samples) const { return static_cast<double>(samples) * static_cast<double>(period) / 1e9; }
};

class Sampler {
 public:
  enum class Clock : std::uint8_t {
    kThread,  // this thread's own time: none passes while it waits; looks at most some hundred times a second
    kWall,    // for a thread that never waits: as often as is asked
  };

  Sampler() = default;
  ~Sampler() { stop(); }
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;

  // What it looks at from now on; the counts begin anew. `insight` says how many nodes there are.
  void watch(const engine::WorkPlace& place, const engine::Insight& insight, std::size_t decisions);
  // Another session of the same program; the counts go on.
  void go_on_with(const engine::WorkPlace& place) { place_ = &place; }
  // An error where the system has no such timer, or another sampler runs.
  Result<void> start(Clock clock, DurationNs period);
  void stop();
  bool running() const { return timer_.has_value(); }
  const Samples& samples() const { return samples_; }

  // While it lives, the thread does this for the app.
  class In {
   public:
    In(Sampler& sampler, AppPart part) : sampler_(sampler), before_(sampler.part_) { sampler.part_ = static_cast<std::uint8_t>(part); }
    ~In() { sampler_.part_ = before_; }
    In(const In&) = delete;
    In& operator=(const In&) = delete;

   private:
    Sampler& sampler_;
    std::uint8_t before_;
  };

 private:
  friend class In;
  static void on_signal(int number, siginfo_t* info, void* context);
  void look(std::uint64_t weight);

  const engine::WorkPlace* volatile place_ = nullptr;
  volatile std::uint8_t part_ = 0;
  Clock clock_ = Clock::kThread;
  Samples samples_;
  std::optional<timer_t> timer_;
};

}  // namespace flyball::app
