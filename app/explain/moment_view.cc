// Layout of a moment.
#include "app/explain/moment_view.h"

#include <fmt/core.h>

#include <algorithm>

#include "bus/codec/json_lines.h"
#include "model/text.h"

namespace flyball::app {
namespace {

using engine::DeadlineKind;

const std::string& rule_name(std::uint32_t rule, const ExplainContext& c) {
  static const std::string none;
  return rule < c.rules.rules.size() ? c.rules.rules[rule].qualified : none;
}

std::string rough(DurationNs ns) { return ns == 0 ? "now" : rough_duration(ns); }

// A fact by its key, if it has one: enough to know which one is meant.
std::string key_text(const engine::FactNamed& fact, const ExplainContext& c) {
  const FactType& type = c.rules.schema.types[fact.type];
  if (!type.has_key) return record_text(fact.type, fact.values, c);
  std::string out = type.local;
  std::string_view before = " { ";
  for (const std::uint32_t field : type.key) {
    if (field >= fact.values.size()) continue;
    out += fmt::format("{}{}: {}", before, type.fields[field].name, to_source(fact.values[field], c.interner));
    before = ", ";
  }
  return before == ", " ? out + " }" : out;
}

std::string keys_text(const std::vector<engine::FactNamed>& facts, const ExplainContext& c) {
  std::string out;
  for (const engine::FactNamed& fact : facts) out += (out.empty() ? "" : ", ") + key_text(fact, c);
  return out;
}

std::string keys_json(const std::vector<engine::FactNamed>& facts, const ExplainContext& c) {
  std::string out = "[";
  for (const engine::FactNamed& fact : facts) {
    out += fmt::format("{}{{\"type\":{},\"data\":{}}}", out.size() > 1 ? "," : "", quote(c.rules.schema.types[fact.type].name),
                       record_json(fact.type, fact.values, c));
  }
  return out + "]";
}

// What will have happened then.
std::string deadline_text(const engine::DeadlineView& d, const ExplainContext& c) {
  const std::string facts = keys_text(d.facts, c);
  const std::string of = facts.empty() ? "" : " for " + facts;
  const auto line = [&] {
    return fmt::format("{} line {} of `{}`{} ({})", rule_name(d.rule, c), d.line + 1, d.in_until ? "until" : "when", of,
                       source_of(d.span, c));
  };
  const auto action = [&] {
    return fmt::format("{} {}", d.type < c.rules.schema.types.size() ? c.rules.schema.types[d.type].local : "", d.action);
  };
  switch (d.kind) {
    case DeadlineKind::kStale: return fmt::format("{} is stale", facts);
    case DeadlineKind::kWindow: return "samples leave a window";
    case DeadlineKind::kCalendar: return "a calendar opens or closes";
    case DeadlineKind::kNow: return "a comparison with `now` is asked again";
    case DeadlineKind::kSilence: return fmt::format("{}: silent for long enough, since {}", line(), moment_text(d.from.value_or(d.due)));
    case DeadlineKind::kHold: return fmt::format("{}: held for long enough, since {}", line(), moment_text(d.from.value_or(d.due)));
    case DeadlineKind::kKeep: return fmt::format("{} is kept no longer{}", rule_name(d.rule, c), of);
    case DeadlineKind::kCooldown: return fmt::format("the cooldown of {} is over{}", rule_name(d.rule, c), of);
    case DeadlineKind::kRepeat: return fmt::format("{} runs again{}", rule_name(d.rule, c), of);
    case DeadlineKind::kActionTimeout: return fmt::format("{}: this try is given up", action());
    case DeadlineKind::kActionTry: return fmt::format("{}: the next try", action());
    case DeadlineKind::kRate:
      return fmt::format("one more {} may be sent", d.type < c.rules.schema.types.size() ? c.rules.schema.types[d.type].local : "");
    case DeadlineKind::kForget: return fmt::format("{} is forgotten", action());
    case DeadlineKind::kInput: return "an input is taken";
  }
  return {};
}

struct Facts {
  FactTypeId type = kNoId;
  std::size_t count = 0;
  std::vector<engine::FactView> shown;
};

// Of types in declared order, those with facts: of rules' own making, or not. Actions stand by themselves.
std::vector<Facts> facts_of(const engine::Session& session, const MomentShown& shown, const ExplainContext& c, bool derived) {
  std::vector<Facts> out;
  const Schema& schema = c.rules.schema;
  for (FactTypeId type = 0; type < schema.types.size(); ++type) {
    const Role role = schema.types[type].role;
    if (role == Role::kAction || (role == Role::kDerived) != derived || session.fact_count(type) == 0) continue;
    out.push_back({type, session.fact_count(type), session.facts(type, shown.limit)});
  }
  return out;
}

std::string more_text(std::uint64_t more) { return more > 0 ? fmt::format("  and {} more\n", more) : std::string(); }

}  // namespace

std::string moment_view_text(const engine::Session& session, const MomentShown& shown, const ExplainContext& c) {
  const engine::Moment m = session.moment(shown.limit);
  std::string out = fmt::format("at {}, after {} input{}\n", moment_text(shown.at), shown.inputs, shown.inputs == 1 ? "" : "s");
  for (const bool derived : {false, true}) {
    for (const Facts& facts : facts_of(session, shown, c, derived)) {
      out += fmt::format("{} {} ({})\n", derived ? "derived" : "facts", c.rules.schema.types[facts.type].name, facts.count);
      for (const engine::FactView& fact : facts.shown) out += "  " + fact_text(fact, shown.at, c) + "\n";
      out += more_text(facts.count - facts.shown.size());
    }
  }
  out += fmt::format("episodes ({})\n", m.episodes.size() + m.more_episodes);
  for (const engine::EpisodeView& episode : m.episodes) {
    const std::string facts = keys_text(episode.facts, c);
    out += fmt::format("  {}{}  since {} ({})", rule_name(episode.rule, c), facts.empty() ? "" : "  " + facts, moment_text(episode.since),
                       rough(shown.at - episode.since));
    if (episode.false_since) out += fmt::format(", kept though not met since {}", moment_text(*episode.false_since));
    out += '\n';
  }
  out += more_text(m.more_episodes);
  out += fmt::format("actions under way ({})\n", m.actions.size() + m.more_actions);
  for (const engine::OpenAction& action : m.actions) {
    out += fmt::format("  {}  {} {}{}  {}  {}\n", record_text(action.type, action.data, c), to_string(action.state), moment_text(action.at),
                       action.tries > 1 ? fmt::format(", try {}", action.tries) : "", rule_name(action.rule, c), action.id);
  }
  out += more_text(m.more_actions);
  out += fmt::format("pending ({})\n", m.deadlines.size() + m.more_deadlines);
  for (const engine::DeadlineView& d : m.deadlines)
    out += fmt::format("  {} (in {})  {}\n", moment_text(d.due), rough_duration(d.due - shown.at), deadline_text(d, c));
  out += more_text(m.more_deadlines);
  if (m.waiting > 0) out += fmt::format("waiting for their time: {} input{}\n", m.waiting, m.waiting == 1 ? "" : "s");
  for (const engine::Quarantined& q : session.quarantined()) out += fmt::format("in quarantine: {}\n", q.text);
  return out;
}

std::string moment_view_json(const engine::Session& session, const MomentShown& shown, const ExplainContext& c) {
  const engine::Moment m = session.moment(shown.limit);
  std::string out = "{\"at\":";
  const auto key = [&](std::string_view name) { out += fmt::format("{}\"{}\":", out.back() == '{' ? "" : ",", name); };
  const auto time = [&](std::string_view name, Timestamp t) { key(name), bus::append_time(out, t); };
  const auto item = [&] { out += out.back() == '[' ? "{" : ",{"; };
  bus::append_time(out, shown.at);
  out += fmt::format(",\"inputs\":{}", shown.inputs);
  std::uint64_t more_facts = 0;
  for (const bool derived : {false, true}) {
    key(derived ? "derived" : "facts");
    out += '[';
    for (const Facts& facts : facts_of(session, shown, c, derived)) {
      for (const engine::FactView& fact : facts.shown) out += (out.back() == '[' ? "" : ",") + fact_json(fact, shown.at, c);
      more_facts += facts.count - facts.shown.size();
    }
    out += ']';
  }
  key("episodes");
  out += '[';
  for (const engine::EpisodeView& episode : m.episodes) {
    item();
    out += fmt::format("\"rule\":{},\"facts\":{}", quote(rule_name(episode.rule, c)), keys_json(episode.facts, c));
    time("since", episode.since);
    if (episode.false_since) time("false_since", *episode.false_since);
    out += '}';
  }
  out += "],\"actions\":[";
  for (const engine::OpenAction& action : m.actions) {
    item();
    out += fmt::format("\"id\":{},\"action\":{},\"rule\":{},\"data\":{},\"state\":\"{}\",\"tries\":{}", quote(action.id),
                       quote(c.rules.schema.types[action.type].name), quote(rule_name(action.rule, c)),
                       record_json(action.type, action.data, c), to_string(action.state), action.tries);
    time("at", action.at);
    out += '}';
  }
  out += "],\"pending\":[";
  for (const engine::DeadlineView& d : m.deadlines) {
    item();
    time("due", d.due);
    out += fmt::format(",\"kind\":\"{}\"", engine::to_string(d.kind));
    if (d.rule != kNoId) out += fmt::format(",\"rule\":{}", quote(rule_name(d.rule, c)));
    if (d.line != kNoId)
      out += fmt::format(",\"block\":\"{}\",\"line\":{},\"source\":{}", d.in_until ? "until" : "when", d.line + 1,
                         quote(source_of(d.span, c)));
    if (d.from) time("from", *d.from);
    if (!d.action.empty()) out += fmt::format(",\"id\":{}", quote(d.action));
    if (d.type < c.rules.schema.types.size()) out += fmt::format(",\"type\":{}", quote(c.rules.schema.types[d.type].name));
    if (!d.facts.empty()) out += ",\"facts\":" + keys_json(d.facts, c);
    out += '}';
  }
  return out + fmt::format("],\"waiting\":{},\"not_shown\":{{\"facts\":{},\"episodes\":{},\"actions\":{},\"pending\":{}}}}}\n", m.waiting,
                           more_facts, m.more_episodes, m.more_actions, m.more_deadlines);
}

}  // namespace flyball::app
