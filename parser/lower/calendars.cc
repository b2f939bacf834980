// Lowering of calendars: days and times become numbers; words and dates that are none are said. Door: lower.h.
#include <algorithm>
#include <charconv>

#include "model/civil.h"
#include "parser/ast/words.h"
#include "parser/diagnostics/codes.h"
#include "parser/diagnostics/diagnostic.h"
#include "parser/lower/lower.h"

namespace flyball::lower {

using cst::Kind;
using cst::Node;

namespace {

int number_at(std::string_view t, std::size_t from, std::size_t count) {
  int n = 0;
  for (std::size_t i = from; i < from + count; ++i) n = n * 10 + (t[i] - '0');
  return n;
}

}  // namespace

std::optional<std::int32_t> Lowering::weekday(const Node& n) {
  const std::string_view w = text(n);
  for (std::size_t i = 0; i < ast::kWeekdayWords.size(); ++i) {
    if (ast::kWeekdayWords[i] == w) return static_cast<std::int32_t>(i);
  }
  Diagnostic d{codes::kUnknownPart, Severity::kError, span(n), "`" + std::string(w) + "` is no day", {}, {}};
  for (const std::string_view known : ast::kWeekdayWords) {
    if (w.size() >= 3 && w.ends_with("day") && (static_cast<char>(w[0] | 0x20) == known[0]) && w.substr(1, 2) == known.substr(1))
      d.fix = Fix{d.span, std::string(known)};
  }
  if (!d.fix) {
    std::vector<std::string> known(ast::kWeekdayWords.begin(), ast::kWeekdayWords.end());
    known.emplace_back("daily");
    if (!suggest(d, w, known))
      d.help = "these are: `daily`, `mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`, `day 1`, `last day`, `2026-12-24`";
  }
  b_.report_intact(std::move(d));
  return std::nullopt;
}

std::optional<std::int32_t> Lowering::date(const Node& n) {
  const std::string_view t = text(n);
  const int year = number_at(t, 0, 4);
  const int month = number_at(t, 5, 2);
  const int day = number_at(t, 8, 2);
  if (year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= days_in_month(year, month))
    return static_cast<std::int32_t>(days_from_civil(year, month, day));
  report(codes::kBadDate, span(n), "there is no day `" + std::string(t) + "`", "a date is year, month and day: `2026-12-24`");
  return std::nullopt;
}

std::optional<std::int32_t> Lowering::month_day(const Node& n) {
  const std::string_view t = text(n);
  int v = 0;
  const auto [end, error] = std::from_chars(t.data(), t.data() + t.size(), v);
  if (error == std::errc{} && v >= 1 && v <= 31) return v;
  report(codes::kBadDate, span(n), "no month has a day `" + std::string(t) + "`",
         "days of the month go from 1 to 31; its last one is `last day`");
  return std::nullopt;
}

std::optional<ast::CalendarDay> Lowering::calendar_day(const Node& n) {
  ast::CalendarDay day;
  day.span = span(n);
  const Node* at = &n;
  if (n.kind == Kind::kOption) {
    const auto parts = children(n);
    if (parts.size() < 2) {
      day.kind = ast::CalendarDays::kLastDay;
      return day;
    }
    at = &parts[1];
  }
  const Node* first = at;
  const Node* last = at;
  if (at->kind == Kind::kRange) {
    const auto ends = children(*at);
    if (ends.size() != 3) return std::nullopt;
    first = &ends[0];
    last = &ends[2];
  }
  const auto read = [&](const Node& x) -> std::optional<std::int32_t> {
    switch (x.kind) {
      case Kind::kDate: day.kind = ast::CalendarDays::kDates; return date(x);
      case Kind::kInt: day.kind = ast::CalendarDays::kMonthDays; return month_day(x);
      default: day.kind = ast::CalendarDays::kWeekdays; return weekday(x);
    }
  };
  if (at->kind == Kind::kName && text(*at) == "daily") return day;
  const std::optional<std::int32_t> from = read(*first);
  const std::optional<std::int32_t> to = first == last ? from : read(*last);
  if (!from || !to) return std::nullopt;
  day.first = *from;
  day.last = *to;
  return day;
}

ast::CalendarPart Lowering::calendar_part(const Node& n) {
  ast::CalendarPart part;
  for (const Node& c : children(n)) {
    const bool times = c.kind == Kind::kRange && c.count > 0 && children(c)[0].kind == Kind::kTimeOfDay;
    if (!times) {
      if (std::optional<ast::CalendarDay> day = calendar_day(c)) part.days.push_back(*day);
      continue;
    }
    const auto ends = children(c);
    if (ends.size() != 3) continue;
    const auto seconds = [&](const Node& x) {
      const std::string_view t = text(x);
      return number_at(t, 0, 2) * 3600 + number_at(t, 3, 2) * 60 + (t.size() >= 8 ? number_at(t, 6, 2) : 0);
    };
    part.times.push_back({span(c), seconds(ends[0]), seconds(ends[2])});
  }
  if (part.days.empty() && child(n, Kind::kName) == nullptr) part.days.push_back({ast::CalendarDays::kDaily, span(n), 0, 0});
  return part;
}

ast::CalendarDecl Lowering::calendar_decl() {
  const Node& root = tree_->root;
  ast::CalendarDecl c;
  c.span = span(root);
  c.doc = doc_before(root.begin);
  if (const Node* n = child(root, Kind::kName)) c.name = declared_name(*n, false);
  for (const Node& n : children(root)) {
    if (n.kind == Kind::kSpan) c.parts.push_back(calendar_part(n));
    if (n.kind == Kind::kString) c.zone = ast::Name{string_text(n, false), span(n)};
    if (n.kind != Kind::kExcept) continue;
    for (const Node& inner : children(n)) {
      c.parts.push_back(calendar_part(inner));
      c.parts.back().except = true;
    }
  }
  return c;
}

}  // namespace flyball::lower
