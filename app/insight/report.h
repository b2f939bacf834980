// InsightReport: what a session did, holds and spent, with names instead of numbers: what `top`, `profile` and `graph --live` show, and
// what a service answers to `insight`. A plain value; it goes over the wire as JSON and comes back the same.
//
// Limits: kInsightBytesMax of JSON, of which types get an eighth and nodes a half; what does not fit is counted in what is left out.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/insight/sampler.h"
#include "engine/insight.h"
#include "engine/program.h"
#include "engine/session.h"
#include "model/result.h"

namespace flyball::app {

inline constexpr std::size_t kInsightBytesMax = std::size_t{1} << 20;  // of one answer

inline constexpr std::size_t kAdviceMax = 10;  // rules of which is said that another order of lines is better

// By what rules are ordered, the most first.
enum class InsightOrder : std::uint8_t { kTime, kWork, kMatches, kMemory, kFirings, kName };
std::optional<InsightOrder> insight_order(std::string_view word);
inline constexpr std::string_view kInsightOrders = "time, work, matches, memory, firings or name";

struct RuleReport {
  std::string rule;
  double time = 0;  // seconds, sampled
  std::uint64_t left = 0, right = 0, pairs = 0, tests = 0, made = 0, deleted = 0;
  std::uint64_t matches = 0;
  std::uint64_t starts = 0, repeats = 0, ends = 0, fired = 0, effect_errors = 0;
  std::uint64_t bytes = 0, shared_bytes = 0;
  bool off = false;
  bool shared_joins = false;  // no rule, but the joins that several begin with
  std::uint64_t standing() const { return made - deleted; }
  std::uint64_t firings() const { return starts + repeats + ends + fired; }
  // What was counted, in one number: a test, a pair, a token made or deleted each count once.
  std::uint64_t work() const { return left + right + pairs + tests + made + deleted; }
};

// A rule that would look at far fewer pairs with its lines joined in another order, as a reload does.
struct AdviceReport {
  std::string rule;
  std::uint32_t line = 0;  // of `when`, from 1: to be joined first
  double gain = 1;         // times fewer pairs
};

struct TypeReport {
  std::string type;
  double time = 0;  // of the tests on its facts' own fields
  std::uint64_t updates = 0, live = 0, stale = 0, bytes = 0;
  std::uint64_t spare_bytes = 0;  // of `bytes`: left by facts that are gone
  std::uint64_t used_bytes() const { return bytes - std::min(spare_bytes, bytes); }
};

// One node: `kind` is `alpha`, `stage`, `aggregate`, or `derive` or `effects` of a rule; `id` its number in the plan.
struct NodeReport {
  std::string kind;
  std::uint32_t id = 0;
  std::string of;                                                  // the rule of a stage, the type of the others
  std::string what;                                                // "join Link by device", "not up", "count Link"
  std::optional<std::uint32_t> line;                               // of its block, from 1
  std::uint32_t rules = 1;                                         // that read it
  double time = 0;                                                 // stages and aggregates
  std::uint64_t in = 0, tried = 0, made = 0, gone = 0, bytes = 0;  // activations or tests, pairs, what came of it
  std::uint64_t standing() const { return made - gone; }
};

struct PartReport {  // what is of no rule
  std::string part;
  double time = 0;
};

struct InsightReport {
  std::string plan;       // names the compiled rules: two programs with the same have the same nodes
  double at = 0;          // seconds, of whatever clock the maker has
  double sampled = 0;     // seconds of this thread's time that were looked at
  bool sampling = false;  // and it goes on
  std::uint64_t facts = 0, firings = 0, instants = 0, tokens = 0;
  std::uint64_t bytes = 0, rule_bytes = 0, type_bytes = 0, shared_bytes = 0, other_bytes = 0;  // of all, also of those left out
  std::uint64_t type_spare_bytes = 0;                                                          // of type_bytes
  double rule_time = 0, type_time = 0;
  std::vector<RuleReport> rules;   // and the joins that several begin with
  std::uint64_t shared_joins = 0;  // of these rows, also of those left out
  std::vector<TypeReport> types;
  std::vector<PartReport> parts;
  std::vector<NodeReport> nodes;
  std::vector<AdviceReport> advice;  // the greatest gain first; at most kAdviceMax
  std::uint64_t rules_left_out = 0, types_left_out = 0, nodes_left_out = 0;
};

// Of the rows, those that are rules; of those left out, too.
std::uint64_t rule_count(const InsightReport& report);

// What the compiled rules are called in reports: a digest of their network.
std::string plan_name(const engine::Program& program);

// Rules in order, of types and nodes the busiest first; `plan` and `at` are the caller's to fill in.
InsightReport insight_report(const engine::Session& session, const Samples& samples, InsightOrder by);
void sort_rules(InsightReport& report, InsightOrder by);

std::string insight_json(InsightReport& report);  // cuts what is too much
Result<InsightReport> read_insight(std::string_view json);

}  // namespace flyball::app
