// Explanations as values: why an action was sent, why a rule does not run. app/ renders them; the bus carries them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/fact.h"
#include "parser/ast/expr.h"

namespace flyball::engine {

struct FactUsed {
  std::string name;  // as bound: `hot`; empty for some/no lines and aggregates
  FactTypeId type = kNoId;
  std::vector<Value> values;  // as they were
  Timestamp stamp;
  DurationNs age_ns = 0;  // at the moment explained
  bool stale = false;
  std::uint32_t each = kNoId;  // `n: each Type.field`: that field, the only one that means something
  bool suspended = false;      // derived, all reasons unknown: it is unknown whether it holds (then `stale`, too)
};

// One line of `when`, with what it read.
struct LineExplained {
  ast::Span span;
  std::string text;                                  // filled in by app/ from the source
  std::string verdict;                               // "true", "false", "unknown"
  std::vector<std::pair<std::string, Value>> reads;  // `hot.util` → 92%, `high_util` → 80%
  std::optional<Timestamp> since;                    // `for`: true since
  std::optional<Timestamp> due;                      // `for`, cooldown, absence: when it would be met
  std::string problem;                               // unknown because it could not be evaluated: "bad pattern: missing )"; mostly empty
};

struct Explanation {
  ActionOutput action;
  std::string rule;
  ast::Span rule_span;
  bool clear = false;  // made by `on clear`
  Timestamp onset;     // the episode's
  std::vector<FactUsed> facts;
  std::vector<LineExplained> lines;
  std::optional<LineExplained> approval;  // `approve when`: why it was only proposed
};

struct WhyNot {
  std::string rule;
  // "active" (an episode runs), "ready", "cooldown", "until", "skipped" (by `late skip`), "fired" (a production), "effects", "line", "off",
  // "shadow", "outside", "no facts"
  std::string status;
  std::optional<std::size_t> line;   // index into `lines` of the first line not met
  std::vector<FactUsed> bound;       // the closest partial match
  std::vector<LineExplained> lines;  // those met, then the one not met
  std::optional<FactUsed> blocker;   // the fact that blocks a `no` line, or fails the condition
  std::string sentence;              // one line for people
  std::optional<Timestamp> until;    // cooldown ends, hold due
};

}  // namespace flyball::engine
