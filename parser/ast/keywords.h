// The words of the language: where each may stand and what it means. The one list of them: the grammar takes no word that is not here (it
// does not compile), messages list parts from it, and editors, hover and docs/reference/keywords.md show it. Not here: aggregates
// (model/aggregates.h), types (parser/check/types.h), functions (model/functions.h). Plain data.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "parser/ast/words.h"

namespace flyball::ast {

// Where a word stands; several are possible.
enum Where : std::uint32_t {
  kReserved = 1U << 0U,         // in expressions; no name may be such a word
  kRulePart = 1U << 1U,         // begins a part of a rule …
  kRuleInside = 1U << 2U,       // … or stands in one
  kOption = 1U << 3U,           // begins an option between a type's name and its fields …
  kOptionInside = 1U << 4U,     // … or stands in one, or in a param
  kLine = 1U << 5U,             // begins a line of `when` …
  kLineInside = 1U << 6U,       // … or stands in one
  kSuffix = 1U << 7U,           // begins what follows a pattern's type
  kAggregateInside = 1U << 8U,  // between the brackets of an aggregate
  kEffect = 1U << 9U,           // begins an effect
  kDecisionPart = 1U << 10U,    // begins a part of a decision …
  kDecisionInside = 1U << 11U,  // … or stands in one
  kStep = 1U << 12U,            // begins a step of a test, or its time …
  kStepInside = 1U << 13U,      // … or stands in one
  kDeclaration = 1U << 14U,     // begins a declaration
  kCalendarInside = 1U << 15U,  // stands in a calendar
  kModuleInside = 1U << 16U     // stands behind a module's name
};

struct Keyword {
  std::string_view word;
  std::uint32_t where = 0;
  std::string_view meaning;
};

// In the order messages list them.
inline constexpr auto kKeywords = std::to_array<Keyword>({
    {"module", kDeclaration, "the module's name; stands first"},
    {"strategy", kModuleInside, "of a module: its rules are productions, fired in this order"},
    {"depth", kModuleInside, "the production that became true last goes first"},
    {"breadth", kModuleInside, "the production that became true first goes first"},
    {"lex", kModuleInside, "the production of the newest facts goes first"},
    {"mea", kModuleInside, "the production whose first fact is newest goes first"},
    {"import", kDeclaration, "makes another module's names short"},
    {"fact", kDeclaration, "state, kept by key: published, or derived by rules"},
    {"mutable", kDeclaration, "`mutable fact`: state that rules keep"},
    {"event", kDeclaration, "a moment"},
    {"action", kDeclaration, "something to be done, by an executor"},
    {"param", kDeclaration, "a value that operators tune"},
    {"calendar", kDeclaration, "times of day, week and year in a zone"},
    {"rule", kDeclaration, "conditions, and what is done while they hold"},
    {"decision", kDeclaration, "a question and its answer"},
    {"test", kDeclaration, "what goes in at which time, and what must come out"},
    {"and", kReserved, "both are true; false if either is, whatever the other"},
    {"or", kReserved | kLineInside, "either is true, whatever the other; between the branches of `either`"},
    {"not", kReserved, "the opposite; looser than a comparison"},
    {"in", kReserved, "is among: of a list, a map's keys, a range, a network, a calendar"},
    {"like", kReserved, "fits a pattern: `*` is any text, `?` one character"},
    {"where", kReserved | kSuffix, "which facts are meant; bare names are their fields"},
    {"over", kReserved, "an aggregate's window: the samples of the last so long, or `last` so many"},
    {"for", kReserved | kSuffix, "true without a gap for so long; of `no`: silence for so long"},
    {"within", kReserved | kSuffix, "at some moment in so long"},
    {"after", kReserved | kLineInside, "counted from that event"},
    {"true", kReserved, ""},
    {"false", kReserved, ""},
    {"null", kReserved, "nothing: no value"},
    {"priority", kRulePart, "which rule goes first at one instant: the higher"},
    {"cooldown", kRulePart, "after `then` ran, quiet for so long"},
    {"mode", kRulePart, "`active`, `shadow` (recorded, never sent) or `off`"},
    {"keep", kRulePart, "active for so long after `when` stopped"},
    {"repeat", kRulePart, "`then` again every so long, while `when` is true"},
    {"during", kRulePart, "a calendar: outside it nothing begins; `not during`: inside it"},
    {"late", kRulePart | kOption, "of a type: what becomes of facts that come late; of a rule `late skip D`: older deadlines are dropped"},
    {"approve", kRulePart | kStep, "of a rule `approve when`: a person must say yes first; in tests: a person says yes"},
    {"tags", kRulePart, "words for people to find the rule by"},
    {"owner", kRulePart, "who answers for the rule"},
    {"runbook", kRulePart, "where it is written what to do"},
    {"when", kRulePart | kDecisionInside, "the conditions, a line each; all must be true"},
    {"then", kRulePart, "what is done when `when` is true"},
    {"until", kRulePart, "what ends the episode"},
    {"on", kRulePart | kDecisionPart,
     "`on clear`: what is done at the end of an episode; `on unknown fail`: refuse where a case is unknown"},
    {"per", kRuleInside | kOptionInside, "for each of these; so many in so long"},
    {"clear", kRuleInside, "the end of an episode"},
    {"skip", kRuleInside, "drops what is late"},
    {"key", kOption, "the fields that tell one from another"},
    {"ttl", kOption, "without news for so long it is stale"},
    {"lateness", kOption, "how far out of order stamps may come"},
    {"tries", kOption, "how many sends in all, and how far apart"},
    {"timeout", kOption, "how long a send may go without an answer"},
    {"rate", kOption, "how many sends of the type in so long"},
    {"retain", kOption, "forgotten so long after its last change"},
    {"else", kOptionInside | kStepInside, "`else refuse`: what is too much is refused; `expect nothing else`"},
    {"refuse", kOptionInside, "do not wait: refuse"},
    {"result", kOptionInside | kStepInside, "what the executor answers"},
    {"range", kOptionInside, "what a param may be set to"},
    {"some", kLine, "there is such a fact"},
    {"no", kLine | kStepInside, "there is no such fact; in tests: no such action"},
    {"let", kDeclaration | kLine, "gives a value a name; with parameters: a function"},
    {"check", kLine, "a condition"},
    {"cross", kLine, "every combination with this pattern, meant so"},
    {"every", kLine | kStep, "true of each such fact (`satisfies`); in tests: again and again"},
    {"either", kLine, "one branch of lines is true, or another"},
    {"each", kLineInside, "each value of a field, once"},
    {"satisfies", kLineInside, "what is true of each"},
    {"same", kSuffix, "these fields equal those of another pattern"},
    {"as", kLineInside, "the other pattern's name"},
    {"now", kLineInside, "engine time"},
    {"last", kAggregateInside | kCalendarInside, "so many samples of each key; `last day` of the month"},
    {"daily", kCalendarInside, "every day"},
    {"day", kCalendarInside, "that day of the month"},
    {"except", kCalendarInside, "but not then"},
    {"mon", kCalendarInside, "Mondays"},
    {"tue", kCalendarInside, "Tuesdays"},
    {"wed", kCalendarInside, "Wednesdays"},
    {"thu", kCalendarInside, "Thursdays"},
    {"fri", kCalendarInside, "Fridays"},
    {"sat", kCalendarInside, "Saturdays"},
    {"sun", kCalendarInside, "Sundays"},
    {"at", kAggregateInside | kStep, "in tests: at that time from the start; `at least 4 samples`: fewer is unknown"},
    {"least", kAggregateInside, "`at least 4 samples`: fewer is unknown"},
    {"samples", kAggregateInside, "`at least 4 samples`: fewer is unknown"},
    {"do", kEffect, "makes an action"},
    {"derive", kEffect, "a fact that holds as long as its reason"},
    {"assert", kEffect, "puts a mutable fact"},
    {"set", kEffect | kStep, "changes fields of a mutable fact; in tests: a param for this test"},
    {"retract", kEffect | kStep, "takes a fact away"},
    {"log", kEffect, "a line in the log"},
    {"input", kDecisionPart, "what is asked with"},
    {"output", kDecisionPart, "what is answered"},
    {"case", kDecisionPart, "an answer, and when it is given"},
    {"table", kDecisionPart, "answers row by row"},
    {"default", kDecisionPart, "the answer where nothing else holds"},
    {"return", kDecisionInside, "the answer"},
    {"unknown", kDecisionInside, "neither true nor false"},
    {"start", kStep, "when the test begins"},
    {"by", kStep, "up to that time from the start"},
    {"send", kStep, "puts a fact or an event"},
    {"ack", kStep, "an executor says: done"},
    {"fail", kStep | kDecisionInside, "an executor says: failed; of a decision: refuse to answer"},
    {"reject", kStep, "a person says: no"},
    {"expect", kStep, "what must have happened"},
    {"ask", kStep, "asks a decision"},
    {"restart", kStep, "the service stops and starts again"},
    {"down", kStep, "the service is away from one time to another"},
    {"from", kStepInside, "the first time; the rule or case that it comes from; a file"},
    {"to", kStepInside, "the last time"},
    {"of", kStepInside, "by this rule"},
    {"stamped", kStepInside, "the time it says it is of"},
    {"source", kStepInside, "who publishes it"},
    {"seq", kStepInside, "the number that its source gives it"},
    {"nothing", kStepInside, "no other action"},
    {"firings", kStepInside, "runs of `then`"},
});

constexpr const Keyword* find_keyword(std::string_view word) {
  const auto at = std::find_if(kKeywords.begin(), kKeywords.end(), [&](const Keyword& k) { return k.word == word; });
  return at == kKeywords.end() ? nullptr : &*at;
}

// The words that stand in one of these places.
template <std::uint32_t Places>
consteval auto words_of() {
  constexpr auto fits = [](const Keyword& k) { return (k.where & Places) != 0; };
  std::array<std::string_view, static_cast<std::size_t>(std::count_if(kKeywords.begin(), kKeywords.end(), fits))> out;
  std::size_t n = 0;
  for (const Keyword& k : kKeywords) {
    if (fits(k)) out[n++] = k.word;
  }
  return out;
}

inline constexpr auto kAllWords = words_of<~0U>();
inline constexpr auto kReservedWords = words_of<kReserved>();
inline constexpr auto kRuleWords = words_of<kRulePart>();
inline constexpr auto kOptionWords = words_of<kOption>();

// A word in the grammar: one that is not in the list does not compile.
struct Word {
  std::string_view text;
  consteval Word(const char* word) : text(word) {  // NOLINT(google-explicit-constructor): a literal is meant
    // Not by find_keyword: under -fsanitize=undefined g++ 12 compares no pointer at compile time.
    if (!is_among(kAllWords, text)) throw "no word of the language: add it to kKeywords";
  }
};

static_assert(
    [] {
      for (const std::string_view word : kAllWords) {
        if (std::count(kAllWords.begin(), kAllWords.end(), word) != 1) return false;
      }
      return true;
    }(),
    "a word stands once in the list");

}  // namespace flyball::ast
