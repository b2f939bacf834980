// The words of the language that more than one part of the front end asks for, each list once. Words that stand in one
// grammar rule only are there. Plain data.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace flyball::ast {

// Cannot be names.
inline constexpr std::array<std::string_view, 13> kReservedWords{"and", "or",     "not",   "in",   "like",  "where", "over",
                                                                 "for", "within", "after", "true", "false", "null"};
// By AggregateFn.
inline constexpr std::array<std::string_view, 19> kAggregateWords{"count",    "sum",   "avg",  "min",  "max",    "stddev", "p50",
                                                                  "p90",      "p95",   "p99",  "rate", "delta",  "deriv",  "ewma",
                                                                  "distinct", "first", "last", "topk", "changes"};
// The parts of a rule, as messages list them.
inline constexpr std::array<std::string_view, 14> kRuleWords{"priority", "cooldown", "mode",    "keep", "repeat", "during", "late",
                                                             "tags",     "owner",    "runbook", "when", "then",   "until",  "on"};
// The options between a type's name and its fields.
inline constexpr std::array<std::string_view, 8> kOptionWords{"key", "ttl", "late", "lateness", "tries", "timeout", "rate", "retain"};
// What stands in a calendar.
inline constexpr std::array<std::string_view, 7> kWeekdayWords{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
inline constexpr std::array<std::string_view, 4> kCalendarWords{"daily", "day", "last", "except"};
// For editors: what begins a line of `when`, an effect, a part of a decision, a step of a test. (tests/parser/keywords_test.cc holds them
// against what the parser takes.)
inline constexpr std::array<std::string_view, 11> kLineWords{"some", "no",    "every", "satisfies", "either", "cross",
                                                             "let",  "check", "same",  "as",        "now"};
inline constexpr std::array<std::string_view, 9> kEffectWords{"do", "derive", "assert", "set", "retract", "log", "clear", "skip", "per"};
inline constexpr std::array<std::string_view, 8> kDecisionWords{"input", "output", "case", "when", "table", "default", "return", "unknown"};
inline constexpr std::array<std::string_view, 20> kStepWords{"start", "set", "at",      "by",      "every",   "from",   "to",
                                                             "send",  "ack", "fail",    "ask",     "expect",  "no",     "retract",
                                                             "down",  "of",  "restart", "stamped", "nothing", "firings"};

template <std::size_t N>
constexpr bool is_among(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace flyball::ast
