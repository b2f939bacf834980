// JoinRun: patterns of a rule that may be joined in any order, and what it costs to join them in one.
//
// A run is a stretch of `when` without a line that has a memory (`for`). All its lines are true together or not at all, so its patterns
// may be permuted; a condition on several of them is judged at the last one placed. What is estimated is the number of pairs of partial
// match and fact that are looked at, after the textbook (Selinger et al., "Access Path Selection in a Relational Database Management
// System", SIGMOD 1979): a field of d values equals another of e values in one pair of max(d, e); what lies somewhere lies in a
// few of all spans; nothing else is known of a comparison.
// As matches are kept and not computed once, a pair counts each time a fact of it changes. Six patterns or fewer: every order is tried;
// more: the cheapest next one each time.
//
// Thread safety: plain values, pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/statistics.h"
#include "model/schema.h"

namespace flyball::engine {

struct JoinRun {
  static constexpr std::size_t kMaxPatterns = 16;  // of more the written order stands
  static constexpr std::size_t kMaxTried = 6;      // of more not every order is tried

  enum class Form : std::uint8_t { kEqual, kIn, kOrder, kLies, kOther };
  struct Test {  // of a pattern's own fields
    Form form = Form::kOther;
    std::uint32_t field = kNoId;
    std::uint32_t values = 1;  // kIn
  };
  struct Pattern {
    std::uint32_t line = 0;
    std::uint32_t binding = 0;
    FactTypeId type = kNoId;
    std::string text;  // of its tests, as AlphaPlan::text
    std::vector<Test> tests;
  };
  struct Side {
    std::uint32_t pattern = kNoId, field = kNoId;  // places in `patterns`; kNoId: anything else
  };
  struct Condition {
    std::uint64_t needs = 0;  // patterns, by place
    Form form = Form::kOther;
    Side left, right;  // kEqual: what may be a key
    // kLies, beside the conditions that say so: whose facts are the spans, and what may look the other one up by them.
    std::uint32_t spans = kNoId;
    std::uint64_t keys = 0;
  };

  std::uint32_t rule = 0;
  std::uint32_t way = 0;
  bool main = true;               // of the rule's own chain, not of a line with a memory
  std::vector<Pattern> patterns;  // as they are written
  std::vector<Condition> conditions;
  std::vector<std::uint32_t> order;  // in which they are joined: places in `patterns`
  double gain = 1;                   // pairs as it is written, by those in this order
  bool measured = false;             // else assumed
};

// What is known, or assumed, of a run's patterns.
struct JoinEstimate {
  struct Pattern {
    double facts = 1;
    double changes = 1;  // of a fact, for each time it came
  };
  struct Condition {
    std::uint64_t needs = 0;
    double share = 1;        // of the pairs that fulfil it
    std::uint64_t keys = 0;  // patterns whose key it is if they come last
  };
  std::vector<Pattern> patterns;
  std::vector<Condition> conditions;
  bool measured = false;
};

JoinEstimate estimate(const JoinRun& run, const Schema& schema, const Statistics* measured);
// Pairs looked at.
double cost_of(const JoinEstimate& e, const std::vector<std::uint32_t>& order);
// The cheapest order; of equals the one nearest to the written one.
std::vector<std::uint32_t> cheapest(const JoinEstimate& e);
// The one to take: `now`, unless another is cheaper by so much that it is worth matching anew.
std::vector<std::uint32_t> choose(const JoinEstimate& e, const std::vector<std::uint32_t>& now);
// By a number, for tests.
std::vector<std::uint32_t> shuffled(std::size_t patterns, std::uint64_t seed);

}  // namespace flyball::engine
