// Forms of elsewhere, of several words or marks. Door: forms.h.
#include "parser/grammar/forms.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "model/suggest.h"
#include "parser/grammar/scan.h"

namespace flyball::cst {
namespace {

constexpr std::string_view kChoice = "a choice is `condition ? value : other`; what answers in order is a `decision`";
constexpr std::string_view kEvery = "what must be so of all facts: `every Type where … satisfies …`";
constexpr std::string_view kEither = "alternatives of lines are `either { … } or { … }`";
constexpr std::string_view kTogether = "every line of `when` must be true: leave the braces out";
constexpr std::string_view kPower = "there is no power: `x * x`";

constexpr std::array<Slip, 3> kOperands{{
    {"case … when", "", kChoice},
    {"if … then", "", kChoice},
    {"if … else", "", kChoice},
}};

constexpr std::array<Slip, 12> kBehinds{{
    {"not null", "!= null", ""},
    {"isnull", "== null", ""},
    {"notnull", "!= null", ""},
    {"ilike", "", "`like` tells capitals from small letters: `x.lowerAscii() like \"web*\"`"},
    {"rlike", "", "a regular expression: `x.matches(\"…\")`"},
    {"regexp", "", "a regular expression: `x.matches(\"…\")`"},
    {"similar to", "", "a regular expression: `x.matches(\"…\")`"},
    {"if … else", "", kChoice},
    {"div", "", "`/` of two ints gives an int"},
    {"mod", "%", ""},
    {"?:", "??", ""},
    {"^ 2", "", kPower},
}};

constexpr std::array<Slip, 21> kLines{{
    {"for all", "", kEvery},  {"for every", "", kEvery}, {"for each", "", "a rule runs for each match by itself: `name: Type where …`"},
    {"or {", "", kEither},    {"|| {", "", kEither},     {"||", "", kEither},
    {"any {", "", kEither},   {"any of", "", kEither},   {"anyof {", "", kEither},
    {"one of", "", kEither},  {"oneof {", "", kEither},  {"{ some", "", kEither},
    {"{ no", "", kEither},    {"( some", "", kEither},   {"( no", "", kEither},
    {"and {", "", kTogether}, {"&& {", "", kTogether},   {"&&", "", "every line of `when` must be true: begin the next line without `&&`"},
    {"all {", "", kTogether}, {"all of", "", kTogether}, {"not {", "", "of a fact, `no Type where …`; of a condition, `check not (…)`"},
}};

constexpr std::string_view kKeyHelp = "the key stands behind the type's name: `fact Host key (id) { … }`";
constexpr std::string_view kNullHelp = "every field has a value unless its type ends in `?`";
constexpr std::string_view kRemoved = "-";  // `instead`: the form goes

constexpr std::array<Slip, 9> kFields{{
    {"not null", kRemoved, kNullHelp},
    {"required", kRemoved, kNullHelp},
    {"null", "?", ""},
    {"nullable", "?", ""},
    {"optional", "?", ""},
    {"primary key", "", kKeyHelp},
    {"unique", "", kKeyHelp},
    {"auto_increment", "", "flyball numbers nothing: a field has the value that was sent"},
    {"references", "", "equal fields are joined in a rule: `same field as name`"},
}};

constexpr std::string_view kYaml =
    "an alert is a rule: `rule hot { when { h: Host where load > 90% for 10m } then { do Page { host: h.host } } }`";
constexpr std::string_view kClips =
    "a template is a type, `fact Host key (id) ttl 1m { id: string }`; a rule is `rule name { when { h: Host where … } then { … } }`";

// `instead` says what the file is.
constexpr std::array<Slip, 12> kFiles{{
    {"---", "YAML", kYaml},
    {"groups:", "YAML", kYaml},
    {"- alert:", "YAML", kYaml},
    {"alert:", "YAML", kYaml},
    {"apiversion:", "YAML", kYaml},
    {"rules:", "YAML", kYaml},
    {"(deftemplate", "CLIPS", kClips},
    {"(defrule", "CLIPS", kClips},
    {"(deffacts", "CLIPS", kClips},
    {"(defmodule", "CLIPS", kClips},
    {"(defglobal", "CLIPS", kClips},
    {"(deffunction", "CLIPS", kClips},
}};

constexpr std::size_t kFarthest = 400;  // bytes that are looked at: a line may be very long

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }

// The length of what `part` is at the beginning of `text`: a word in any case with its boundary, or a mark; 0 if it is not there.
std::size_t begins(std::string_view text, std::string_view part) {
  if (text.size() < part.size() || lower_case(text.substr(0, part.size())) != part) return 0;
  const bool goes_on = is_word(part.back()) && text.size() > part.size() && is_word(text[part.size()]);
  return goes_on ? 0 : part.size();
}

// Whether `word` stands in `text` before a brace, where what it would belong to can still be.
bool stands_in(std::string_view text, std::string_view word) {
  text = text.substr(0, text.find_first_of("{}#\""));
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (!is_word(text[at - 1]) && begins(text.substr(at), word) > 0) return true;
  }
  return false;
}

std::size_t matched(std::string_view pattern, std::string_view text) {
  std::size_t at = 0;
  while (true) {
    const std::size_t cut = pattern.find(' ');
    const std::string_view part = pattern.substr(0, cut);
    if (part == "…") {
      const std::string_view next = text.substr(std::min(text.find_first_not_of(" \t", at), text.size()));
      const bool operand = !next.empty() && (is_word(next[0]) || next[0] == '(');
      const std::string_view word = word_at(next.data(), next.data() + next.size());
      if (!operand || (is_reserved(word) && word != "not")) return 0;
      return stands_in(text.substr(at), pattern.substr(cut + 1)) ? at : 0;
    }
    std::size_t here = at;
    while (here < text.size() && is_blank(text[here])) ++here;
    const std::size_t size = begins(text.substr(here), part);
    if (size == 0) return 0;
    at = here + size;
    if (cut == std::string_view::npos) return at;
    pattern.remove_prefix(cut + 1);
  }
}

std::span<const Slip> forms(FormPlace place) {
  switch (place) {
    case FormPlace::kOperand: return kOperands;
    case FormPlace::kBehind: return kBehinds;
    case FormPlace::kLine: return kLines;
    case FormPlace::kField: return kFields;
    case FormPlace::kFile: return kFiles;
  }
  return {};
}

// `$` is what stands in the brackets, `|` a set of its parts.
struct TypeWord {
  std::string_view word, ours;
};
constexpr std::array<TypeWord, 29> kTypeWords{{
    {"list", "list<$>"},  {"array", "list<$>"},  {"vector", "list<$>"}, {"sequence", "list<$>"}, {"slice", "list<$>"}, {"set", "list<$>"},
    {"dict", "map<$>"},   {"map", "map<$>"},     {"hashmap", "map<$>"}, {"mapping", "map<$>"},   {"optional", "$?"},   {"option", "$?"},
    {"nullable", "$?"},   {"maybe", "$?"},       {"varchar", "string"}, {"nvarchar", "string"},  {"char", "string"},   {"text", "string"},
    {"string", "string"}, {"decimal", "double"}, {"numeric", "double"}, {"float", "double"},     {"double", "double"}, {"int", "int"},
    {"integer", "int"},   {"bigint", "int"},     {"enum", "|"},         {"literal", "|"},        {"oneof", "|"},
}};

// The parts of what stands in brackets, at its commas and bars.
std::vector<std::string_view> parts(std::string_view text) {
  std::vector<std::string_view> out;
  int depth = 0;
  std::size_t from = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : ',';
    depth += c == '[' || c == '(' || c == '<' ? 1 : c == ']' || c == ')' || c == '>' ? -1 : 0;
    if (depth != 0 || (c != ',' && c != '|')) continue;
    std::string_view part = text.substr(from, i - from);
    while (!part.empty() && is_blank(part.front())) part.remove_prefix(1);
    while (!part.empty() && is_blank(part.back())) part.remove_suffix(1);
    out.push_back(part);
    from = i + 1;
  }
  return out;
}

std::string quoted(std::string_view part) {
  if (part.size() > 1 && (part.front() == '"' || part.front() == '\'')) part = part.substr(1, part.size() - 2);
  return "\"" + std::string(part) + "\"";
}

std::string our_type(std::string_view part) {
  if (TypeForm form = find_type_form(part); form.size == part.size() && form.size > 0) return std::move(form.ours);
  const Slip* slip = find_type_slip(lower_case(part));
  return std::string(slip != nullptr && !slip->instead.empty() ? slip->instead : part);
}

// The bracket that closes the one at `open`; npos if it is on no more of the line.
std::size_t closing(std::string_view text, std::size_t open) {
  constexpr std::string_view kOpen = "[(<{", kClose = "])>}";
  const char closes = kClose[kOpen.find(text[open])];
  int depth = 0;
  for (std::size_t i = open; i < text.size() && text[i] != '\n'; ++i) {
    depth += text[i] == text[open] ? 1 : text[i] == closes ? -1 : 0;
    if (depth == 0) return i;
  }
  return std::string_view::npos;
}

}  // namespace

Form find_form(FormPlace place, std::string_view text) {
  text = text.substr(0, kFarthest);
  const std::string_view line = text.substr(0, text.find('\n'));
  for (const Slip& slip : forms(place)) {
    if (const std::size_t size = matched(slip.word, line); size > 0) return {&slip, size};
  }
  return {};
}

TypeForm find_type_form(std::string_view text) {
  text = text.substr(0, kFarthest);
  // `?int`
  if (text.starts_with('?')) {
    const std::string_view type = word_at(text.data() + 1, text.data() + text.size());
    return type.empty() ? TypeForm{} : TypeForm{our_type(type) + "?", type.size() + 1};
  }
  const std::string_view word = word_at(text.data(), text.data() + text.size());
  const auto* const known = std::ranges::find(kTypeWords, lower_case(word), &TypeWord::word);
  if (word.empty() || known == kTypeWords.end()) return {};
  // `nullable int`, unless that is the next field.
  if (known->ours == "$?" && word.size() < text.size() && is_blank(text[word.size()])) {
    const std::size_t from = std::min(text.find_first_not_of(" \t", word.size()), text.size());
    const std::string_view type = word_at(text.data() + from, text.data() + text.size());
    const std::size_t behind = text.find_first_not_of(" \t", from + type.size());
    if (type.empty() || (behind != std::string_view::npos && text[behind] == ':')) return {};
    return {our_type(type) + "?", from + type.size()};
  }
  const bool set = known->ours == "|";
  std::size_t open = word.size();
  while (set && open < text.size() && is_blank(text[open])) ++open;
  if (open >= text.size() || std::string_view(set ? "[(<{" : "[(<").find(text[open]) == std::string_view::npos) return {};
  // `list<…>` is ours, and `int<…>` has nothing that could be meant.
  if (text[open] == '<' && (word == "list" || word == "map" || (!set && known->ours.find('$') == std::string_view::npos))) return {};
  const std::size_t close = closing(text, open);
  if (close == std::string_view::npos || close == open + 1) return {};
  TypeForm form{"", close + 1};
  std::vector<std::string_view> inside = parts(text.substr(open + 1, close - open - 1));
  // `map[string]int`
  if (const std::string_view value = word_at(text.data() + close + 1, text.data() + text.size());
      known->ours == "map<$>" && inside.size() == 1 && !value.empty()) {
    inside.push_back(value);
    form.size += value.size();
  }
  std::string all;
  for (const std::string_view part : inside) {
    if (part.empty()) return {};
    all += (all.empty() ? "" : set ? " | " : ", ") + (set ? quoted(part) : our_type(part));
  }
  const std::size_t hole = known->ours.find('$');
  form.ours = set ? all : std::string(known->ours);
  if (hole != std::string_view::npos) form.ours.replace(hole, 1, all);
  return form;
}

}  // namespace flyball::cst
