// SnapshotOut, SnapshotIn: the state of a session in bytes and back. What is read is the image of a former session, good for one
// thing: another session of the same rules takes over from it (takeover.h), so what each part means is said there alone.
//
// The parts and their order are docs/reference/snapshots.md; both classes go through them in that order. Not thread-safe.
// INVARIANT: SnapshotIn gives nothing that refers to what is not there, whatever the bytes are; else it fails.
#pragma once

#include <vector>

#include "engine/session/snapshot_bytes.h"
#include "engine/session/takeover.h"

namespace flyball::engine {

class SnapshotOut {
 public:
  SnapshotOut(const SessionParts& from, SnapshotWriter& out) : from_(from), out_(out) {}
  void write();

 private:
  void fact(FactTypeId type, FactId fact) { out_.number(numbers_[type][fact]); }
  void facts(const std::vector<FactTypeId>& types, const FactId* facts) {
    for (std::size_t i = 0; i < types.size(); ++i) fact(types[i], facts[i]);
  }
  void write_facts();
  void write_told();
  void write_samples();
  void write_holds();
  void write_absences();
  void write_episodes();
  void write_actions();
  void write_productions();
  void write_inbox();

  SessionParts from_;
  SnapshotWriter& out_;
  std::vector<std::vector<std::uint32_t>> numbers_;  // by type, by fact: its place among those written
  std::vector<std::vector<std::uint32_t>> entries_;  // by rule, by entry: likewise
};

class SnapshotIn {
 public:
  SnapshotIn(const SessionParts& to, SnapshotReader& in) : to_(to), in_(in) {}
  // Into a session that has seen nothing.
  void read();

 private:
  const Schema& schema() const { return to_.data.rule_set.schema; }
  FactId fact(FactTypeId type) {
    const std::uint32_t number = in_.index(facts_[type].size());
    return in_.ok() ? facts_[type][number] : kNone;
  }
  bool facts(const std::vector<FactTypeId>& types, std::vector<FactId>& out) {
    out.clear();
    for (const FactTypeId type : types) out.push_back(fact(type));
    return in_.ok();
  }
  Value field(const Type& type);
  bool row(const std::vector<Field>& fields, std::size_t count, std::vector<Value>& out);
  void read_facts();
  void read_told();
  void read_samples();
  void read_samples_of(NodeId node);
  void read_holds();
  void read_absences();
  void read_episodes();
  void read_entry(std::uint32_t rule);
  void read_actions();
  void read_action();
  void read_productions();
  void read_inbox();
  void read_fact_input(Timestamp at);
  void read_ack(Timestamp at);

  SessionParts to_;
  SnapshotReader& in_;
  std::vector<std::vector<FactId>> facts_;     // by type
  std::vector<std::vector<EntryId>> entries_;  // by rule
};

}  // namespace flyball::engine
