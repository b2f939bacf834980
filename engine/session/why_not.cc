// Why a rule does not run: walks the lines of `when` over working memory, backtracking over the facts that each `n:` line
// may bind, and keeps the choice that gets furthest; then says which line it fails, and what is in the way.
#include <algorithm>

#include "engine/session/explainer.h"
#include "engine/session/why_not_search.h"
#include "model/compare.h"
#include "model/text.h"

namespace flyball::engine {

namespace {

constexpr const char* kUnable =
    "every line is met, but `then` cannot be evaluated: something it reads is unknown, or null where a field may not be null";

// For people: to the millisecond, cut off. What is exact stands in the fields beside the sentence.
constexpr DurationNs kShown = 1'000'000;
DurationNs cut(DurationNs ns) { return ns - ((ns % kShown) + kShown) % kShown; }
std::string moment(Timestamp t) { return format_timestamp(to_value(Timestamp{t.ns < kTimestampMin.ns + kShown ? t.ns : cut(t.ns)})); }

}  // namespace

std::string Explainer::fact_text(FactTypeId type, FactId fact) const {
  const bool is_value = data_.types[type].each_of != kNoId;
  const FactType& t = data_.rule_set.schema.types[is_value ? type : data_.written_type(type)];
  const FactStore& store = network_.store(type);
  const Row row = store.last_row(fact);
  if (is_value) return t.local + " = " + to_source(row[t.key[0]], network_.interner());
  std::string out = t.local + " {";
  for (std::uint32_t i = 0; i < t.declared_fields; ++i) {
    if (t.has_key && !t.is_key_field(i) && t.role == Role::kAction) continue;
    out += (out.back() == '{' ? " " : ", ") + t.fields[i].name + ": " + to_source(row[i], network_.interner());
  }
  const FactMeta& meta = store.meta(fact);
  return out + " }" + (meta.suspended ? " (suspended)" : meta.status == FactStatus::kStale ? " (stale)" : "");
}

// `with` says nothing against this fact.
bool Explainer::is_wanted(const Search& s, const std::string& binding, FactTypeId of, FactId fact) const {
  const FactType& type = data_.rule_set.schema.types[of];
  return std::all_of(s.with->begin(), s.with->end(), [&](const auto& fixed) {
    std::string name = fixed.first;
    if (const std::size_t dot = name.find('.'); dot != std::string::npos) {
      if (name.substr(0, dot) != binding) return true;
      name = name.substr(dot + 1);
    }
    const std::uint32_t field = type.field_index(name);
    return field == kNoId || cel_equal(network_.store(of).last_row(fact)[field], fixed.second, network_.interner());
  });
}

// An episode that runs although the search found its lines not met: of the facts of the closest choice, the first by identity.
EntryId Explainer::running_episode(const Search& s) const {
  const RulePlan& plan = data_.rules[s.rule];
  if (plan.logical) return kNone;
  const auto& table = episodes_.table(s.rule);
  const auto store = [&](std::size_t i) -> const FactStore& { return network_.store(plan.identity_types[i]); };
  const auto concerned = [&](EntryId e) {
    if (!table.in_use(e) || !table[e].active) return false;
    for (std::size_t i = 0; i < plan.identity.size(); ++i) {
      const FactId fact = table.facts_of(e)[i], closest = s.facts[plan.identity[i]];
      if (closest != kNone ? closest != fact : !is_wanted(s, s.plan->names[i], plan.identity_types[i], fact)) return false;
    }
    return true;
  };
  const auto before = [&](EntryId a, EntryId b) {
    for (std::size_t i = 0; i < plan.identity.size(); ++i) {
      if (const int order = store(i).compare_keys(table.facts_of(a)[i], table.facts_of(b)[i], network_.interner()); order != 0)
        return order < 0;
    }
    return false;
  };
  EntryId best = kNone;
  std::size_t looks = kMaxLooks;
  for (EntryId e = 0; e < table.end() && looks-- > 0; ++e) {
    if (concerned(e) && (best == kNone || before(e, best))) best = e;
  }
  return best;
}

// What this choice would lead to runs already, by another branch: that this one is not met keeps nothing from running.
bool Explainer::runs_anyway(const Search& s, const ExplainLine& line, FactId candidate) const {
  const std::vector<std::uint32_t>& identity = data_.rules[s.rule].identity;
  return std::any_of(s.running.begin(), s.running.end(), [&](const std::vector<FactId>& running) {
    for (std::size_t i = 0; i < identity.size(); ++i) {
      const FactId chosen = identity[i] == line.binding && candidate != kNone ? candidate : facts_[identity[i]];
      if (chosen != kNone && chosen != running[i]) return false;
    }
    return true;
  });
}

void Explainer::search(Search& s, std::size_t depth) {
  const std::vector<std::uint32_t>& lines = s.plan->ways[s.way];
  if (depth == lines.size()) {
    std::vector<FactId> identity;
    for (const std::uint32_t binding : data_.rules[s.rule].identity) identity.push_back(facts_[binding]);
    const auto& table = episodes_.table(s.rule);
    const EntryId e = table.find(identity.data());
    if (e != kNone && table[e].active) {
      if (!s.any_active) s.active = facts_, s.active_way = s.way;
      if (s.plan->ways.size() > 1 && s.first_look && s.running.size() < kMaxRunning) s.running.push_back(identity);
      s.any_active = true;
    } else if (!s.complete) {
      s.complete = true;
      s.match = facts_;
      s.match_way = s.way;
    }
    return;
  }
  const ExplainLine& line = s.plan->when[lines[depth]];
  if (line.kind == LineKind::kPattern && line.quantifier == Quantifier::kOne) {
    const FactStore& store = network_.store(line.type);
    const auto before = [&](FactId a, FactId b) { return store.compare_keys(a, b, network_.interner()) < 0; };
    std::vector<FactId> fit;
    bool any = false;
    // Of those that do not fit the closest: what it meets, then the first by key.
    FactId closest = kNone;
    std::size_t closeness = 0;
    Judged of_closest;
    for (FactId f = 0; f < store.end() && s.looks > 0; ++f) {
      if (!store.meta(f).used || !store.exists(f)) continue;
      --s.looks;
      if (!is_wanted(s, line.name, line.type, f)) continue;
      any = true;
      Judged judged = judge_fact(*s.plan, line, f);
      if (judged.truth == Truth::kTrue) look_up_memory(line, judged);
      if (judged.truth == Truth::kTrue) {
        fit.push_back(f);
        continue;
      }
      const FactId candidate = judged.joined ? f : kNone;
      if (runs_anyway(s, line, candidate)) continue;
      const std::size_t score = score_of(*s.plan, line, judged);
      if (closest != kNone && (score < closeness || (score == closeness && before(closest, f)))) continue;
      closest = f;
      closeness = score;
      of_closest = judged;
    }
    if (!any && s.looks > 0) failed(s, depth, {.truth = Truth::kFalse, .joined = false}, kNone, 0);
    if (closest != kNone) {
      set_row(line, closest);
      failed(s, depth, of_closest, of_closest.joined ? closest : kNone, closeness);
    }
    std::sort(fit.begin(), fit.end(), before);
    for (const FactId f : fit) {
      set_row(line, f);
      search(s, depth + 1);
      if (s.looks == 0) break;
    }
    facts_[line.binding] = kNone;
    return;
  }
  const Judged judged = judge(*s.plan, line, s.looks);
  if (s.looks == 0 && judged.witness == kNone && line.kind == LineKind::kPattern) return;  // nobody knows
  if (judged.truth == Truth::kTrue) {
    search(s, depth + 1);
  } else if (!runs_anyway(s, line, kNone)) {
    failed(s, depth, judged, kNone, score_of(*s.plan, line, judged));
  }
}

// What is met of a line that is not: conditions that tie it to other facts weigh more, and what only has to wait most of all.
std::size_t Explainer::score_of(const ExplainPlan& plan, const ExplainLine& line, const Judged& judged) {
  constexpr std::size_t kTie = 100, kJoined = 10'000, kWaits = 100'000;
  std::size_t score = (judged.joined ? kJoined : 0) + (judged.waits ? kWaits : 0);
  const bool binds = line.kind == LineKind::kPattern && line.quantifier == Quantifier::kOne;
  if (!judged.joined || !binds) return score + judged.met;
  for (const ExplainCondition& c : line.conditions) {
    if (truth(c.test, plan.scope) != Truth::kTrue) continue;
    const bool ties = std::any_of(c.reads.begin(), c.reads.end(), [&](const ExplainRead& r) {
      return r.formula == nullptr && r.binding != line.binding && r.binding != kNoId;
    });
    score += ties ? kTie : 1;
  }
  return score;
}

// The lines before `depth` are met by facts_, this one is not: kept if nothing else got as far, or met as much of it.
void Explainer::failed(Search& s, std::size_t depth, const Judged& judged, FactId candidate, std::size_t score) {
  if (s.found && (depth < s.depth || (depth == s.depth && score <= s.score))) return;
  s.found = true;
  s.depth = depth;
  s.failed_way = s.way;
  s.score = score;
  s.judged = judged;
  s.candidate = candidate;
  s.facts = facts_;
}

std::string Explainer::sentence(const ExplainPlan& plan, const ExplainLine& line, std::size_t number, const Judged& judged,
                                const Search& s) {
  const std::string start = "line " + std::to_string(number) + " of `when` ";
  const auto reads = [&](const ExplainCondition& c) {
    std::string out;
    for (const ExplainRead& r : c.reads)
      out += (out.empty() ? "" : ", ") + r.name + " is " + to_source(value(r, plan.scope), network_.interner());
    return out;
  };
  const FactType* type = line.type == kNoId ? nullptr : &data_.rule_set.schema.types[data_.written_type(line.type)];
  if (judged.waits && judged.since && !judged.due) return start + "is true since " + moment(*judged.since);
  if (judged.waits && judged.since && judged.due) {
    const bool quiet = line.absence || line.decided_ns != 0;
    return start + (quiet ? "has been quiet for " : "has been true for ") + format_duration_human(cut(network_.now() - *judged.since)) +
           ", it needs " + format_duration_human(line.decided_ns != 0 ? line.decided_ns : line.hold_ns) + ": due at " + moment(*judged.due);
  }
  if (line.kind == LineKind::kPattern && line.quantifier == Quantifier::kNo) {
    const char* is = judged.truth == Truth::kUnknown ? "is unknown: " : "is not met: ";
    return start + is + (judged.witness == kNone ? "there is such a " + type->local : fact_text(line.type, judged.witness) + " is there");
  }
  if (line.kind == LineKind::kPattern && line.quantifier == Quantifier::kEvery && judged.witness != kNone) {
    set_row(line, judged.witness);
    const bool unknown = judged.truth == Truth::kUnknown;
    std::string out = start + (unknown ? "is unknown: " : "is not met: ") + fact_text(line.type, judged.witness) +
                      (unknown ? " may not satisfy it" : " does not satisfy it");
    // What the condition compares the fact with: the fact's own fields stand in its text.
    for (const ExplainRead& r : line.conditions.back().reads) {
      if (type->field_index(r.name) != kNoId) continue;
      out += (out.ends_with(" satisfy it") ? ": " : ", ") + r.name + " is " + to_source(value(r, plan.scope), network_.interner());
    }
    return out;
  }
  if (line.kind == LineKind::kPattern && line.quantifier == Quantifier::kSome) {
    if (judged.witness != kNone) return start + "is unknown: " + fact_text(line.type, judged.witness) + " may be such a one";
    return start + "is not met: there is no such " + type->local;
  }
  if (line.kind == LineKind::kPattern && s.candidate == kNone) {
    const bool any = network_.store(line.type).live() + network_.store(line.type).stale() > 0;
    if (!any) return start + "is not met: no " + type->local + " is known";
    // `same`: what it would have to be.
    std::string wanted;
    for (const ExplainJoin& join : line.joins) {
      if (s.facts[join.other] == kNone) continue;
      wanted += (wanted.empty() ? ": none has " : ", ") + type->fields[join.field].name + " " +
                to_source(network_.frame().row(join.other)[join.other_field], network_.interner());
    }
    return start + "is not met: no " + type->local + " fits" + wanted;
  }
  std::string out = start + (judged.truth == Truth::kUnknown ? "is unknown" : "is not met");
  if (line.kind == LineKind::kPattern) out += " by the closest, " + fact_text(line.type, s.candidate);
  if (judged.failing != nullptr) {
    const std::string values = reads(*judged.failing);
    if (!values.empty()) out += ": " + values;
  }
  return out;
}

// A rule outside its calendars begins nothing; `otherwise`: it would begin, or a hold of it would run.
void Explainer::say_outside(std::uint32_t rule, bool otherwise, WhyNot& out) const {
  if (out.status == "active" || out.status == "cooldown" || out.status == "until" || out.status == "skipped" || out.status == "effects")
    return;
  for (const auto& [calendar, negated] : data_.rules[rule].during) {
    const Network::CalendarState& state = network_.calendar(calendar);
    if (state.open != negated) continue;
    std::string where = (negated ? "inside `" : "outside `") + data_.calendars[calendar]->name() + "`";
    where += state.next == kTimestampMax ? ", for good" : " until " + moment(state.next);
    if (!otherwise) {
      out.sentence += "; and it is " + where;
      return;
    }
    out.sentence = (out.status == "line" ? "no hold runs: it is " : "every line is met, but it is ") + where;
    out.status = "outside";
    out.until = state.next == kTimestampMax ? std::nullopt : std::optional(state.next);
    return;
  }
}

WhyNot Explainer::why_not(std::uint32_t rule, const std::vector<std::pair<std::string, Value>>& with) {
  const ExplainPlan& plan = data_.explain[rule];
  const RulePlan& rule_plan = data_.rules[rule];
  WhyNot out;
  out.rule = rule_plan.name;
  if (rule_plan.mode == RuleMode::kOff || episodes_.is_off(rule)) {
    out.status = "off";
    out.sentence = rule_plan.mode == RuleMode::kOff ? "its mode is `off`" : "it was switched off: it ran away";
    return out;
  }
  Search s;
  s.rule = rule;
  s.plan = &plan;
  s.with = &with;
  facts_.assign(data_.scopes[plan.scope].binding_count, kNone);
  // The second time with what runs known: a branch that is not met says nothing of an identity that another one keeps running.
  for (int look = 0; look < 2 && (look == 0 || !s.running.empty()); ++look) {
    s.first_look = look == 0;
    s.found = false;
    s.depth = s.score = 0;
    search_from_tokens(s);
    if (s.guided && s.found) s.looks = std::min(s.looks, kMaxLooksBeside);
    for (s.way = 0; s.way < plan.ways.size(); ++s.way) {
      facts_.assign(facts_.size(), kNone);
      search(s, 0);
    }
  }

  const auto load = [&](const std::vector<FactId>& facts) {
    facts_ = facts;
    for (const ExplainLine& line : plan.when) {
      if (line.kind == LineKind::kPattern && line.quantifier == Quantifier::kOne && facts_[line.binding] != kNone)
        set_row(line, facts_[line.binding]);
    }
  };
  const auto explain_lines = [&](std::size_t way, std::size_t count) {
    std::size_t looks = kMaxLooks;
    for (std::size_t i = 0; i < count; ++i) {
      const ExplainLine& line = plan.when[plan.ways[way][i]];
      if (line.kind == LineKind::kLet) continue;
      const bool binds = line.kind == LineKind::kPattern && line.quantifier == Quantifier::kOne;
      Judged judged = binds ? judge_fact(plan, line, facts_[line.binding]) : judge(plan, line, looks);
      if (binds) {
        look_up_memory(line, judged);
        out.bound.push_back(fact_used(line.name, line.type, facts_[line.binding]));
      }
      out.lines.push_back(line_explained(plan, line, judged));
    }
  };

  if (s.complete || (s.any_active && !s.found)) {
    load(s.complete ? s.match : s.active);
    const std::size_t way = s.complete ? s.match_way : s.active_way;
    explain_lines(way, plan.ways[way].size());
    if (rule_plan.logical) {
      out.status = "active";
      out.sentence = "every line is met: what it derives holds";
      return out;
    }
    std::vector<FactId> identity;
    identity.reserve(rule_plan.identity.size());
    for (const std::uint32_t binding : rule_plan.identity) identity.push_back(facts_[binding]);
    const auto& table = episodes_.table(rule);
    const EntryId e = table.find(identity.data());
    if (rule_plan.is_production() && productions_.is_unable(rule, identity.data())) {
      out.status = "effects";
      out.sentence = kUnable;
    } else if (rule_plan.is_production() && !productions_.has_fired(rule, identity.data())) {
      out.status = "ready";
      out.sentence = "every line is met: it waits for its turn, by its module's strategy";
    } else if (rule_plan.is_production()) {
      out.status = "fired";
      out.sentence =
          "every line is met, and it has fired for these facts as they are: it fires again when one changes in what `when` reads";
    } else if (e != kNone && table[e].active) {
      out.status = "active";
      out.sentence = "it runs: its episode began at " + moment(table[e].onset);
    } else if (const auto end = e == kNone ? std::nullopt : episodes_.cooldown_end(rule, e, network_.frame()); end) {
      out.status = "cooldown";
      out.until = *end;
      out.sentence = "every line is met, but its cooldown lasts until " + moment(*end);
    } else if (e != kNone && table[e].until_true > 0) {
      out.status = "until";
      out.sentence = "every line is met, but so is `until`: no episode begins while it is";
    } else if (e != kNone && table[e].skipped) {
      out.status = "skipped";
      out.sentence =
          "every line is met, but it was due while the engine was away, and `late skip` dropped it: it begins when it was false in between";
    } else if (e != kNone && table[e].failed) {
      out.status = "effects";
      out.sentence = kUnable;
    } else {
      out.status = "ready";
      out.sentence = "every line is met: it runs at the end of this instant";
    }
  } else if (!s.found) {
    out.status = "line";
    out.sentence = "there are too many facts to look at them all: say which with `--with`";
  } else {
    const std::uint32_t number = plan.ways[s.failed_way][s.depth];
    const ExplainLine& line = plan.when[number];
    load(s.facts);
    explain_lines(s.failed_way, s.depth);
    if (s.candidate != kNone) set_row(line, s.candidate);
    out.status = s.candidate == kNone && line.kind == LineKind::kPattern && line.quantifier == Quantifier::kOne &&
                         network_.store(line.type).live() + network_.store(line.type).stale() == 0
                     ? "no facts"
                     : "line";
    out.line = out.lines.size();
    out.sentence = sentence(plan, line, number + 1, s.judged, s);
    LineExplained last;
    if (line.kind == LineKind::kPattern && line.quantifier == Quantifier::kOne && s.candidate == kNone) {
      last.span = line.span;
      last.verdict = "false";
    } else {
      last = line_explained(plan, line, s.judged);
      if (!last.problem.empty()) out.sentence += " (" + last.problem + ")";
    }
    out.lines.push_back(std::move(last));
    if (s.judged.witness != kNone) out.blocker = fact_used("", line.type, s.judged.witness);
    if (s.candidate != kNone && s.judged.waits) out.bound.push_back(fact_used(line.name, line.type, s.candidate));
    if (s.candidate != kNone && !s.judged.waits) out.blocker = fact_used(line.name, line.type, s.candidate);
    if (s.judged.waits) out.until = s.judged.due;
    if (const EntryId e = running_episode(s); e != kNone) {
      const std::string runs = "an episode runs since " + moment(episodes_.entry(rule, e).onset) + "; ";
      out.status = "active";
      if (s.judged.truth == Truth::kUnknown)
        out.sentence = runs + out.sentence + "; what is unknown neither ends it nor begins another";
      else
        out.sentence = runs + out.sentence + "; that alone does not end it";
    }
    if (s.looks == 0 && !s.guided) out.sentence += " (there are too many facts to look at them all)";
  }
  if (network_.is_shut(rule)) say_outside(rule, s.complete || s.judged.waits, out);
  if (rule_plan.mode == RuleMode::kShadow) out.sentence += " (its mode is `shadow`: it sends nothing)";
  return out;
}

}  // namespace flyball::engine
