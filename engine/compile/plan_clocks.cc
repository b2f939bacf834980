// Calendars, and conditions that change with time alone: `now in calendar`, `now > c.expires - 30d`.
#include <functional>

#include "engine/compile/plan_builder.h"
#include "model/check.h"

namespace flyball::engine {

Result<void> PlanBuilder::plan_calendars() {
  for (const Calendar& calendar : out_.rule_set.schema.calendars) {
    std::optional<LocalZone> zone = LocalZone::find(calendar.zone);
    if (!zone) {
      return fail("this machine has no table of the time zone `" + calendar.zone + "` of the calendar `" + calendar.local + "`",
                  "install the time zone tables (Debian: tzdata)");
    }
    out_.calendars.push_back(std::make_unique<const CalendarClock>(calendar, std::move(*zone)));
  }
  return {};
}

namespace {

void each_clock(const ast::Expr& e, const std::function<void(const ast::Expr&)>& f) {
  if (e.clock != ast::kNoClock) f(e);
  for (const ast::Expr& a : e.args) each_clock(a, f);
}

bool reads(const ast::Expr& e, std::uint32_t binding) {
  const bool fact = e.ref.kind == ast::RefKind::kField || e.ref.kind == ast::RefKind::kFact;
  return (fact && e.ref.binding == binding) ||
         std::any_of(e.args.begin(), e.args.end(), [&](const ast::Expr& a) { return reads(a, binding); });
}

}  // namespace

// Of a line without a name, or an aggregate: what compares `now` with fields of its own fact. The checker has seen that nothing
// else stands in such a part of the condition.
void PlanBuilder::inline_clocks(const ast::Expr& where, std::uint32_t own, RuleScope& scope) {
  for (const ast::Expr* part : conjuncts(where)) {
    bool any = false;
    each_clock(*part, [&](const ast::Expr& e) { any = any || reads(e, own); });
    if (any) each_clock(*part, [&](const ast::Expr& e) { scope.inlined.insert(e.clock); });
  }
}

// The type's facts are looked at again when a test of an alpha changes with time alone.
void PlanBuilder::plan_fact_clocks(FactTypeId type, const ast::Expr& test, const RuleScope& scope, std::uint32_t own) {
  each_clock(test, [&](const ast::Expr& e) {
    FB_CHECK(scope.inlined.contains(e.clock));
    FactClock clock;
    clock.change = clock_plan(e, scope);
    clock.scope = scope.id;
    clock.binding = own;
    clock.reads = clock.change.condition.reads_of(own);
    out_.types[type].clocks.push_back(std::move(clock));
  });
}

ClockPlan PlanBuilder::clock_plan(const ast::Expr& e, const RuleScope& scope) {
  ClockPlan clock;
  clock.condition = formula(e, scope, &e);
  if (e.args[1].ref.kind == ast::RefKind::kCalendar) {
    clock.calendar = e.args[1].ref.index;
    return clock;
  }
  // The checker has put `now` on the left.
  clock.left = formula(e.args[0], scope);
  clock.right = formula(e.args[1], scope);
  clock.after = e.op == ast::Op::kGreater || e.op == ast::Op::kLessEqual;
  return clock;
}

}  // namespace flyball::engine
