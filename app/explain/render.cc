// Layout of explanations. Every fact a line read is shown with its values and its age; what is unknown says so.
#include "app/explain/render.h"

#include <fmt/core.h>

#include <algorithm>

#include "bus/codec/json_lines.h"
#include "model/text.h"
#include "parser/ast/rule_form.h"

namespace flyball::app {
namespace {

std::string place(const ast::Span& span, const ExplainContext& c) {
  if (span.file >= c.sources.size()) return "?";
  return fmt::format("{}:{}", c.sources.path(span.file), c.sources.position(span.file, span.begin).line);
}

// The source of a line in one line, however it was broken.
std::string source_text(const ast::Span& span, const ExplainContext& c) {
  if (span.file >= c.sources.size()) return {};
  std::string out;
  bool space = false;
  for (const char ch : c.sources.text(span)) {
    const bool blank = ch == ' ' || ch == '\n' || ch == '\t' || ch == '\r';
    if (!blank) {
      if (space && !out.empty()) out += ' ';
      out += ch;
    }
    space = blank;
  }
  return out;
}

std::string line_source(const engine::LineExplained& line, const ExplainContext& c) {
  return line.text.empty() ? source_text(line.span, c) : line.text;
}

// A field that every action has, hidden by a declared one of its name (W0810): a record names each field once.
bool is_hidden(const FactType& type, std::size_t index) {
  if (index < type.declared_fields) return false;
  return type.field_index(type.fields[index].name) != index;
}

std::string record(FactTypeId type, const std::vector<Value>& values, std::size_t count, const ExplainContext& c) {
  const FactType& t = c.rules.schema.types[type];
  std::string out = t.local;
  const std::size_t n = std::min({values.size(), count, t.fields.size()});
  for (std::size_t i = 0; i < n; ++i) {
    if (!is_hidden(t, i)) out += fmt::format("{}{}: {}", i == 0 ? " { " : ", ", t.fields[i].name, to_source(values[i], c.interner));
  }
  if (n > 0) out += " }";
  return out;
}

void data_json(std::string& out, const FactType& type, const std::vector<Value>& values, const ExplainContext& c) {
  out += '{';
  for (std::size_t i = 0; i < std::min(type.fields.size(), values.size()); ++i) {
    if (is_hidden(type, i)) continue;
    out += (i == 0 ? "" : ",") + quote(type.fields[i].name) + ":";
    append_json(out, values[i], c.interner);
  }
  out += '}';
}

std::string age(DurationNs ns) {
  if (ns < 0) return rough_duration(-ns) + " ahead";
  return ns == 0 ? "now" : rough_duration(ns) + " old";
}

// To the millisecond, cut off: for people; the JSON forms are exact.
std::string moment(Timestamp t) {
  constexpr DurationNs kShown = 1'000'000;
  if (t.ns < kTimestampMin.ns + kShown) return format_timestamp(to_value(t));
  return format_timestamp(to_value(Timestamp{t.ns - ((t.ns % kShown) + kShown) % kShown}));
}

// Behind an age: what is not live.
std::string_view standing(bool stale, bool suspended) {
  return suspended ? ", suspended: unknown whether it holds" : stale ? ", stale" : "";
}

std::string used(const engine::FactUsed& fact, const ExplainContext& c) {
  const std::string name = fact.name.empty() ? "" : fact.name + ": ";
  std::string ages = age(fact.age_ns);
  if (c.now != kTimestampMin && c.now - fact.stamp != fact.age_ns)
    ages = fmt::format("{}, {}", fact.age_ns == 0 ? "new then" : ages + " then",
                       c.now == fact.stamp ? "now" : age(c.now - fact.stamp) + " now");
  if (fact.each != kNoId) {
    const FactType& type = c.rules.schema.types[fact.type];
    return fmt::format("{}each {}.{} = {}  ({}{})", name, type.local, type.fields[fact.each].name,
                       to_source(fact.values[fact.each], c.interner), ages, standing(fact.stale, fact.suspended));
  }
  return fmt::format("{}{}  ({}{})", name, record(fact.type, fact.values, fact.values.size(), c), ages,
                     standing(fact.stale, fact.suspended));
}

const char* mark(const std::string& verdict) { return verdict == "true" ? "✓" : verdict == "false" ? "✗" : "?"; }

void lines_text(std::string& out, const std::vector<engine::LineExplained>& lines, const ExplainContext& c) {
  for (const engine::LineExplained& line : lines) {
    out += fmt::format("  {} {}\n", mark(line.verdict), line_source(line, c));
    std::string detail;
    const auto add = [&](const std::string& text) { detail += (detail.empty() ? "" : ", ") + text; };
    for (const auto& [name, value] : line.reads) add(fmt::format("{} = {}", name, to_source(value, c.interner)));
    if (!line.problem.empty()) add("cannot be evaluated: " + line.problem);
    if (line.since) add("true since " + moment(*line.since));
    if (line.due && line.verdict != "true") add("met at " + moment(*line.due));
    if (!detail.empty()) out += fmt::format("      {}\n", detail);
  }
}

void key(std::string& out, std::string_view name, bool first = false) { out += fmt::format("{}\"{}\":", first ? "" : ",", name); }

void line_json(std::string& out, const engine::LineExplained& line, const ExplainContext& c) {
  out += fmt::format("{{\"text\":{},\"place\":{},\"verdict\":{},\"reads\":{{", quote(line_source(line, c)), quote(place(line.span, c)),
                     quote(line.verdict));
  for (std::size_t r = 0; r < line.reads.size(); ++r) {
    out += (r == 0 ? "" : ",") + quote(line.reads[r].first) + ":";
    append_json(out, line.reads[r].second, c.interner);
  }
  out += '}';
  if (!line.problem.empty()) out += ",\"problem\":" + quote(line.problem);
  if (line.since) {
    key(out, "since");
    bus::append_time(out, *line.since);
  }
  if (line.due) {
    key(out, "due");
    bus::append_time(out, *line.due);
  }
  out += '}';
}

void lines_json(std::string& out, const std::vector<engine::LineExplained>& lines, const ExplainContext& c) {
  out += '[';
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) out += ',';
    line_json(out, lines[i], c);
  }
  out += ']';
}

std::string_view suspended_json(bool suspended) { return suspended ? ",\"suspended\":true" : ""; }

void used_json(std::string& out, const engine::FactUsed& fact, const ExplainContext& c) {
  const FactType& type = c.rules.schema.types[fact.type];
  out += fmt::format("{{\"name\":{},\"type\":{},\"data\":", quote(fact.name), quote(type.name));
  if (fact.each != kNoId) {
    out += '{' + quote(type.fields[fact.each].name) + ":";
    append_json(out, fact.values[fact.each], c.interner);
    out += '}';
  } else {
    data_json(out, type, fact.values, c);
  }
  key(out, "time");
  bus::append_time(out, fact.stamp);
  out += fmt::format(",\"age\":{},\"stale\":{}{}}}", quote(format_duration(fact.age_ns)), fact.stale, suspended_json(fact.suspended));
}

void facts_json(std::string& out, const std::vector<engine::FactUsed>& facts, const ExplainContext& c) {
  out += '[';
  for (std::size_t i = 0; i < facts.size(); ++i) {
    if (i > 0) out += ',';
    used_json(out, facts[i], c);
  }
  out += ']';
}

}  // namespace

std::string rough_duration(DurationNs ns) {
  constexpr DurationNs kMs = 1'000'000, kMinute = 60 * kNsPerSecond, kHour = 60 * kMinute, kDay = 24 * kHour;
  if (ns < kMs) return ns == 0 ? "0s" : "<1ms";
  // Nothing finer than a person reads: two units at most.
  const DurationNs step = ns < kNsPerSecond ? kMs : ns < kMinute ? 100 * kMs : ns < kHour ? kNsPerSecond : ns < kDay ? kMinute : kHour;
  const DurationNs cut = ns / step * step;
  if (cut >= kNsPerSecond && cut < kMinute && cut % kNsPerSecond != 0)
    return fmt::format("{}.{}s", cut / kNsPerSecond, cut % kNsPerSecond / (100 * kMs));
  return format_duration_human(cut);
}

std::string record_text(FactTypeId type, const std::vector<Value>& values, const ExplainContext& c) {
  return record(type, values, values.size(), c);
}
std::string record_json(FactTypeId type, const std::vector<Value>& values, const ExplainContext& c) {
  std::string out;
  data_json(out, c.rules.schema.types[type], values, c);
  return out;
}

std::vector<std::string> because_lines(const engine::Explanation& why, const ExplainContext& c, std::size_t at_most) {
  std::vector<std::string> out;
  for (const engine::LineExplained& line : why.lines) {
    if (out.size() == at_most) {
      const std::size_t more = why.lines.size() - at_most;
      out.push_back(fmt::format("… and {} more line{}", more, more == 1 ? "" : "s"));
      break;
    }
    std::string text = line_source(line, c);
    const char* separator = ": ";
    for (const auto& [name, value] : line.reads) {
      text += fmt::format("{}{} = {}", separator, name, to_source(value, c.interner));
      separator = ", ";
    }
    if (line.since) text += fmt::format("{}true since {}", separator, moment(*line.since));
    out.push_back(std::move(text));
  }
  return out;
}

std::string why_text(const engine::Explanation& why, const ExplainContext& c) {
  const ActionOutput& a = why.action;
  std::string out = fmt::format("{}{}{}\n", record(a.action, a.data, a.data.size(), c),
                                a.try_number > 1 ? fmt::format(" (try {})", a.try_number) : "", a.shadow ? " (shadow: not sent)" : "");
  out += fmt::format("  {} at {}, id {}\n", to_string(a.state), moment(a.time), a.id);
  const bool production = a.rule < c.rules.rules.size() && ast::is_production(c.rules.rules[a.rule]);
  out += fmt::format("  by {} of rule {} ({}), {} at {}\n", why.clear ? "`on clear`" : "`then`", why.rule, place(why.rule_span, c),
                     production ? "which fired" : "whose episode began", moment(why.onset));
  if (a.was_due) {
    out +=
        fmt::format("  late by {}: it was due at {}, while the engine was away\n", rough_duration(a.time - *a.was_due), moment(*a.was_due));
  }
  if (why.approval) {
    const bool is_true = why.approval->verdict == "true";
    out += fmt::format("  proposed, not sent: a person must approve it, because this {}\n", is_true ? "is so" : "is not known");
    lines_text(out, {*why.approval}, c);
  }
  out += "because\n";
  lines_text(out, why.lines, c);
  if (!why.facts.empty()) out += "facts used\n";
  for (const engine::FactUsed& fact : why.facts) out += fmt::format("  {}\n", used(fact, c));
  return out;
}

std::string why_json(const engine::Explanation& why, const ExplainContext& c) {
  std::string out = "{\"action\":";
  bus::append_action(out, why.action, c.rules.schema, c.interner);
  out += fmt::format(",\"rule\":{},\"place\":{},\"block\":\"{}\",\"onset\":", quote(why.rule), quote(place(why.rule_span, c)),
                     why.clear ? "on clear" : "then");
  bus::append_time(out, why.onset);
  if (why.action.was_due) {
    key(out, "was_due");
    bus::append_time(out, *why.action.was_due);
  }
  key(out, "lines");
  lines_json(out, why.lines, c);
  if (why.approval) {
    key(out, "approval");
    line_json(out, *why.approval, c);
  }
  key(out, "facts");
  facts_json(out, why.facts, c);
  out += '}';
  return out;
}

std::string why_not_text(const engine::WhyNot& w, const ExplainContext& c) {
  std::string out = fmt::format("{}: {}\n", w.rule, w.sentence.empty() ? w.status : w.sentence);
  if (w.until && w.sentence.empty()) out += fmt::format("  until {}\n", moment(*w.until));
  lines_text(out, w.lines, c);
  if (w.blocker) out += fmt::format("blocked by\n  {}\n", used(*w.blocker, c));
  if (!w.bound.empty()) out += "closest match\n";
  for (const engine::FactUsed& fact : w.bound) out += fmt::format("  {}\n", used(fact, c));
  return out;
}

std::string why_not_json(const engine::WhyNot& w, const ExplainContext& c) {
  std::string out = fmt::format("{{\"rule\":{},\"status\":{},\"sentence\":{}", quote(w.rule), quote(w.status), quote(w.sentence));
  if (w.line) out += fmt::format(",\"line\":{}", *w.line);
  if (w.until) {
    key(out, "until");
    bus::append_time(out, *w.until);
  }
  key(out, "lines");
  lines_json(out, w.lines, c);
  key(out, "bound");
  facts_json(out, w.bound, c);
  if (w.blocker) {
    key(out, "blocker");
    used_json(out, *w.blocker, c);
  }
  out += '}';
  return out;
}

std::string source_of(const ast::Span& span, const ExplainContext& c) { return source_text(span, c); }
std::string place_of(const ast::Span& span, const ExplainContext& c) { return place(span, c); }
std::string moment_text(Timestamp t) { return moment(t); }

std::string fact_text(const engine::FactView& fact, Timestamp now, const ExplainContext& c) {
  return fmt::format("{}  ({}{})", record(fact.type, fact.values, fact.values.size(), c), age(now - fact.stamp),
                     standing(fact.stale, fact.suspended));
}

std::string fact_json(const engine::FactView& fact, Timestamp now, const ExplainContext& c) {
  const FactType& type = c.rules.schema.types[fact.type];
  std::string out = fmt::format("{{\"type\":{},\"data\":", quote(type.name));
  data_json(out, type, fact.values, c);
  key(out, "time");
  bus::append_time(out, fact.stamp);
  out += fmt::format(",\"age\":{},\"stale\":{}{}", quote(format_duration(now - fact.stamp)), fact.stale, suspended_json(fact.suspended));
  if (fact.expires) {
    key(out, "expires");
    bus::append_time(out, *fact.expires);
  }
  out += '}';
  return out;
}

std::string answer_text(DecisionId decision, const engine::DecisionAnswer& answer, const ExplainContext& c) {
  const DecisionType& type = c.rules.schema.decisions[decision];
  const std::size_t width = type.output.size();
  std::string out = type.local;
  if (type.list && answer.output.empty()) out += " []";
  for (std::size_t at = 0; at < answer.output.size(); at += width) {
    out += type.list ? "\n  {" : " {";
    for (std::size_t i = 0; i < width; ++i) {
      out += fmt::format("{}{}: {}", i == 0 ? " " : ", ", type.output[i].name, to_source(answer.output[at + i], c.interner));
    }
    out += " }";
  }
  out += "\n  from " + answer.from;
  if (decision < c.rules.decisions.size()) {
    const ast::DecisionDecl& decl = c.rules.decisions[decision];
    const auto show = [&](const ast::Span& span) { out += fmt::format(" ({})\n    {}", place(span, c), source_text(span, c)); };
    if (!answer.rows.empty() && decl.table) {
      constexpr std::size_t kRowsShown = 100;
      for (std::size_t i = 0; i < answer.rows.size() && i < kRowsShown; ++i) {
        if (answer.rows[i] < decl.table->rows.size()) show(decl.table->rows[answer.rows[i]].span);
        if (i + 1 < answer.rows.size()) out += "\n ";
      }
      if (answer.rows.size() > kRowsShown) out += fmt::format("… and {} more", answer.rows.size() - kRowsShown);
    } else if (answer.from == "default" && decl.fallback) {
      show(decl.fallback->span);
    } else {
      for (const ast::Case& one : decl.cases) {
        if (one.name.text == answer.from) show(one.span);
      }
    }
  }
  out += fmt::format("\n  as of {}, after {} inputs\n", answer.as_of == kTimestampMin ? "no closed instant" : moment(answer.as_of),
                     answer.position);
  for (const std::string& skipped : answer.skipped_unknown) out += fmt::format("  skipped as unknown: {}\n", skipped);
  return out;
}

bool is_action_id(std::string_view text) {
  return text.size() == 32 &&
         std::all_of(text.begin(), text.end(), [](char ch) { return (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'f'); });
}

}  // namespace flyball::app
