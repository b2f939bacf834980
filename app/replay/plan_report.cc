// Layout of a plan. Signs as in a diff: + added, - removed, @ moved, ~ changed.
#include "app/replay/plan_report.h"

#include <fmt/core.h>

#include <algorithm>

#include "app/explain/render.h"
#include "app/io/json.h"
#include "model/text.h"

namespace flyball::app {
namespace {

// Rules that the summary names; the rest is counted.
constexpr std::size_t kRulesShown = 20;

char sign(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::kAdded: return '+';
    case ChangeKind::kRemoved: return '-';
    case ChangeKind::kMoved: return '@';
    case ChangeKind::kChanged: return '~';
    case ChangeKind::kReordered: return '=';
  }
  return ' ';
}

// What is not an action sent at once.
std::string standing(const ActionLine& line) {
  std::string out;
  const auto add = [&](const std::string& word) { out += (out.empty() ? "" : ", ") + word; };
  if (line.state != ActionState::kSent) add(to_string(line.state));
  if (line.try_number > 1) add(fmt::format("try {}", line.try_number));
  if (line.shadow) add("shadow");
  return out.empty() ? out : " (" + out + ")";
}

std::string counted(std::uint64_t n, std::string_view what) { return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s"); }

std::string line_json(const ActionLine& line) {
  return fmt::format("{{\"time\":{},\"rule\":{},\"action\":{},\"id\":{},\"data\":{},\"state\":{},\"try\":{}{}}}", time_json(line.time),
                     quote(line.rule), quote(line.action), quote(line.id), line.data, quote(to_string(line.state)), line.try_number,
                     line.shadow ? ",\"shadow\":true" : "");
}

std::string busiest_text(const BusiestMinute& minute) {
  return minute.count() == 0 ? "none" : fmt::format("{} at {}", minute.count(), plan_moment(minute.minute()));
}
std::string busiest_json(const BusiestMinute& minute) {
  if (minute.count() == 0) return "null";
  return fmt::format("{{\"time\":{},\"actions\":{}}}", time_json(minute.minute()), minute.count());
}

bool differs(const RuleDifference& rule) { return rule.added + rule.removed + rule.moved + rule.changed > 0; }

}  // namespace

std::string plan_moment(Timestamp t) { return format_timestamp(to_value(t)); }

std::string change_text(const ActionChange& change) {
  if (change.kind == ChangeKind::kReordered) {
    const ActionLine &b = *change.before, &a = *change.after;
    return fmt::format("= {}  the order of this instant's lines is another one\n    before: first {}: {}{}\n    after:  first {}: {}{}\n",
                       plan_moment(a.time), b.rule, b.text, standing(b), a.rule, a.text, standing(a));
  }
  const ActionLine& line = change.after ? *change.after : *change.before;
  // Of what has moved, where it was.
  const Timestamp place = change.kind == ChangeKind::kMoved ? change.before->time : change.time();
  std::string out = fmt::format("{} {}  {}: {}{}\n", sign(change.kind), plan_moment(place), line.rule, line.text, standing(line));
  if (change.kind == ChangeKind::kMoved) {
    const bool later = change.after->time > change.before->time;
    out += fmt::format("    moved to {}, {} {}\n", plan_moment(change.after->time),
                       rough_duration(later ? change.after->time - change.before->time : change.before->time - change.after->time),
                       later ? "later" : "earlier");
  }
  if (change.kind == ChangeKind::kChanged) {
    const ActionLine& b = *change.before;
    if (b.rule != line.rule)
      out += fmt::format("    by {} before\n", b.rule);
    else
      out += fmt::format("    before: {}{}\n", b.text, standing(b));
  }
  for (const std::string& reason : change.reason) out += fmt::format("    {}\n", reason);
  return out;
}

std::string change_json(const ActionChange& change) {
  std::string out = fmt::format("{{\"change\":\"{}\"", to_string(change.kind));
  if (change.before) out += ",\"before\":" + line_json(*change.before);
  if (change.after) out += ",\"after\":" + line_json(*change.after);
  out += ",\"reason\":[";
  for (std::size_t i = 0; i < change.reason.size(); ++i) out += (i == 0 ? "" : ",") + quote(change.reason[i]);
  return out + "]}\n";
}

std::string answer_text(const AnswerChange& change) {
  const auto one = [](const std::string& output, const std::string& from) {
    return from.empty() ? output : fmt::format("{} ({})", output, from);
  };
  return fmt::format("? {}  {} {}\n    before: {}\n    after:  {}\n", change.time ? plan_moment(*change.time) : "at the end",
                     change.decision, change.input, one(change.before, change.before_from), one(change.after, change.after_from));
}

std::string answer_json(const AnswerChange& change) {
  const auto one = [](const std::string& output, const std::string& from, bool failed) {
    if (failed) return fmt::format("{{\"error\":{}}}", quote(output));
    return fmt::format("{{\"output\":{},\"from\":{}}}", output, quote(from));
  };
  return fmt::format("{{\"change\":\"decision\",\"time\":{},\"decision\":{},\"input\":{},\"before\":{},\"after\":{}}}\n",
                     change.time ? time_json(*change.time) : "null", quote(change.decision), change.input,
                     one(change.before, change.before_from, change.before_failed),
                     one(change.after, change.after_from, change.after_failed));
}

std::string caution_json(const std::string& caution) { return fmt::format("{{\"caution\":{}}}\n", quote(caution)); }

std::string summary_text(const PlanSummary& summary) {
  const Difference& d = *summary.difference;
  std::string out;
  std::size_t shown = 0, more = 0;
  for (const auto& [name, rule] : d.rules()) {
    if (!differs(rule)) continue;
    if (shown++ == 0) out += "action lines by rule, of those that differ\n";
    if (shown > kRulesShown)
      ++more;
    else
      out += fmt::format("  {}: {} -> {}\n", name, rule.before, rule.after);
  }
  if (more > 0) out += fmt::format("  … and {}\n", counted(more, "more rule"));
  out += fmt::format("busiest minute: {} before, {} after\n", busiest_text(d.busiest_before()), busiest_text(d.busiest_after()));
  if (summary.not_shown > 0) out += fmt::format("{} not shown: `--limit 0` shows all\n", counted(summary.not_shown, "more change"));
  out += fmt::format("{}, {} -> {}: {} added, {} removed, {} moved, {} changed", counted(summary.inputs, "input"), d.total().before,
                     counted(d.total().after, "action line"), d.total().added, d.total().removed, d.total().moved, d.total().changed);
  if (d.total().reordered > 0) out += fmt::format(", {} in another order", counted(d.total().reordered, "instant"));
  if (summary.questions > 0)
    out += fmt::format("; {} of {} answered otherwise", summary.answers_changed, counted(summary.questions, "question"));
  return out + "\n";
}

std::string summary_json(const PlanSummary& summary) {
  const Difference& d = *summary.difference;
  std::string rules;
  for (const auto& [name, rule] : d.rules()) {
    if (!differs(rule)) continue;
    rules +=
        fmt::format("{}{}:{{\"before\":{},\"after\":{},\"added\":{},\"removed\":{},\"moved\":{},\"changed\":{}}}", rules.empty() ? "" : ",",
                    quote(name), rule.before, rule.after, rule.added, rule.removed, rule.moved, rule.changed);
  }
  const RuleDifference& t = d.total();
  return fmt::format(
      "{{\"summary\":{{\"inputs\":{},\"before\":{},\"after\":{},\"added\":{},\"removed\":{},\"moved\":{},\"changed\":{},\"reordered\":{},"
      "\"questions\":{},"
      "\"answers_changed\":{},\"not_shown\":{},\"busiest_before\":{},\"busiest_after\":{},\"rules\":{{{}}}}}}}\n",
      summary.inputs, t.before, t.after, t.added, t.removed, t.moved, t.changed, t.reordered, summary.questions, summary.answers_changed,
      summary.not_shown, busiest_json(d.busiest_before()), busiest_json(d.busiest_after()), rules);
}

}  // namespace flyball::app
