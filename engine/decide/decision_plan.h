// DecisionPlan: a decision made ready to be asked: its cases in order, then its table, then its default. Plain values,
// immutable after compile_decisions() (engine/compile/decision_compiler.h); run by decider.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/compile/span_fields.h"
#include "engine/decide/column_index.h"
#include "engine/expr/code.h"
#include "engine/expr/field_fit.h"
#include "model/schema.h"

namespace flyball::engine {

// An answer: one expression per output field.
struct AnswerPlan {
  std::vector<Code> fields;
  std::vector<FieldFit> fits;    // of their values
  std::vector<Value> constants;  // all of them, if all are known now; else empty
};

// Aggregates by what the expressions call them: binding → the session's aggregate (FactSource::aggregate_value).
using AggregateUses = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

enum class CaseLineKind : std::uint8_t { kOne, kSome, kNo, kLet, kCheck };

struct CaseLine {
  CaseLineKind kind = CaseLineKind::kCheck;
  std::optional<Code> code;  // kLet: the value; kCheck: the condition; else the `where`
  std::uint32_t let_index = 0;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> branches;  // that it stands in, the outermost first: which `either`, which of it
  // Patterns.
  FactTypeId type = kNoId;
  std::uint32_t binding = 0;
  struct Part {  // own field equal to something known before
    std::uint32_t field = 0;
    Code value;
    bool same = false;  // of `same`: null joins nothing, and `where` does not say it again
  };
  std::vector<Part> parts;
  std::vector<std::uint32_t> lookup;  // parts to find the facts by, in the order of `lookup_fields`
  std::vector<std::uint32_t> lookup_fields;
  struct Around {  // where nothing must be equal: what must lie in what
    SpanFields own;
    Code low, high;  // what is known before; `high` of a span alone
    bool has_high = false;
  };
  std::optional<Around> around;
  std::vector<std::uint32_t> key;  // of the type: the order of matches
};

struct CasePlan {
  static constexpr std::size_t kMaxWays = 64;  // through the `either`s of a case that bind names

  std::string name;
  std::vector<CaseLine> lines;
  // Where branches of `either` bind names: the lines of each way through them, and the names that all ways bind, with the fields that
  // order their facts. Else empty: the lines are gone through as they stand.
  std::vector<std::vector<std::uint32_t>> ways;
  std::vector<std::pair<std::uint32_t, std::vector<std::uint32_t>>> identity;
  AnswerPlan answer;
  AggregateUses aggregates;
};

// Rows of a table. A cell is in its column's index, or judged when all indexed cells of its row hold.
struct TablePlan {
  HitPolicy policy = HitPolicy::kFirst;
  // `priority`, `output order`: outputs that are closed sets, the first counts most; their members from the first on.
  struct Ranked {
    std::uint32_t output = 0;
    std::vector<Value> members;
  };
  std::vector<Ranked> ranked;
  Kind aggregated = Kind::kNull;  // `collect sum`, `count`: of the one output
  std::size_t rows = 0;
  std::size_t words = 0;                  // of a bitmap of rows
  std::vector<ColumnIndex> columns;       // only those with a cell in them
  std::vector<Code> tests;                // of other cells, each distinct one once
  std::vector<std::uint32_t> first_test;  // by row, and one past: where its tests begin in row_tests
  std::vector<std::uint32_t> row_tests;   // indexes into tests
  std::size_t outputs = 0;
  std::vector<Value> constants;  // by row, then output; what is not constant is in `computed`
  struct Computed {
    std::uint32_t row = 0;
    std::uint32_t output = 0;
    Code code;
    FieldFit fit;
  };
  std::vector<Computed> computed;             // by row
  std::vector<std::uint32_t> first_computed;  // by row, and one past
  bool any_tests() const { return !row_tests.empty(); }
};

struct DecisionPlan {
  std::string name;  // qualified
  std::size_t inputs = 0, outputs = 0;
  std::vector<CasePlan> cases;
  std::optional<TablePlan> table;
  std::optional<AnswerPlan> fallback;
  bool fail_on_unknown = false;
  bool list = false;  // DecisionType::list
};

struct DecisionPlans {
  std::vector<DecisionPlan> plans;  // by DecisionId
  // The widest of them.
  std::size_t bindings = 0, lets = 0, lines = 0, tests = 0, places = 0;  // places: cases and rows of one decision
};

}  // namespace flyball::engine
