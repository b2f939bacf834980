// What is under way, for people: looks at tables and timers, changes nothing. O(what there is).
#include <algorithm>

#include "engine/session/session_impl.h"

namespace flyball::engine {

std::string_view to_string(DeadlineKind kind) {
  switch (kind) {
    case DeadlineKind::kStale: return "stale";
    case DeadlineKind::kWindow: return "window";
    case DeadlineKind::kCalendar: return "calendar";
    case DeadlineKind::kNow: return "now";
    case DeadlineKind::kSilence: return "silence";
    case DeadlineKind::kHold: return "hold";
    case DeadlineKind::kKeep: return "keep";
    case DeadlineKind::kCooldown: return "cooldown";
    case DeadlineKind::kRepeat: return "repeat";
    case DeadlineKind::kActionTimeout: return "action_timeout";
    case DeadlineKind::kActionTry: return "action_try";
    case DeadlineKind::kRate: return "rate";
    case DeadlineKind::kForget: return "forget";
    case DeadlineKind::kInput: return "input";
  }
  return "stale";
}

namespace {

class Looker {
 public:
  Looker(const ProgramData& data, const Network& network, const Episodes& episodes, const Actions& actions)
      : data_(data), network_(network), episodes_(episodes), actions_(actions) {}

  FactNamed named(FactTypeId type, FactId fact) const {
    const FactStore& store = network_.store(type);
    return {data_.written_type(type), store.last_row(fact).values(store.width())};
  }
  std::vector<FactNamed> named(const std::vector<FactTypeId>& types, const FactId* facts, std::size_t count) const {
    std::vector<FactNamed> out;
    for (std::size_t i = 0; i < count && i < types.size(); ++i) out.push_back(named(types[i], facts[i]));
    return out;
  }
  EpisodeView episode(std::uint32_t rule, EntryId id) const {
    const RuleEntry& e = episodes_.entry(rule, id);
    const RulePlan& plan = data_.rules[rule];
    EpisodeView view{rule, named(plan.identity_types, episodes_.identity_of(rule, id), plan.identity_types.size()), e.onset, {}};
    if (plan.keep_ns > 0 && e.false_since != kTimestampMax) view.false_since = e.false_since;
    return view;
  }

  ast::Span span_of(std::uint32_t rule, std::uint32_t line, bool in_until) const {
    const std::vector<ExplainLine>& lines = in_until ? data_.explain[rule].until : data_.explain[rule].when;
    return line < lines.size() ? lines[line].span : ast::Span{};
  }

  // What this timer is about; one that means something.
  DeadlineView deadline(const Timer& timer) const {
    DeadlineView out;
    out.due = timer.due;
    const auto of_entry = [&](DeadlineKind kind) {
      out.kind = kind;
      out.rule = timer.a;
      const RulePlan& plan = data_.rules[timer.a];
      const bool by_identity = kind != DeadlineKind::kCooldown || plan.cooldown_by_identity;
      if (by_identity) out.facts = named(plan.identity_types, episodes_.identity_of(timer.a, timer.b), plan.identity_types.size());
    };
    const auto of_line = [&](DeadlineKind kind, const auto& plan, Timestamp from, const FactId* facts) {
      out.kind = kind;
      out.rule = plan.rule;
      out.line = plan.line;
      out.in_until = plan.in_until;
      out.span = span_of(plan.rule, plan.line, plan.in_until);
      out.from = from;
      out.facts = named(plan.types, facts, plan.arity);
    };
    const auto of_action = [&](DeadlineKind kind) {
      out.kind = kind;
      const ActionRecord& record = actions_.record(timer.a);
      out.rule = record.rule;
      out.type = record.type;
      out.action = to_text(record.id);
    };
    switch (timer.kind) {
      case TimerKind::kExpiry:
        out.kind = DeadlineKind::kStale;
        out.type = data_.written_type(timer.a);
        out.facts.push_back(named(timer.a, timer.b));
        break;
      case TimerKind::kWindow: out.kind = DeadlineKind::kWindow; break;
      case TimerKind::kCalendar: out.kind = DeadlineKind::kCalendar; break;
      case TimerKind::kClock:
      case TimerKind::kFactClock: out.kind = DeadlineKind::kNow; break;
      case TimerKind::kHold: {
        const HoldPlan& plan = data_.holds[timer.a];
        const HoldTable& table = network_.hold_table(timer.a);
        of_line(DeadlineKind::kHold, plan, table[timer.b].onset, table.facts_of(timer.b));
        break;
      }
      case TimerKind::kAbsence: {
        const AbsencePlan& plan = data_.absences[timer.a];
        const AbsenceTable& table = network_.absence_table(timer.a);
        of_line(DeadlineKind::kSilence, plan, table[timer.b].base, table.facts_of(timer.b));
        break;
      }
      case TimerKind::kKeep: of_entry(DeadlineKind::kKeep); break;
      case TimerKind::kCooldown: of_entry(DeadlineKind::kCooldown); break;
      case TimerKind::kRepeat: of_entry(DeadlineKind::kRepeat); break;
      case TimerKind::kActionTimeout: of_action(DeadlineKind::kActionTimeout); break;
      case TimerKind::kActionTry: of_action(DeadlineKind::kActionTry); break;
      case TimerKind::kRetain: of_action(DeadlineKind::kForget); break;
      case TimerKind::kRate:
        out.kind = DeadlineKind::kRate;
        out.type = timer.a;
        break;
    }
    return out;
  }

 private:
  const ProgramData& data_;
  const Network& network_;
  const Episodes& episodes_;
  const Actions& actions_;
};

// Timers as they fall due; of those of one time in a fixed order, whatever the heap's.
bool before(const Timer& a, const Timer& b) { return std::tuple(a.due, a.kind, a.a, a.b) < std::tuple(b.due, b.kind, b.a, b.b); }

}  // namespace

Moment Session::moment(std::size_t at_most) const {
  const Impl& s = *impl_;
  const Looker look(s.data, s.network, s.episodes, s.actions);
  Moment out;
  for (std::uint32_t rule = 0; rule < s.data.rules.size(); ++rule) {
    const auto& table = s.episodes.table(rule);
    std::vector<EntryId> active;
    for (EntryId e = 0; e < table.end(); ++e) {
      if (table.in_use(e) && table[e].active) active.push_back(e);
    }
    const RulePlan& plan = s.data.rules[rule];
    std::sort(active.begin(), active.end(), [&](EntryId a, EntryId b) {
      const FactId *fa = table.facts_of(a), *fb = table.facts_of(b);
      for (std::size_t i = 0; i < plan.identity_types.size(); ++i) {
        const int order = s.network.store(plan.identity_types[i]).compare_keys(fa[i], fb[i], s.in);
        if (order != 0) return order < 0;
      }
      return a < b;
    });
    for (const EntryId e : active) {
      if (out.episodes.size() < at_most)
        out.episodes.push_back(look.episode(rule, e));
      else
        ++out.more_episodes;
    }
  }
  out.actions = s.actions.open(at_most, out.more_actions);
  std::vector<Timer> timers = s.timers.all();
  std::erase_if(timers, [&](const Timer& timer) { return s.real_due(timer) != timer.due; });
  // Those that were renewed stand at their old time: they are put off when that comes, and are looked at where they will be then.
  for (const Timer& timer : s.timers.all()) {
    if (const Timestamp due = s.real_due(timer); due != timer.due && due != kTimestampMax)
      timers.push_back({due, timer.kind, timer.a, timer.b});
  }
  std::sort(timers.begin(), timers.end(), before);
  timers.erase(std::unique(timers.begin(), timers.end(), [](const Timer& a, const Timer& b) { return !before(a, b) && !before(b, a); }),
               timers.end());
  for (const Timer& timer : timers) {
    if (out.deadlines.size() < at_most)
      out.deadlines.push_back(look.deadline(timer));
    else
      ++out.more_deadlines;
  }
  out.waiting = waiting().size();
  return out;
}

}  // namespace flyball::engine
