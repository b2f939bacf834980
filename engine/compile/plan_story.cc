// How a rule is matched, in words. See engine/outline.h.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <span>

#include "engine/compile/node_words.h"
#include "engine/network/alpha_tables.h"
#include "engine/outline.h"
#include "model/text.h"

namespace flyball::engine {
namespace {

class Teller {
 public:
  explicit Teller(const ProgramData& data) : data_(data), readers_(data.alphas.size()), askers_(data.nodes.size()) {
    for (const ChainPlan& chain : data.chains) {
      for (StageId id = chain.first; id < chain.first + chain.count; ++id) {
        const StagePlan& stage = data.stages[id];
        for (const std::uint32_t rule : rules_of(data, chain)) {
          const Reader reader{rule, stage.line, stage.index};
          if (stage.alpha != kNoId) readers_[stage.alpha].push_back(reader);
          if (stage.kind == StageKind::kAggregate && data.uses[stage.node].node != kNoId)
            askers_[data.uses[stage.node].node].push_back(reader);
        }
      }
    }
    for (AlphaId id = 0; id < data.alphas.size(); ++id) {
      const AlphaPlan& alpha = data.alphas[id];
      const DispatchPlan::Threshold& t = alpha.dispatch.threshold;
      if (t.field != kNoId) ++thresholds_[{alpha.type, t.field, t.above}];
      if (const Reach* reach = alpha.dispatch.reach()) ++by_index_[{alpha.type, reach->field, reach->form}];
    }
  }

  PlanStory story(std::uint32_t rule) {
    rule_ = rule;
    PlanStory out;
    out.rule = data_.rules[rule].name;
    names_.clear();
    for (const auto* lines : {&data_.explain[rule].when, &data_.explain[rule].until}) {
      for (const ExplainLine& line : *lines) {
        if (line.binding != kNoId) names_[line.binding] = {line.name, line.type};
      }
    }
    // What is aggregated has no name in its own conditions.
    for (const ChainPlan& chain : data_.chains) {
      if (rule_of(data_, chain) != rule) continue;
      for (const StagePlan& stage : std::span(data_.stages).subspan(chain.first, chain.count)) {
        if (stage.kind != StageKind::kAggregate || data_.uses[stage.node].node == kNoId) continue;
        const AggregateUse& use = data_.uses[stage.node];
        names_.try_emplace(use.binding, Named{"", data_.nodes[use.node].type});
      }
    }
    for (const ChainPlan& chain : data_.chains) {
      if (rule_of(data_, chain) == rule && chain.count != 0) out.ways.push_back(way(chain));
    }
    return out;
  }

 private:
  struct Reader {
    std::uint32_t rule = 0, line = 0, index = kNoId;
  };
  struct Named {
    std::string name;
    FactTypeId type = kNoId;
  };

  const FactType& fact_type(FactTypeId id) const { return data_.rule_set.schema.types[id]; }
  std::string local(FactTypeId id) const { return fact_type(data_.written_type(id)).local; }
  std::string fields(FactTypeId type, std::uint64_t mask) const {
    std::string out;
    for (std::size_t f = 0; f < fact_type(type).fields.size() && f < 64; ++f) {
      if ((mask >> f & 1U) != 0) out += (out.empty() ? "`" : ", `") + fact_type(type).fields[f].name + "`";
    }
    return out;
  }

  // "net.down line 2, net.hot line 1 and 7 more": those of other rules, and other lines of this one.
  std::string others(const std::vector<Reader>& readers, std::uint32_t line, std::optional<std::uint32_t> index = std::nullopt) const {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> seen;
    for (const Reader& r : readers) {
      if ((r.rule == rule_ && r.line == line) || (index && r.index != *index)) continue;
      if (std::find(seen.begin(), seen.end(), std::pair(r.rule, r.line)) == seen.end()) seen.emplace_back(r.rule, r.line);
    }
    std::string out;
    for (std::size_t i = 0; i < seen.size() && i < kPlanSharersMax; ++i) {
      const std::string where = seen[i].second == kNoId ? "" : fmt::format(" line {}", seen[i].second + 1);
      out += fmt::format("{}{}{}", i == 0 ? "" : ", ", data_.rules[seen[i].first].name, where);
    }
    if (seen.size() > kPlanSharersMax) out += fmt::format(" and {} more", seen.size() - kPlanSharersMax);
    return out;
  }

  void tell_alpha(AlphaId id, PlanStep& step) const {
    const AlphaPlan& alpha = data_.alphas[id];
    const std::string type = local(alpha.type);
    if (alpha.text.empty()) {
      step.notes.push_back("takes every " + type);
    } else {
      const DispatchPlan::Threshold& t = alpha.dispatch.threshold;
      const auto field = [&](std::uint32_t f) { return "`" + fact_type(alpha.type).fields[f].name + "`"; };
      std::string how = way_words(alpha.dispatch, field);
      if (const Reach* reach = alpha.dispatch.reach()) {
        const std::string_view there = reach->form != Reach::Form::kValues ? "tried only on facts for which it may be true"
                                       : reach->values.size() == 1         ? "tried only on facts with that value"
                                                                           : "tried only on facts with one of those values";
        how += fmt::format(": {} (one look for {} such tests)", there, by_index_.at({alpha.type, reach->field, reach->form}));
      } else if (const std::uint32_t n = t.field == kNoId ? 0 : thresholds_.at({alpha.type, t.field, t.above});
                 n >= AlphaTables::kThresholdsMin) {
        how += fmt::format(": looked at when a change crosses its constant (one search for {} such tests)", n);
      } else {
        how = "tried when " + fields(alpha.type, alpha.reads) + " changes";
      }
      step.notes.push_back(fmt::format("takes {} where {}", type, alpha.text));
      step.notes.push_back(std::move(how));
    }
    if (const std::string who = others(readers_[id], step.line); !who.empty())
      step.notes.push_back((alpha.text.empty() ? "these facts are also read by " : "this test is shared with ") + who);
  }

  // With the names of facts for their numbers; an aggregate inside has a step of its own.
  std::string readable(const std::string& text) const {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
      std::size_t end = i + 1;
      while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
      const bool is_name = text[i] == '$' && end > i + 1 && end - i < 9;
      const auto named = is_name ? names_.find(static_cast<std::uint32_t>(std::stoul(text.substr(i + 1, end - i - 1)))) : names_.end();
      if (named == names_.end()) {
        out += text[i++];
      } else if (named->second.name.empty()) {
        i = end + (end < text.size() && text[end] == '.' ? 1 : 0);  // a fact without a name: its field alone, as it is written
      } else {
        out += named->second.name;
        i = end;
      }
    }
    return out.find("aggregate") == std::string::npos ? out : "a condition on an aggregate";
  }

  std::string left_of(const KeyPart& key) const {
    if (key.left) return readable(key.left->text);
    const auto named = names_.find(key.left_binding);
    if (named == names_.end()) return "a fact before it";
    return named->second.name + "." + fact_type(named->second.type).fields[key.left_field].name;
  }

  std::string lies(const JoinSpan& span, FactTypeId type) const {
    const auto field = [&](std::uint32_t f) { return "`" + fact_type(type).fields[f].name + "`"; };
    const auto ends = [](const std::string& low, const std::string& high) { return low == high ? low : low + ".." + high; };
    const std::string left = "`" + left_of(span.low) + "`";
    if (span.own.is_span) return ends(field(span.own.low), field(span.own.high)) + " around " + left;
    return field(span.own.low) + " within " +
           (span.own.form == SpanFields::Form::kAddresses ? left : ends(left, "`" + left_of(span.high) + "`"));
  }

  void tell_join(const StagePlan& stage, bool first, PlanStep& step) const {
    if (first) {
      step.notes.push_back("first: each of them begins a partial match");
    } else if (stage.keys.empty() && !stage.span) {
      step.notes.push_back("no equality, prefix or range ties it to what comes before, so there is no index: every one of them is a pair");
    } else {
      std::string keys, unhashed;
      for (const KeyPart& key : stage.keys) {
        const std::string one = "`" + fact_type(stage.type).fields[key.own_field].name + "` = `" + left_of(key) + "`";
        std::string& to = key.hashed ? keys : unhashed;
        to += (to.empty() ? "" : ", ") + one;
      }
      if (!keys.empty()) step.notes.push_back("found by hash index, from both sides: " + keys);
      if (stage.span) step.notes.push_back("found by where it lies, from both sides: " + lies(*stage.span, stage.type));
      if (!unhashed.empty())
        step.notes.push_back("compared for each pair, as values of those types are not equal by their bits: " + unhashed);
      if (const std::string who = others(readers_[stage.alpha], stage.line, stage.index); !who.empty())
        step.notes.push_back("the index is shared with " + who);
    }
    if (stage.closing != kNoId && data_.closings[stage.closing].first + 1 == &stage - data_.stages.data())
      step.notes.emplace_back("a pair is kept only while there is a fact of the next line that closes the ring");
    tell_residual(stage, "tested for each pair: ", step);
    if (stage.order != kNoId) {
      const AlphaPlan::Order& order = data_.alphas[stage.alpha].orders[stage.order];
      step.notes.push_back("the " + std::string(order.greatest ? "greatest `" : "least `") +
                           fact_type(stage.type).fields[order.field].name + "` is asked first, and answers for all");
    }
    if (stage.kind == StageKind::kExists)
      step.notes.push_back("one of them is enough, and kept in mind; goes on while there " +
                           std::string(stage.negated ? "is none" : "is one"));
    const std::uint64_t reads = stage.own_reads | stage.later_reads | data_.alphas[stage.alpha].reads;
    if (stage.kind == StageKind::kPattern) {
      step.notes.push_back(reads == 0 ? "changes of its fields are passed over: nobody reads them"
                                      : "looked at anew when " + fields(stage.type, reads) + " changes; other fields are passed over");
    }
  }

  // Where the lines are not joined as they are written: how, and what it saves.
  std::string order_of(const ChainPlan& chain) const {
    std::string out;
    for (const JoinRun& run : data_.join_runs) {
      if (chain.end != ChainEnd::kRule || run.rule != rule_ || !run.main || run.way != chain.way) continue;
      if (std::is_sorted(run.order.begin(), run.order.end())) continue;
      std::string lines;
      for (const std::uint32_t p : run.order) lines += fmt::format("{}{}", lines.empty() ? "" : ", ", run.patterns[p].line + 1);
      out += fmt::format("{}lines {}: by {} figures, as written it would be {:.0f} times as many pairs", out.empty() ? "" : "; ", lines,
                         run.measured ? "measured" : "assumed", run.gain);
    }
    return out;
  }

  void tell_residual(const StagePlan& stage, const std::string& how, PlanStep& step) const {
    std::string tests;
    for (const Formula& test : stage.residual) tests += (tests.empty() ? "" : " and ") + readable(test.text);
    if (!tests.empty()) step.notes.push_back(how + tests);
  }

  void tell_aggregate(const AggregateUse& use, PlanStep& step) const {
    if (use.clock) {
      step.title = "what the time says of `" + use.clock->condition.text + "`";
      step.notes.emplace_back("asked again when its answer changes with time: one timer for each partial match");
      return;
    }
    const AggregateNode& node = data_.nodes[use.node];
    step.title = "value of " + aggregate_label(data_, node);
    step.notes.emplace_back("kept by what comes and goes; partial matches of a group are looked at when its value changes");
    if (node.alpha != kNoId) tell_alpha(node.alpha, step);
    const std::string way = way_words(node.dispatch, [&](std::uint32_t f) { return "`" + fact_type(node.type).fields[f].name + "`"; });
    if (node.sampled() && !way.empty()) step.notes.push_back("by a put it is " + way);
    std::string tests;
    for (const Formula& test : use.residual) tests += (tests.empty() ? "" : " and ") + readable(test.text);
    if (use.span) step.notes.push_back("found by where it lies, from both sides: " + lies(*use.span, node.type));
    if (!tests.empty() && use.keeps_total) step.notes.push_back("judged once for each partial match when it comes or goes: " + tests);
    if (!tests.empty() && !use.keeps_total) step.notes.push_back("gone over item by item for each partial match, because of " + tests);
    if (const std::string who = others(askers_[use.node], step.line); !who.empty()) step.notes.push_back("shared with " + who);
  }

  // The last of the lines that others begin with, too.
  void tell_sharers(const ChainPlan& chain, PlanStep& step) const {
    std::string out;
    std::size_t count = 0;
    for (const std::uint32_t rule : rules_of(data_, data_.chains[chain.shared])) {
      if (rule == rule_) continue;
      if (count++ < kPlanSharersMax) out += (out.empty() ? "" : ", ") + data_.rules[rule].name;
    }
    if (count == 0) {
      step.notes.emplace_back("joined once, up to here, for all of this rule that begins so");
      return;
    }
    if (count > kPlanSharersMax) out += fmt::format(" and {} more", count - kPlanSharersMax);
    step.notes.push_back("joined once, up to here, for this rule and " + out);
  }

  PlanWay way(const ChainPlan& chain) const {
    PlanWay out;
    const auto line = [](std::uint32_t n) { return fmt::format("line {}", n + 1); };
    switch (chain.end) {
      case ChainEnd::kRule: {
        out.title = data_.rules[rule_].chains.size() > 1 ? fmt::format("when, way {} through its `either`s", chain.way + 1) : "when";
        out.end = chain.logical                        ? "each match is a reason for what it derives"
                  : data_.rules[rule_].is_production() ? "each match fires once, by its module's strategy"
                                                       : "each match begins an episode, and ends it when it is gone";
        break;
      }
      case ChainEnd::kShared: break;  // told by the ways that go on from them
      case ChainEnd::kGate:
        out.title = "a gate: " + local(data_.gates[chain.gate].type);
        out.end = "while it is shut, nothing of the rule fires; the matches of its other lines stay";
        break;
      case ChainEnd::kUntil:
        out.title = "until, for each episode that runs";
        out.end = "ends the episode";
        break;
      case ChainEnd::kWatch:
        out.title = "what `then` derives, for each episode that runs";
        out.end = "derived anew when it changes";
        break;
      case ChainEnd::kHold: {
        const HoldPlan& hold = data_.holds[chain.owner];
        out.title = fmt::format("the clock of {}{}", line(hold.line), hold.in_until ? " of until" : "");
        out.end = "kept in a table: since when it is true; one timer each, " + format_duration_human(hold.hold_ns);
        break;
      }
      case ChainEnd::kAbsence:
      case ChainEnd::kSeen: {
        const AbsencePlan& absence = data_.absences[chain.owner];
        const std::string of = fmt::format("the silence of {}{}", line(absence.line), absence.in_until ? " of until" : "");
        out.title = chain.end == ChainEnd::kSeen ? of + ": what breaks it" : of + ": for whom it is watched";
        out.end = "kept in a table: quiet since when; one timer each, " + format_duration_human(absence.silence_ns);
        break;
      }
    }
    out.order = order_of(chain);
    for (const StageId id : path_of(data_, chain)) {
      const StagePlan& stage = data_.stages[id];
      PlanStep& step = out.steps.emplace_back();
      step.title = stage_label(data_, stage);
      step.at = line_of(data_, chain, stage);  // of shared joins as this rule has it
      step.line = stage.line;
      step.stage = id;
      step.alpha = stage.alpha;
      const bool first = stage.kind == StageKind::kPattern && stage.index == kNoId;
      switch (stage.kind) {
        case StageKind::kPattern:
        case StageKind::kExists:
          if (first) step.title = local(stage.type);
          tell_alpha(stage.alpha, step);
          tell_join(stage, first, step);
          break;
        case StageKind::kCheck: step.notes.emplace_back("tested once for each partial match"); break;
        case StageKind::kAggregate: tell_aggregate(data_.uses[stage.node], step); break;
        case StageKind::kHold:
          step.title = "held for " + format_duration_human(data_.holds[stage.table].hold_ns);
          step.notes.emplace_back("looked up in its table by the facts it reads");
          break;
        case StageKind::kAbsence:
          step.title = "quiet for " + format_duration_human(data_.absences[stage.table].silence_ns);
          step.notes.emplace_back("looked up in its table by the facts it reads");
          break;
        case StageKind::kShared:
        case StageKind::kBound: break;
      }
      if (stage.last && stage.chain == chain.shared) tell_sharers(chain, step);
    }
    return out;
  }

  const ProgramData& data_;
  std::vector<std::vector<Reader>> readers_, askers_;
  std::map<std::tuple<FactTypeId, std::uint32_t, bool>, std::uint32_t> thresholds_;
  std::map<std::tuple<FactTypeId, std::uint32_t, Reach::Form>, std::uint32_t> by_index_;
  std::uint32_t rule_ = 0;
  std::map<std::uint32_t, Named> names_;
};

}  // namespace

std::vector<PlanStory> plan_stories(const Program& program, const std::vector<std::uint32_t>& rules) {
  Teller teller(program.data());
  std::vector<PlanStory> out;
  out.reserve(rules.size());
  for (const std::uint32_t rule : rules) out.push_back(teller.story(rule));
  return out;
}

}  // namespace flyball::engine
