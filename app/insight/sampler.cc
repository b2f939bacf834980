// A POSIX timer whose signal goes to this very thread.
#include "app/insight/sampler.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <numeric>

namespace flyball::app {
namespace {

Sampler* volatile the_sampler = nullptr;  // that runs; written by its own thread only

}  // namespace

std::uint64_t Samples::of(engine::WorkPart part) const {
  const std::vector<std::uint64_t>& ids = engine[static_cast<std::size_t>(part)];
  return std::accumulate(ids.begin(), ids.end(), std::uint64_t{0});
}

std::uint64_t Samples::of(engine::WorkPart part, std::uint32_t id) const {
  const std::vector<std::uint64_t>& ids = engine[static_cast<std::size_t>(part)];
  return id < ids.size() ? ids[id] : 0;
}

void Sampler::watch(const engine::WorkPlace& place, const engine::Insight& insight, std::size_t decisions) {
  using engine::WorkPart;
  place_ = nullptr;  // nobody counts while the arrays change
  Samples fresh;
  fresh.period = samples_.period;
  const auto room = [&](WorkPart part, std::size_t n) { fresh.engine[static_cast<std::size_t>(part)].assign(n == 0 ? 1 : n, 0); };
  for (std::size_t part = 0; part < engine::kWorkParts; ++part) room(static_cast<WorkPart>(part), 1);
  room(WorkPart::kAlpha, insight.types.size());
  room(WorkPart::kStage, insight.stages.size());
  room(WorkPart::kAggregate, insight.aggregates.size());
  room(WorkPart::kDerivation, insight.rules.size());
  room(WorkPart::kEffects, insight.rules.size());
  room(WorkPart::kDecision, decisions);
  samples_ = std::move(fresh);
  place_ = &place;
}

Result<void> Sampler::start(Clock clock, DurationNs period) {
  if (timer_) return {};
  if (the_sampler != nullptr) return fail("another profiler runs already");
  struct sigaction action{};
  action.sa_sigaction = &Sampler::on_signal;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigemptyset(&action.sa_mask);
  if (sigaction(SIGPROF, &action, nullptr) != 0) return fail(std::string("no profiling: ") + std::strerror(errno));
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = SIGPROF;
  event._sigev_un._tid = static_cast<pid_t>(syscall(SYS_gettid));
  timer_t timer{};
  if (timer_create(clock == Clock::kThread ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &event, &timer) != 0)
    return fail(std::string("no profiling: ") + std::strerror(errno));
  clock_ = clock;
  samples_.period = period;
  timer_ = timer;
  the_sampler = this;
  itimerspec every{};
  every.it_interval.tv_sec = every.it_value.tv_sec = period / kNsPerSecond;
  every.it_interval.tv_nsec = every.it_value.tv_nsec = period % kNsPerSecond;
  timer_settime(timer, 0, &every, nullptr);
  return {};
}

void Sampler::stop() {
  if (!timer_) return;
  timer_delete(*timer_);
  timer_.reset();
  the_sampler = nullptr;  // a signal that is under way still finds nobody
}

void Sampler::on_signal(int, siginfo_t* info, void*) {
  const int before = errno;
  // A thread's own clock runs on by the system's ticks: what it missed in between counts for this look. The wall's time that passed while
  // others ran does not.
  Sampler* const sampler = the_sampler;
  if (sampler != nullptr) sampler->look(sampler->clock_ == Clock::kThread ? 1 + static_cast<std::uint64_t>(info->si_overrun) : 1);
  errno = before;
}

// Asynchronous-signal-safe: adds to numbers that are there.
void Sampler::look(std::uint64_t weight) {
  const engine::WorkPlace* const place = place_;
  if (place == nullptr) return;
  const std::uint32_t word = place->word();
  const engine::WorkPart part = engine::WorkPlace::part(word);
  samples_.total += weight;
  if (part == engine::WorkPart::kIdle || part_ == static_cast<std::uint8_t>(AppPart::kOutput)) {
    samples_.app[part_] += weight;
    return;
  }
  std::vector<std::uint64_t>& ids = samples_.engine[static_cast<std::size_t>(part)];
  const std::uint32_t id = engine::WorkPlace::id(word);
  ids[id < ids.size() ? id : 0] += weight;
}

}  // namespace flyball::app
