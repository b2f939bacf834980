// What a session knows for the order of joins: its figures, and which of its rules would do with fewer pairs.
#include "engine/compile/join_run.h"
#include "engine/compile/program_data.h"
#include "engine/session/session_impl.h"

namespace flyball::engine {

namespace {

constexpr std::uint64_t kPairsMin = 10'000;  // a rule that looked at fewer has nothing to gain
constexpr double kGainMin = 8;

}  // namespace

Statistics Session::statistics() const { return impl_->network.statistics(); }

std::vector<JoinAdvice> Session::join_advice() const {
  const Impl& s = *impl_;
  const std::vector<JoinRun>& runs = s.data.join_runs;
  std::vector<JoinAdvice> out;
  if (runs.empty()) return out;
  const Insight insight = this->insight();
  const auto works = [&](const JoinRun& run) {
    std::uint64_t pairs = insight.rules[run.rule].pairs;
    for (const ChainId chain : s.data.rules[run.rule].chains) {
      const ChainId shared = s.data.chains[chain].shared;
      if (shared != kNoId) pairs += insight.rules[s.data.chains[shared].owner].pairs;
    }
    return run.main && pairs >= kPairsMin;
  };
  if (std::none_of(runs.begin(), runs.end(), works)) return out;
  const Statistics measured = statistics();
  for (const JoinRun& run : runs) {
    if (!works(run)) continue;
    const JoinEstimate known = estimate(run, s.data.rule_set.schema, &measured);
    if (!known.measured) continue;
    const std::vector<std::uint32_t> best = cheapest(known);
    const double gain = cost_of(known, run.order) / cost_of(known, best);
    if (gain >= kGainMin) out.push_back({run.rule, run.patterns[best.front()].line, gain});
  }
  std::stable_sort(out.begin(), out.end(), [](const JoinAdvice& a, const JoinAdvice& b) { return a.gain > b.gain; });
  return out;
}

}  // namespace flyball::engine
