// A run of one package for a plan.
#include "app/replay/plan_side.h"

#include <fmt/core.h>

#include <algorithm>

#include "app/explain/lookup.h"
#include "app/explain/render.h"
#include "app/io/json.h"
#include "bus/codec/json_lines.h"
#include "model/text.h"

namespace flyball::app {

class PlanSide::Sink : public RefusalSink {
 public:
  Sink(const CompiledPackage& package, Io& io) : shadow(package), package_(package), io_(io) {}

  void on_action(const ActionOutput& action) override {
    const ast::RuleSet& rules = package_.program->rules();
    const FactType& type = rules.schema.types[action.action];
    ActionLine& line = lines.emplace_back();
    line.time = action.time;
    line.id = action.id;
    line.rule = action.rule_name;
    line.rule_index = action.rule;
    line.action = type.name;
    bus::append_fields(line.data, type.fields, type.declared_fields, action.data, package_.interner);
    line.text = record_text(action.action, action.data, {rules, package_.sources, package_.interner});
    line.state = action.state;
    line.try_number = action.try_number;
    line.shadow = action.shadow;
    shadow.note(action);
  }
  void on_trouble(Timestamp t, const std::string& message) override {
    std::string at;
    bus::append_time(at, t);
    io_.warning(fmt::format("at {}: {}", at, message));
  }

  void on_derived(const DerivedOutput& output) override {
    if (!keep_derived) return;
    const ast::RuleSet& rules = package_.program->rules();
    const FactType& type = rules.schema.types[output.type];
    DerivedLine& line = derived.emplace_back();
    line.time = output.time;
    line.present = output.present;
    line.type = type.name;
    bus::append_fields(line.data, type.fields, output.values.size(), output.values, package_.interner);
    line.text = record_text(output.type, output.values, {rules, package_.sources, package_.interner});
  }

  std::deque<ActionLine> lines;
  std::vector<DerivedLine> derived;
  bool keep_derived = false;
  ShadowRun shadow;

 private:
  const CompiledPackage& package_;
  Io& io_;
};

PlanSide::PlanSide(std::unique_ptr<CompiledPackage> package, std::string lines_name, const ReplayOptions& options, Io& io,
                   const engine::Limits& limits)
    : package_(std::move(package)), sink_(std::make_unique<Sink>(*package_, io)) {
  session_ = std::make_unique<engine::Session>(*package_->program, package_->interner, *sink_, limits);
  feeder_ =
      std::make_unique<LineFeeder>(std::move(lines_name), package_->program->schema(), package_->interner, *session_, *sink_, options, io);
}
PlanSide::~PlanSide() = default;

Result<void> PlanSide::put(FactInput input, std::uint64_t number) {
  input.origin = number;
  if (const Result<engine::PutOutcome> done = session_->put(input); !done) return std::unexpected(done.error());
  return {};
}
std::vector<RefusalSink::Refusal> PlanSide::take_refusals() { return std::exchange(sink_->refusals, {}); }

void PlanSide::keep_derived() { sink_->keep_derived = true; }
std::vector<PlanSide::DerivedLine> PlanSide::take_derived() { return std::exchange(sink_->derived, {}); }
std::deque<ActionLine>& PlanSide::lines() { return sink_->lines; }
std::vector<ShadowWatch::Figures> PlanSide::shadow() { return sink_->shadow.figures(); }

bool PlanSide::has_rule(const std::string& name) const {
  const std::vector<ast::RuleDecl>& rules = package_->program->rules().rules;
  return std::any_of(rules.begin(), rules.end(), [&](const ast::RuleDecl& rule) { return rule.qualified == name; });
}

std::vector<std::string> PlanSide::because(const ActionLine& line) const {
  const std::optional<engine::Explanation> why = session_->why(line.id);
  if (!why) return {};
  return because_lines(*why, {package_->program->rules(), package_->sources, package_->interner}, kReasonLines);
}

std::optional<std::vector<std::pair<std::string, std::string>>> PlanSide::keys_of(const ActionLine& line) const {
  const std::optional<engine::Explanation> why = session_->why(line.id);
  if (!why || why->clear) return std::nullopt;
  std::vector<std::pair<std::string, std::string>> keys;
  const Schema& schema = package_->program->schema();
  for (const engine::FactUsed& fact : why->facts) {
    if (fact.name.empty() || fact.each != kNoId) continue;
    const FactType& type = schema.types[fact.type];
    for (std::uint32_t i = 0; i < type.fields.size() && i < fact.values.size(); ++i) {
      if (!type.is_key_field(i)) continue;
      const std::string& name = type.fields[i].name;
      // Two facts may have a field of one name: the first says which match is meant.
      if (std::any_of(keys.begin(), keys.end(), [&](const auto& key) { return key.first == name; })) continue;
      std::string text;
      append_json(text, fact.values[i], package_->interner);
      keys.emplace_back(name, std::move(text));
    }
  }
  return keys;
}

std::string PlanSide::why_not(const std::string& rule, const std::vector<std::pair<std::string, std::string>>& keys) const {
  const ast::RuleSet& rules = package_->program->rules();
  const auto found = std::find_if(rules.rules.begin(), rules.rules.end(), [&](const ast::RuleDecl& r) { return r.qualified == rule; });
  if (found == rules.rules.end()) return {};
  const auto index = static_cast<std::uint32_t>(found - rules.rules.begin());
  std::vector<std::pair<std::string, Value>> with;
  for (const auto& key : keys) {
    // A field that these rules do not know says nothing here.
    const auto value = with_values(rules, index, {key}, package_->interner);
    if (value) with.push_back(value->front());
  }
  const engine::WhyNot why = session_->why_not(index, with);
  if (why.status == "ready" || why.status == "active") return {};
  if (!why.line || *why.line >= why.lines.size()) return why.sentence;
  const engine::LineExplained& line = why.lines[*why.line];
  const std::string_view written = line.text.empty() ? package_->sources.text(line.span) : std::string_view(line.text);
  std::string source;
  for (const char c : written) {
    const bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!blank)
      source += c;
    else if (!source.empty() && source.back() != ' ')
      source += ' ';
  }
  // The session stands right before its next input: how long a hold has lasted by then is not of interest, when it is due is.
  const auto moment = [](Timestamp t) { return format_timestamp(to_value(t)); };
  if (line.since && line.due) return fmt::format("{}: true since {}, so met at {}", source, moment(*line.since), moment(*line.due));
  // Of a production the facts may have changed since it could have fired.
  const std::string_view when = found->strategy == ast::Strategy::kEpisodes ? "" : "at the end of that instant, ";
  return fmt::format("{}{} [{}]", when, why.sentence, source);
}

PlanSide::Answer PlanSide::answer(const std::string& decision, const std::string& input) const {
  const Schema& schema = package_->program->schema();
  const auto failed = [](const Error& error) { return Answer{error.message, {}, true}; };
  const Result<DecisionId> id = find_decision(schema, decision);
  if (!id) return failed(id.error());
  const Result<std::vector<Value>> values = bus::parse_decision_input(schema, *id, input, package_->interner);
  if (!values) return failed(values.error());
  const Result<engine::DecisionAnswer> given = session_->decide(*id, *values);
  if (!given) return failed(given.error());
  std::string line;
  bus::append_answer(line, {*id, &given->output, given->from, given->as_of, given->position, &given->skipped_unknown}, schema,
                     package_->interner);
  return {json_member(line, "output"), given->from, false};
}

void give_reason(ActionChange& change, const PlanSide& before, const PlanSide& after, std::string_view not_before,
                 std::string_view not_after) {
  const auto say = [&](std::string_view what, const std::vector<std::string>& lines) {
    for (const std::string& line : lines) change.reason.push_back(fmt::format("{}: {}", what, line));
  };
  const ActionLine& line = change.after ? *change.after : *change.before;
  const PlanSide& side = change.after ? after : before;
  const PlanSide& other = change.after ? before : after;
  // Why a rule ran says nothing of what became of its action later: another try, an approval, an expiry.
  const bool ran = line.try_number <= 1 &&
                   (line.state == ActionState::kSent || line.state == ActionState::kProposed || line.state == ActionState::kRefused);
  if (!ran) return;
  if (change.kind != ChangeKind::kChanged) {
    if (!other.has_rule(line.rule)) {
      change.reason.emplace_back(change.after ? "the rule is new" : "the rule is gone");
    } else if (const auto keys = side.keys_of(line)) {
      const std::string sentence = other.why_not(line.rule, *keys);
      if (!sentence.empty()) say(change.after ? not_before : not_after, {sentence});
    }
  }
  say(change.after ? "because" : "was because", side.because(line));
}

}  // namespace flyball::app
