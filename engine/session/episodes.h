// Episodes: what the matches of rules with effects lead to (semantics.md §7): who may start, who must end, cooldowns,
// keep and repeat, and the order in which one after the other is chosen.
//
// An entry per (rule, identity) exists while its match is not false, its episode runs, or its cooldown does. Tokens at
// the ends of chains count what the match (and `until`) is; entries that changed are looked at by review(), which puts
// them on the agenda or takes them off. choose() gives the next one; what its effects do is the session's.
//
// Not thread-safe. INVARIANT: the agenda is ordered by (ends first, rank, identity); nothing depends on history.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "engine/network/network.h"
#include "engine/network/timer_queue.h"
#include "engine/session/agenda.h"
#include "engine/session/derivation.h"

namespace flyball::engine {

struct RuleEntry {
  Link all, prefix;  // in the rule's table; prefix: not used
  Place all_place = Place::kOut, prefix_place = Place::kOut;
  std::uint32_t count_true = 0, count_unknown = 0;  // tokens of the match
  std::uint32_t until_true = 0;                     // tokens that say the exit condition holds
  TokenId tokens = kNone;                           // of the match, by Token::left
  TokenId until_root = kNone, watch_root = kNone;
  Timestamp onset;
  Timestamp last_run;
  Timestamp cool_until = kTimestampMin;   // without `per`
  Timestamp false_since = kTimestampMax;  // `keep`: the match is false since
  Timestamp last_onset = kTimestampMin;
  std::uint64_t run = 0;            // runs of `then` for last_onset
  std::uint32_t waits_for = kNone;  // the cooldown group it waits for
  bool active = false;
  bool bound = false;  // its until, watch and projections are there
  bool dirty = false;
  bool binding = false;  // listed for bind_entries()
  bool touched = false;  // something that `then` reads changed
  bool watch_dirty = false;
  bool kept_out = false;  // `keep` is over
  bool repeat_due = false;
  bool failed = false;                             // `then` cannot be evaluated as things are
  bool said = false;                               // and that was said
  bool skipped = false;                            // `late skip` dropped its start: nothing until the match is false again
  bool gone = false;                               // a fact of its identity vanished since the last review
  std::uint32_t end_ticket = 0, start_ticket = 0;  // on the agendas
};

class Episodes : public Identities {
 public:
  Episodes(const ProgramData& program, Network& network, TimerQueue& timers, Journal& journal);

  // Ends of chains.
  void match_made(std::uint32_t rule, TokenId token);
  void match_gone(std::uint32_t rule, TokenId token);
  void match_touched(std::uint32_t rule, TokenId token);
  void until_made(std::uint32_t rule, TokenId token);
  void until_gone(std::uint32_t rule, TokenId token);
  void watched(std::uint32_t rule, EntryId entry);
  // All facts of an identity are there (live, stale or suspended).
  bool facts_exist(std::uint32_t rule, EntryId id) const;
  void identity_fact_gone(std::uint32_t rule, EntryId entry);

  // Binds and unbinds what runs beside the matches, for entries that came or went. True if any did.
  bool bind_entries();
  // Part of every judgement: since when matches of rules with `keep` have been false.
  void judge_keeps();
  // Looks at entries that changed; at the end of derive closure and judgement.
  void review();

  struct Choice {
    std::uint32_t rule = 0;
    EntryId entry = kNone;
    bool end = false;
  };
  bool any_to_run() const { return !ends_.empty() || !starts_.empty(); }
  std::optional<Choice> choose() {
    if (!any_to_run()) return std::nullopt;
    const bool ends = !ends_.empty();
    const auto [rule, entry] = ends ? ends_.front() : starts_.front();
    return Choice{rule, entry, ends};
  }

  // The cooldown group of an entry whose match is in the frame: empty optional: cannot be evaluated.
  enum class Cooling : std::uint8_t { kNo, kYes, kUnknown };
  Cooling cooling(std::uint32_t rule, EntryId entry, FrameBuffer& frame);
  // For a repeated run, which does not wait for the cooldown but begins one.
  void look_up_group(std::uint32_t rule, FrameBuffer& frame);
  // `then` ran (onset: a new episode began) or `on clear` did.
  void began(std::uint32_t rule, EntryId entry);
  void ran_again(std::uint32_t rule, EntryId entry);
  void ended(std::uint32_t rule, EntryId entry);
  void could_not_run(std::uint32_t rule, EntryId entry) {
    RuleEntry& e = tables_[rule][entry];
    e.failed = e.said = true;
    take_off_starts(rule, entry);
  }

  // `late skip`: the start, or the turn of `repeat`, is as good as done.
  void skip(std::uint32_t rule, EntryId entry);
  // Of the exit condition of an entry: where its tokens hang.
  std::vector<TokenId> until_roots(std::uint32_t rule, EntryId entry) const;

  // Before a cascade changes an entry.
  void journal_entry(std::uint32_t rule, EntryId id);
  // The cascade is over, or was taken back.
  void end_cascade() { journalled_.clear(); }

  // Timers.
  void start_instant() {
    if (!begun_.empty()) touch_begun();
  }
  Timestamp real_due(const Timer& timer) const;
  void keep_due(std::uint32_t rule, EntryId entry);
  void repeat_due(std::uint32_t rule, EntryId entry);
  void cooldown_over(std::uint32_t rule, std::uint32_t which);

  // A rule that ran away runs no more.
  void switch_off(std::uint32_t rule);
  bool is_off(std::uint32_t rule) const { return off_[rule]; }
  bool any_active(std::uint32_t rule) const;
  // Nothing is known of the rule's matches any more: what runs goes on as it is.
  void freeze(std::uint32_t rule) { frozen_[rule] = true; }
  // Entries whose derives must be evaluated anew; forgets them.
  std::vector<std::pair<std::uint32_t, EntryId>> take_watched();
  bool has_watched() const { return !watched_.empty(); }
  // No entry changed since the last review.
  bool is_reviewed() const { return dirty_.empty() && unbound_.empty(); }

  RuleEntry& entry(std::uint32_t rule, EntryId e) { return tables_[rule][e]; }
  const RuleEntry& entry(std::uint32_t rule, EntryId e) const { return tables_[rule][e]; }
  const FactId* identity_of(std::uint32_t rule, EntryId e) const override { return tables_[rule].facts_of(e); }
  const TupleTable<RuleEntry>& table(std::uint32_t rule) const { return tables_[rule]; }
  // The entry of an identity, made if there is none.
  EntryId entry_for(std::uint32_t rule, const FactId* facts);
  // A token whose match is true; kNone: there is none.
  TokenId true_token(std::uint32_t rule, EntryId e) const;
  std::optional<Timestamp> cooldown_end(std::uint32_t rule, EntryId e, FrameBuffer& frame);
  void touch(std::uint32_t rule, EntryId e);
  void touch_rule(std::uint32_t rule);

  void mark(Interner& in) const;
  std::size_t bytes() const;

 private:
  friend class Adoption;
  friend class Takeover;
  friend class SnapshotOut;
  friend class SnapshotIn;

  struct Group {  // of a cooldown with `per`
    std::vector<Value> key;
    Timestamp until = kTimestampMin;
    std::set<EntryId> waiting;  // entries in use: their waits_for says so
  };
  struct GroupHash {
    std::size_t operator()(const std::vector<Value>& key) const {
      std::uint64_t h = 0;
      for (const Value& v : key) h = mix(h, hash_value(v));
      return h;
    }
  };
  template <std::uint32_t RuleEntry::* Ticket>
  struct OnAgenda {
    Episodes* episodes;
    std::uint32_t& ticket(std::uint32_t rule, EntryId e) const { return episodes->tables_[rule][e].*Ticket; }
    bool goes_before(std::uint32_t rule, EntryId a, EntryId b) const { return episodes->goes_before(rule, a, b); }
    std::uint64_t prefix(std::uint32_t rule, EntryId e) const { return episodes->identity_prefix(rule, e); }
  };
  // What of an entry a cascade that is taken back restores.
  struct EntryBefore {
    std::uint32_t rule = 0;
    EntryId entry = kNone;
    Timestamp onset, last_run, last_onset, cool_until, false_since;
    std::uint64_t run = 0;
    bool active = false, repeat_due = false, kept_out = false, skipped = false;
  };
  bool goes_before(std::uint32_t rule, EntryId a, EntryId b) const;
  std::uint64_t identity_prefix(std::uint32_t rule, EntryId e) const;
  void restore(const EntryBefore& before);
  EntryId entry_of(std::uint32_t rule, TokenId token);
  bool must_end(std::uint32_t rule, const RuleEntry& e, EntryId id) const;
  bool may_start(std::uint32_t rule, const RuleEntry& e) const;
  bool is_needed(std::uint32_t rule, const RuleEntry& e) const;
  void review_entry(std::uint32_t rule, EntryId id);
  void put_on_agenda(std::uint32_t rule, EntryId id, bool ends, bool starts);
  void take_off_starts(std::uint32_t rule, EntryId id) { put_on_agenda(rule, id, tables_[rule][id].end_ticket != 0, false); }
  std::optional<std::vector<Value>> group_key(const RulePlan& plan, FrameBuffer& frame) const;
  void start_cooldown(std::uint32_t rule, EntryId id);
  void stop_waiting(std::uint32_t rule, EntryId id);
  void touch_begun();

  const ProgramData& program_;
  Network& network_;
  TimerQueue& timers_;
  Journal& journal_;
  std::vector<TupleTable<RuleEntry>> tables_;
  std::vector<std::pair<std::uint32_t, EntryId>> dirty_, unbound_, watched_, begun_;
  std::vector<bool> off_, frozen_;
  // Of an `until` with branches, beside the first chain and its root: by rule, and by (rule, entry).
  std::vector<std::vector<ChainId>> more_until_chains_;
  std::map<std::pair<std::uint32_t, EntryId>, std::vector<TokenId>> more_until_roots_;
  Agenda<OnAgenda<&RuleEntry::end_ticket>> ends_;
  Agenda<OnAgenda<&RuleEntry::start_ticket>> starts_;
  std::vector<EntryBefore> journalled_;
  std::vector<std::unordered_map<std::vector<Value>, std::uint32_t, GroupHash>> group_of_;  // by rule
  std::vector<std::map<std::uint32_t, Group>> groups_;                                      // by rule, by number
  std::uint32_t next_group_ = 0;
  std::optional<std::vector<Value>> last_group_;  // that cooling() looked at
};

}  // namespace flyball::engine
