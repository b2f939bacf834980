// The words before the cursor, and what may follow them. See completion.h.
#include "app/lsp/completion.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "model/aggregates.h"
#include "model/functions.h"
#include "parser/ast/keywords.h"
#include "parser/ast/words.h"
#include "parser/keywords.h"

namespace flyball::app::lsp {
namespace {

using nlohmann::json;

struct Word {
  std::string_view text;
  std::uint32_t begin = 0;
};

bool is_letter(char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_capital(std::string_view word) { return !word.empty() && word[0] >= 'A' && word[0] <= 'Z'; }

// Words (with their dots), texts and single marks of the declaration the place is in, up to the place; comments left out.
// `in_text`: the place is inside a text, which is the last word, without its end.
struct Before {
  std::vector<Word> words;
  bool in_text = false;
};

Before before(std::string_view text, std::uint32_t offset) {
  // A declaration begins with a lower-case word at the beginning of a line.
  std::size_t begin = std::min<std::size_t>(offset, text.size());
  while (begin > 0) {
    const std::size_t line = text.rfind('\n', begin - 1);
    begin = line == std::string_view::npos ? 0 : line;
    const std::size_t first = begin == 0 ? 0 : begin + 1;
    if (first < offset && text[first] >= 'a' && text[first] <= 'z') break;
  }
  Before out;
  for (std::size_t at = begin; at < offset;) {
    const char c = text[at];
    std::size_t end = at + 1;
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      at = end;
      continue;
    }
    if (c == '#' || (c == '/' && text.substr(at, 2) == "//")) {
      at = std::min(text.find('\n', at), text.size());
      continue;
    }
    if (c == '"') {
      while (end < offset && text[end] != '"' && text[end] != '\n') end += text[end] == '\\' ? 2U : 1U;
      out.in_text = end >= offset;
      end = std::min<std::size_t>(end + 1, offset);
    } else if (is_letter(c)) {
      while (end < offset &&
             (is_letter(text[end]) || is_digit(text[end]) || (text[end] == '.' && end + 1 < offset && is_letter(text[end + 1]))))
        ++end;
    }
    out.words.push_back({text.substr(at, end - at), static_cast<std::uint32_t>(at)});
    at = end;
  }
  return out;
}

class Completer {
 public:
  explicit Completer(const Spot& spot) : spot_(spot), a_(spot.analysis), before_(before(spot.analysis.text(spot.file), spot.offset)) {
    // The word being written is not there yet.
    if (!before_.in_text && !words().empty()) {
      const Word& last = words().back();
      if (is_letter(last.text[0]) && last.begin + last.text.size() == spot.offset) {
        const std::size_t dot = last.text.rfind('.');
        if (dot != std::string_view::npos) {
          qualifier_ = last.text.substr(0, dot);
        }
        before_.words.pop_back();
      } else if (last.text == "." && words().size() > 1) {
        const Word& owner = words()[words().size() - 2];
        if (is_letter(owner.text[0]) && owner.begin + owner.text.size() == last.begin) qualifier_ = owner.text;
        before_.words.pop_back();
        before_.words.pop_back();
      }
    }
  }

  json items() {
    if (before_.in_text) {
      texts();
    } else if (!qualifier_.empty()) {
      members();
    } else if (words().empty()) {
      for (const std::string_view word : declaration_words()) add(word, 14, "declaration", std::string(ast::find_keyword(word)->meaning));
    } else if (word(0) == "approve" && words().front().text == "rule") {
      add("when", 14, "a condition: true or unknown, a person is asked");
    } else if (const std::string_view last = word(0); wants_type(last)) {
      types(last);
    } else if (last == "same" || (last == "," && in_same())) {
      fields_of(type_before("same"));
    } else if (last == "as") {
      bindings();
    } else if (const FactType* record = open_record(); record != nullptr && (last == "{" || last != ":")) {
      // In a record: a field's name, unless its colon has been written.
      if (in_value()) {
        values();
      } else {
        fields_of(record, ": ");
      }
    } else {
      values();
    }
    return {{"isIncomplete", false}, {"items", items_}};
  }

 private:
  const std::vector<Word>& words() const { return before_.words; }
  std::string_view word(std::size_t from_end) const {
    return from_end < words().size() ? words()[words().size() - 1 - from_end].text : std::string_view{};
  }

  void add(std::string_view label, int kind, std::string detail, const std::string& doc = {}, std::string_view suffix = {}) {
    if (!seen_.emplace(label).second) return;
    json one{{"label", label}, {"kind", kind}, {"detail", std::move(detail)}};
    if (!doc.empty()) one["documentation"] = {{"kind", "markdown"}, {"value", doc}};
    if (!suffix.empty()) one["insertText"] = std::string(label) + std::string(suffix);
    items_.push_back(std::move(one));
  }

  const FactType* type_named(std::string_view name) const {
    const Schema::Lookup found = a_.schema.find_type(name);
    return found.id == kNoId ? nullptr : &a_.schema.types[found.id];
  }

  // Of `n: Type` before the place.
  const FactType* binding_type(std::string_view name) const {
    for (std::size_t i = words().size(); i-- > 0;) {
      if (words()[i].text != name || i + 2 >= words().size() || words()[i + 1].text != ":") continue;
      const std::size_t at = words()[i + 2].text == "each" ? i + 3 : i + 2;
      if (at < words().size() && is_capital(words()[at].text)) return type_named(words()[at].text);
    }
    return nullptr;
  }

  // The type after the last line-word before the place: whose fields bare names are.
  const FactType* line_type() const {
    for (std::size_t i = words().size(); i-- > 0;) {
      const std::string_view t = words()[i].text;
      if (t == "check" || t == "let" || t == "then" || t == "when" || t == "until" || t == "{") return nullptr;
      if (is_capital(t)) return type_named(t);
    }
    return nullptr;
  }

  const FactType* type_before(std::string_view stop) const {
    for (std::size_t i = words().size(); i-- > 0;) {
      if (words()[i].text == stop && i > 0) return type_named(words()[i - 1].text);
    }
    return nullptr;
  }
  bool in_same() const {
    for (std::size_t i = words().size(); i-- > 0;) {
      const std::string_view t = words()[i].text;
      if (t == "same") return true;
      if (t != "," && !is_letter(t[0])) return false;
      if (t == "as" || t == "where") return false;
    }
    return false;
  }
  // The type of the record whose `{` is open here.
  const FactType* open_record() const {
    int depth = 0;
    for (std::size_t i = words().size(); i-- > 0;) {
      const std::string_view t = words()[i].text;
      if (t == "}") ++depth;
      if (t != "{") continue;
      if (depth-- > 0) continue;
      return i > 0 && is_capital(words()[i - 1].text) && i > 1 && !ast::is_among(kTypeDeclarations, words()[i - 2].text)
                 ? type_named(words()[i - 1].text)
                 : nullptr;
    }
    return nullptr;
  }
  static constexpr std::array<std::string_view, 3> kTypeDeclarations{"fact", "event", "action"};
  bool in_value() const {
    int depth = 0;
    for (std::size_t i = words().size(); i-- > 0;) {
      const std::string_view t = words()[i].text;
      if (t == ")" || t == "]") ++depth;
      if (t == "(" || t == "[") --depth;
      if (depth < 0) return true;
      if (depth == 0 && (t == "," || t == "{")) return false;
      if (depth == 0 && t == ":") {
        // A value is complete when the next line's name begins.
        const std::string_view text = a_.text(spot_.file).substr(words()[i].begin, spot_.offset - words()[i].begin);
        return text.find('\n') == std::string_view::npos;
      }
    }
    return false;
  }

  static bool wants_type(std::string_view last) {
    static constexpr std::array<std::string_view, 14> kBefore{"some", "no",     "every", "do",      "derive", "assert", "send",
                                                              "ack",  "expect", "fail",  "approve", "reject", "cross",  "retract"};
    return ast::is_among(kBefore, last) || last == ":";
  }

  void types(std::string_view last) {
    if (last == ":") {
      // `n:` of a line; a field's or param's type; or a record's value.
      if (open_record() != nullptr) return values();
      const std::string_view declaration = words().front().text;
      if (declaration != "rule" && declaration != "decision") {
        for (const std::string_view word : type_words()) add(word, 25, "type");
        return;
      }
      add("each", 14, "one match per value");
    }
    for (const SymbolUse& u : a_.index.all()) {
      if (u.meaning != Meaning::kType || !u.is_declaration() || u.type >= a_.schema.types.size()) continue;
      const Role role = a_.schema.types[u.type].role;
      const bool action = role == Role::kAction;
      if (last == "do" && !action) continue;
      if (last == "derive" && role != Role::kDerived && role != Role::kFact) continue;
      if (last == "assert" && role != Role::kMutable) continue;
      if ((last == "send" || last == "retract") && action) continue;
      if ((last == "ack" || last == "fail" || last == "approve" || last == "reject") && !action) continue;
      add(u.name, 22, action ? "action" : role == Role::kEvent ? "event" : "fact", described(a_, u));
    }
    if (last == "expect") add("no", 14, "none of these");
    if (last == "retract") bindings();
  }

  void fields_of(const FactType* type, std::string_view suffix = {}) {
    if (type == nullptr) return;
    for (std::size_t i = 0; i < type->fields.size(); ++i) {
      const Field& f = type->fields[i];
      if (!suffix.empty() && i >= type->declared_fields) break;
      add(f.name, 5, to_string(f.type), f.doc, suffix);
    }
  }

  void bindings() {
    for (std::size_t i = 0; i + 2 < words().size(); ++i) {
      if (words()[i + 1].text != ":" || !is_letter(words()[i].text[0])) continue;
      const std::string_view type = words()[i + 2].text == "each" && i + 3 < words().size() ? words()[i + 3].text : words()[i + 2].text;
      if (is_capital(type)) add(words()[i].text, 6, std::string(type));
    }
  }

  // `==` and a text: the values of the field before it, if they are a closed set.
  void texts() {
    std::size_t i = words().size() - 1;
    while (i > 0 && !is_letter(words()[i - 1].text[0])) --i;
    if (i == 0) return;
    const std::string_view name = words()[i - 1].text;
    const std::size_t dot = name.rfind('.');
    const FactType* type = dot != std::string_view::npos ? binding_type(name.substr(0, dot))
                           : open_record() != nullptr    ? open_record()
                                                         : line_type();
    if (type == nullptr) return;
    const std::uint32_t field = type->field_index(name.substr(dot == std::string_view::npos ? 0 : dot + 1));
    if (field == kNoId) return;
    for (const std::string& member : type->fields[field].type.members) add(member, 20, "value of " + type->fields[field].name);
  }

  void members() {
    if (qualifier_ == "input" && !words().empty() && words().front().text == "decision") {
      for (const DecisionType& d : a_.schema.decisions) {
        if (words().size() < 2 || d.local != words()[1].text) continue;
        for (const Field& f : d.input) add(f.name, 5, to_string(f.type), f.doc);
      }
      return;
    }
    if (const FactType* type = binding_type(qualifier_); type != nullptr) return fields_of(type);
    if (is_capital(qualifier_)) return fields_of(type_named(qualifier_));
    for (const SymbolUse& u : a_.index.all()) {  // of a module
      if (!u.is_declaration() || u.whole.end <= u.whole.begin) continue;
      const std::string qualified = std::string(qualifier_) + "." + u.name;
      if (u.meaning == Meaning::kType && u.type < a_.schema.types.size() && a_.schema.types[u.type].name == qualified)
        add(u.name, 22, "type", described(a_, u));
    }
    for (const FunctionInfo& f : functions()) {
      if (f.name.starts_with(qualifier_) && f.name.size() > qualifier_.size() && f.name[qualifier_.size()] == '.')
        add(f.name.substr(qualifier_.size() + 1), 3, std::string(f.signature), std::string(f.doc));
      if (f.name.find('.') == std::string_view::npos && f.signature.find('.') < f.signature.find('('))
        add(f.name, 2, std::string(f.signature), std::string(f.doc));
    }
  }

  void values() {
    fields_of(line_type());
    bindings();
    for (const SymbolUse& u : a_.index.all()) {
      if (!u.is_declaration()) continue;
      if (u.meaning == Meaning::kCalendar) add(u.name, 21, "calendar", described(a_, u));
      if (u.meaning == Meaning::kParam || u.meaning == Meaning::kConstant)
        add(u.name, 21, u.meaning == Meaning::kParam ? "param" : "let", described(a_, u));
      if (u.meaning == Meaning::kFunction) add(u.name, 3, "let", described(a_, u));
    }
    for (const std::string_view w : words_within(words().front().text)) add(w, 14, "keyword", std::string(ast::find_keyword(w)->meaning));
    for (const std::string_view w : ast::kReservedWords) add(w, 14, "keyword", std::string(ast::find_keyword(w)->meaning));
    for (const AggregateInfo& a : kAggregates) add(a.word, 3, aggregate_form(a), std::string(a.doc));
    for (const FunctionInfo& f : functions()) {
      if (f.signature.find('.') > f.signature.find('(')) add(f.name, 3, std::string(f.signature), std::string(f.doc));
    }
  }

  const Spot& spot_;
  const Analysis& a_;
  Before before_;
  std::string_view qualifier_;
  json items_ = json::array();
  std::set<std::string, std::less<>> seen_;
};

}  // namespace

json completion(const Spot& spot) { return Completer(spot).items(); }

json signature_help(const Spot& spot) {
  const Before b = before(spot.analysis.text(spot.file), spot.offset);
  int depth = 0;
  int commas = 0;
  for (std::size_t i = b.words.size(); i-- > 1;) {
    const std::string_view t = b.words[i].text;
    if (t == ")" || t == "]" || t == "}") ++depth;
    if (t == "," && depth == 0) ++commas;
    if (t != "(" && t != "[" && t != "{") continue;
    if (depth-- > 0) continue;
    const std::string_view name = b.words[i - 1].text;
    json signatures = json::array();
    if (t == "(") {
      const std::string_view last = name.substr(name.rfind('.') == std::string_view::npos ? 0 : name.rfind('.') + 1);
      for (const FunctionInfo& f : functions()) {
        if (f.name == name || f.name == last) signatures.push_back({{"label", f.signature}, {"documentation", f.doc}});
      }
      for (const AggregateInfo& a : kAggregates) {
        if (a.word == name) signatures.push_back({{"label", aggregate_form(a)}, {"documentation", a.doc}});
      }
      for (const SymbolUse& u : spot.analysis.index.all()) {
        if (u.meaning == Meaning::kFunction && u.is_declaration() && u.name == last)
          signatures.push_back({{"label", spot.analysis.sources.text(u.whole)}, {"documentation", u.doc}});
      }
    } else if (t == "{" && is_capital(name)) {
      const Schema::Lookup found = spot.analysis.schema.find_type(name);
      if (found.id == kNoId) return nullptr;
      const FactType& type = spot.analysis.schema.types[found.id];
      std::string label = type.local + " {";
      for (std::size_t f = 0; f < type.declared_fields; ++f)
        label += fmt::format(" {}: {}", type.fields[f].name, to_string(type.fields[f].type));
      signatures.push_back({{"label", label + " }"}, {"documentation", type.doc}});
    }
    if (signatures.empty()) return nullptr;
    return {{"signatures", signatures}, {"activeSignature", 0}, {"activeParameter", commas}};
  }
  return nullptr;
}

}  // namespace flyball::app::lsp
