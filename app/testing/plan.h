// Plan: a `test` block as a value: what to feed when, and what to expect when. Made once, run any number of times.
// Not the running (run.h) and not the judging (judge.h). Pure: the same test gives the same plan.
//
// Times are absolute: the test's start (default: the epoch) plus what a step says. Order of inputs: by arrival, then by
// place in the file; `every` counts `from … to` inclusive.
// Where the rules ask for `Lost`, what the numbers of sources leave out is an input before the one that shows it.
// INVARIANT: inputs are sorted, none is Accounted; expectations stand in the order of the file.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "model/fact.h"
#include "model/result.h"
#include "model/schema.h"
#include "parser/ast/ast.h"

namespace flyball::app::testing {

inline constexpr std::size_t kMaxInputs = 5'000'000;     // of one test, all steps together
inline constexpr std::size_t kMaxExpectations = 10'000;  // of one test; assigning actions to them is recursive

// Gives the value of an expression without free names; an error value where it fails.
using Constant = std::function<Value(const ast::Expr&)>;
// A recorded tick that says so: all numbers of that source up to `seq` are accounted for.
struct Accounted {
  std::string source;
  std::uint64_t seq = 0;
};
// One line of recorded facts (`send from`), relative to an instant; none for empty lines and other ticks.
struct RecordedLine {
  std::variant<FactInput, AckInput, Accounted> input;
};
using ReadRecorded = std::function<Result<std::vector<RecordedLine>>(const std::string& path, const ast::Span& at, Timestamp zero)>;

struct Question {
  DecisionId decision = kNoId;
  std::vector<Value> input;
  // Output fields that must be so; of a list, of one record after the other.
  std::vector<std::vector<std::pair<std::uint32_t, Value>>> expected;
  bool expects = false;
  std::string from;  // case, `row 3` or `default`; empty: any
};
struct Restart {};
struct GoesDown {};   // nothing is closed from its arrival on
struct Recovered {};  // what arrived meanwhile arrives after it

struct Input {
  Timestamp arrival;
  std::size_t step = 0;  // index into TestDecl::steps
  std::variant<FactInput, AckInput, Question, Restart, GoesDown, Recovered, Accounted> what;
  bool waited = false;  // while the service was down
};

enum class Want : std::uint8_t { kAction, kCount, kNone, kNothingElse, kFirings };

struct Expectation {
  std::size_t step = 0;
  Want want = Want::kAction;
  Timestamp time;
  bool exactly = false;  // `at`: then; else `by`: at or before
  FactTypeId action = kNoId;
  std::vector<std::pair<std::uint32_t, Value>> fields;  // by index into FactType::fields, built-in ones included
  std::uint32_t rule = kNoId;                           // `from rule`; kFirings: `of rule`
  std::uint64_t count = 1;                              // kCount, kFirings
};

struct Plan {
  std::string name;
  ast::Span span;
  Timestamp start;
  Timestamp horizon;                                    // the latest time any step names
  std::vector<std::pair<std::uint32_t, Value>> params;  // `set`
  std::vector<Input> inputs;
  std::vector<Expectation> expectations;
};

struct PlanError {
  ast::Span span;
  std::string message;
};

std::expected<Plan, PlanError> make_plan(const ast::TestDecl& test, const Schema& schema, const Interner& interner,
                                         const Constant& constant, const ReadRecorded& read);

}  // namespace flyball::app::testing
