// See join_run.h.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/compile/join_run.h"

namespace flyball::engine {
namespace {

// Where nothing is measured: System R's guesses, of a type of a thousand facts.
constexpr double kFacts = 1'000;
constexpr double kValues = 100;     // of a field that is no key
constexpr double kConstantOf = 10;  // that a field which is no key is compared with: one of so many
constexpr double kAround = 4;       // prefixes, or ranges, that something lies in
constexpr double kOrderShare = 1.0 / 3, kOtherShare = 1.0 / 2;
// An assumed order must be better by a factor that no assumption makes by itself; a measured one is worth the matching anew at two.
constexpr double kAssumedGain = 8, kMeasuredGain = 2;
// What was measured of fewer updates says nothing yet.
constexpr std::uint64_t kMeasuredMin = 256;

double assumed_values(const FactType& type, std::uint32_t field, double facts) {
  if (type.key.size() == 1 && type.key[0] == field) return facts;
  if (type.fields[field].type.is(TypeTag::kBool)) return 2;
  return std::min(facts, kValues);
}

double share_of(const JoinRun::Test& test, double values) {
  switch (test.form) {
    case JoinRun::Form::kEqual: return 1 / values;
    case JoinRun::Form::kIn: return std::min(1.0, test.values / values);
    case JoinRun::Form::kOrder: return kOrderShare;
    case JoinRun::Form::kLies:
    case JoinRun::Form::kOther: break;
  }
  return kOtherShare;
}

// The pairs that a step looks at, and the partial matches that are left of them.
struct Step {
  double pairs = 0, matches = 0;
};

Step step(const JoinEstimate& e, double matches, std::uint64_t placed, std::uint32_t next) {
  Step s;
  s.pairs = matches * e.patterns[next].facts;
  double left = 1;
  const std::uint64_t now = placed | std::uint64_t{1} << next;
  for (const JoinEstimate::Condition& c : e.conditions) {
    if ((c.needs & ~now) != 0 || (c.needs & ~placed) == 0) continue;
    ((c.keys >> next & 1U) != 0 ? s.pairs : left) *= c.share;
  }
  s.matches = s.pairs * left;
  return s;
}

}  // namespace

JoinEstimate estimate(const JoinRun& run, const Schema& schema, const Statistics* measured) {
  JoinEstimate out;
  std::vector<const Statistics::Type*> known(run.patterns.size(), nullptr);
  out.measured = measured != nullptr;
  for (std::size_t i = 0; i < run.patterns.size() && out.measured; ++i) {
    const auto found = measured->types.find(schema.types[run.patterns[i].type].name);
    if (found != measured->types.end() && found->second.updates >= kMeasuredMin) known[i] = &found->second;
    // A type of few facts is known, too: there are few.
    if (found != measured->types.end() && found->second.updates > 0 && found->second.facts > 0) known[i] = &found->second;
    out.measured = known[i] != nullptr;
  }
  std::uint64_t updates = 0;
  for (const Statistics::Type* type : known) updates += type == nullptr ? 0 : type->updates;
  if (updates < kMeasuredMin) out.measured = false;
  std::vector<double> facts_of_type;
  const auto values = [&](std::size_t p, std::uint32_t field) {
    const FactType& type = schema.types[run.patterns[p].type];
    if (out.measured) {
      const auto found = known[p]->distinct.find(type.fields[field].name);
      if (found != known[p]->distinct.end()) return std::max(1.0, found->second);
    }
    return std::max(1.0, assumed_values(type, field, facts_of_type[p]));
  };
  const auto tested_values = [&](std::size_t p, std::uint32_t field) {
    const FactType& type = schema.types[run.patterns[p].type];
    return out.measured || type.is_key_field(field) ? values(p, field) : std::min(kConstantOf, values(p, field));
  };
  for (std::size_t p = 0; p < run.patterns.size(); ++p) {
    const JoinRun::Pattern& pattern = run.patterns[p];
    const FactType& type = schema.types[pattern.type];
    const bool single = type.has_key && type.key.empty();
    facts_of_type.push_back(out.measured ? std::max(1.0, static_cast<double>(known[p]->facts)) : single ? 1.0 : kFacts);
    JoinEstimate::Pattern& e = out.patterns.emplace_back();
    e.facts = facts_of_type[p];
    const auto passed = out.measured ? known[p]->passed.find(pattern.text) : std::map<std::string, std::uint64_t>::const_iterator{};
    if (out.measured && passed != known[p]->passed.end()) {
      e.facts = static_cast<double>(passed->second);
    } else {
      for (const JoinRun::Test& test : pattern.tests) e.facts *= share_of(test, test.field == kNoId ? 1 : tested_values(p, test.field));
    }
    e.facts = std::max(1.0, e.facts);
    if (out.measured) e.changes = std::max(1.0, static_cast<double>(known[p]->updates) / facts_of_type[p]);
  }
  for (const JoinRun::Condition& c : run.conditions) {
    JoinEstimate::Condition& e = out.conditions.emplace_back();
    e.needs = c.needs;
    e.share = c.form == JoinRun::Form::kOrder ? kOrderShare : kOtherShare;
    if (c.form == JoinRun::Form::kLies) {
      e.share = std::min(1.0, kAround / facts_of_type[c.spans]);
      e.keys = c.keys;
    }
    if (c.form != JoinRun::Form::kEqual) continue;
    double most = 1;
    for (const JoinRun::Side& side : {c.left, c.right}) {
      if (side.pattern == kNoId) continue;
      most = std::max(most, values(side.pattern, side.field));
      e.keys |= std::uint64_t{1} << side.pattern;
    }
    e.share = 1 / most;
  }
  return out;
}

double cost_of(const JoinEstimate& e, const std::vector<std::uint32_t>& order) {
  double cost = 0, matches = 1, changes = 0;
  std::uint64_t placed = 0;
  for (const std::uint32_t p : order) {
    const Step s = step(e, matches, placed, p);
    changes += e.patterns[p].changes;
    cost += s.pairs * changes;
    matches = s.matches;
    placed |= std::uint64_t{1} << p;
  }
  return cost;
}

std::vector<std::uint32_t> cheapest(const JoinEstimate& e) {
  constexpr double kEqual = 1 + 1e-9;
  const std::size_t n = e.patterns.size();
  std::vector<std::uint32_t> best(n);
  std::iota(best.begin(), best.end(), 0U);
  if (n <= JoinRun::kMaxTried) {
    double least = cost_of(e, best);
    for (std::vector<std::uint32_t> order = best; std::next_permutation(order.begin(), order.end());) {
      const double cost = cost_of(e, order);
      if (cost * kEqual >= least) continue;
      least = cost;
      best = order;
    }
    return best;
  }
  best.clear();
  double matches = 1, changes = 0;
  std::uint64_t placed = 0;
  while (best.size() < n) {
    std::uint32_t next = kNoId;
    double least = 0;
    for (std::uint32_t p = 0; p < n; ++p) {
      if ((placed >> p & 1U) != 0) continue;
      const double cost = step(e, matches, placed, p).pairs * (changes + e.patterns[p].changes);
      if (next != kNoId && cost * kEqual >= least) continue;
      next = p;
      least = cost;
    }
    matches = step(e, matches, placed, next).matches;
    changes += e.patterns[next].changes;
    placed |= std::uint64_t{1} << next;
    best.push_back(next);
  }
  return best;
}

std::vector<std::uint32_t> choose(const JoinEstimate& e, const std::vector<std::uint32_t>& now) {
  std::vector<std::uint32_t> best = cheapest(e);
  const double gain = e.measured ? kMeasuredGain : kAssumedGain;
  return cost_of(e, best) * gain < cost_of(e, now) ? best : now;
}

std::vector<std::uint32_t> shuffled(std::size_t patterns, std::uint64_t seed) {
  std::vector<std::uint32_t> order(patterns);
  std::iota(order.begin(), order.end(), 0U);
  std::uint64_t state = seed * 0x9E37'79B9'7F4A'7C15ULL + 1;
  for (std::size_t i = patterns; i > 1; --i) {
    state ^= state >> 30;
    state *= 0xBF58'476D'1CE4'E5B9ULL;
    state ^= state >> 27;
    std::swap(order[i - 1], order[state % i]);
    state += 0x94D0'49BB'1331'11EBULL;
  }
  return order;
}

}  // namespace flyball::engine
