// ExplainPlan: the lines of a rule as an author reads them, with code to judge each alone: what `why` and `why-not` walk.
// The network's plan cannot serve: it shares, reorders and splits. Made once per rule by the compiler; immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/compile/formula.h"
#include "engine/compile/plan_words.h"
#include "model/schema.h"
#include "model/time.h"
#include "parser/ast/ast.h"

namespace flyball::engine {

// Something an expression names: `hot.util`, `high_util`, `count(Serving where …)`. Most are fields, and a rule has many.
struct ExplainRead {
  std::string name;
  std::uint32_t binding = kNoId, field = 0;  // a fact's field; else
  std::unique_ptr<const Formula> formula;    // any other thing
};

// One conjunct of a condition.
struct ExplainCondition {
  ast::Span span;
  Formula test;
  std::vector<ExplainRead> reads;
};

struct ExplainJoin {  // own field == field of another pattern
  std::uint32_t field = 0;
  std::uint32_t other = 0;
  std::uint32_t other_field = 0;
};

struct ExplainLine {
  LineKind kind = LineKind::kCheck;
  Quantifier quantifier = Quantifier::kOne;
  ast::Span span;
  std::string name;  // n: of a pattern, or of a let
  FactTypeId type = kNoId;
  std::uint32_t binding = kNoId;
  std::vector<ExplainJoin> joins;
  std::vector<ExplainCondition> conditions;
  std::vector<std::uint32_t> needs;  // bindings of `n:` lines that must be there for this one to be judged
  DurationNs hold_ns = 0;
  bool absence = false;       // `no … for D`
  DurationNs decided_ns = 0;  // `no … within D after m`: D; and where m's stamp stands
  std::uint32_t after = kNoId, after_field = 0;
  TableId table = kNoId;             // of the hold or absence
  std::vector<std::uint32_t> tuple;  // bindings that name its entry, own fact last if it binds
};

struct ExplainPlan {
  std::uint32_t scope = 0;
  std::vector<std::string> names;  // of the identity, in order
  std::vector<ExplainLine> when, until;
  std::optional<ExplainCondition> approve;
  // The lines of `when` that one match meets, by their places: one list without an `either`, else one for each choice of branches.
  std::vector<std::vector<std::uint32_t>> ways;
};

}  // namespace flyball::engine
