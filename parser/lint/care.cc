// Whether anybody looks after a rule: a test, a description, an owner, an answer. See linter.h.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "parser/lint/linter.h"

namespace flyball::lint {
namespace {

using ast::Effect;
using ast::EffectKind;

FactTypeId made_type(const ast::RuleDecl& r, const Effect& e) {
  if (e.kind == EffectKind::kLog) return kNoId;
  if (e.kind != EffectKind::kSet && e.kind != EffectKind::kRetract) return e.record.fact_type;
  return e.binding < r.binding_types.size() ? r.binding_types[e.binding] : kNoId;
}

// Words of names of actions that cannot simply be taken back.
bool is_drastic(const std::string& name) {
  static constexpr std::array kWords{"Delete", "Remove", "Destroy", "Terminate", "Kill",   "Shutdown", "Reboot",
                                     "Purge",  "Wipe",   "Erase",   "Drop",      "Revoke", "Evict"};
  return std::any_of(kWords.begin(), kWords.end(), [&](const char* w) { return name.find(w) != std::string::npos; });
}

}  // namespace

void lint_care(Linter& l) {
  const std::size_t n = l.rules.schema.types.size();
  // What tests look at: rules by name, types that they expect, and what follows from these: a derived fact that a rule reads
  // which is looked at is looked at, too.
  std::vector<bool> expected(n, false), tested(l.rules.rules.size(), false), asked(l.rules.decisions.size(), false);
  for (const ast::TestDecl& test : l.rules.tests) {
    for (const ast::Step& s : test.steps) {
      if (s.rule < tested.size()) tested[s.rule] = true;
      const bool looks = s.kind == ast::StepKind::kExpect || s.kind == ast::StepKind::kExpectNone;
      if (looks && s.record.fact_type < n) expected[s.record.fact_type] = true;
      if (s.kind == ast::StepKind::kAsk && s.decision_id < asked.size()) asked[s.decision_id] = true;
    }
  }
  for (std::size_t i = 0; i < l.rules.decisions.size(); ++i) {
    if (!asked[l.rules.decisions[i].id < asked.size() ? l.rules.decisions[i].id : i]) continue;
    for (const ast::Case& c : l.rules.decisions[i].cases) {
      for (const FactTypeId t : c.binding_types) {
        if (t < n) expected[t] = true;
      }
    }
  }
  for (bool more = true; more;) {
    more = false;
    for (std::size_t i = 0; i < l.rules.rules.size(); ++i) {
      const ast::RuleDecl& r = l.rules.rules[i];
      bool seen = tested[i];
      for (const auto* effects : {&r.then, &r.on_clear}) {
        for (const Effect& e : *effects) {
          const FactTypeId t = made_type(r, e);
          seen = seen || (t < n && expected[t]);
        }
      }
      if (!seen) continue;
      tested[i] = true;
      for (const FactTypeId t : r.binding_types) {
        if (t >= n || expected[t] || l.rules.schema.types[t].role == Role::kFact || l.rules.schema.types[t].is_event()) continue;
        expected[t] = true;
        more = true;
      }
    }
  }
  for (std::size_t i = 0; i < l.rules.rules.size(); ++i) {
    const ast::RuleDecl& r = l.rules.rules[i];
    if (!tested[i])
      l.say("L0101", r.name.span, fmt::format("no test looks at what `{}` does", r.name.text),
            "write a `test` that expects it, or that it does nothing");
    if (r.doc.empty())
      l.say("L0103", r.name.span, fmt::format("nothing says what `{}` is for", r.name.text),
            "write `## …` above it: people see it who ask why something was done");
    for (const auto* effects : {&r.then, &r.on_clear}) {
      for (const Effect& e : *effects) {
        const FactType* t = e.kind == EffectKind::kDo ? l.type(e.record.fact_type) : nullptr;
        if (t == nullptr || !is_drastic(t->local) || !r.owner.empty() || !r.runbook.empty()) continue;
        if (r.approve && effects == &r.then) continue;  // somebody is asked
        l.say("L0104", e.record.type.span,
              fmt::format("`{}` cannot simply be taken back, and nobody is named for `{}`", t->local, r.name.text),
              "add `owner \"…\"` or `runbook \"…\"`");
      }
    }
    if (r.mode_value != ast::Mode::kActive) {
      const char* word = r.mode_value == ast::Mode::kOff ? "off" : "shadow";
      l.say("L0117", r.mode ? r.mode->span : r.name.span, fmt::format("`{}` is in mode `{}`", r.name.text, word),
            "a rule that does nothing is easily forgotten: make it active, remove it, or allow this with a reason and a date");
    }
  }
  for (std::size_t i = 0; i < l.rules.decisions.size(); ++i) {
    const ast::DecisionDecl& d = l.rules.decisions[i];
    if (d.id < asked.size() && asked[d.id]) continue;
    l.say("L0102", d.name.span, fmt::format("no test asks `{}`", d.name.text), "write a `test` with `ask … expect …`");
  }
  std::vector<bool> done(n, false);
  for (const ast::RuleDecl& r : l.rules.rules) {
    for (const auto* effects : {&r.then, &r.on_clear}) {
      for (const Effect& e : *effects) {
        if (e.kind == EffectKind::kDo && e.record.fact_type < n) done[e.record.fact_type] = true;
      }
    }
  }
  for (const SymbolUse& use : l.index.all()) {
    if (use.meaning != Meaning::kType || !use.is_declaration() || use.type >= n || !done[use.type]) continue;
    const FactType& t = l.rules.schema.types[use.type];
    if (t.role == Role::kAction && !t.timeout_ns)
      l.say("L0105", use.at, fmt::format("nobody notices when `{}` is not answered", t.local),
            "add `timeout D`, and `tries N every D` if it may be sent again");
  }
}

}  // namespace flyball::lint
