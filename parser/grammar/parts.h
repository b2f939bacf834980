// Parts of declarations that more than one file of the grammar uses. Each rule is defined in the file named beside it.
// Included by parser/grammar/*.cc only.
#pragma once

#include "parser/grammar/operators.h"
#include "parser/grammar/x3.h"

namespace flyball::cst {

using TypeRule = x3::rule<struct TypeId>;                  // declarations.cc
using InputFieldsRule = x3::rule<struct InputFieldsId>;    // declarations.cc: `{ name: type … }`
using OutputFieldsRule = x3::rule<struct OutputFieldsId>;  // declarations.cc
using RuleDeclRule = x3::rule<struct RuleDeclId>;          // rules.cc: a rule after its word
using WhenLinesRule = x3::rule<struct WhenLinesId>;        // rules.cc: `{ line … }`
using TheRecordRule = x3::rule<struct TheRecordId>;        // rules.cc: `{ field: value }`, which must stand here
using EitherRule = x3::rule<struct EitherId>;              // rules.cc: a line of `when` with lines in it
using DecisionRule = x3::rule<struct DecisionBodyId>;      // decisions.cc: a decision after its word
using TestRule = x3::rule<struct TestId>;                  // tests.cc: a test after its word
using CalendarRule = x3::rule<struct CalendarId>;          // calendars.cc: a calendar after its word
inline TypeRule const type{"type"};
inline InputFieldsRule const input_fields{"input_fields"};
inline OutputFieldsRule const output_fields{"output_fields"};
inline RuleDeclRule const rule_decl{"rule_decl"};
inline WhenLinesRule const when_lines{"when_lines"};
inline TheRecordRule const the_record{"the_record"};
inline EitherRule const either{"either"};
inline DecisionRule const decision{"decision"};
inline TestRule const test{"test"};
inline CalendarRule const calendar{"calendar"};
BOOST_SPIRIT_DECLARE(TypeRule, InputFieldsRule, OutputFieldsRule, RuleDeclRule, WhenLinesRule, TheRecordRule, EitherRule, DecisionRule,
                     TestRule, CalendarRule)

inline bool single_bar(Iterator p, Builder const& b) { return starts(p, b, "|") && !starts(p, b, "||"); }
template <auto Test>
AheadParser<Test> const ahead{};
inline auto const bar = ahead<single_bar> >> mark("|");

}  // namespace flyball::cst
