// Derivation: derived facts and their reasons (semantics.md §7). A token at the end of a logical rule's chain is a
// reason, and so is a running episode; the best reason gives the fields.
//
//   reasons of a fact change → the fact is dirty → closure(): best reason → put, update, suspend or withdraw → network
//
// Types are settled stratum by stratum. In a recursive stratum facts could support each other in a circle, so one that
// lost a reason is withdrawn first, with everything that hangs on it, and then put back if a reason is left (delete and
// rederive); what is true is put back before what is unknown. Each is looked at again when it gains or loses a reason, and only then.
//
// The reasons of a fact are a pairing heap, compared when the best is asked for: one that comes or goes costs O(1) and O(log n) amortised,
// however many others there are.
//
// Not thread-safe. INVARIANT: after closure() every derived fact is what its reasons say.
#pragma once

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <vector>

#include "engine/network/network.h"
#include "engine/session/outbox.h"

namespace flyball::engine {

// Where identities of episodes are looked up (episodes.h).
class Identities {
 public:
  // The facts of an episode's identity.
  virtual const FactId* identity_of(std::uint32_t rule, std::uint32_t entry) const = 0;

 protected:
  ~Identities() = default;
};

class Derivation {
 public:
  Derivation(const ProgramData& program, Network& network, const Identities& identities, std::size_t per_instant_max);

  // Logical rules.
  void token_made(std::uint32_t rule, TokenId token);
  void token_gone(TokenId token);
  // Episodes. `values`: the effect's record; a later call for the same effect replaces it.
  void set_episode_reason(std::uint32_t rule, std::uint32_t entry, std::uint32_t effect, const std::vector<Value>& values);
  void drop_episode_reasons(std::uint32_t rule, std::uint32_t entry);

  // What they are: (effect, record).
  std::vector<std::pair<std::uint32_t, std::vector<Value>>> episode_reasons(std::uint32_t rule, std::uint32_t entry) const;

  // Brings network and derived facts to the fixpoint, or to the limit of one instant: then runaway() names the rule that
  // made most of the facts, once; whoever asks switches it off and calls closure() again.
  void closure();
  bool is_closed() const { return dirty_strata_count_ == 0 && made_ <= per_instant_max_ && !network_.needs_settling(); }
  void start_instant() {
    if (made_ != 0) forget_makers();
  }
  std::optional<std::uint32_t> runaway() { return made_ <= per_instant_max_ ? std::nullopt : take_runaway(); }
  // The rule's reasons go, and it gives no more.
  void switch_off(std::uint32_t rule);

  bool has_news() const { return !touched_.empty(); }
  // Net changes since the last call, in order of (type, key), to the sink itself: nothing else is said in between.
  void tell(Timestamp now, OutputSink& sink);
  void mark(Interner& in) const;
  // Before names are collected: of what was evaluated last nobody says which it holds.
  void forget_evaluated() { scratch_of_ = kNone; }
  std::size_t bytes() const;

 private:
  friend class Adoption;
  friend class Takeover;
  friend class SnapshotOut;
  friend class SnapshotIn;

  struct Reason {
    FactTypeId type = kNoId;
    FactId fact = kNone;
    std::uint32_t rule = 0;
    std::uint32_t effect = 0;
    std::uint32_t token = kNone;               // of a logical rule
    std::uint32_t entry = kNone;               // of an episode
    std::uint32_t next = kNone, prev = kNone;  // beside it in the heap of the fact; prev of a first child: its parent
    std::uint32_t child = kNone;
    std::uint32_t sibling = kNone;  // next of the same token
    Truth truth = Truth::kTrue;
  };
  struct Derived {                  // by FactId
    std::uint32_t reasons = kNone;  // the first of the roots
    bool dirty = false;
    bool lost = false;  // recursive types: lost a reason, not withdrawn yet
    bool told = false;
    bool touched = false;  // since the last tell()
    bool known = false;    // while touched: the row, of an absent fact, too, is what was known last
  };
  struct Touched {
    FactTypeId type = kNoId;
    FactId fact = kNone;
    bool told = false;
    std::size_t values = 0;    // told ones, in told_values_
    std::uint64_t prefix = 0;  // of its key, when they are put in order
  };

  // One derive of a logical rule: what evaluating it needs, together and without the rule's plan.
  struct FieldPlan {
    enum class Form : std::uint8_t { kConstant, kField, kFormula };
    Form form = Form::kConstant;
    std::uint16_t binding = 0, field = 0;
    const Formula* formula = nullptr;
    const FieldFit* fit = nullptr;
    Value constant;
  };
  struct TypeState {  // of a type's plan, together
    std::uint32_t stratum = kNoId;
    bool recursive = false;
    bool is_written = true;
  };
  struct DerivePlan {
    FactTypeId type = kNoId;
    std::uint32_t effect = 0;
    std::uint32_t scope = 0;
    std::uint32_t first_field = 0, field_count = 0;
  };
  struct RuleDerives {
    std::uint32_t first = 0, count = 0;
    bool off = false;
    std::size_t made = 0;  // facts made or changed in this instant
  };

  void plan_derives(std::uint32_t rule);
  void evaluate(const DerivePlan& plan, Value* out);
  void forget_makers();
  std::optional<std::uint32_t> take_runaway();
  Derived& derived(FactTypeId type, FactId fact) {
    std::vector<Derived>& all = derived_[type];
    if (fact >= all.size()) [[unlikely]]
      all.resize(std::max<std::size_t>(std::size_t{fact} + 1, all.size() * 2));
    return all[fact];
  }
  std::uint32_t add_reason(Reason reason);
  void remove_reason(std::uint32_t id);
  void set_dirty(FactTypeId type, FactId fact, Derived& d, bool lost);
  std::uint32_t first_dirty_stratum() const;
  void settle_stratum(std::uint32_t stratum);
  void settle_recursive(std::uint32_t stratum);
  void apply_best(FactTypeId type, FactId fact);
  std::uint32_t best_reason(FactTypeId type, FactId fact);
  std::uint32_t meld(std::uint32_t a, std::uint32_t b);
  bool better(const Reason& a, const Reason& b) const;
  const Value* values_of(std::uint32_t reason);
  void withdraw(FactTypeId type, FactId fact);
  void touch(FactTypeId type, FactId fact, FactStore& store, Derived& d);

  const ProgramData& program_;
  Network& network_;
  const Identities& identities_;
  Slab<Reason> reasons_;
  std::vector<std::vector<Derived>> derived_;                                      // by type, by fact
  std::unordered_map<std::uint32_t, std::vector<Value>> episode_values_;           // by reason
  std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> episode_reasons_;  // (rule, entry) → reasons
  std::vector<std::vector<std::pair<FactTypeId, FactId>>> dirty_;  // by stratum; recursive: more than once, and some that are so no more
  std::vector<std::uint64_t> dirty_strata_;                        // bits
  std::size_t dirty_strata_count_ = 0;
  std::vector<std::size_t> lost_;  // by stratum: facts of recursive types that lost a reason and are not withdrawn yet
  std::vector<Touched> touched_;
  std::vector<Value> told_values_;
  std::unordered_map<std::uint64_t, std::vector<Value>> told_otherwise_;  // (type, fact): told, but not the last known row
  // The record of the reason evaluated last: mostly it is what the closure asks for next.
  std::vector<Value> scratch_;  // as wide as the widest
  std::uint32_t scratch_of_ = kNone;
  DerivedOutput output_;
  std::vector<TypeState> types_;
  std::vector<RuleDerives> rules_;
  std::vector<DerivePlan> derives_;
  std::vector<FieldPlan> fields_;
  std::size_t per_instant_max_;
  std::size_t made_ = 0;               // facts made or changed in this instant
  std::vector<std::uint32_t> makers_;  // rules that made some
};

}  // namespace flyball::engine
