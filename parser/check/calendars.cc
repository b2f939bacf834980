// Calendars: their spans become numbers of the Schema; empty ranges, zones and what `during` names are checked here; and `x in calendar`.
// See passes.h and expressions.h.
#include <fmt/format.h>

#include <algorithm>

#include "model/zone_names.h"
#include "parser/check/expressions.h"
#include "parser/check/passes.h"

namespace flyball::check {

using ast::CalendarDay;
using ast::CalendarDays;
using ast::Expr;
using ast::ExprKind;

namespace {

void empty_range(Package& p, ast::Span at, std::string help) {
  p.report.error("E0414", at, fmt::format("`{}` holds nothing", p.report.excerpt(at)), std::move(help));
}

void add_day(Package& p, CalendarSpan& span, const CalendarDay& day) {
  switch (day.kind) {
    case CalendarDays::kDaily: span.daily = true; return;
    case CalendarDays::kLastDay: span.month_days |= 1; return;
    case CalendarDays::kWeekdays:
      for (std::int32_t d = day.first;; d = (d + 1) % 7) {
        span.weekdays |= static_cast<std::uint8_t>(1U << static_cast<std::uint32_t>(d));
        if (d == day.last) return;
      }
    case CalendarDays::kMonthDays:
      if (day.first > day.last) return empty_range(p, day.span, "its first day is after its last");
      for (std::int32_t d = day.first; d <= day.last; ++d) span.month_days |= 1U << static_cast<std::uint32_t>(d);
      return;
    case CalendarDays::kDates:
      if (day.first > day.last) return empty_range(p, day.span, "its first day is after its last");
      span.dates.emplace_back(day.first, day.last);
      return;
  }
}

CalendarSpan make_span(Package& p, const ast::CalendarPart& part) {
  CalendarSpan span;
  for (const CalendarDay& day : part.days) add_day(p, span, day);
  for (const ast::CalendarTime& time : part.times) {
    if (time.first == time.last) {
      empty_range(p, time.span, "the end is not inside; a whole day is written without times, or `00:00..24:00`");
    } else if (time.first >= kDaySeconds) {
      empty_range(p, time.span, "`24:00` is an end; a range that begins at midnight begins at `00:00`");
    } else {
      span.times.emplace_back(time.first, time.last < time.first ? time.last + kDaySeconds : time.last);
    }
  }
  if (part.times.empty()) span.times.emplace_back(0, kDaySeconds);
  return span;
}

// `zone` is said at `at`, where a fix is offered only if that is the text itself and not a name for it.
void no_such_zone(Package& p, ast::Span at, const std::string& zone) {
  Diagnostic d{"E0415", Severity::kError, at, fmt::format("there is no time zone `{}`", zone), {}, {}};
  std::vector<std::string> meant = nearest(zone, zone_names());
  // `Madrid`: the city alone.
  for (const std::string& name : zone_names()) {
    if (meant.empty() && !zone.empty() && name.ends_with("/" + zone)) meant.push_back(name);
  }
  const std::string_view written = p.report.text(at);
  const bool is_text = written.starts_with('"') || written.starts_with('\'');
  if (meant.size() == 1 && is_text) d.fix = Fix{d.span, "\"" + meant.front() + "\""};
  d.help = meant.size() > 1 || (meant.size() == 1 && !is_text)
               ? did_you_mean(meant)
               : "zones have the names of the IANA database: `Europe/Madrid`, `UTC`; or `+02:00`";
  p.diagnostics.add(std::move(d));
}

}  // namespace

bool ExprChecker::unknown_zone(Expr& e) {
  const std::optional<Value> value = fold(e.args[1], p_.interner);
  if (!value || !value->is(Kind::kString)) return false;
  const std::string zone(p_.interner.text(*value));
  // CEL's functions take these for UTC, too.
  if (zone.empty() || zone == "Z" || is_zone_name(zone)) return false;
  no_such_zone(p_, e.args[1].span, zone);
  e.type = Type::of(TypeTag::kError);
  return true;
}

void make_calendar(Package& p, std::size_t file, const ast::CalendarDecl& decl) {
  Calendar calendar;
  calendar.local = decl.name.text;
  calendar.name = p.qualified(file, calendar.local);
  calendar.doc = decl.doc;
  for (const ast::CalendarPart& part : decl.parts) (part.except ? calendar.except : calendar.spans).push_back(make_span(p, part));
  const bool never = std::any_of(decl.parts.begin(), decl.parts.end(), [](const ast::CalendarPart& part) {
    return part.except && part.times.empty() &&
           std::any_of(part.days.begin(), part.days.end(), [](const CalendarDay& d) { return d.kind == CalendarDays::kDaily; });
  });
  if (never) {
    p.report.error("E0414", decl.name.span, "this calendar is never open: `except daily` takes all of it away",
                   "name the times that it takes away");
  }
  if (decl.zone) {
    calendar.zone = decl.zone->text;
    if (!is_zone_name(calendar.zone)) {
      no_such_zone(p, decl.zone->span, calendar.zone);
      calendar.zone = "UTC";
    }
  }
  p.schema.calendars.push_back(std::move(calendar));
}

void check_during(Package& p, const FileScope& file, ast::RuleDecl& rule) {
  for (ast::During& during : rule.during) {
    const ast::Name& name = during.calendar;
    const Found found = p.names.find(SymbolKind::kValue, name.text, file);
    const bool is_calendar = found.symbol != nullptr && Package::is_calendar(*found.symbol);
    if (is_calendar) {
      if (p.uses != nullptr) p.uses->symbol(SymbolKind::kValue, name.span, *found.symbol);
      during.id = found.symbol->id & ~Package::kCalendarFlag;
      continue;
    }
    if (found.symbol != nullptr) {
      p.report.error("E0202", name.span, fmt::format("`{}` is no calendar", name.text),
                     "`during` takes a calendar: `calendar night = daily 22:00..06:00 in \"Europe/Madrid\"`");
    } else if (!found.ambiguous.empty()) {
      p.report.error("E0307", name.span, fmt::format("`{}` is declared in several imported modules", name.text),
                     fmt::format("write {}", listed(found.ambiguous)));
    } else if (!found.not_imported.empty()) {
      p.report.error("E0305", name.span,
                     fmt::format("`{}` is declared in module `{}`, which this file does not import", name.text, found.not_imported),
                     fmt::format("add `import {}`", found.not_imported),
                     Fix{ast::Span{file.source, file.import_at, file.import_at}, fmt::format("import {}\n", found.not_imported)});
    } else {
      std::vector<std::string> known;
      for (const Calendar& c : p.schema.calendars) known.push_back(c.name.starts_with(file.module + ".") ? c.local : c.name);
      if (known.empty()) {
        p.report.error("E0301", name.span, fmt::format("no calendar is called `{}`", name.text),
                       fmt::format("declare it, as in `calendar {} = daily 22:00..06:00 in \"Europe/Madrid\"`", name.text));
      } else {
        p.report.misspelt("E0301", name.span, fmt::format("no calendar is called `{}`", name.text), name.text, known, "calendars are");
      }
    }
  }
  if (rule.during.size() == 2 && rule.during[0].id != kNoId && rule.during[0].id == rule.during[1].id) {
    p.report.warning("W0804", rule.during[1].calendar.span,
                     fmt::format("`{}` is never open and shut, so this rule never fires", rule.during[1].calendar.text),
                     "keep `during` or `not during`");
  }
}

namespace {

// `a.b.c` of names alone; empty for anything else.
std::string path_of(const Expr& e) {
  if (e.kind == ExprKind::kName) return e.name;
  if (e.kind != ExprKind::kSelect || e.op == ast::Op::kOptional) return {};
  const std::string head = path_of(e.args[0]);
  return head.empty() ? head : head + "." + e.name;
}

}  // namespace

// `x in calendar`; false: the right side is none.
bool ExprChecker::in_calendar(Expr& e) {
  Expr& l = e.args[0];
  Expr& r = e.args[1];
  const std::string path = path_of(r);
  if (path.empty() || scope_.variables != nullptr || scope_.file == nullptr || head_is_local(path.substr(0, path.find('.')))) return false;
  const Found found = p_.names.find(SymbolKind::kValue, path, *scope_.file);
  const bool asks_now = l.kind == ExprKind::kNow && scope_.now == NowUse::kCondition;
  if (found.symbol == nullptr || !Package::is_calendar(*found.symbol)) {
    if (!asks_now) return false;
    // What is wrong is on the right, and `now` stands where it may.
    calendar_wanted_ = true;
    check(r);
    calendar_wanted_ = false;
    if (!is_open(r.type)) {
      p_.report.error(
          "E0202", r.span,
          fmt::format("`now` is asked whether it is in a calendar; `{}` is {}", p_.report.excerpt(r.span), a_type(r.type, &p_.schema)),
          "declare one, as in `calendar night = daily 22:00..06:00 in \"Europe/Madrid\"`");
    }
    e.type = Type::of(TypeTag::kError);
    return true;
  }
  calendar_wanted_ = true;
  global_value(r, path, true);
  calendar_wanted_ = false;
  e.type = Type::of(TypeTag::kBool);
  if (asks_now) {
    l.type = Type::of(TypeTag::kTimestamp);
    give_clock(e);
    return true;
  }
  check(l);
  if (!usable(l)) {
    e.type = Type::of(TypeTag::kError);
    return true;
  }
  if (is_open(l.type) || l.type.is(TypeTag::kTimestamp)) return true;
  p_.report.error("E0202", l.span,
                  fmt::format("only a time can be in a calendar; `{}` is {}", p_.report.excerpt(l.span), a_type(l.type, &p_.schema)),
                  fmt::format("for this moment: `now in {}`", p_.report.excerpt(r.span)));
  e.type = Type::of(TypeTag::kError);
  return true;
}

// The condition gets a number among the rule's aggregates: its answer changes with time alone.
void ExprChecker::give_clock(Expr& e) {
  if (scope_.aggregated == nullptr) return;
  e.clock = scope_.first_aggregate + static_cast<std::uint32_t>(scope_.aggregated->size());
  scope_.aggregated->push_back(kNoId);
}

}  // namespace flyball::check
