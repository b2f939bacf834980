// The index of an editor: declarations, and what the passes have met. See uses.h.
#include "parser/check/uses.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "parser/check/package.h"

namespace flyball::check {
namespace {

using Place = std::tuple<std::uint32_t, std::uint32_t>;
Place place(ast::Span s) { return {s.file, s.begin}; }

// The last part of a name that may have a module in front.
ast::Span last_part(ast::Span at, std::size_t length) {
  if (at.end - at.begin > length) at.begin = at.end - static_cast<std::uint32_t>(length);
  return at;
}

class Declarations {
 public:
  explicit Declarations(SymbolIndex& index) : index_(index) {}

  void add(Meaning meaning, const ast::Name& name, ast::Span whole, const std::string& doc, std::uint32_t type = kNoId,
           std::string detail = {}) {
    if (name.text.empty()) return;
    const SymbolUse use{name.span, name.span, whole, meaning, type, name.text, std::move(detail), doc};
    by_place_.emplace(place(name.span), use);
    index_.add(use);
  }
  void fields(Meaning meaning, const std::vector<ast::FieldDecl>& declared, const std::vector<Field>* schema, std::uint32_t type) {
    std::vector<ast::Span> names;
    for (const ast::FieldDecl& f : declared) {
      ast::Span whole = f.name.span;
      whole.end = std::max(whole.end, f.default_value ? f.default_value->span.end : f.type.span.end);
      const std::size_t at = names.size();
      add(meaning, f.name, whole, f.doc, type, schema != nullptr && at < schema->size() ? type_name((*schema)[at].type) : std::string{});
      names.push_back(f.name.span);
    }
    if (schema != nullptr) by_fields_.emplace(schema, std::move(names));
  }
  const SymbolUse* find(ast::Span declaration) const {
    const auto it = by_place_.find(place(declaration));
    return it == by_place_.end() ? nullptr : &it->second;
  }
  const SymbolUse* field(const std::vector<Field>* fields, std::size_t index) const {
    const auto it = by_fields_.find(fields);
    return it == by_fields_.end() || index >= it->second.size() ? nullptr : find(it->second[index]);
  }
  void use(ast::Span at, const SymbolUse* declaration) {
    if (declaration == nullptr || at.end == at.begin) return;
    SymbolUse use = *declaration;
    use.at = last_part(at, use.name.size());
    index_.add(std::move(use));
  }

 private:
  SymbolIndex& index_;
  std::map<Place, SymbolUse> by_place_;
  std::map<const std::vector<Field>*, std::vector<ast::Span>> by_fields_;
};

}  // namespace

SymbolIndex Uses::finish(const Package& p) {
  Declarations all(index_);
  for (const ast::File& file : p.files) {
    for (const ast::TypeDecl& t : file.types) {
      all.add(Meaning::kType, t.name, t.span, t.doc, t.id);
      const FactType* type = t.id < p.schema.types.size() ? &p.schema.types[t.id] : nullptr;
      all.fields(Meaning::kField, t.fields, type != nullptr ? &type->fields : nullptr, t.id);
      all.fields(Meaning::kOutput, t.result_fields, type != nullptr ? &type->result_fields : nullptr, t.id);
      if (type == nullptr) continue;
      for (const ast::Name& key : t.key) {
        for (std::size_t i = 0; i < t.fields.size(); ++i) {
          if (t.fields[i].name.text == key.text) all.use(key.span, all.find(t.fields[i].name.span));
        }
      }
    }
    for (const ast::ParamDecl& d : file.params) all.add(Meaning::kParam, d.name, d.span, d.doc);
    for (const ast::CalendarDecl& d : file.calendars) all.add(Meaning::kCalendar, d.name, d.span, d.doc);
    for (const ast::LetDecl& d : file.lets) all.add(d.is_function ? Meaning::kFunction : Meaning::kConstant, d.name, d.span, d.doc);
    for (const ast::RuleDecl& r : file.rules) all.add(Meaning::kRule, r.name, r.span, r.doc);
    for (const ast::DecisionDecl& d : file.decisions) {
      all.add(Meaning::kDecision, d.name, d.span, d.doc);
      const DecisionType* type = d.id < p.schema.decisions.size() ? &p.schema.decisions[d.id] : nullptr;
      all.fields(Meaning::kInput, d.input, type != nullptr ? &type->input : nullptr, kNoId);
      all.fields(Meaning::kOutput, d.output, type != nullptr ? &type->output : nullptr, kNoId);
      for (const ast::Case& c : d.cases) all.add(Meaning::kCase, c.name, c.span, {});
      if (!d.table) continue;
      for (const auto& [heads, declared] : {std::pair(&d.table->inputs, &d.input), std::pair(&d.table->outputs, &d.output)}) {
        for (const ast::Name& head : *heads) {
          for (const ast::FieldDecl& f : *declared) {
            if (f.name.text == head.text) all.use(head.span, all.find(f.name.span));
          }
        }
      }
    }
  }
  for (const SymbolMet& met : symbols_) all.use(met.at, all.find(met.declaration));
  for (const FieldMet& met : fields_) all.use(met.at, all.field(met.fields, met.index));
  index_.finish();
  return std::move(index_);
}

}  // namespace flyball::check
