// Words, marks and units of elsewhere. Door: slips.h.
#include "parser/grammar/slips.h"

#include <algorithm>
#include <array>
#include <string>

#include "model/suggest.h"

namespace flyball::cst {
namespace {

constexpr std::array<Slip, 26> kDeclarations{{
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

constexpr std::array<Slip, 32> kRuleParts{{
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
    {"or", "", "alternatives in one condition: `check a or b`; of patterns: two rules"},
    {"test", "check", "a condition is `check …`"},
    {"eval", "check", "a condition is `check …`"},
    {"forall", "", "say it the other way round: `no Type where not (…)`"},
    {"all", "", "say it the other way round: `no Type where not (…)`"},
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

constexpr std::array<Slip, 20> kEffects{{
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

constexpr std::array<Slip, 17> kFunctions{{
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
    {"isnull", "", "an optional value is asked by `x == null`"},
    {"is_null", "", "an optional value is asked by `x == null`"},
    {"isNull", "", "an optional value is asked by `x == null`"},
    {"abs", "math.abs", ""},
    {"round", "math.round", ""},
    {"xor", "", "one of two, not both, is `a != b`"},
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
    {"¬", "not", ""}, {"^", "", "one of two, not both, is `a != b`"},
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
