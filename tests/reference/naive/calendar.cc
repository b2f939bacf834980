// See calendar.h.
#include "tests/reference/naive/calendar.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "engine/expr/zone.h"
#include "model/check.h"
#include "model/civil.h"
#include "tests/reference/naive/matcher.h"

namespace flyball::reference {
namespace {

using Interval = std::pair<std::int64_t, std::int64_t>;

std::int64_t shown(const std::string& zone, std::int64_t t) { return t + *engine::zone_offset(zone, t); }

// The instants at which clocks show `local`; where none does, the moment at which they jump over it.
Interval instants(const std::string& zone, std::int64_t local) {
  static std::map<std::pair<std::string, std::int64_t>, Interval> known;
  const auto found = known.find({zone, local});
  if (found != known.end()) return found->second;
  std::set<std::int64_t> offsets;
  for (std::int64_t t = local - 30 * 3600; t <= local + 30 * 3600; t += 900) offsets.insert(*engine::zone_offset(zone, t));
  std::vector<std::int64_t> at;
  for (const std::int64_t offset : offsets) {
    if (shown(zone, local - offset) == local) at.push_back(local - offset);
  }
  Interval out;
  if (!at.empty()) {
    out = {*std::min_element(at.begin(), at.end()), *std::max_element(at.begin(), at.end())};
  } else {
    std::int64_t t = local - 30 * 3600;
    while (shown(zone, t) < local) t += 60;  // zones jump at full minutes
    out = {t, t};
  }
  known[{zone, local}] = out;
  return out;
}

bool is_meant(const CalendarSpan& span, std::int64_t day) {
  const CivilDate d = civil_from_days(day);
  const CivilDate tomorrow = civil_from_days(day + 1);
  const int weekday = day_of_week(day);  // 0: Sunday
  bool meant = span.daily;
  meant = meant || (span.weekdays & (1U << static_cast<unsigned>(weekday == 0 ? 6 : weekday - 1))) != 0;
  meant = meant || (span.month_days & (1U << static_cast<unsigned>(d.day))) != 0;
  meant = meant || ((span.month_days & 1U) != 0 && tomorrow.month != d.month);
  for (const auto& [first, last] : span.dates) meant = meant || (day >= first && day <= last);
  return meant;
}

void each_interval(const Calendar& c, const std::vector<CalendarSpan>& spans, std::int64_t from, std::int64_t to,
                   const std::function<void(Interval)>& f) {
  for (std::int64_t day = from; day <= to; ++day) {
    for (const CalendarSpan& span : spans) {
      if (!is_meant(span, day)) continue;
      for (const auto& [first, last] : span.times)
        f({instants(c.zone, day * 86'400 + first).first, instants(c.zone, day * 86'400 + last).second});
    }
  }
}

}  // namespace

bool is_open(const Calendar& calendar, std::int64_t second) {
  const std::int64_t day = floor_div(second, 86'400);
  bool open = false, taken = false;
  each_interval(calendar, calendar.spans, day - 3, day + 3, [&](Interval i) { open = open || (i.first <= second && second < i.second); });
  each_interval(calendar, calendar.except, day - 3, day + 3,
                [&](Interval i) { taken = taken || (i.first <= second && second < i.second); });
  return open && !taken;
}

std::optional<std::int64_t> next_edge(const Calendar& calendar, std::int64_t second) {
  const std::int64_t day = floor_div(second, 86'400);
  std::set<std::int64_t> edges;
  for (const std::vector<CalendarSpan>* spans : {&calendar.spans, &calendar.except}) {
    each_interval(calendar, *spans, day - 3, day + 40, [&](Interval i) {
      edges.insert(i.first);
      edges.insert(i.second);
    });
  }
  for (const std::int64_t edge : edges) {
    if (edge > second && is_open(calendar, edge) != is_open(calendar, second)) return edge;
  }
  return std::nullopt;
}

bool is_shut(const State& state, std::uint32_t rule) {
  for (const ast::During& during : state.rules->rules[rule].during) {
    if (is_open(state.schema->calendars[during.id], floor_div(state.now.ns, kNsPerSecond)) == during.negated) return true;
  }
  return false;
}

void open_and_shut(State& state) {
  for (std::uint32_t rule = 0; rule < state.plan.rules.size(); ++rule) {
    const bool shut = is_shut(state, rule);
    if (shut == state.shut[rule]) continue;
    state.shut[rule] = shut;
    if (shut) {
      state.shut_since[rule] = state.recovering ? state.away_since + 1 : state.now;
      continue;
    }
    if (state.is(Mutation::kHoldsRunOutside)) continue;
    for (auto& [place, table] : state.holds) {
      if (place.rule != rule || place.until) continue;
      for (auto& [key, h] : table) {
        if (h.counting && !h.held) h.onset = state.now;
      }
    }
    for (auto& [place, table] : state.absences) {
      if (place.rule != rule || place.until) continue;
      const DurationNs d = state.plan.rules[rule].when[place.line].duration_ns;
      for (auto& [key, a] : table) {
        if (a.since + d >= state.shut_since[rule]) a.since = state.now;
      }
    }
  }
}

namespace {

// Every comparison with `now`. It changes, for every choice of facts, where both sides meet, or a nanosecond later.
void each_comparison(const ast::Expr& e, const std::vector<const ast::Expr*>& lets, const std::function<void(const ast::Expr&)>& f) {
  if (e.ref.kind == ast::RefKind::kLet) return each_comparison(*lets[e.ref.index], lets, f);
  if (e.clock != ast::kNoClock && e.args[1].ref.kind != ast::RefKind::kCalendar) f(e);
  for (const ast::Expr& a : e.args) each_comparison(a, lets, f);
  if (e.aggregate && e.aggregate->where) each_comparison(*e.aggregate->where, lets, f);
}

// The calendars whose edges are instants: those that a rule names in its options, or asks of `now` in a condition.
std::set<std::uint32_t> asked_calendars(const State& state) {
  std::set<std::uint32_t> out;
  for (std::uint32_t rule = 0; rule < state.plan.rules.size(); ++rule) {
    for (const ast::During& during : state.rules->rules[rule].during) out.insert(during.id);
    const std::vector<const ast::Expr*>& lets = state.plan.rules[rule].lets;
    const std::function<void(const ast::Expr&)> look = [&](const ast::Expr& e) {
      if (e.ref.kind == ast::RefKind::kLet) return look(*lets[e.ref.index]);
      if (e.clock != ast::kNoClock && e.args[1].ref.kind == ast::RefKind::kCalendar) out.insert(e.args[1].ref.index);
      for (const ast::Expr& a : e.args) look(a);
    };
    for (const std::vector<LinePlan>* lines : {&state.plan.rules[rule].when, &state.plan.rules[rule].until}) {
      for (const LinePlan& line : *lines) {
        if (line.line->kind != ast::LineKind::kPattern) {
          look(line.line->expr);
        } else {
          if (line.line->pattern.where) look(*line.line->pattern.where);
          if (line.line->pattern.satisfies) look(*line.line->pattern.satisfies);
        }
      }
    }
  }
  return out;
}

}  // namespace

std::optional<Timestamp> next_clock(State& state, Timestamp t) {
  std::optional<Timestamp> next;
  const auto due = [&](Timestamp at) {
    if (at > t && (!next || at < *next)) next = at;
  };
  for (const std::uint32_t id : asked_calendars(state)) {
    if (const auto edge = next_edge(state.schema->calendars[id], floor_div(t.ns, kNsPerSecond))) due(Timestamp{*edge * kNsPerSecond});
  }
  for (std::uint32_t rule = 0; rule < state.plan.rules.size(); ++rule) {
    const RulePlan& plan = state.plan.rules[rule];
    std::vector<const ast::Expr*> found;
    for (const std::vector<LinePlan>* lines : {&plan.when, &plan.until}) {
      for (const LinePlan& line : *lines) {
        const auto add = [&](const ast::Expr& e) { each_comparison(e, plan.lets, [&](const ast::Expr& x) { found.push_back(&x); }); };
        if (line.line->kind != ast::LineKind::kPattern) {
          add(line.line->expr);
        } else {
          if (line.line->pattern.where) add(*line.line->pattern.where);
          if (line.line->pattern.satisfies) add(*line.line->pattern.satisfies);
        }
      }
    }
    for (const std::vector<ast::Effect>* effects : {&plan.rule->then, &plan.rule->on_clear}) {
      for (const ast::Effect& effect : *effects) {
        for (const ast::RecordField& field : effect.record.fields) {
          each_comparison(field.value, plan.lets, [&](const ast::Expr& x) { found.push_back(&x); });
        }
      }
    }
    for (const ast::Expr* e : found) {
      // All the facts that any of its names may mean.
      std::set<std::uint32_t> reads;
      const std::function<void(const ast::Expr&)> collect = [&](const ast::Expr& x) {
        if (x.ref.kind == ast::RefKind::kLet) return collect(*plan.lets[x.ref.index]);
        if (x.ref.kind == ast::RefKind::kField || x.ref.kind == ast::RefKind::kFact) {
          reads.insert(x.ref.binding);
          return;
        }
        for (const ast::Expr& a : x.args) collect(a);
      };
      collect(*e);
      Scope scope = rule_scope(state, rule);
      const std::vector<std::uint32_t> order(reads.begin(), reads.end());
      const std::function<void(std::size_t)> choose = [&](std::size_t i) {
        if (i == order.size()) {
          const Timestamp before = state.now;
          state.now = t;
          const Value l = evaluate(e->args[0], scope);
          const Value r = evaluate(e->args[1], scope);
          state.now = before;
          const auto ns = [](const Value& v) { return v.is(Kind::kTimestamp) ? v.bits * kNsPerSecond + v.aux : v.bits; };
          if (l.is_error() || r.is_error() || l.is_null() || r.is_null()) return;
          const Timestamp meet = t + (ns(r) - ns(l));
          due(e->op == ast::Op::kGreater || e->op == ast::Op::kLessEqual ? meet + 1 : meet);
          return;
        }
        const FactTypeId type = state.rules->rules[rule].binding_types[order[i]];
        for (const auto& [key, fact] : state.facts_of(&plan, order[i], type)) {
          scope.bound[order[i]] = bind_fact(state, type, key, fact);
          choose(i + 1);
        }
      };
      choose(0);
    }
  }
  return next;
}

}  // namespace flyball::reference
