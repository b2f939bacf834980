// Decider: answers decisions from their plans, over a FactSource. Pure: it changes nothing but its own scratch space.
//
// Cases are tried in order, then the table's rows, then the default. A case or row that is unknown is passed over and
// remembered in skipped(); so is one whose answer cannot be worked out. A case that matches several facts takes the
// first key among the matches that are true. Not thread-safe: one Decider per Session.
// Of a table the hit policy says what the rows that hold make (hits.cc): several answers that `unique` or `any` does not
// allow are an error, never one of them.
// Complexity: a table of r rows and c indexed columns costs c lookups and r × c / 64 steps; no allocation unless a case
// has patterns or a value is made that was never interned.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/decide/decision_plan.h"
#include "engine/expr/eval.h"
#include "engine/expr/frame.h"
#include "engine/fact_source.h"
#include "model/result.h"

namespace flyball::engine {

inline constexpr int kDefaultPlace = -1;
inline constexpr int kNoRowPlace = -2;             // no row of a table holds, and nothing is an answer: an empty list, 0
inline constexpr std::size_t kMaxRowsNamed = 100;  // in an answer's `from` and in messages; of the rest their number

// "1, 3": rows as people count them, at most kMaxRowsNamed.
std::string rows_text(std::span<const std::uint32_t> rows);

class Decider {
 public:
  // All three must outlive it. `facts` may be null where no decision has patterns or aggregates.
  Decider(const DecisionPlans& plans, const FactSource* facts, Interner& interner);
  ~Decider();
  Decider(const Decider&) = delete;
  Decider& operator=(const Decider&) = delete;

  // `input` and `output` have one Value per field. Gives the place of the answer: the index of the case, then the
  // number of cases plus the index of the row (of several, the first), kDefaultPlace, or kNoRowPlace. Of a decision whose
  // answer is a list, that is list(), and what `output` has means nothing. Errors: nothing holds; `on unknown fail` and
  // something was unknown; the default's answer is unknown; a conflict; a sum out of range.
  Result<int> decide_into(DecisionId decision, const Value* input, Value* output);

  // Places passed over as unknown by the last decide_into, in order.
  std::span<const std::uint32_t> skipped() const { return {skipped_.data(), skipped_.size()}; }
  // Of the last decide_into: the outputs of a list one after the other; the rows that the answer is made of, ascending but for
  // `output order`; whether its error was a conflict of rows.
  std::span<const Value> list() const { return list_; }
  std::span<const std::uint32_t> rows() const { return {answering_.data(), answering_.size()}; }
  bool conflict() const { return conflict_; }
  // "internal", "row 3", "default", "no row".
  std::string place_name(DecisionId decision, int place) const;
  // The same of the last answer, with all its rows: "rows 1, 3".
  std::string answer_name(DecisionId decision, int place) const;

 private:
  struct Candidate {
    Row slots;
    Truth truth = Truth::kFalse;
  };
  class Collector;
  class Finder;

  Truth run_case(const CasePlan& plan, std::size_t line, Truth so_far, Value* output);
  Truth run_line(const CasePlan& plan, const CaseLine& line);
  Truth run_either(const CasePlan& plan, std::size_t& line, std::size_t depth);
  Truth run_ways(const CasePlan& plan, Value* output);
  void run_way(const CasePlan& plan, const std::vector<std::uint32_t>& way, std::size_t at, Truth so_far);
  void take_match(const CasePlan& plan, Truth truth);
  bool collect(const CasePlan& plan, std::uint32_t line);
  Truth run_one(const CasePlan& plan, std::size_t line, Truth so_far, Value* output);
  Truth some(const CasePlan& plan, const CaseLine& line);
  Truth judge(const CasePlan& plan, const CaseLine& line, const FactRow& row);
  void visit(const CasePlan& plan, const CaseLine& line, FactVisitor& visitor);
  void fill_aggregates(const CasePlan& plan, const Code& code);
  bool answer(const AnswerPlan& plan, const AggregateUses* uses, Value* output);

  template <typename Visit>
  int each_word(const TablePlan& plan, Visit visit);
  int run_first(const TablePlan& plan, std::uint32_t first_place, Value* output);
  void find_hits(const TablePlan& plan, std::uint32_t first_place);
  Result<int> run_hits(const DecisionPlan& plan, std::uint32_t first_place, Value* output);
  const Value* hit_output(const TablePlan& plan, std::size_t hit) const { return hit_outputs_.data() + hit * plan.outputs; }
  int compare_rank(const TablePlan& plan, std::size_t a, std::size_t b) const;
  Result<Value> aggregate_hits(const DecisionPlan& plan);
  std::unexpected<Error> refuse_conflict(const DecisionPlan& plan, const char* policy, const char* why);
  int first_row(const TablePlan& plan, std::size_t word, std::uint64_t yes, std::uint64_t possible, std::uint32_t first_place,
                Value* output);
  Truth row_tests(const TablePlan& plan, std::size_t row);
  bool row_answer(const TablePlan& plan, std::size_t row, Value* output);
  std::unexpected<Error> refuse_unknown(DecisionId decision) const;

  const DecisionPlans& plans_;
  const FactSource* facts_;
  Interner& interner_;
  Frame frame_;
  std::vector<Row> rows_;
  std::vector<Value> lets_, aggregates_;
  std::vector<std::vector<Candidate>> candidates_;  // by line
  // Of a case with ways: the first true match so far and its answer; the one that is looked at; whether any could not be judged.
  std::vector<Value> first_identity_, identity_, first_answer_, answer_;
  bool found_ = false, unknown_ = false;
  std::vector<Value> lookup_values_;
  std::vector<std::uint32_t> skipped_;
  std::vector<ColumnIndex::Rows> columns_;
  std::vector<std::uint64_t> judged_;  // by test: the question it was judged for, and its truth in the low bits
  std::uint64_t question_ = 0;
  std::vector<std::uint32_t> hits_;  // rows that hold, ascending, and what they give
  std::vector<Value> hit_outputs_;
  std::vector<std::uint32_t> answering_;
  std::vector<Value> list_;
  bool conflict_ = false;
};

}  // namespace flyball::engine
