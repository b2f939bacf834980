// The judge: assigns actions to expectations, then says of each step that failed what was expected and what happened.
#include "app/testing/judge.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "model/compare.h"
#include "model/text.h"

namespace flyball::app::testing {
namespace {

constexpr std::size_t kMaxShown = 5;  // lines of what happened instead

class Judge {
 public:
  Judge(const Plan& plan, const Recording& recording, const ast::RuleSet& rules, const Interner& interner)
      : plan_(plan), recording_(recording), rules_(rules), schema_(rules.schema), interner_(interner) {}

  Verdict judge() {
    assign();
    for (std::size_t i = 0; i < plan_.expectations.size(); ++i) one(i);
    answers();
    for (const Refusal& refusal : recording_.refusals) {
      verdict_.failures.push_back({.step = plan_.inputs[refusal.input].step, .message = "the engine refused it: " + refusal.message});
    }
    unmatched();
    if (recording_.restart_differed)
      verdict_.failures.push_back({.step = kNoStep, .message = "after `restart` the same inputs gave other actions"});
    std::stable_sort(verdict_.failures.begin(), verdict_.failures.end(),
                     [](const Failure& a, const Failure& b) { return a.step < b.step; });
    return std::move(verdict_);
  }

 private:
  static constexpr std::size_t kNoStep = static_cast<std::size_t>(-1);

  // An acknowledgement that met nothing is a mistake of the test's author: it looks as if the action had been there.
  void unmatched() {
    std::map<std::size_t, std::size_t> of_step;
    for (const std::size_t input : recording_.unmatched) ++of_step[plan_.inputs[input].step];
    for (const auto& [step, n] : of_step) verdict_.failures.push_back({.step = step, .message = unmatched_text(step, n)});
  }

  std::string unmatched_text(std::size_t step, std::size_t n) const {
    ActionState state = ActionState::kAcked;
    for (const Input& input : plan_.inputs) {
      const AckInput* ack = input.step == step ? std::get_if<AckInput>(&input.what) : nullptr;
      if (ack != nullptr) state = ack->state;
    }
    const bool approval = state == ActionState::kApproved;
    if (approval || state == ActionState::kRejected) {
      const char* one = approval ? "an approval" : "a rejection";
      return fmt::format("{} met nothing that waits for approval", n == 1 ? one : fmt::format("{} {}s", n, one + (approval ? 3 : 2)));
    }
    return n == 1 ? "an acknowledgement met no waiting action" : fmt::format("{} acknowledgements met no waiting action", n);
  }

  Value field_of(const ActionOutput& a, std::uint32_t field) const {
    const FactType& type = schema_.types[a.action];
    if (field < type.declared_fields) return a.data[field];
    switch (static_cast<ActionField>(field - type.declared_fields)) {
      case ActionField::kId: return interner_.find_string(a.id);
      case ActionField::kState: return interner_.find_string(to_string(a.state));
      case ActionField::kAt: return to_value(a.time);
      case ActionField::kTries: return Value::integer(a.try_number);
      case ActionField::kRule: return interner_.find_string(a.rule_name);
      case ActionField::kResult: break;
    }
    return Value::null();
  }

  bool names_state(const Expectation& e) const {
    const std::uint32_t state = schema_.types[e.action].action_field(ActionField::kState);
    return std::any_of(e.fields.begin(), e.fields.end(), [&](const auto& f) { return f.first == state; });
  }

  bool in_time(const Expectation& e, Timestamp t) const { return e.exactly ? t == e.time : t <= e.time; }

  // Everything but the time.
  bool fits(const Expectation& e, const ActionOutput& a) const {
    if (a.action != e.action || a.shadow) return false;
    if (e.rule != kNoId && a.rule != e.rule) return false;
    if (a.state != ActionState::kSent && !names_state(e)) return false;
    return std::all_of(e.fields.begin(), e.fields.end(),
                       [&](const auto& f) { return compare_total(field_of(a, f.first), f.second, interner_) == 0; });
  }
  bool matches(const Expectation& e, const ActionOutput& a) const { return in_time(e, a.time) && fits(e, a); }

  // The largest assignment of actions to `expect A`, by augmenting paths; expectations in the order of the file, each
  // taking the earliest action it can.
  void assign() {
    const std::size_t n = recording_.actions.size();
    taken_by_.assign(n, kNoStep);
    claimed_.assign(n, false);
    given_.assign(plan_.expectations.size(), kNoStep);
    for (std::size_t e = 0; e < plan_.expectations.size(); ++e) {
      if (plan_.expectations[e].want != Want::kAction) continue;
      std::vector<bool> tried(n, false);
      augment(e, tried);
    }
    for (std::size_t a = 0; a < n; ++a) {
      if (taken_by_[a] != kNoStep) given_[taken_by_[a]] = a;
      claimed_[a] = taken_by_[a] != kNoStep;
    }
    for (const Expectation& e : plan_.expectations) {
      if (e.want != Want::kCount) continue;
      for (std::size_t a = 0; a < n; ++a) claimed_[a] = claimed_[a] || matches(e, recording_.actions[a]);
    }
  }

  bool augment(std::size_t e, std::vector<bool>& tried) {
    for (std::size_t a = 0; a < recording_.actions.size(); ++a) {
      if (tried[a] || !matches(plan_.expectations[e], recording_.actions[a])) continue;
      tried[a] = true;
      if (taken_by_[a] == kNoStep || augment(taken_by_[a], tried)) {
        taken_by_[a] = e;
        return true;
      }
    }
    return false;
  }

  std::string when(const Expectation& e) const { return fmt::format("{} {}", e.exactly ? "at" : "by", since_start(plan_, e.time)); }

  std::string wanted(const Expectation& e) const {
    const FactType& type = schema_.types[e.action];
    std::string out = type.local;
    for (std::size_t i = 0; i < e.fields.size(); ++i) {
      out += fmt::format("{}{}: {}", i == 0 ? " { " : ", ", type.fields[e.fields[i].first].name, to_source(e.fields[i].second, interner_));
    }
    if (!e.fields.empty()) out += " }";
    if (e.rule != kNoId) out += " from " + rules_.rules[e.rule].name.text;
    return out;
  }

  std::string seen(const ActionOutput& a) const {
    return fmt::format("{} {}", since_start(plan_, a.time), describe(a, schema_, interner_));
  }

  // Actions of the expected type, nearest in time first, each with why it does not serve.
  std::vector<std::string> nearby(const Expectation& e) const {
    std::vector<std::size_t> order;
    for (std::size_t a = 0; a < recording_.actions.size(); ++a) {
      if (recording_.actions[a].action == e.action) order.push_back(a);
    }
    const auto distance = [&](std::size_t a) {
      const DurationNs d = recording_.actions[a].time - e.time;
      return d < 0 ? -d : d;
    };
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return distance(a) < distance(b); });
    std::vector<std::string> lines;
    for (const std::size_t i : order) {
      if (lines.size() == kMaxShown) {
        lines.push_back(fmt::format("and {} more", order.size() - kMaxShown));
        break;
      }
      const ActionOutput& a = recording_.actions[i];
      std::string why;
      const auto add = [&](std::string reason) { why += (why.empty() ? "" : ", ") + reason; };
      for (const auto& [field, v] : e.fields) {
        const Value is = field_of(a, field);
        if (compare_total(is, v, interner_) != 0)
          add(fmt::format("`{}` is {}, not {}", schema_.types[e.action].fields[field].name, to_source(is, interner_),
                          to_source(v, interner_)));
      }
      if (e.rule != kNoId && a.rule != e.rule) add(fmt::format("from `{}`", a.rule_name));
      if (a.shadow) add("its rule is in mode shadow");
      if (a.state != ActionState::kSent && !names_state(e)) add(fmt::format("it is {}", to_string(a.state)));
      if (!in_time(e, a.time)) add(a.time < e.time ? "too early" : "too late");
      if (why.empty()) add(taken_by_[i] != kNoStep ? "another expectation has it" : "it fits");
      lines.push_back(fmt::format("{}: {}", seen(a), why));
    }
    if (lines.empty()) lines.push_back(fmt::format("no {} happened", schema_.types[e.action].local));
    return lines;
  }

  void failed(const Expectation& e, std::string message, std::vector<std::string> happened, bool ask_why_not = false) {
    Failure f{.step = e.step, .message = std::move(message), .happened = std::move(happened)};
    if (ask_why_not) {
      f.at = e.time;
      f.why_not_rule = culprit(e);
      for (const auto& [field, v] : e.fields) f.why_not_with.emplace_back(schema_.types[e.action].fields[field].name, v);
    }
    verdict_.failures.push_back(std::move(f));
  }

  // The rule that should have sent it: the one named, else the only one that can.
  std::uint32_t culprit(const Expectation& e) const {
    if (e.rule != kNoId) return e.rule;
    std::uint32_t only = kNoId;
    for (std::uint32_t r = 0; r < rules_.rules.size(); ++r) {
      const auto makes = [&](const std::vector<ast::Effect>& effects) {
        return std::any_of(effects.begin(), effects.end(),
                           [&](const ast::Effect& x) { return x.kind == ast::EffectKind::kDo && x.record.fact_type == e.action; });
      };
      if (!makes(rules_.rules[r].then)) continue;
      if (only != kNoId) return kNoId;
      only = r;
    }
    return only;
  }

  std::vector<std::string> listed(const std::vector<std::size_t>& indexes) const {
    std::vector<std::string> lines;
    for (const std::size_t i : indexes) {
      if (lines.size() == kMaxShown) {
        lines.push_back(fmt::format("and {} more", indexes.size() - kMaxShown));
        break;
      }
      lines.push_back(fmt::format("{} from {}", seen(recording_.actions[i]), recording_.actions[i].rule_name));
    }
    return lines;
  }

  void one(std::size_t index) {
    const Expectation& e = plan_.expectations[index];
    std::vector<std::size_t> hits;
    if (e.want == Want::kCount || e.want == Want::kNone) {
      for (std::size_t a = 0; a < recording_.actions.size(); ++a) {
        if (matches(e, recording_.actions[a])) hits.push_back(a);
      }
    }
    switch (e.want) {
      case Want::kAction:
        if (given_[index] == kNoStep) failed(e, fmt::format("expected {} {}", when(e), wanted(e)), nearby(e), true);
        return;
      case Want::kCount:
        if (hits.size() != e.count) {
          failed(e, fmt::format("expected {} {} of {}, there were {}", when(e), e.count, wanted(e), hits.size()),
                 hits.size() > e.count ? listed(hits) : nearby(e), hits.size() < e.count);
        }
        return;
      case Want::kNone:
        if (!hits.empty())
          failed(e,
                 fmt::format("expected {} no {}, there {}", when(e), wanted(e),
                             hits.size() == 1 ? "was one" : fmt::format("were {}", hits.size())),
                 listed(hits));
        return;
      case Want::kNothingElse: {
        for (std::size_t a = 0; a < recording_.actions.size(); ++a) {
          const ActionOutput& action = recording_.actions[a];
          if (!claimed_[a] && !action.shadow && action.state == ActionState::kSent && in_time(e, action.time)) hits.push_back(a);
        }
        if (!hits.empty())
          failed(e,
                 fmt::format("expected nothing else {}, there {}", when(e),
                             hits.size() == 1 ? "was one more action" : fmt::format("were {} more actions", hits.size())),
                 listed(hits));
        return;
      }
      case Want::kFirings: {
        const auto n = static_cast<std::uint64_t>(std::count_if(recording_.firings.begin(), recording_.firings.end(), [&](const Firing& f) {
          return in_time(e, f.time) && (e.rule == kNoId || f.rule == e.rule);
        }));
        if (n != e.count) {
          failed(e,
                 fmt::format("expected {} {} firings{}, there were {}", when(e), e.count,
                             e.rule == kNoId ? "" : " of " + rules_.rules[e.rule].name.text, n),
                 {});
        }
        return;
      }
    }
  }

  void answers() {
    for (const Answer& given : recording_.answers) {
      const Input& input = plan_.inputs[given.input];
      const Question& q = std::get<Question>(input.what);
      const DecisionType& decision = schema_.decisions[q.decision];
      Failure f{.step = input.step};
      if (!given.answer) {
        f.message = fmt::format("`{}` gave no answer: {}", decision.local, given.answer.error().message);
        verdict_.failures.push_back(std::move(f));
        continue;
      }
      const std::size_t width = decision.output.size();
      if (q.expects && decision.list && given.answer->output.size() != q.expected.size() * width)
        f.happened.push_back(
            fmt::format("the answer has {} outputs, not {}", width == 0 ? 0 : given.answer->output.size() / width, q.expected.size()));
      for (std::size_t i = 0; i < q.expected.size() && f.happened.empty(); ++i) {
        for (const auto& [field, v] : q.expected[i]) {
          const Value is = given.answer->output[i * width + field];
          if (compare_total(is, v, interner_) == 0) continue;
          const std::string which = decision.list ? fmt::format(" of output {}", i + 1) : "";
          f.happened.push_back(
              fmt::format("`{}`{} is {}, not {}", decision.output[field].name, which, to_source(is, interner_), to_source(v, interner_)));
        }
      }
      if (!q.from.empty() && given.answer->from != q.from)
        f.happened.push_back(fmt::format("the answer is from {}, not from {}", given.answer->from, q.from));
      for (const std::string& skipped : given.answer->skipped_unknown) {
        if (!f.happened.empty()) f.happened.push_back(fmt::format("{} was skipped as unknown", skipped));
      }
      if (f.happened.empty()) continue;
      f.message = fmt::format("`{}` at {} answered otherwise", decision.local, since_start(plan_, input.arrival));
      verdict_.failures.push_back(std::move(f));
    }
  }

  const Plan& plan_;
  const Recording& recording_;
  const ast::RuleSet& rules_;
  const Schema& schema_;
  const Interner& interner_;
  Verdict verdict_;
  std::vector<std::size_t> taken_by_;  // by action: index of the expectation that has it
  std::vector<std::size_t> given_;     // by expectation: index of its action
  std::vector<bool> claimed_;          // by action: named by some expectation
};

}  // namespace

Verdict judge(const Plan& plan, const Recording& recording, const ast::RuleSet& rules, const Interner& interner) {
  return Judge(plan, recording, rules, interner).judge();
}

std::string since_start(const Plan& plan, Timestamp t) { return t == plan.start ? "0s" : format_duration_human(t - plan.start); }

std::string describe(const ActionOutput& action, const Schema& schema, const Interner& interner) {
  const FactType& type = schema.types[action.action];
  std::string out = type.local;
  for (std::size_t i = 0; i < action.data.size(); ++i) {
    out += fmt::format("{}{}: {}", i == 0 ? " { " : ", ", type.fields[i].name, to_source(action.data[i], interner));
  }
  if (!action.data.empty()) out += " }";
  if (action.state != ActionState::kSent) out += fmt::format(" ({})", to_string(action.state));
  if (action.try_number > 1) out += fmt::format(" (try {})", action.try_number);
  if (action.shadow) out += " (shadow)";
  if (action.was_due) out += " (late)";
  return out;
}

}  // namespace flyball::app::testing
