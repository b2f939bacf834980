// Explanations for people (text) and for programs (JSON): why, why-not, facts, answers. Pure functions of their arguments.
// The service renders with these, too, so that an answer over the bus reads like one from a file.
#pragma once

#include <string>
#include <vector>

#include "engine/explain/explanation.h"
#include "engine/session.h"
#include "model/interner.h"
#include "parser/ast/ast.h"
#include "parser/source.h"

namespace flyball::app {

// What the renderers read. All must outlive the call.
struct ExplainContext {
  const ast::RuleSet& rules;
  const SourceFiles& sources;
  const Interner& interner;
  Timestamp now = kTimestampMin;  // for ages as of now beside those of the moment explained; kTimestampMin: only those
};

std::string why_text(const engine::Explanation& why, const ExplainContext& context);
std::string why_json(const engine::Explanation& why, const ExplainContext& context);  // one line, no newline

// Its first lines of `when` with what they read, one string each: "check p.ok for 10s: p.ok = true"; where there are more, "… and 2 more
// lines" as the last.
std::vector<std::string> because_lines(const engine::Explanation& why, const ExplainContext& context, std::size_t at_most);

std::string why_not_text(const engine::WhyNot& why_not, const ExplainContext& context);
std::string why_not_json(const engine::WhyNot& why_not, const ExplainContext& context);

// A length of time as people say it: "420ms", "12.3s", "3m12s", "5h3m", "2d5h"; cut off, never rounded up.
std::string rough_duration(DurationNs ns);

// `Drain { device: "e1" }`, and its fields as a JSON object.
std::string record_text(FactTypeId type, const std::vector<Value>& values, const ExplainContext& context);
std::string record_json(FactTypeId type, const std::vector<Value>& values, const ExplainContext& context);

// `LinkStats { device: "e1" }  3s old, stale`; `now` gives the age.
std::string fact_text(const engine::FactView& fact, Timestamp now, const ExplainContext& context);
std::string fact_json(const engine::FactView& fact, Timestamp now, const ExplainContext& context);

// The source of a line in one line, however it was broken; where it stands: `rules/a.fly:12`.
std::string source_of(const ast::Span& span, const ExplainContext& context);
std::string place_of(const ast::Span& span, const ExplainContext& context);
// To the millisecond, cut off: for people; the JSON forms are exact.
std::string moment_text(Timestamp t);

// A decision's answer with the case that gave it, for people.
std::string answer_text(DecisionId decision, const engine::DecisionAnswer& answer, const ExplainContext& context);

// The id of an action as rules and the wire have it: 32 hex digits.
bool is_action_id(std::string_view text);

}  // namespace flyball::app
