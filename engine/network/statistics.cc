// What the facts are like, for who compiles the next program (engine/statistics.h). A sample is looked at, however many there are.
#include "engine/statistics.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "engine/network/network.h"

namespace flyball::engine {
namespace {

constexpr std::size_t kSample = 1'024;  // facts of a type that are looked at; of many types fewer
constexpr std::size_t kSampleMin = 64;
constexpr std::size_t kValues = 1'000'000;  // of all of them

// How many values there are, from those of `of` facts: what was seen once stands for what was not seen, by the root of their proportion
// (Charikar, Chaudhuri, Motwani and Narasayya, "Towards Estimation Error Guarantees for Distinct Values", PODS 2000). Where no value
// came twice, none does.
double distinct(const std::unordered_map<std::uint64_t, std::uint32_t>& seen, std::uint64_t sampled, std::uint64_t of) {
  std::uint64_t once = 0;
  for (const auto& [value, times] : seen) once += times == 1 ? 1U : 0U;
  if (once == sampled) return static_cast<double>(of);
  const double unseen = std::sqrt(static_cast<double>(of) / static_cast<double>(sampled));
  return std::min(static_cast<double>(of), unseen * static_cast<double>(once) + static_cast<double>(seen.size() - once));
}

}  // namespace

Statistics Network::statistics() const {
  Statistics out;
  std::unordered_map<std::uint64_t, std::uint32_t> seen;
  std::size_t fields = 1;
  for (const FactType& type : program_.rule_set.schema.types) fields += type.fields.size();
  const std::size_t most = std::clamp(kValues / fields, kSampleMin, kSample);
  for (FactTypeId t = 0; t < stores_.size(); ++t) {
    const FactStore& store = stores_[t];
    const FactType& type = program_.rule_set.schema.types[t];
    Statistics::Type& known = out.types[type.name];
    known.facts = store.live() + store.stale();
    known.updates = type_states_[t].updates;
    if (known.facts == 0) continue;
    std::vector<FactId> sample;
    const std::uint32_t step = std::max<std::uint32_t>(1, store.end() / static_cast<std::uint32_t>(most));
    for (FactId f = 0; f < store.end() && sample.size() < most; f += step) {
      if (store.meta(f).used && store.meta(f).status == FactStatus::kLive) sample.push_back(f);
    }
    if (sample.empty()) continue;
    for (std::uint32_t field = 0; field < type.fields.size(); ++field) {
      seen.clear();
      for (const FactId f : sample) ++seen[hash_value(store.row(f)[field])];
      known.distinct[type.fields[field].name] = distinct(seen, sample.size(), std::max<std::uint64_t>(known.facts, sample.size()));
    }
  }
  for (AlphaId a = 0; a < program_.alphas.size(); ++a) {
    const AlphaPlan& alpha = program_.alphas[a];
    if (alpha.vacant) continue;
    out.types[program_.rule_set.schema.types[alpha.type].name].passed[alpha.text] = alpha_work_[a].came - alpha_work_[a].went;
  }
  for (const JoinRun& run : program_.join_runs) {
    if (!run.main) continue;
    std::vector<std::vector<std::uint32_t>>& ways = out.orders[program_.rules[run.rule].name];
    if (ways.size() <= run.way) ways.resize(run.way + 1);
    for (const std::uint32_t p : run.order) ways[run.way].push_back(run.patterns[p].binding);
  }
  return out;
}

}  // namespace flyball::engine
