// Case: a rule package and the inputs of a session, as values and as text. Random cases are made of them, failures are
// printed as them, and those in cases/*.txt are replayed for ever.
//
//   # why this case exists
//   === file                      any number of .fly texts
//   === steps
//   put 3s F0 { k: 1, v: 2 } source "a" seq 1      put, patch, retract: stamp, type, fields
//   ack 4s 2 acked                                 the second action made
//   ack 4s A0 { k: 1 } failed                      the newest one sent that agrees
//   tick 5s
//   recovered 9s                                   the session was away, and is back
//   ask pick { k: 1, s: "a" }
//   === expect                    optional: the transcript of the naive matcher
//   4s fire m.act0 …
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/fact.h"
#include "model/interner.h"
#include "model/result.h"
#include "parser/ast/ast.h"
#include "tests/reference/transcript.h"

namespace flyball::reference {

enum class StepKind { kFact, kAck, kTick, kAsk, kRecovered };

struct Step {
  StepKind kind = StepKind::kTick;
  FactInput fact;
  AckInput ack;
  std::size_t ack_number = 0;  // from 1, in order of making; 0: by type and data
  Timestamp time;              // kTick, kRecovered
  DecisionId decision = kNoId;
  std::vector<Value> input;
};

// A package that was parsed and checked. Values of steps live in its interner.
struct Loaded {
  std::unique_ptr<Interner> interner;
  ast::RuleSet rules;
  std::vector<Value> params;
};

// The error's message holds the diagnostics. `order`: in which the files are given to the front end (paths stay theirs).
Result<std::unique_ptr<Loaded>> load(const std::vector<std::string>& files, const std::vector<std::size_t>& order = {});

struct CaseText {
  std::string comment;
  std::vector<std::string> files;
  std::vector<std::string> steps;
  std::string expect;
};

Result<CaseText> read_case(const std::string& text);
std::string write_case(const CaseText& c);
Result<Step> parse_step(const std::string& line, const Loaded& package);
std::string render_step(const Step& step, const Loaded& package);

// One line for each entry, in the transcript's own order of kinds: firings, actions, derived, logs, by time within each.
std::string render(const Transcript& t, const Loaded& package);
std::string render(const Firing& f, const Loaded& package);
std::string render(const ActionOutput& a, const Loaded& package);
std::string render(const DerivedOutput& d, const Loaded& package);
std::string render_record(const FactType& type, const std::vector<Value>& values, std::uint64_t present, const Interner& in);

}  // namespace flyball::reference
