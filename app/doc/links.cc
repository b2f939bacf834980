// See links.h.
#include "app/doc/links.h"

#include <fmt/format.h>

#include <algorithm>

namespace flyball::app {
namespace {

std::string module_of(const std::string& qualified, const std::string& local) {
  return qualified.size() > local.size() ? qualified.substr(0, qualified.size() - local.size() - 1) : std::string();
}

// Types of patterns and aggregates, by binding; a binding may have none.
std::vector<FactTypeId> read_types(const std::vector<FactTypeId>& binding_types) {
  std::vector<FactTypeId> out = binding_types;
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  while (!out.empty() && out.back() == kNoId) out.pop_back();
  return out;
}

}  // namespace

const char* role_word(Role role) {
  switch (role) {
    case Role::kFact: return "fact";
    case Role::kEvent: return "event";
    case Role::kMutable: return "mutable fact";
    case Role::kDerived: return "derived fact";
    case Role::kAction: return "action";
  }
  return "fact";
}

std::string anchor(const std::string& heading) {
  std::string out;
  for (const char c : heading) {
    if (c == ' ') out += '-';
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-') out += c;
    if (c >= 'A' && c <= 'Z') out += static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

Links::Links(const ast::RuleSet& rules) : set_(rules), types_(rules.schema.types.size()), rules_(rules.rules.size()) {
  const Schema& schema = rules.schema;
  std::set<std::string> modules;
  for (const FactType& t : schema.types) modules.insert(t.module);
  for (const Param& p : schema.params) modules.insert(module_of(p.name, p.local));
  for (const Calendar& c : schema.calendars) modules.insert(module_of(c.name, c.local));
  std::vector<std::vector<std::uint32_t>> makers(schema.types.size());
  for (std::uint32_t i = 0; i < rules.rules.size(); ++i) {
    const ast::RuleDecl& r = rules.rules[i];
    const Target self{module_of(r.qualified, r.name.text), r.name.text, "rule"};
    modules.insert(self.module);
    read(self, read_types(r.binding_types), &rules_[i]);
    for (const std::vector<ast::Effect>* effects : {&r.then, &r.on_clear}) {
      for (const ast::Effect& e : *effects) {
        const bool bound = e.kind == ast::EffectKind::kSet || e.kind == ast::EffectKind::kRetract;
        const FactTypeId type = bound ? (e.binding < r.binding_types.size() ? r.binding_types[e.binding] : kNoId) : e.record.fact_type;
        if (e.kind == ast::EffectKind::kLog || type >= schema.types.size()) continue;
        const FactType& t = schema.types[type];
        types_[type].makers.insert(self);
        rules_[i].makes.insert({t.module, t.local, role_word(t.role)});
        if (makers[type].empty() || makers[type].back() != i) makers[type].push_back(i);
      }
    }
  }
  for (const ast::DecisionDecl& d : rules.decisions) {
    const Target self{module_of(d.qualified, d.name.text), d.name.text, "decision"};
    modules.insert(self.module);
    for (const ast::Case& c : d.cases) read(self, read_types(c.binding_types), nullptr);
  }
  for (const ast::TestDecl& test : rules.tests) {
    std::set<std::uint32_t> named;
    for (const ast::Step& s : test.steps) {
      if (s.rule < rules_.size()) named.insert(s.rule);
      const bool expects = s.kind == ast::StepKind::kExpect && s.record.fact_type < makers.size();
      if (expects && makers[s.record.fact_type].size() == 1) named.insert(makers[s.record.fact_type].front());
    }
    for (const std::uint32_t rule : named) rules_[rule].tests.push_back(test.name.text);
  }
  for (const std::string& m : modules) {
    if (!m.starts_with("std.")) modules_.push_back(m);
  }
  if (modules_.empty()) modules_.assign(modules.begin(), modules.end());
}

void Links::read(const Target& reader, const std::vector<FactTypeId>& read, RuleUses* uses) {
  for (const FactTypeId type : read) {
    if (type >= types_.size()) continue;
    types_[type].users.insert(reader);
    const FactType& t = set_.schema.types[type];
    if (uses != nullptr) uses->reads.insert({t.module, t.local, role_word(t.role)});
  }
}

std::string Links::to(const Target& target, const std::string& from, bool by_file) const {
  // The standard vocabulary, which the package imports, has a page elsewhere.
  if (!std::binary_search(modules_.begin(), modules_.end(), target.module)) return fmt::format("`{}.{}`", target.module, target.name);
  const std::string file = by_file && target.module != from ? target.module + ".md" : "";
  return fmt::format("[`{}`]({}#{})", target.name, file, anchor(target.kind + " " + target.name));
}

}  // namespace flyball::app
