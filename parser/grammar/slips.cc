// Words, marks and units of elsewhere. Door: slips.h.
#include "parser/grammar/slips.h"

#include <algorithm>
#include <array>
#include <string>

#include "model/suggest.h"

namespace flyball::cst {
namespace {

constexpr std::array<Slip, 27> kDeclarations{{
    {"select", "", "facts are read by rules: `rule name { when { l: Link where … } then { … } }`"},
    {"create", "", "types of the world are `fact`, `event` and `action`: `fact Link key (id) ttl 1m { id: string }`"},
    {"defrule", "", "a rule is `rule name { when { l: Link where … } then { … } }`"},
    {"deftemplate", "", "a template is a type: `fact Link key (id) ttl 1m { id: string }`"},
    {"deffacts", "", "facts come from outside, or a rule derives them; a test sends them: `test \"…\" { send Link { … } }`"},
    {"deffunction", "", "a function is `let name(x: int) = x * 2`"},
    {"defmodule", "", "a module is said on a file's first line: `module name`"},
    {"defglobal", "", "a constant is `let name = value`; what operators tune is `param name: type = value`"},
    {"from", "", "a module is imported as a whole: `import net.types`"},
    {"if", "", "conditions stand in a rule: `rule name { when { … } then { … } }`"},
    {"when", "", "it stands in a rule: `rule name { when { … } then { … } }`"},
    {"on", "", "reactions are rules: `rule name { when { … } then { … } }`"},
    {"alert", "", "write `rule name { when { … } then { do … } }`"},
    {"const", "let", "a constant is `let name = value`; what operators tune is `param name: type = value`"},
    {"var", "param", "what operators tune is `param name: type = value`"},
    {"set", "", "a constant is `let name = value`; what operators tune is `param name: type = value`"},
    {"def", "", "a function is `let name(x: int) = x * 2`"},
    {"func", "", "a function is `let name(x: int) = x * 2`"},
    {"function", "", "a function is `let name(x: int) = x * 2`"},
    {"include", "import", "files are parts of modules: `import net.types`"},
    {"use", "import", ""},
    {"package", "module", ""},
    {"namespace", "module", ""},
    {"type", "fact", "types of the world are `fact`, `event` and `action`"},
    {"struct", "fact", "types of the world are `fact`, `event` and `action`"},
    {"strategy", "", "it stands behind the module's name, on the file's first line: `module name strategy lex`"},
    {"table", "", "a table stands in a decision: `decision name { input { … } output { … } table first { … } }`"},
}};

constexpr std::array<Slip, 6> kOptions{{
    {"keys", "key", ""},
    {"retries", "tries", "`tries 3 every 2s`: three sends in all"},
    {"retry", "tries", "`tries 3 every 2s`: three sends in all"},
    {"expires", "ttl", ""},
    {"expire", "ttl", ""},
    {"default", "", "a default stands behind the field's type: `port: string = \"-\"`"},
}};

constexpr std::string_view kOncePerMatch = "leave it out: a rule runs once for each match, and setting what it reads does not run it again";

constexpr std::array<Slip, 42> kRuleParts{{
    {"onclear", "on clear", ""},
    {"on_clear", "on clear", ""},
    {"if", "when", ""},
    {"where", "", "conditions stand in `when { name: Type where … }`"},
    {"unless", "", "write a line `no Type …` or `check not …` in `when { … }`"},
    {"else", "", "a rule has one branch: `on clear { … }` runs when it is over; another condition is another rule"},
    {"elif", "", "another condition is another rule; alternatives in order are a `decision`"},
    {"elseif", "", "another condition is another rule; alternatives in order are a `decision`"},
    {"elsif", "", "another condition is another rule; alternatives in order are a `decision`"},
    {"otherwise", "", "a rule has one branch: `on clear { … }` runs when it is over; another condition is another rule"},
    {"do", "", "effects stand in a block: `then { do … }`"},
    {"derive", "", "effects stand in a block: `then { derive … }`"},
    {"log", "", "effects stand in a block: `then { log … }`"},
    {"assert", "", "effects stand in a block: `then { assert … }`"},
    {"retract", "", "effects stand in a block: `then { retract … }`"},
    {"set", "", "effects stand in a block: `then { set … }`"},
    {"check", "", "conditions stand in a block: `when { check … }`"},
    {"some", "", "conditions stand in a block: `when { some … }`"},
    {"no", "", "conditions stand in a block: `when { no … }`"},
    {"let", "", "names for values stand in a block: `when { let … }`"},
    {"for", "", "a time that a condition must hold stands behind it: `when { check … for 5m }`"},
    {"salience", "priority", ""},
    {"severity", "priority", "the higher number goes first"},
    {"description", "", "a description is a comment above the rule: `## …`"},
    {"doc", "", "a description is a comment above the rule: `## …`"},
    {"comment", "", "a description is a comment above the rule: `## …`"},
    {"enabled", "", "write `mode active`, `mode shadow` or `mode off`"},
    {"disabled", "mode off", ""},
    {"dry_run", "mode shadow", ""},
    {"throttle", "cooldown", ""},
    {"no-loop", "", kOncePerMatch},
    {"no_loop", "", kOncePerMatch},
    {"noloop", "", kOncePerMatch},
    {"lock-on-active", "", kOncePerMatch},
    {"agenda-group", "", "a fact that says where things stand is a line of `when`; what goes first is said by `priority 10`"},
    {"ruleflow-group", "", "a fact that says where things stand is a line of `when`; what goes first is said by `priority 10`"},
    {"date-effective", "",
     "times stand in a calendar, `calendar night = daily 22:00..06:00 in \"Europe/Madrid\"`, and the rule says `during night`"},
    {"date-expires", "",
     "times stand in a calendar, `calendar night = daily 22:00..06:00 in \"Europe/Madrid\"`, and the rule says `during night`"},
    {"timer", "", "rules react to facts; something that happens by the clock is an event sent from outside, or said again by `repeat 5m`"},
    {"duration", "", "a time that a condition must hold stands behind it: `when { check … for 5m }`"},
    {"inhibit", "", "write what holds it back as a line of `when`: `no Type …`"},
    {"schedule", "", "rules react to facts; something that happens by the clock is an event sent from outside"},
}};

constexpr std::array<Slip, 23> kLines{{
    {"select", "", "a fact is a pattern: `l: Link where …`"},
    {"from", "", "a fact is a pattern: `l: Link where …`"},
    {"over", "", "a window belongs to an aggregate: `avg(Type.field over 5m)`; what must hold without a gap is `… for 5m`"},
    {"any", "some", ""},
    {"exists", "some", "`some Type …` is true if there is such a fact"},
    {"exist", "some", "`some Type …` is true if there is such a fact"},
    {"none", "no", "`no Type …` is true if there is no such fact"},
    {"without", "no", "`no Type …` is true if there is no such fact"},
    {"absent", "no", "`no Type …` is true if there is no such fact"},
    {"not", "", "`no Type …` is true if there is no such fact; a condition is `check not …`"},
    {"if", "check", "a condition is `check …`"},
    {"and", "", "every line of `when` must be true: begin the next line without `and`"},
    {"or", "", "alternatives in one condition: `check a or b`; of lines: `either { … } or { … }`"},
    {"test", "check", "a condition is `check …`"},
    {"eval", "check", "a condition is `check …`"},
    {"forall", "", "what must be so of all facts: `every Type where … satisfies …`"},
    {"all", "", "what must be so of all facts: `every Type where … satisfies …`"},
    {"for", "", "a time that a condition must hold stands behind it: `check … for 5m`"},
    {"between", "", "a range is asked with `in`: `util in 20%..80%`"},
    {"than", "", "`for 5m` is true once it has held for 5 minutes, and from then on"},
    {"least", "", "`for 5m` is true once it has held for 5 minutes, and from then on"},
    {"then", "", "close `when { … }` first"},
    {"where", "", "`where` follows its pattern: `name: Type where …`"},
}};

constexpr std::array<Slip, 11> kSuffixes{{
    {"with", "where", ""},
    {"having", "where", ""},
    {"if", "where", ""},
    {"when", "where", ""},
    {"such", "where", ""},
    {"during", "", "a calendar stands before `when`: `during night`; a time that it must hold is `for 5m`"},
    {"since", "for", "a time that it must hold is `for 5m`"},
    {"join", "", "another fact is another line: `q: Type same field as name`"},
    {"on", "", "equal fields are joined with `same field as name`"},
    {"as", "", "the name stands first: `name: Type where …`"},
    {"xor", "", "one of two, not both, is `a != b`"},
}};

constexpr std::string_view kNoHalt =
    "matching is not ended: leave it out, or let a line of `when` say when rules may run, as `no Finished`";

constexpr std::array<Slip, 25> kEffects{{
    {"send", "do", "an action is done: `do Action { … }`"},
    {"call", "do", "an action is done: `do Action { … }`"},
    {"run", "do", "an action is done: `do Action { … }`"},
    {"execute", "do", "an action is done: `do Action { … }`"},
    {"exec", "do", "an action is done: `do Action { … }`"},
    {"action", "do", "an action is done: `do Action { … }`"},
    {"trigger", "do", "an action is done: `do Action { … }`"},
    {"emit", "", "an action is `do Action { … }`; a fact that holds as long as its reasons is `derive Fact { … }`"},
    {"raise", "", "an action is `do Action { … }`; a fact that holds as long as its reasons is `derive Fact { … }`"},
    {"insert", "", "a fact that holds as long as its reasons is `derive Fact { … }`; a mutable one is `assert Fact { … }`"},
    {"create", "", "a fact that holds as long as its reasons is `derive Fact { … }`; a mutable one is `assert Fact { … }`"},
    {"update", "set", "a field of a mutable fact: `set name { field: value }`"},
    {"modify", "set", "a field of a mutable fact: `set name { field: value }`"},
    {"delete", "retract", "a mutable fact: `retract name`"},
    {"remove", "retract", "a mutable fact: `retract name`"},
    {"halt", "", kNoHalt},
    {"stop", "", kNoHalt},
    {"exit", "", kNoHalt},
    {"return", "", "effects return nothing; what answers a question is a `decision`"},
    {"printout", "log", ""},
    {"print", "log", ""},
    {"echo", "log", ""},
    {"let", "", "names for values stand in `when { let … }`"},
    {"if", "", "effects have no conditions: write what decides into `when`, or two rules"},
    {"check", "", "conditions stand in `when { … }`"},
}};

constexpr std::array<Slip, 5> kDecisionParts{{
    {"inputs", "input", ""},
    {"outputs", "output", ""},
    {"else", "default", "what no case answers: `default return { … }`"},
    {"otherwise", "default", "what no case answers: `default return { … }`"},
    {"when", "", "a condition belongs to a case: `case name when { … } return { … }`"},
}};

constexpr std::array<Slip, 9> kSteps{{
    {"put", "send", "facts and events are sent: `send Type { … }`"},
    {"publish", "send", "facts and events are sent: `send Type { … }`"},
    {"given", "send", "facts and events are sent: `send Type { … }`"},
    {"assert", "expect", ""},
    {"check", "expect", ""},
    {"after", "at", "times count from the test's start: `at 5s …`"},
    {"wait", "", "say when: `at 5s …`; times count from the test's start"},
    {"sleep", "", "say when: `at 5s …`; times count from the test's start"},
    {"then", "expect", ""},
}};

template <std::size_t N>
const Slip* among(const std::array<Slip, N>& slips, std::string_view word) {
  const auto at = std::find_if(slips.begin(), slips.end(), [&](const Slip& s) { return s.word == word; });
  return at == slips.end() ? nullptr : &*at;
}

constexpr std::array<Slip, 41> kUnits{{
    {"s", "s", ""},       {"sec", "s", ""},   {"secs", "s", ""},          {"second", "s", ""},  {"seconds", "s", ""},
    {"m", "m", ""},       {"min", "m", ""},   {"mins", "m", ""},          {"minute", "m", ""},  {"minutes", "m", ""},
    {"h", "h", ""},       {"hr", "h", ""},    {"hrs", "h", ""},           {"hour", "h", ""},    {"hours", "h", ""},
    {"d", "d", ""},       {"day", "d", ""},   {"days", "d", ""},          {"w", "w", ""},       {"week", "w", ""},
    {"weeks", "w", ""},   {"ms", "ms", ""},   {"msec", "ms", ""},         {"millis", "ms", ""}, {"milliseconds", "ms", ""},
    {"us", "us", ""},     {"usec", "us", ""}, {"microseconds", "us", ""}, {"ns", "ns", ""},     {"nanoseconds", "ns", ""},
    {"percent", "%", ""}, {"pct", "%", ""},   {"bit", "bps", ""},         {"kbit", "kbps", ""}, {"Mbit", "Mbps", ""},
    {"Gbit", "Gbps", ""}, {"byte", "B", ""},  {"bytes", "B", ""},         {"GBit", "Gbps", ""}, {"MBit", "Mbps", ""},
    {"kBit", "kbps", ""},
}};

constexpr std::array<Slip, 9> kValues{{
    {"True", "true", ""},
    {"TRUE", "true", ""},
    {"False", "false", ""},
    {"FALSE", "false", ""},
    {"None", "null", ""},
    {"NULL", "null", ""},
    {"Null", "null", ""},
    {"nil", "null", ""},
    {"undefined", "null", ""},
}};

constexpr std::array<Slip, 33> kTypes{{
    {"str", "string", ""},
    {"text", "string", ""},
    {"varchar", "string", ""},
    {"char", "string", ""},
    {"enum", "", "a closed set of words is a type: `\"up\" | \"down\"`"},
    {"integer", "int", ""},
    {"long", "int", ""},
    {"int64", "int", ""},
    {"int32", "int", ""},
    {"number", "double", ""},
    {"counter", "int", ""},
    {"uint64", "uint", ""},
    {"unsigned", "uint", ""},
    {"boolean", "bool", ""},
    {"float", "double", ""},
    {"real", "double", ""},
    {"decimal", "double", ""},
    {"percentage", "percent", ""},
    {"pct", "percent", ""},
    {"time", "timestamp", ""},
    {"datetime", "timestamp", ""},
    {"date", "timestamp", ""},
    {"interval", "duration", ""},
    {"timespan", "duration", ""},
    {"ipv4", "ip", ""},
    {"ipv6", "ip", ""},
    {"ipaddr", "ip", ""},
    {"address", "ip", ""},
    {"prefix", "cidr", ""},
    {"network", "cidr", ""},
    {"subnet", "cidr", ""},
    {"bps", "bitrate", ""},
    {"array", "", "lists are written `list<…>`"},
}};

constexpr std::array<Slip, 19> kFunctions{{
    {"len", "size", ""},
    {"length", "size", ""},
    {"strlen", "size", ""},
    {"lower", "lowerAscii", ""},
    {"toLower", "lowerAscii", ""},
    {"tolower", "lowerAscii", ""},
    {"toLowerCase", "lowerAscii", ""},
    {"upper", "upperAscii", ""},
    {"toUpper", "upperAscii", ""},
    {"toupper", "upperAscii", ""},
    {"toUpperCase", "upperAscii", ""},
    {"abs", "math.abs", ""},
    {"round", "math.round", ""},
    {"sqrt", "math.sqrt", ""},
    {"floor", "math.floor", ""},
    {"ceil", "math.ceil", ""},
    {"sign", "math.sign", ""},
    {"xor", "", "one of two, not both, is `a != b`"},
}};

constexpr std::string_view kNullDefault = "what stands for null follows `??`: `a ?? b`";
constexpr std::string_view kNullAsked = "an optional value is asked by `x == null`";

// In small letters; a call with other arguments than its `instead` has is none of them.
constexpr std::array<Slip, 31> kCalls{{
    {"now", "now", ""},
    {"time", "now", ""},
    {"getdate", "now", ""},
    {"sysdate", "now", ""},
    {"current_timestamp", "now", ""},
    {"coalesce", "($1 ?? $2)", kNullDefault},
    {"coalesce", "($1 ?? $2 ?? $3)", kNullDefault},
    {"coalesce", "", kNullDefault},
    {"nvl", "($1 ?? $2)", kNullDefault},
    {"ifnull", "($1 ?? $2)", kNullDefault},
    {"default", "($1 ?? $2)", kNullDefault},
    {"isnull", "($1 ?? $2)", kNullDefault},
    {"isnull", "($1 == null)", kNullAsked},
    {"isnull", "", kNullAsked},
    {"is_null", "($1 == null)", kNullAsked},
    {"notnull", "($1 != null)", kNullAsked},
    {"isnotnull", "($1 != null)", kNullAsked},
    {"if", "($1 ? $2 : $3)", ""},
    {"iif", "($1 ? $2 : $3)", ""},
    {"ifelse", "($1 ? $2 : $3)", ""},
    {"if", "", "a choice is `condition ? value : other`"},
    {"min", "math.least($1, $2)", "of two values"},
    {"max", "math.greatest($1, $2)", "of two values"},
    {"least", "math.least($1, $2)", ""},
    {"greatest", "math.greatest($1, $2)", ""},
    {"concat", "($1 + $2)", ""},
    {"mod", "($1 % $2)", ""},
    {"pow", "", "there is no power: `x * x`"},
    {"power", "", "there is no power: `x * x`"},
    {"substr", "", "a part of a text is `x.substring(1, 3)`: from the first to before the second, counted from 0"},
    {"between", "", "a range is asked with `in`: `util in 20%..80%`"},
}};

// Without `instead`: there is none, and what comes near.
constexpr std::array<Slip, 33> kAggregateSlips{{
    {"mean", "avg", ""},
    {"average", "avg", ""},
    {"total", "sum", ""},
    {"minimum", "min", ""},
    {"maximum", "max", ""},
    {"len", "count", ""},
    {"length", "count", ""},
    {"number", "count", ""},
    {"cnt", "count", ""},
    {"avg_over_time", "avg", ""},
    {"sum_over_time", "sum", ""},
    {"min_over_time", "min", ""},
    {"max_over_time", "max", ""},
    {"count_over_time", "count", ""},
    {"median", "p50", ""},
    {"stdev", "stddev", ""},
    {"std", "stddev", ""},
    {"stddev_over_time", "stddev", ""},
    {"stddev_pop", "stddev", ""},
    {"increase", "", "`rate(…)` times the seconds counts on where a counter begins anew; `delta(…)` is the last value less the first"},
    {"changes_over_time", "changes", ""},
    {"count_distinct", "distinct", ""},
    {"count_values", "distinct", ""},
    {"unique", "distinct", ""},
    {"uniq", "distinct", ""},
    {"derivative", "deriv", ""},
    {"ema", "ewma", ""},
    {"last_over_time", "last", ""},
    {"newest", "last", ""},
    {"oldest", "first", ""},
    {"percentile", "", "percentiles are `p50`, `p90`, `p95` and `p99`"},
    {"quantile", "", "percentiles are `p50`, `p90`, `p95` and `p99`"},
    {"variance", "", "`stddev` is its square root, and has the unit of the values"},
}};

constexpr std::array<Slip, 22> kMarks{{
    {"“", "\"", ""},  {"”", "\"", ""},
    {"„", "\"", ""},  {"‘", "'", ""},
    {"’", "'", ""},   {"«", "\"", ""},
    {"»", "\"", ""},  {"–", "-", ""},
    {"—", "-", ""},   {"−", "-", ""},
    {"‐", "-", ""},   {"≥", ">=", ""},
    {"≤", "<=", ""},  {"≠", "!=", ""},
    {"×", "*", ""},   {"÷", "/", ""},
    {"…", "..", ""},  {"→", "", "after a `when { … }` comes `then { … }`"},
    {"∧", "and", ""}, {"∨", "or", ""},
    {"¬", "not", ""}, {"^", "", "one of two, not both, is `a != b`; there is no power: `x * x`"},
}};

constexpr std::array<Slip, 2> kLater{{
    {"collect", "", "use an aggregate: `count(Type where …)`, `max(Type.field)`"},
    {"partition by", "", "bind what divides: `name: Type …`, then `same field as name`"},
}};

}  // namespace

namespace {

const Slip* find_written(Place place, std::string_view word) {
  switch (place) {
    case Place::kDeclaration: return among(kDeclarations, word);
    case Place::kOption: return among(kOptions, word);
    case Place::kRulePart: return among(kRuleParts, word);
    case Place::kLine: return among(kLines, word);
    case Place::kSuffix: return among(kSuffixes, word);
    case Place::kEffect: return among(kEffects, word);
    case Place::kDecisionPart: return among(kDecisionParts, word);
    case Place::kStep: return among(kSteps, word);
  }
  return nullptr;
}

}  // namespace

const Slip* find_slip(Place place, std::string_view word) {
  if (const Slip* slip = find_written(place, word)) return slip;
  const bool capitals = word.size() > 1 && std::all_of(word.begin(), word.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  return capitals ? find_written(place, lower_case(word)) : nullptr;
}

std::string_view rate_meant(std::string_view word) {
  if (!word.ends_with("b") && !word.ends_with("bit") && !word.ends_with("Bit")) return {};
  word.remove_suffix(word.ends_with("b") ? 1 : 3);
  constexpr std::array<Slip, 6> kScales{
      {{"", "bps", ""}, {"k", "kbps", ""}, {"K", "kbps", ""}, {"M", "Mbps", ""}, {"G", "Gbps", ""}, {"T", "Tbps", ""}}};
  const Slip* s = among(kScales, word);
  return s != nullptr ? s->instead : std::string_view{};
}

std::string_view presence_meant(std::string_view word) {
  constexpr std::array<Slip, 10> kPresence{{{"absent", "no", ""},
                                            {"absent_over_time", "no", ""},
                                            {"none", "no", ""},
                                            {"no", "no", ""},
                                            {"not", "no", ""},
                                            {"not_exists", "no", ""},
                                            {"exists", "some", ""},
                                            {"exist", "some", ""},
                                            {"any", "some", ""},
                                            {"some", "some", ""}}};
  const Slip* s = among(kPresence, lower_case(word));
  return s != nullptr ? s->instead : std::string_view{};
}

std::string_view unit_meant(std::string_view word) {
  const Slip* s = among(kUnits, word);
  return s != nullptr ? s->instead : std::string_view{};
}

std::string_view value_meant(std::string_view name) {
  const Slip* s = among(kValues, name);
  return s != nullptr ? s->instead : std::string_view{};
}

const Slip* find_type_slip(std::string_view name) { return among(kTypes, name); }

const Slip* find_function_slip(std::string_view name) { return among(kFunctions, name); }

const Slip* find_call_slip(std::string_view name, std::size_t arguments) {
  const std::string lower = lower_case(name);
  const auto takes = [](const Slip& s) {
    std::size_t most = 0;
    for (std::size_t i = 0; i + 1 < s.instead.size(); ++i)
      most = s.instead[i] == '$' ? static_cast<std::size_t>(s.instead[i + 1] - '0') : most;
    return most;
  };
  for (const Slip& s : kCalls) {
    if (s.word == lower && (s.instead.empty() || takes(s) == arguments)) return &s;
  }
  return nullptr;
}

const Slip* find_aggregate_slip(std::string_view name) { return among(kAggregateSlips, name); }

std::span<const Slip> foreign_marks() { return kMarks; }

bool is_foreign_quote(std::string_view mark) {
  const Slip* s = among(kMarks, mark);
  return s != nullptr && (s->instead == "\"" || s->instead == "'");
}

std::string_view instead_of(std::string_view construct) {
  const Slip* s = among(kLater, construct);
  return s != nullptr ? s->help : std::string_view{};
}

}  // namespace flyball::cst
