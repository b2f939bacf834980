// Calendars, and conditions that change with time alone: `now in calendar`, `now > c.expires - 30d`.
#include "engine/compile/plan_builder.h"

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
