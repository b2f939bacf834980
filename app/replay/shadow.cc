// See shadow.h.
#include "app/replay/shadow.h"

#include <fmt/core.h>

#include <algorithm>

#include "app/io/json.h"
#include "app/replay/plan_report.h"
#include "bus/codec/json_lines.h"
#include "model/text.h"

namespace flyball::app {
namespace {

constexpr std::array<std::string_view, 3> kKinds = {"only_shadow", "only_active", "other_time"};

}  // namespace

// Before: active rules; after: this one.
struct ShadowWatch::Rule : Difference::Listener {
  Rule(DurationNs within, std::size_t at_most) : difference(within, *this), examples_max(at_most) {}

  void found(ActionChange&) override {}
  void decided(const ActionChange& change) override {
    if (change.kind == ChangeKind::kReordered) return;  // each of them is the same
    const ActionLine& line = change.after ? *change.after : *change.before;
    Example example{.time = line.time, .action = line.action, .target = line.data, .rule = {}, .active = {}};
    if (change.before) example.rule = change.before->text;
    Kind kind = change.after ? kOnlyShadow : kOnlyActive;
    if (change.kind == ChangeKind::kMoved) kind = kOtherTime, example.active = change.before->time;
    std::deque<Example>& of = figures.examples[kind];
    of.push_back(std::move(example));
    if (of.size() > examples_max) of.pop_front();
  }

  std::uint32_t index = kNoId;
  Figures figures;  // names and examples; the counts are the difference's
  Difference difference;
  std::size_t examples_max;
  std::deque<ActionLine> before, after;
};

ShadowWatch::ShadowWatch(const CompiledPackage& package, DurationNs within, std::size_t examples) : package_(package) {
  const ast::RuleSet& rules = package.program->rules();
  by_action_.resize(rules.schema.types.size());
  for (std::uint32_t r = 0; r < rules.rules.size(); ++r) {
    const ast::RuleDecl& decl = rules.rules[r];
    if (decl.mode_value != ast::Mode::kShadow) continue;
    auto rule = std::make_unique<Rule>(within, examples);
    rule->index = r;
    rule->figures.rule = decl.qualified;
    const auto place = static_cast<std::uint32_t>(rules_.size());
    for (const std::vector<ast::Effect>* effects : {&decl.then, &decl.on_clear}) {
      for (const ast::Effect& effect : *effects) {
        if (effect.kind != ast::EffectKind::kDo) continue;
        std::vector<std::uint32_t>& watched = by_action_[effect.record.fact_type];
        if (!watched.empty() && watched.back() == place) continue;
        watched.push_back(place);
        rule->figures.actions.push_back(rules.schema.types[effect.record.fact_type].name);
      }
    }
    if (!rule->figures.actions.empty()) rules_.push_back(std::move(rule));
  }
}
ShadowWatch::~ShadowWatch() = default;

void ShadowWatch::note(const ActionOutput& action) {
  const std::vector<std::uint32_t>& watching = by_action_[action.action];
  // What became of an action later (another try, an approval) is nothing that a rule did.
  const bool made = action.try_number <= 1 &&
                    (action.state == ActionState::kSent || action.state == ActionState::kProposed || action.state == ActionState::kRefused);
  if (watching.empty() || !made) return;
  const FactType& type = package_.program->schema().types[action.action];
  ActionLine line;
  line.time = action.time;
  line.action = type.name;
  line.text = action.rule_name;
  line.id = fmt::format("{}", ++lines_);  // no two are one by their ids: they are of different rules
  std::uint64_t target = 0;
  for (std::uint32_t i = 0; i < type.declared_fields; ++i) target |= std::uint64_t{type.is_key_field(i)} << i;
  bus::append_fields(line.data, type.fields, type.declared_fields, action.data, package_.interner,
                     target != 0 ? target : ~std::uint64_t{0});
  for (const std::uint32_t place : watching) {
    Rule& rule = *rules_[place];
    if (action.shadow && action.rule != rule.index) continue;
    (action.shadow ? rule.after : rule.before).push_back(line);
  }
}

void ShadowWatch::pass(Timestamp t) {
  for (const std::unique_ptr<Rule>& rule : rules_) {
    if (!rule->before.empty() || !rule->after.empty()) rule->difference.instants(rule->before, rule->after, t);
    rule->difference.pass(t);
  }
}

void ShadowWatch::finish() {
  for (const std::unique_ptr<Rule>& rule : rules_) {
    rule->difference.instants(rule->before, rule->after, kTimestampMax);
    rule->difference.finish();
  }
}

std::vector<ShadowWatch::Figures> ShadowWatch::figures() const {
  std::vector<Figures> out;
  for (const std::unique_ptr<Rule>& rule : rules_) {
    Figures& f = out.emplace_back(rule->figures);
    const RuleDifference& total = rule->difference.total();
    f.shadow = total.after + rule->after.size();
    f.active = total.before + rule->before.size();
    f.same = rule->difference.same();
    f.other_time = total.moved;
    f.only_shadow = total.added;
    f.only_active = total.removed;
    f.open_shadow = f.shadow - f.same - f.other_time - f.only_shadow;
    f.open_active = f.active - f.same - f.other_time - f.only_active;
  }
  return out;
}

std::vector<ShadowWatch::Figures> ShadowRun::figures() {
  watch_.finish();
  std::vector<ShadowWatch::Figures> out = watch_.figures();
  for (ShadowWatch::Figures& figures : out) figures.examples = {};
  return out;
}

std::string shadow_text(const std::vector<ShadowWatch::Figures>& all, bool examples) {
  std::string out;
  for (const ShadowWatch::Figures& f : all) {
    std::string actions;
    for (const std::string& action : f.actions) actions += (actions.empty() ? "" : ", ") + action.substr(action.rfind('.') + 1);
    out += fmt::format(
        "shadow {} ({}): would have done {}, active rules did {}: {} the same, {} at another time, {} only in shadow, {} only "
        "active",
        f.rule, actions, f.shadow, f.active, f.same, f.other_time, f.only_shadow, f.only_active);
    if (f.open_shadow + f.open_active > 0) out += fmt::format("; {} and {} not paired yet", f.open_shadow, f.open_active);
    out += '\n';
    if (!examples) continue;
    for (std::size_t kind = 0; kind < kKinds.size(); ++kind) {
      for (const ShadowWatch::Example& e : f.examples[kind]) {
        const std::string what = fmt::format("{} {}", e.action.substr(e.action.rfind('.') + 1), e.target);
        if (e.active)
          out += fmt::format("  @ {}  {}, {} did it at {}\n", plan_moment(e.time), what, e.rule, plan_moment(*e.active));
        else if (e.rule.empty())
          out += fmt::format("  + {}  {}: only in shadow\n", plan_moment(e.time), what);
        else
          out += fmt::format("  - {}  {}: only {}\n", plan_moment(e.time), what, e.rule);
      }
    }
  }
  return out;
}

std::string shadow_json(const std::vector<ShadowWatch::Figures>& all) {
  std::string out = "[";
  for (const ShadowWatch::Figures& f : all) {
    std::string actions, examples;
    for (const std::string& action : f.actions) actions += (actions.empty() ? "" : ",") + quote(action);
    for (std::size_t kind = 0; kind < kKinds.size(); ++kind) {
      for (const ShadowWatch::Example& e : f.examples[kind]) {
        examples += fmt::format("{}{{\"kind\":\"{}\",\"time\":{},\"action\":{},\"target\":{}", examples.empty() ? "" : ",", kKinds[kind],
                                time_json(e.time), quote(e.action), e.target);
        if (!e.rule.empty()) examples += ",\"active_rule\":" + quote(e.rule);
        if (e.active) examples += ",\"active_time\":" + time_json(*e.active);
        examples += "}";
      }
    }
    out += fmt::format(
        "{}{{\"rule\":{},\"actions\":[{}],\"shadow\":{},\"active\":{},\"same\":{},\"other_time\":{},\"only_shadow\":{},"
        "\"only_active\":{},\"open_shadow\":{},\"open_active\":{},\"examples\":[{}]}}",
        out.size() == 1 ? "" : ",", quote(f.rule), actions, f.shadow, f.active, f.same, f.other_time, f.only_shadow, f.only_active,
        f.open_shadow, f.open_active, examples);
  }
  return out + "]";
}

}  // namespace flyball::app
