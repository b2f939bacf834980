// The English reading of checked rules and decisions: what `doc` prints, and other tools may show beside the rule's own text.
// Door: read_rule, read_case. The text is Markdown prose: names, values and what has no plainer words stand in `backticks`.
//
// It says what semantics.md says of the constructs and nothing of its own; names of facts are the author's. Pure; thread-safe.
#pragma once

#include <string>
#include <vector>

#include "model/interner.h"
#include "parser/ast/ast.h"
#include "parser/source.h"

namespace flyball {

struct ReadingContext {
  const ast::RuleSet& rules;
  const SourceFiles& sources;
  const Interner& interner;
};

// The whole rule in a few sentences: when, then, until, on clear, how often.
std::string read_rule(const ast::RuleDecl& rule, const ReadingContext& context);
// When a case of a decision applies and what it answers, one sentence.
std::string read_case(const ast::Case& c, const ReadingContext& context);
// What a record gives: "pool is `\"a\"` and timeout is `2s`".
std::string read_fields(const ast::Record& record, const ReadingContext& context);
// When a calendar is open: "every day from 02:00 to 04:00 (Europe/Madrid)".
std::string read_calendar(const Calendar& calendar);
// "2 minutes", "1 hour 30 minutes", "250 milliseconds".
std::string read_duration(DurationNs ns);
// "a, b and c".
std::string read_list(const std::vector<std::string>& items, const char* last = "and");

}  // namespace flyball
