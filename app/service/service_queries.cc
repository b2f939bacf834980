// The service's answers: decisions, why, why-not, facts, status.
#include <fmt/core.h>

#include <algorithm>

#include "app/explain/lookup.h"
#include "app/explain/online.h"
#include "app/explain/render.h"
#include "app/service/service.h"
#include "model/text.h"

namespace flyball::app {
namespace {

constexpr std::size_t kFactsBytesMax = std::size_t{512} << 10;  // of one answer, texts and JSON together

constexpr std::size_t kFactsMax = 10'000;  // of one answer: each takes more than a 10,000th of its bytes

constexpr std::size_t kSourcesShown = 256;  // in one status, the connected ones first

std::vector<bus::SourceStatus> shown(std::vector<bus::SourceStatus> sources) {
  std::stable_partition(sources.begin(), sources.end(), [](const bus::SourceStatus& s) { return s.connected; });
  if (sources.size() > kSourcesShown) sources.resize(kSourcesShown);
  return sources;
}

}  // namespace

std::unexpected<Error> Service::cold_error() const {
  return fail("the service is cold: it sends and answers nothing", "these required sources have not spoken yet: " + awaited_text());
}

Result<bus::AnswerView> Service::on_ask(DecisionId decision, const std::vector<Value>& input) {
  if (cold()) return cold_error();
  Result<engine::DecisionAnswer> answer = session_->decide(decision, input);
  if (!answer) return std::unexpected(answer.error());
  answer_ = std::move(*answer);
  const bus::AnswerView view{decision, &answer_.output, answer_.from, answer_.as_of, answer_.position, &answer_.skipped_unknown};
  if (server_->wanted("decision.")) server_->publish_decision(view, input, clock());
  return view;
}

// Ages are as of now, for people: engine time stands still while nothing comes. Publishers' clocks may be ahead of ours.
Timestamp Service::ages_from() const { return std::max(session_->now(), clock()); }

std::string Service::on_explain(const bus::AnswerView& answer) {
  return answer_text(answer.decision, answer_, {program().rules(), package_->sources, interner_, ages_from()});
}

// An explanation, with what became of its action; of rules before a reload it says when it was written.
std::string Service::said_of(const FormerWhy& why) const {
  std::string json = why.json, text = why.text;
  const std::optional<Outcome> since =
      outcome(*session_, program().schema(), interner_, errors_, why.id, program().schema().type_id(why.type), why.state);
  json.pop_back();
  if (why.written) {
    json += ",\"explained_at\":";
    bus::append_time(json, *why.written);
  }
  if (since) append_outcome(*since, json, text);
  if (const auto proposal = proposal_of(why.id)) text += waits_text(*proposal);
  if (why.written)
    text += fmt::format("as it was explained at {}, when the rules that made it were replaced: ages and places are of then\n",
                        format_timestamp(to_value(*why.written)));
  return with_text(json + "}", text);
}

Service::FormerWhy Service::words_of(const engine::Explanation& why) const {
  const ExplainContext context{program().rules(), package_->sources, interner_, ages_from()};
  return {why.action.id, program().schema().types[why.action.action].name, why.action.state, why_json(why, context), why_text(why, context),
          std::nullopt};
}

Result<std::string> Service::on_why(std::string_view action_id) {
  if (cold()) return cold_error();
  const std::string id(action_id.empty() ? "last" : action_id);
  if (const std::optional<engine::Explanation> why = session_->why(id)) return said_of(words_of(*why));
  for (const FormerWhy& former : former_whys_) {
    if (id == "last" || id == former.id) return said_of(former);
  }
  if (id == "last") return fail("no action was made yet", "`flyball why-not RULE` says why a rule does not run");
  std::vector<std::string> known = session_->explained();
  for (const FormerWhy& former : former_whys_) known.push_back(former.id);
  return std::unexpected(no_such_action(id, known, true));
}

Result<std::string> Service::on_why_not(std::string_view rule, const std::vector<std::pair<std::string, std::string>>& with) {
  const Sampler::In in(sampler_, AppPart::kAnswer);
  const Result<std::uint32_t> index = find_rule(program().rules(), rule);
  if (!index) return std::unexpected(index.error());
  const auto values = with_values(program().rules(), *index, with, interner_);
  if (!values) return std::unexpected(values.error());
  const engine::WhyNot why_not = session_->why_not(*index, *values);
  const ExplainContext context{program().rules(), package_->sources, interner_, ages_from()};
  return with_text(why_not_json(why_not, context), why_not_text(why_not, context));
}

Result<std::string> Service::on_facts(std::string_view type) {
  const Sampler::In in(sampler_, AppPart::kAnswer);
  const Schema& schema = program().schema();
  FactTypeId only = kNoId;
  if (!type.empty()) {
    const Result<FactTypeId> found = find_fact_type(schema, type);
    if (!found) return std::unexpected(found.error());
    only = *found;
  }
  const ExplainContext context{program().rules(), package_->sources, interner_};
  const Timestamp now = ages_from();
  std::string json = "{\"facts\":[", text;
  std::size_t left_out = 0;
  bool first = true;
  for (FactTypeId id = 0; id < schema.types.size(); ++id) {
    if (only != kNoId && id != only) continue;
    // What a cold session proposes is never sent: it makes them anew once it is warm.
    if (cold() && schema.types[id].role == Role::kAction) continue;
    left_out += session_->fact_count(id);
    if (json.size() + text.size() > kFactsBytesMax) continue;
    for (const engine::FactView& fact : session_->facts(id, kFactsMax)) {
      if (json.size() + text.size() > kFactsBytesMax) break;
      --left_out;
      json += (first ? "" : ",") + fact_json(fact, now, context);
      text += fact_text(fact, now, context) + "\n";
      first = false;
    }
  }
  json += fmt::format("],\"left_out\":{}}}", left_out);
  if (left_out > 0) text += fmt::format("and {} more, too many for one answer; ask for one type\n", left_out);
  if (text.empty()) text = "no facts\n";
  return with_text(std::move(json), text);
}

Result<std::string> Service::on_status() {
  const engine::Counters& c = session_->counters();
  const bus::ServerCounters& b = server_->counters();
  const Timestamp now = clock();
  std::string text = fmt::format("up {}, {}, {}\n", format_duration_human((now - started_) / kNsPerSecond * kNsPerSecond),
                                 plural(program().rules().rules.size(), "rule"), plural(reloads_, "reload"));
  text += rules_text();
  if (cold()) text += fmt::format("cold: nothing is sent until these required sources have spoken: {}\n", awaited_text());
  text += fmt::format("facts: {} taken, {} unchanged, {} late, {} refused; {} live, {} stale\n", c.facts_taken, c.facts_unchanged,
                      c.facts_late_applied + c.facts_late_dropped + c.facts_late_diverted,
                      c.facts_refused + b.facts_refused + b.plain_refused, c.facts_live, c.facts_stale);
  if (refused_ahead_ + refused_behind_ > 0)
    text += fmt::format("of those refused: {} stamped too far ahead of this clock, {} too far behind\n", refused_ahead_, refused_behind_);
  text += fmt::format("actions: {} sent, {} acknowledged, {} failed, {} waiting for an executor\n", cold() ? 0 : c.actions_sent,
                      c.actions_acked, c.actions_failed, b.outbox);
  if (b.actions_overflowed > 0)
    text += fmt::format("of those sent, {} were not handed out: the outbox of their type was full\n", b.actions_overflowed);
  for (const engine::Quarantined& q : session_->quarantined()) {
    text += fmt::format("quarantine: rule {}, since {}: {}; a reload (SIGHUP) takes it out\n", q.name, format_timestamp(to_value(q.since)),
                        q.text);
  }
  text += proposals_text();
  text += shadow_text(shadow_->figures(), false);
  text += fmt::format("questions: {} answered, {} refused\n", b.questions, b.questions_refused);
  for (const bus::SourceStatus& s : shown(server_->sources()))
    text += fmt::format("source {}: {}, at {}\n", s.source, s.connected ? "connected" : "away", s.seq);
  if (b.sources > kSourcesShown) text += fmt::format("and {} more sources\n", b.sources - kSourcesShown);
  for (const bus::ExecutorStatus& e : server_->executors())
    text += fmt::format("executor {}: {}, {} unfinished\n", e.executor, e.live ? "live" : "away", e.unfinished);
  return with_text(status_json(), text);
}

std::string Service::status_json() const {
  const engine::Counters& c = session_->counters();
  const bus::ServerCounters& b = server_->counters();
  std::string out = fmt::format(
      "{{\"version\":\"{}\",\"uptime\":{},\"cold\":{},\"rules\":{},\"reloads\":{},\"reloads_failed\":{},\"engine_time\":", FLYBALL_VERSION,
      quote(format_duration(clock() - started_)), cold(), program().rules().rules.size(), reloads_, reloads_failed_);
  bus::append_time(out, session_->now());
  out += ",\"program\":" + rules_json();
  out += ",\"awaited\":[";
  for (const std::string& source : awaited_) out += (out.back() == '[' ? "" : ",") + quote(source);
  out += ']';
  bool first = true;
  const auto open = [&](std::string_view name) {
    out += fmt::format("{},\"{}\":{{", first ? "" : "}", name);
    first = true;
  };
  const auto add = [&](std::string_view name, std::uint64_t n) {
    out += fmt::format("{}\"{}\":{}", first ? "" : ",", name, n);
    first = false;
  };
  open("engine");
  add("facts_taken", c.facts_taken), add("facts_unchanged", c.facts_unchanged), add("facts_late_applied", c.facts_late_applied);
  add("facts_late_dropped", c.facts_late_dropped), add("facts_late_diverted", c.facts_late_diverted), add("facts_refused", c.facts_refused);
  add("refused_ahead", refused_ahead_), add("refused_behind", refused_behind_), add("retracts", c.retracts), add("expiries", c.expiries),
      add("events", c.events);
  add("samples_dropped", c.samples_dropped), add("firings", c.firings), add("episodes_begun", c.episodes_begun);
  add("episodes_ended", c.episodes_ended), add("actions_sent", cold() ? 0 : c.actions_sent), add("actions_acked", c.actions_acked),
      add("actions_failed", c.actions_failed);
  add("actions_approved", c.actions_approved), add("actions_rejected", c.actions_rejected),
      add("actions_unapproved", cold() ? 0 : c.actions_unapproved);
  add("acks_unmatched", c.acks_unmatched), add("effect_errors", c.effect_errors), add("runaways", c.runaways),
      add("quarantined", c.quarantined), add("late_skipped", c.late_skipped), add("instants", c.instants), add("decisions", c.decisions),
      add("decision_conflicts", c.decision_conflicts);
  add("facts_live", c.facts_live), add("facts_stale", c.facts_stale), add("tokens", c.tokens), add("timers", c.timers),
      add("memory_bytes", c.memory_bytes);
  add("interned_bytes", interner_.bytes_used());
  open("bus");
  add("messages_in", b.messages_in), add("bytes_in", b.bytes_in), add("facts_in", b.facts_in), add("facts_refused", b.facts_refused),
      add("facts_duplicate", b.facts_duplicate);
  add("fact_gaps", b.fact_gaps), add("resends_asked", b.resends_asked), add("plain_in", b.plain_in), add("plain_refused", b.plain_refused),
      add("malformed", b.malformed);
  add("actions_sent", b.actions_sent), add("actions_redelivered", b.actions_redelivered), add("actions_done", b.actions_done),
      add("actions_failed", b.actions_failed);
  add("actions_overflowed", b.actions_overflowed), add("actions_withdrawn", b.actions_withdrawn), add("acks_refused", b.acks_refused),
      add("published", b.published), add("published_dropped", b.published_dropped);
  add("questions", b.questions), add("questions_refused", b.questions_refused), add("replies_dropped", b.replies_dropped),
      add("outbox", b.outbox);
  out += "},\"quarantine\":[";
  first = true;
  for (const engine::Quarantined& q : session_->quarantined()) {
    out += fmt::format("{}{{\"rule\":{},\"reason\":\"{}\",\"since\":", first ? "" : ",", quote(q.name), engine::to_string(q.reason));
    bus::append_time(out, q.since);
    out += ",\"text\":" + quote(q.text) + "}";
    first = false;
  }
  std::vector<ShadowWatch::Figures> shadow = shadow_->figures();
  for (ShadowWatch::Figures& figures : shadow) figures.examples = {};
  out += "],\"shadow\":" + shadow_json(shadow) + ",\"proposals\":" + proposals_json() + ",\"sources\":[";
  first = true;
  for (const bus::SourceStatus& s : shown(server_->sources())) {
    out += fmt::format("{}{{\"source\":{},\"seq\":{},\"connected\":{}}}", first ? "" : ",", quote(s.source), s.seq, s.connected);
    first = false;
  }
  out += "],\"executors\":[";
  first = true;
  for (const bus::ExecutorStatus& e : server_->executors()) {
    out += fmt::format("{}{{\"executor\":{},\"live\":{},\"unfinished\":{}}}", first ? "" : ",", quote(e.executor), e.live, e.unfinished);
    first = false;
  }
  return out + fmt::format("],\"warnings_not_shown\":{}}}", log_.suppressed());
}

void Service::say_status(Timestamp now) {
  const engine::Counters& c = session_->counters();
  const bus::ServerCounters& b = server_->counters();
  const DurationNs since = std::max<DurationNs>(now - last_status_, 1);
  const double rate = static_cast<double>(b.facts_in + b.plain_in - facts_at_status_) * 1e9 / static_cast<double>(since);
  facts_at_status_ = b.facts_in + b.plain_in;
  last_status_ = now;
  const std::string text = fmt::format("{:.0f} facts/s; {} live, {} stale; {} actions sent, {} waiting; {} sources, {} executors", rate,
                                       c.facts_live, c.facts_stale, c.actions_sent, b.outbox, b.sources, b.executors);
  log_.object(now, text, fmt::format("\"status\":{}", status_json()));
}

}  // namespace flyball::app
