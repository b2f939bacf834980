// A session's snapshot as a whole: what it is of, its clocks and counters, its parts, who is in quarantine, and the checksum.
//
//   snapshot() → bytes → restore(): the image of the former session → take_over() → the same future
#include <sodium.h>

#include "engine/session/session_impl.h"
#include "engine/session/snapshot.h"
#include "model/check.h"

namespace flyball::engine {

namespace {

constexpr std::string_view kMagic = "flyball snapshot";
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kDigest = 16;

// All that make up Counters but what is counted when it is asked for.
constexpr std::uint64_t Counters::* kKept[] = {&Counters::facts_taken,
                                               &Counters::facts_unchanged,
                                               &Counters::facts_late_applied,
                                               &Counters::facts_late_dropped,
                                               &Counters::facts_late_diverted,
                                               &Counters::facts_refused,
                                               &Counters::retracts,
                                               &Counters::expiries,
                                               &Counters::events,
                                               &Counters::samples_dropped,
                                               &Counters::firings,
                                               &Counters::episodes_begun,
                                               &Counters::episodes_ended,
                                               &Counters::actions_sent,
                                               &Counters::actions_acked,
                                               &Counters::actions_failed,
                                               &Counters::acks_unmatched,
                                               &Counters::actions_approved,
                                               &Counters::actions_rejected,
                                               &Counters::effect_errors,
                                               &Counters::runaways,
                                               &Counters::late_skipped,
                                               &Counters::instants,
                                               &Counters::decisions,
                                               &Counters::decision_conflicts};

// What rules are: the network they make, their types, and what the network does not say. A change that this misses is read all the same.
std::string fingerprint(const Program& program) {
  const ProgramData& data = program.data();
  std::string text = program.dump();
  const auto add = [&](std::string_view word) { text.append(word).push_back('\n'); };
  const auto number = [&](std::int64_t n) { add(std::to_string(n)); };
  for (const FactType& type : data.rule_set.schema.types) {
    add(type.name);
    number(static_cast<std::int64_t>(type.role));
    number(type.ttl_ns.value_or(-1));
    number(type.lateness_ns);
    number(type.retain_ns.value_or(-1));
    for (const Field& field : type.fields) add(field.name), add(to_string(field.type));
    for (const Field& field : type.result_fields) add(field.name), add(to_string(field.type));
    for (const std::uint32_t field : type.key) number(field);
  }
  for (const RulePlan& rule : data.rules) {
    add(rule.name);
    for (const std::int64_t n : {static_cast<std::int64_t>(rule.mode), static_cast<std::int64_t>(rule.strategy), rule.priority,
                                 rule.cooldown_ns, rule.keep_ns, rule.repeat_ns, rule.late_skip_ns.value_or(-1)})
      number(n);
    for (const FactTypeId type : rule.identity_types) number(type);
    for (const Formula& f : rule.per) add(f.text);
    for (const std::vector<EffectPlan>* effects : {&rule.then, &rule.on_clear}) {
      for (const EffectPlan& effect : *effects) {
        number(static_cast<std::int64_t>(effect.kind));
        number(effect.type);
        for (const FieldSource& field : effect.fields) add(field.formula ? std::string_view(field.formula->text) : "-");
        if (effect.text) add(effect.text->text);
      }
    }
  }
  for (const HoldPlan& hold : data.holds) number(hold.hold_ns);
  for (const AbsencePlan& absence : data.absences) number(absence.silence_ns);
  for (const AggregateNode& node : data.nodes) number(node.over_ns.value_or(-1)), number(node.over_last.value_or(-1));
  return snapshot_checksum(text);
}

}  // namespace

std::string Session::Impl::snapshot() const {
  SnapshotWriter out(in);
  out.raw(kMagic);
  out.byte(kVersion);
  out.raw(fingerprint(program));
  out.flag(seen_any);
  for (const Timestamp t : {newest, first_seen, closed, passed, recovered_at, away_since}) out.timestamp(t);
  out.number(position);
  out.number(unkeyed_events);
  for (const auto counter : kKept) out.number(counters.*counter);
  SnapshotOut(const_cast<Impl*>(this)->parts(), out).write();
  out.number(quarantined.size());
  for (const Quarantined& q : quarantined) {
    out.number(q.rule);
    out.number(static_cast<std::uint64_t>(q.reason));
    out.timestamp(q.since);
    out.text(q.text);
    out.flag(q.emptied);
  }
  std::string bytes = out.take();
  return bytes + snapshot_checksum(bytes);
}

void Session::Impl::read_clock(SnapshotReader& from) {
  seen_any = from.flag();
  for (Timestamp* const t : {&newest, &first_seen, &closed, &passed, &recovered_at, &away_since}) *t = from.timestamp();
  from.check(!seen_any || (closed <= newest && passed <= newest && newest != kTimestampMin && newest != kTimestampMax),
             "its times contradict each other");
  position = from.number();
  unkeyed_events = from.number();
  for (const auto counter : kKept) counters.*counter = from.number();
}

void Session::Impl::read_quarantine(SnapshotReader& from) {
  for (std::size_t n = from.count(); n > 0 && from.ok(); --n) {
    Quarantined q;
    q.rule = from.index(data.rule_set.rules.size());
    q.reason = static_cast<QuarantineReason>(from.index(static_cast<std::size_t>(QuarantineReason::kMemory) + 1));
    q.since = from.timestamp();
    q.text = from.text();
    q.emptied = from.flag();
    if (!from.ok()) return;
    q.name = data.rules[q.rule].name;
    quarantined.push_back(std::move(q));
  }
}

Result<void> Session::Impl::restore(std::string_view bytes) {
  FB_CHECK(!seen_any);
  if (!bytes.starts_with(kMagic)) return fail("this is no snapshot");
  if (bytes.size() <= kMagic.size() + kDigest) return fail("the snapshot ends too early");
  if (const auto version = static_cast<std::uint8_t>(bytes[kMagic.size()]); version != kVersion)
    return fail("the snapshot is of version " + std::to_string(version) + ", this is for version " + std::to_string(kVersion));
  const std::string_view body = bytes.substr(0, bytes.size() - kDigest);
  if (snapshot_checksum(body) != bytes.substr(body.size())) return fail("the snapshot is damaged: its checksum is not that of its bytes");
  const std::string_view of = body.substr(kMagic.size() + 1, kDigest);
  if (of != fingerprint(program))
    return fail("the snapshot is of other rules",
                "restore it under the rules and params that it was taken of, then load the others: they take over");
  SnapshotReader from(body.substr(kMagic.size() + 1 + of.size()), in);
  Impl former(program, in, outbox.sink(), limits);
  former.read_clock(from);
  if (from.ok()) SnapshotIn(former.parts(), from).read();
  if (from.ok()) former.read_quarantine(from);
  from.check(from.at_end(), "something follows its end");
  if (!from.ok()) return fail("the snapshot is not well formed: " + from.why());
  for (const Quarantined& q : former.quarantined) quarantine_quietly(q);
  take_over(former, true);
  if (std::min(next_due(), inbox.next()) < passed) return fail("the snapshot is not well formed: something was due before its time");
  return {};
}

}  // namespace flyball::engine
