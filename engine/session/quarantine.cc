// Rules that ran away and are switched off until the rules are loaded again (semantics.md §6): who they are, why, and what
// made them do it. What is taken back of their cascade, instant.cc says; how their tokens go, network/quarantine.cc.
#include <algorithm>

#include "engine/compile/node_words.h"
#include "engine/session/session_impl.h"

namespace flyball::engine {

namespace {

constexpr std::size_t kShown = 200;  // bytes of an input that a message names

std::string shortened(std::string text) {
  if (text.size() <= kShown) return text;
  std::size_t end = kShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;  // not within a character
  return text.substr(0, end) + "…";
}

}  // namespace

std::string_view to_string(QuarantineReason reason) {
  switch (reason) {
    case QuarantineReason::kFirings: return "firings";
    case QuarantineReason::kDerived: return "derived";
    case QuarantineReason::kMatches: return "matches";
    case QuarantineReason::kMemory: return "memory";
  }
  return "";
}

void Session::Impl::set_rule_limits() {
  for (std::uint32_t r = 0; r < data.rules.size(); ++r) {
    const auto own = limits.rules.find(data.rules[r].name);
    const RuleLimits* mine = own == limits.rules.end() ? nullptr : &own->second;
    const auto pick = [&](std::size_t all, std::optional<std::size_t> RuleLimits::* one) {
      return mine == nullptr ? all : (mine->*one).value_or(all);
    };
    rule_limits.push_back({pick(SIZE_MAX, &RuleLimits::firings_per_instant),
                           pick(limits.matches_per_instant, &RuleLimits::matches_per_instant),
                           pick(limits.rule_bytes, &RuleLimits::bytes)});
  }
  // Shared joins may have what any may that begins with them: none is stopped for less than it may have by itself.
  for (auto r = static_cast<std::uint32_t>(data.rule_set.rules.size()); r < data.rules.size(); ++r) {
    rule_limits[r] = {SIZE_MAX, 0, 0};
    for (const std::uint32_t of : rules_of(data, data.chains[data.rules[r].chains.front()])) {
      rule_limits[r].matches = std::max(rule_limits[r].matches, rule_limits[of].matches);
      rule_limits[r].bytes = std::max(rule_limits[r].bytes, rule_limits[of].bytes);
    }
  }
  for (std::uint32_t r = 0; r < data.rules.size(); ++r) network.set_matches_max(r, rule_limits[r].matches, rule_limits[r].bytes);
  for (const FactType& type : data.rule_set.schema.types) {
    const auto own = limits.facts_of_type.find(type.name);
    facts_max.push_back(own == limits.facts_of_type.end() ? SIZE_MAX : own->second);
  }
}

// One fact more of the type. What is derived is held by the partial matches of the rules that derive it.
bool Session::Impl::has_room(FactTypeId type) const {
  const FactStore& store = network.store(type);
  return store.live() + store.stale() < facts_max[type];
}

// Counted each time, said once per type and instant.
void Session::Impl::refuse_assert(FactTypeId type) {
  ++counters.facts_refused;
  if (std::find(said_full.begin(), said_full.end(), type) != said_full.end()) return;
  said_full.push_back(type);
  trouble(too_many(data.rule_set.schema.types[type], type));
}

// --- what led to it ---

// The rules that fired last, oldest first: in a cascade each one's effects made the next one match.
std::string Session::Impl::fired_last() const {
  std::string out = fired > kFiredKept ? "… → " : "";
  for (std::size_t i = fired > kFiredKept ? fired - kFiredKept : 0; i < fired;) {
    const std::uint32_t rule = fired_rules[i % kFiredKept];
    std::size_t times = 0;
    for (; i < fired && fired_rules[i % kFiredKept] == rule; ++i) ++times;
    out += (out.empty() || out.ends_with("→ ") ? "`" : " → `") + data.rules[rule].name + "`";
    if (times > 1) out += " (" + std::to_string(times) + " times)";
  }
  return out;
}

std::string Session::Impl::input_text(const FactInput& input) const {
  const FactType& type = data.rule_set.schema.types[input.type];
  std::string out = type.local + " {";
  for (const std::uint32_t field : type.key) {
    if (field < input.values.size())
      out += (out.ends_with("{") ? " " : ", ") + type.fields[field].name + ": " + to_source(input.values[field], in);
  }
  return shortened(out + (out.ends_with("{") ? "}" : " }"));
}

std::string Session::Impl::line_of(std::uint32_t rule, StageId id) const {
  const StagePlan& stage = data.stages[id];
  const bool in_until = is_in_until(data, data.chains[stage.chain]);
  const std::vector<ExplainLine>& lines = in_until ? data.explain[rule].until : data.explain[rule].when;
  if (stage.line >= lines.size()) return "";
  const ExplainLine& line = lines[stage.line];
  const std::string type = line.type == kNoId ? "" : data.rule_set.schema.types[data.written_type(line.type)].local;
  return " at line " + std::to_string(stage.line + 1) + " of its `" + (in_until ? "until" : "when") + "`" +
         (line.name.empty() ? "" : " (`" + line.name + ": " + type + "`)");
}

// --- in and out ---

// The rule runs no more in this session, and nothing is derived because of it.
void Session::Impl::switch_off(std::uint32_t rule, QuarantineReason reason, std::string text) {
  put_into_quarantine(rule, reason, std::move(text));
  // Of one that is not to begin anything more, and runs nothing, no match matters.
  if (!in_cascade && !episodes.any_active(rule)) empty({rule});
}

void Session::Impl::put_into_quarantine(std::uint32_t rule, QuarantineReason reason, std::string text) {
  episodes.switch_off(rule);
  productions.switch_off(rule);
  derivation.switch_off(rule);
  const auto known = std::find_if(quarantined.begin(), quarantined.end(), [&](const Quarantined& q) { return q.rule == rule; });
  if (known == quarantined.end()) {
    quarantined.push_back({rule, data.rules[rule].name, reason, network.now(), text});
  } else {
    known->reason = reason;
    known->text = text;
  }
  outbox.add(TroubleOutput{network.now(), std::move(text), true});
}

void Session::Impl::empty(const std::vector<std::uint32_t>& rules) {
  std::vector<std::uint32_t> emptied;
  for (const std::uint32_t rule : rules) {
    const auto known = std::find_if(quarantined.begin(), quarantined.end(), [&](const Quarantined& q) { return q.rule == rule; });
    if (known->emptied) continue;
    known->emptied = true;
    episodes.freeze(rule);
    network.stop_rule(rule);
    emptied.push_back(rule);
  }
  if (!emptied.empty()) network.empty_rules(emptied);
}

// Rules that were stopped for want of matches: what is true of them is not known any more, so their episodes neither begin nor end.
// `after`: what it is that led there, for the message.
void Session::Impl::quarantine_exhausted(const std::string& after) {
  std::vector<std::uint32_t> rules;
  for (const Network::Exhausted& e : network.take_exhausted()) {
    const std::string name = "`" + data.rules[e.rule].name + "`";
    const auto& limit = rule_limits[rule_of(data, data.chains[data.stages[e.stage].chain])];  // of shared joins theirs
    const std::string what = e.in_instant
                                 ? "made more than " + std::to_string(limit.matches) + " partial matches in one instant"
                                 : "needs more than " + format_size(static_cast<std::int64_t>(limit.bytes)) + " for its partial matches";
    std::string text = "rule " + name;
    text.append(" ").append(what).append(line_of(e.rule, e.stage)).append(after).append("; it is switched off, and matches nothing");
    put_into_quarantine(e.rule, e.in_instant ? QuarantineReason::kMatches : QuarantineReason::kMemory, std::move(text));
    rules.push_back(e.rule);
    ++counters.runaways;
  }
  empty(rules);
}

// It was switched off in a session whose snapshot this one goes on from; before this one matches anything.
void Session::Impl::quarantine_quietly(const Quarantined& of) {
  if (of.emptied) {
    episodes.freeze(of.rule);
    network.stop_rule(of.rule);
  }
  episodes.switch_off(of.rule);
  productions.switch_off(of.rule);
  derivation.switch_off(of.rule);
  quarantined.push_back(of);
}

}  // namespace flyball::engine
