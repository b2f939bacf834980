// Network: a session's working memory and everything matched over it: alpha memories, tokens, some/no counters,
// aggregates, hold and absence tables. The session tells it which fact appeared, changed or vanished; it tells the
// session, through ChainEndHandler, which tokens stand at the ends of chains.
//
//   fact → alpha items (tests on its own fields) → right activation of stages → tokens → … → end of the chain
//
// It knows the time only as the `now` it is given; timers and the order of firing are the session's.
// The parts: alpha.cc (facts → items), join.cc (stages), tokens.cc (making, deleting, refreshing), holds.cc,
// absences.cc, aggregates.h/.cc.
//
// Thread safety: none.
// INVARIANT: after each fact_* call and settle(), the tokens are what the facts, tables and aggregates imply.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "engine/compile/program_data.h"
#include "engine/network/aggregates.h"
#include "engine/network/alpha_item.h"
#include "engine/network/alpha_tables.h"
#include "engine/network/bucket_index.h"
#include "engine/network/budget.h"
#include "engine/network/fact_store.h"
#include "engine/network/frame_buffer.h"
#include "engine/network/journal.h"
#include "engine/network/stamp_rows.h"
#include "engine/network/tables.h"
#include "engine/network/timer_queue.h"
#include "engine/network/token.h"
#include "engine/network/work.h"

namespace flyball::engine {

// What the session does with the ends of rules' chains. Calls must not change facts.
class ChainEndHandler {
 public:
  virtual void token_made(const ChainPlan& chain, TokenId token) = 0;
  virtual void token_gone(const ChainPlan& chain, TokenId token) = 0;
  // Something that the end of the chain reads changed under a token that stays.
  virtual void token_touched(const ChainPlan& chain, TokenId token) = 0;
  // A fact given to bind() vanished; its token stays.
  virtual void bound_fact_gone(const ChainPlan& chain, TokenId token) = 0;

 protected:
  ~ChainEndHandler() = default;
};

class Network {
 public:
  static constexpr std::size_t kMaxKeyParts = 16;  // fields a line may join by
  static constexpr std::size_t kMaxTuple = 32;     // facts a line with a memory may read
  static constexpr std::size_t kMaxStages = 64;    // of one chain: recursion is as deep
  static constexpr std::size_t kMaxWays = 64;      // through the `either`s of a rule: chains

  Network(const ProgramData& program, Interner& interner, TimerQueue& timers, Journal& journal, ChainEndHandler& ends);
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  FactStore& store(FactTypeId type) { return stores_[type]; }
  const FactStore& store(FactTypeId type) const { return stores_[type]; }

  // Rows are written before, by the store. `changed` is what write() or make_stale() said; kEveryField where
  // liveness itself changed.
  static constexpr std::uint64_t kEveryField = ~std::uint64_t{0};
  void fact_appeared(FactTypeId type, FactId fact) {
    if (type_states_[type].stamped) stamp_fact(type, fact, kEveryField, true, true);
    update(type, fact, kEveryField, true);
  }
  void fact_changed(FactTypeId type, FactId fact, std::uint64_t changed) {
    if (type_states_[type].stamped) stamp_fact(type, fact, changed == kEveryField ? ~stores_[type].key_fields() : changed, false, true);
    update(type, fact, changed, true);
  }
  void fact_vanished(FactTypeId type, FactId fact) {
    if (type_states_[type].stamped) stamp_fact(type, fact, kEveryField, false, false);
    update(type, fact, kEveryField, false);
  }
  // Moments number what changes facts, one after the other: an input, a deadline, an effect, a closure. A fact's stamp is the moment
  // of its last change in the fields of TypePlan::stamp_masks[which].
  std::uint64_t moment() const { return moment_; }
  void next_moment() { ++moment_; }
  std::uint64_t stamp(FactTypeId type, FactId fact, std::uint32_t which) const { return stamps_[type].row(fact)[which]; }
  void restore_stamps(FactTypeId type, FactId fact, const std::uint64_t* stamps) {
    std::copy_n(stamps, stamps_[type].width(), stamps_[type].row(fact));
  }
  // True if some rule, join or aggregate reads one of these fields.
  bool anybody_reads(FactTypeId type, std::uint64_t changed) const { return (program_.types[type].reads & changed) != 0; }

  // Whether windows take samples of it.
  bool is_sampled(FactTypeId type) const { return type_states_[type].sampled; }
  // A taken put, for the windows of aggregates.
  void sample(FactTypeId type, FactId fact, Timestamp stamp, Row row);
  void end_samples(FactTypeId type, FactId fact, Timestamp up_to);

  // Engine time of what follows.
  // `earliest`: the first instant there can be; with lateness what comes next may be stamped before the first.
  void start(Timestamp now, Timestamp earliest);  // session's first instant: roots, permanent absences
  void set_now(Timestamp now);
  Timestamp now() const { return now_; }
  // This instant is that of a recovery: what falls due in it may have been due before.
  void set_recovering(bool is) { recovering_ = is; }
  bool recovering() const { return recovering_; }
  // Step 1: windows and absence deadlines due now.
  void evict_samples(NodeId node) {
    place_.at(WorkPart::kAggregate, node);
    aggregates_.evict(node, now_, *this);
    foresee_aggregates(true);
  }
  void absence_due(TableId table, std::uint32_t entry);
  void hold_due(TableId table, std::uint32_t entry);
  // Step 1, before all else: calendars that open or close now. The rules that may begin from now on, or not any more.
  // `shut_from`: from when on those are shut that shut now.
  std::vector<std::uint32_t> pass_calendars(Timestamp shut_from);
  // A rule outside its calendars: no hold runs and no episode begins.
  bool is_shut(std::uint32_t rule) const { return shut_[rule].now; }
  struct CalendarState {
    bool open = false;
    Timestamp next = kTimestampMax;  // when that changes
  };
  bool has_calendars() const { return !calendars_.empty(); }
  const CalendarState& calendar(std::uint32_t id) const { return calendars_[id]; }
  void clock_due(TokenId left);
  void fact_clock_due(FactTypeId type, FactId fact);
  // Brings the values of aggregates and the verdicts of tables into the tokens. True if anything may have changed.
  bool settle() { return needs_settling() && settle_all(); }
  // Of aggregates alone: between the moments of a session that has productions.
  void settle_values() {
    if (aggregates_.has_dirty()) settle_aggregates();
  }
  bool needs_settling() const {
    return aggregates_.has_dirty() || !dirty_holds_.empty() || !dirty_absences_.empty() || !dirty_clocks_.empty();
  }
  // Compares holds and absences with the last judgement (semantics.md §6). True if settle() has something to do again.
  bool judge() { return needs_judging() && judge_all(); }
  bool needs_judging() const { return !unjudged_holds_.empty() || !unjudged_absences_.empty(); }
  // The instant's events have left: absences that fell due in it see what came. True if there were any.
  bool end_due_absences();
  bool has_due_absences() const { return !due_absences_.empty(); }
  // The cascade is over, or was taken back: what was kept for the journal may go.
  void end_cascade();
  // When a timer of the network's falls due in truth: kTimestampMax if it means nothing any more. Expiries and absences
  // are renewed without a new timer, so that may be later than the timer says.
  Timestamp real_due(const Timer& timer) const;
  // A hint that it will be asked for soon.
  void prefetch_due(const Timer& timer) const {
    if (timer.kind == TimerKind::kExpiry && timer.b < stores_[timer.a].end()) stores_[timer.a].prefetch_record(timer.b);
    if (timer.kind == TimerKind::kHold) holds_[timer.a].prefetch(timer.b);
  }
  // The timer is set anew for `due`, its real one.
  void rearmed(const Timer& timer, Timestamp due);
  // A timer that meant nothing was dropped.
  void disarmed(const Timer& timer);
  // Aggregates that dropped samples for want of room, each once.
  bool has_dropping() const { return aggregates_.has_dropping(); }
  std::vector<NodeId> take_dropping() { return aggregates_.take_dropping(); }
  void set_samples_max(std::size_t n) { aggregates_.set_samples_max(n); }

  // A chain with kBound stages for these facts; `tag` comes back as root_tag. Unbinding drops what hangs on it.
  TokenId bind(ChainId chain, const FactId* facts, std::uint32_t tag);
  void unbind(TokenId root);
  std::uint32_t root_tag(TokenId token) const;
  // Projections of an identity (until).
  void project(TableId projection, const FactId* identity);
  void unproject(TableId projection, const FactId* identity);

  // Limits of partial matches (quarantine.cc). An instant, or a cascade that begins anew, has the whole budget again.
  void set_matches_max(std::uint32_t rule, std::uint64_t per_instant, std::uint64_t bytes);
  void begin_budget() { ++budget_instant_; }
  struct Exhausted {
    std::uint32_t rule = 0;
    StageId stage = 0;       // that wanted one more
    bool in_instant = true;  // else its memory is full
  };
  bool has_exhausted() const { return !exhausted_.empty(); }
  std::vector<Exhausted> take_exhausted();
  // The rule makes no tokens any more.
  void stop_rule(std::uint32_t rule);
  // Rules that were stopped match nothing any more. Not within an update. O(tokens).
  void empty_rules(const std::vector<std::uint32_t>& rules);

  // Every token that stands, for `why-not`. At most `most` records are looked at; false: there are more.
  template <typename Visit>
  bool each_token(std::size_t most, Visit visit) const {
    const std::size_t end = std::min<std::size_t>(tokens_.end(), most);
    for (TokenId t = 0; t < end; ++t) {
      if (tokens_[t].alive) visit(t, tokens_[t]);
    }
    return end == tokens_.end();
  }
  const Token& token(TokenId t) const { return tokens_[t]; }
  Token& token(TokenId t) { return tokens_[t]; }
  FactId fact_of(TokenId t, std::uint32_t binding) const;  // of a gate, too
  // Of each binding what fact_of() says, but for gates: kNone.
  void facts_of(TokenId t, std::span<const std::uint32_t> bindings, FactId* out) const;
  // Fills rows and aggregates of the token's facts.
  void load(TokenId t);
  // Of the facts that a some/no line behind this token has met, the first by key, of the first `looks` at hand. kNone: there is none.
  FactId first_witness(TokenId left, std::size_t looks);
  // At the end of a rule's chain: those of its gates, too.
  void load_match(TokenId t, const RulePlan& rule);
  // Of a gate, whether or not it is open.
  FactId gate_fact(const GatePlan& gate) const { return stores_[gate.type].find(nullptr); }
  // The value that this token brought, if it is of an aggregate.
  std::optional<Value> aggregate_of(TokenId t) const {
    const Token& token = tokens_[t];
    if (token.stage == kNone || token.value == kNone) return std::nullopt;
    return values_[token.value];
  }
  FrameBuffer& frame() { return frame_; }

  // For decisions (lookup.cc): the facts of a type that may have these values in these fields, or that may lie around `low` (in the span
  // from `low` to `high`); some that do not are among them. False: no index leads there.
  bool find_equal(FactTypeId type, std::span<const std::uint32_t> fields, std::span<const Value> values, std::vector<FactId>& out) const;
  bool find_around(FactTypeId type, const SpanFields& own, const Value& low, const Value& high, std::vector<FactId>& out) const;

  // The value of an aggregate for the bindings in `frame`, whether or not a token has asked before.
  Value aggregate_value(std::uint32_t use, FrameBuffer& frame) const { return aggregates_.value(use, frame, *this); }
  // The values of aggregates that a formula reads, for the facts in the frame, whether or not a match asks for them.
  void fill_aggregates(const Formula& formula, std::uint32_t scope);

  const ProgramData& program() const { return program_; }
  Interner& interner() const { return interner_; }
  std::size_t live_facts() const { return totals_.live; }
  std::size_t stale_facts() const { return totals_.stale; }
  std::size_t token_count() const { return tokens_.used(); }
  std::size_t bytes() const;
  // What it did and holds: everything of an Insight but what the session adds. insight.cc
  void look_into(Insight& out) const;
  Statistics statistics() const;  // statistics.cc
  std::size_t type_bytes(FactTypeId type) const;
  WorkPlace& place() { return place_; }
  void mark() const;
  // What left sides stand under in their indexes by an expression's value and not a field's: nobody else may know its name.
  void computed_keys(std::vector<Value>& out);
  // What a put will touch in a window, as far as it is known; step by step, from 1 on.
  struct PutHint {
    Aggregates::Hint of;
    TokenId left = kNone;  // of the first stage that asks the node
  };
  static constexpr std::uint32_t kHintSteps = Aggregates::kHintSteps;
  // Of the first of the windows over the type. False: there is nothing to be hinted at.
  bool begin_hint_of(FactTypeId type, Row key, PutHint& hint) const {
    const std::vector<NodeId>& nodes = program_.types[type].sample_nodes;
    return !nodes.empty() && begin_hint(nodes.front(), key, hint);
  }
  void go_on_with_hint(PutHint& hint, FactId fact, std::uint32_t step) const;
  // A hint that a fact of that key will be put soon, and then, any number of times, that this is going on: a step of what it takes each.
  void foresee_put(FactTypeId type, Row key) {
    hints_ = 0;
    if (!program_.types[type].sample_nodes.empty()) begin_hints(type, key);
  }
  void foresee_further(FactId fact) {
    if (hints_ != 0) go_on_with_hints(fact);
  }
  // Hints that this fact will be changed: its first alpha item, kNone if it has none; when that is here, what hangs on it.
  std::uint32_t prefetch(FactTypeId type, FactId fact) const {
    const std::uint32_t item = stores_[type].meta(fact).items;
    if (item != kNone) __builtin_prefetch(&items_[item]);
    return item;
  }
  void prefetch_behind(std::uint32_t item) const {
    const AlphaItem& of = items_[item];
    if (of.tokens != kNone) __builtin_prefetch(&tokens_[of.tokens]);
    for (const std::uint32_t near : {of.next, of.link.next, of.link.prev}) {
      if (near != kNone) __builtin_prefetch(&items_[near]);
    }
  }

  const HoldTable& hold_table(TableId t) const { return holds_[t]; }
  const AbsenceTable& absence_table(TableId t) const { return absences_[t]; }
  const Aggregates& aggregates() const { return aggregates_; }
  HoldTable& hold_table(TableId t) { return holds_[t]; }

 private:
  friend class Aggregates;
  friend class Adoption;
  friend class Takeover;
  friend class SnapshotOut;
  friend class SnapshotIn;

  // Of a type's plan, together, because every change of a fact asks.
  struct TypeState {
    std::uint64_t reads = 0;
    std::uint64_t updates = 0;  // how many there were
    bool stamped = false;       // a production asks which change came first
    bool sampled = false;
    bool clocked = false;  // something of its facts changes with time alone
    bool tested = false;   // there is an alpha
  };
  enum class Verb : std::uint8_t { kNothing, kRefresh, kRejoin };
  struct alignas(64) StageState {
    // Of its plan, in one line, because every update of a fact and every token asks.
    std::uint64_t own_reads = 0, later_reads = 0;
    std::uint32_t turn = 0;  // the greater goes first; of a chain's stages the last, of shared joins what goes on from them
    ChainId chain = 0;
    FactTypeId type = kNoId;
    std::uint32_t binding = kNoId;
    StageKind kind = StageKind::kCheck;
    bool first = false;  // a pattern with nothing to join
    bool last = false;
    bool gated = false;   // of a rule with gates
    bool shared = false;  // of joins that several chains go on from
    Verb verb = Verb::kNothing;
    std::uint32_t index = kNone;  // of its alpha's
    std::uint32_t closing = kNone;
    std::uint64_t seen = 0;
    std::uint32_t parts = kNone;   // of join_parts_, as many as its plan has keys; kNone: not all of them are fields of facts
    std::uint32_t span = kNone;    // of span_cells_; kNone: it is not joined by where something lies
    RuleBudget* budget = nullptr;  // of its rule
    std::uint64_t cost = 0;        // of a token, in bytes, with what the session or a table keeps for it
    BucketIndex left;
    BucketIndex met;  // of some/no: left sides that have a true witness, which no new fact need meet
    StageWork work;
  };
  // Whether a fact that comes may mean something to the stage. Where nobody waits on the left nobody comes before its turn: lefts are
  // made by earlier stages, whose turn is later. Rings ask what is on its way.
  static bool is_awaited(const StageState& s) { return s.first || s.closing != kNone || !s.left.empty() || !s.met.empty(); }
  struct TokenRecords {  // adapters for BucketIndex
    Slab<Token>& tokens;
    Link& link(std::uint32_t id) { return tokens[id].left; }
    Place place(std::uint32_t id) const { return tokens[id].left_place; }
    void set_place(std::uint32_t id, Place place) { tokens[id].left_place = place; }
  };
  // What a stage joins by is, on the left, a field of the fact so many tokens above.
  struct JoinPart {
    FactTypeId type = kNoId;
    std::uint16_t field = 0;
    std::uint8_t hops = 0;
  };
  enum class KeyStatus : std::uint8_t { kKnown, kUnknown, kNever };
  struct LeftKey {
    KeyStatus status = KeyStatus::kKnown;
    std::uint32_t hash = 0;
    Span span;  // where StagePlan::span is
    Value values[kMaxKeyParts];
  };
  static constexpr std::uint32_t kGoesOn = std::uint32_t{1} << 31;  // in StageState::turn, of all but shared joins
  struct Activation {
    StageId stage = 0;
    FactId fact = 0;
    std::uint32_t item = 0;
    Truth truth = Truth::kTrue;
    std::uint32_t turn = 0;  // of the stage
  };
  struct Match {
    std::uint32_t id = 0;
    Truth truth = Truth::kTrue;
  };

  // alpha.cc
  struct Update {  // the one on its way
    FactTypeId type = 0;
    FactId fact = 0;
    FactMeta* meta = nullptr;
    Row row;
    std::uint64_t changed = 0;
    bool exists = true;
  };
  void update(FactTypeId type, FactId fact, std::uint64_t changed, bool exists);
  void stamp_fact(FactTypeId type, FactId fact, std::uint64_t changed, bool appeared, bool exists);
  bool visit_item(const Update& u, std::uint32_t item);
  std::uint32_t try_alpha(const Update& u, AlphaId alpha);
  std::uint32_t enter_alpha(const Update& u, AlphaId alpha, Truth truth);
  void activate(const Update& u);
  void update_gates(const Update& u, const AlphaTables::ByOrder& order, FactGates& gates);
  void update_all_gates(const Update& u, const AlphaTables::ByOrder& order, FactGates& gates, std::optional<std::uint32_t> position);
  void update_given(const Update& u);
  Truth alpha_truth(const Update& u, AlphaId alpha);
  std::uint32_t add_item(const Update& u, AlphaId alpha, Truth truth);
  void leave_indexes(std::uint32_t item);
  void free_item(std::uint32_t item);
  // Whether an entry is of that alpha, in a bucket of that hash, with that key of the order, for BestFirst. What its place was given to
  // meanwhile may be of another alpha, and its fact of another type.
  auto standing(const AlphaIndex& index, const AlphaIndex::Order& order) const {
    return [this, &index, &order](std::uint32_t entry, std::uint32_t hash, BestFirst::Key key) {
      const AlphaItem& item = items_[entry];
      if (item.alpha != index.alpha || item.place != Place::kHashed || item.link.hash != hash) return false;
      return order.key(stores_[program_.alphas[item.alpha].type].row(item.fact)[order.field]) == key;
    };
  }
  void leave_closings(const AlphaIndex& index, std::uint32_t entry) {
    if (index.closings.empty() || items_[entry].place == Place::kOut) return;
    if (items_[entry].place == Place::kUnknown) {
      opened_.insert(opened_.end(), index.closings.begin(), index.closings.end());
      return;
    }
    for (const std::uint32_t closing : index.closings) unclosed_.emplace_back(closing, items_[entry].link.hash);
  }
  void place_entry(AlphaIndex& index, std::uint32_t entry, Row row);
  static KeyStatus right_key(const AlphaIndex& index, Row row, std::uint32_t& hash);  // of what is equal
  Verb verb_of(StageId stage) const { return stage_states_[stage].seen == epoch_ ? stage_states_[stage].verb : Verb::kNothing; }

  // join.cc
  void right_activate(const Activation& activation);
  void left_activate(TokenId t);
  void join_left(TokenId t, const StagePlan& stage, StageId id);
  void settle_exists(TokenId left);
  void set_met(TokenId left, Truth truth);
  void find_witness(TokenId left);
  void find_witness(TokenId t, const StagePlan& stage, StageId id, const LeftKey& key);
  std::optional<std::uint32_t> best_witness(TokenId t, const StagePlan& stage, const LeftKey& key);
  void delete_witness(TokenId left);
  // The items of the right side of `stage` that the left side may meet, until `meet` says that it is enough.
  template <typename Meet>
  void each_right(const StagePlan& stage, const LeftKey& key, Meet meet);
  void plan_join(StageId id);
  static bool needs_frame(const StageState& state, const StagePlan& stage) { return state.parts == kNone || !stage.residual.empty(); }
  void left_values(const StageState& state, const StagePlan& stage, TokenId t, LeftKey& key);
  void left_key(const StageState& state, const StagePlan& stage, TokenId t, LeftKey& key);
  Truth pair_truth(const StagePlan& stage, const LeftKey& key, Row row);
  void set_output(TokenId left, StageId stage, Truth truth);
  // Runs `make` for every match from `base` on, and forgets them. What it makes may find matches of its own.
  template <typename Make>
  void take_matches(std::size_t base, Make make) {
    const std::size_t end = matches_.size();
    for (std::size_t i = base; i < end; ++i) {
      const Match match = matches_[i];
      make(match);
    }
    matches_.resize(base);
  }

  void meet_lefts(const Activation& activation);

  // lookup.cc
  void plan_lookups();
  template <typename Suits>
  const AlphaIndex* lookup(FactTypeId type, Suits suits) const;
  void add_bucket(const BucketIndex& bucket, std::uint32_t hash, std::vector<FactId>& out) const;
  void add_unknown(const BucketIndex& bucket, std::vector<FactId>& out) const;

  // span.cc
  std::optional<Span> span_of(const SpanFields& form, const Value& low, const Value& high) const;
  std::optional<Span> own_span(const SpanFields& of, Row row) const;
  // What the left side in the frame asks for.
  std::optional<Span> asked_span(const JoinSpan& by, std::uint32_t scope, FrameBuffer& frame) const;
  void left_span(const StagePlan& stage, LeftKey& key);
  std::uint32_t left_place(StageState& state, const LeftKey& key);
  bool find_places(const SpanCells& cells, const Span& asked, std::uint32_t hash);
  // A left side asked: how many it looked at, for how many that matched.
  void note_rights(const StagePlan& stage, const StageState& state, const LeftKey& key, std::uint64_t looked, std::uint64_t matched) {
    if (state.span == kNone || key.status != KeyStatus::kKnown) return;
    AlphaIndex& index = alphas_.index(alphas_[stage.alpha], stage.index);
    if (index.cells.note(key.span, looked, matched, index.bucket.size())) place_entries_anew(index);
  }
  void place_entries_anew(AlphaIndex& index);
  void place_lefts_anew(StageId id);

  // closing.cc
  std::uint32_t entry_in(std::uint32_t item, std::uint32_t index) const;
  TokenId& closing_token(const ClosingPlan& plan, std::uint32_t item);
  void note_closing_token(StageId stage, std::uint32_t item, TokenId token);
  template <typename Visit>
  void each_entry(const StagePlan& stage, std::uint32_t index, std::uint32_t hash, Visit visit) const;
  bool has_entry(const StagePlan& stage, std::uint32_t index, std::uint32_t hash) const;
  bool is_closed(const ClosingPlan& plan, Row a, Row b) const;
  bool is_closed_by(const ClosingPlan& plan, FactId a, FactId b, std::uint32_t hash) const;
  template <typename Next, typename OtherNext>
  static bool is_shorter(std::uint32_t first, Next next, std::uint32_t other, OtherNext other_next);
  bool is_pending(StageId stage) const;
  static void only_once(std::vector<std::uint32_t>& of);
  void closing_rights(const ClosingPlan& plan, Row a, std::uint32_t hash, std::vector<std::uint32_t>& out) const;
  void closing_lefts(const ClosingPlan& plan, Row b, std::uint32_t hash, std::vector<std::uint32_t>& out);
  bool is_guarded(const ClosingPlan& plan, TokenId pair) const;
  TokenId guarded_pair(const ClosingPlan& plan, std::uint32_t hash) const;
  void make_pair(const ClosingPlan& plan, TokenId a, std::uint32_t item);
  void close_pairs(const ClosingPlan& plan, const Activation& activation);
  void keep_all_pairs(std::uint32_t closing);
  void keep_closed_pairs(std::uint32_t closing);
  void settle_closings();
  void note_closing_tokens();
  const ClosingPlan* closing_of(std::uint32_t closing) const {
    return closing == kNone || closings_[closing].keeps_all ? nullptr : &program_.closings[closing];
  }

  // tokens.cc
  // `item`: what brought the fact; kNone: it was given, or there is none. kNone: the rule is stopped (quarantine.cc).
  TokenId make_token(StageId stage, TokenId parent, FactId fact, std::uint32_t item, Truth truth, bool witness,
                     std::uint32_t value = kNone);
  TokenId& first_token(StageId stage, FactId fact, std::uint32_t item) {
    return item != kNone ? items_[item].tokens : stores_[stage_states_[stage].type].meta(fact).tokens;
  }
  void free_value(std::uint32_t value);
  void delete_token(TokenId t);
  void delete_children(TokenId t);
  void refresh(TokenId t);
  void refresh_consumers(TokenId t, std::uint32_t binding, std::uint64_t changed);
  void leave_left(TokenId t);
  void forget_totals_behind(TokenId t);
  bool is_of(TokenId t, FactTypeId type, FactId fact) const;  // the fact is one of its own
  std::uint32_t tuple_hash(const StagePlan& stage, TokenId t) const;
  bool tuple_is(const StagePlan& stage, TokenId t, const FactId* facts) const;

  // quarantine.cc
  void exhausted(StageId stage);
  std::uint64_t cost_of(const StagePlan& stage) const;

  // ends.cc: chains whose ends are the network's own
  const ChainPlan& chain_of(TokenId t) const {
    const Token& token = tokens_[t];
    return program_.chains[token.stage == kNone ? token.chain() : stage_states_[token.stage].chain];
  }
  void end_made(TokenId t);
  void end_gone(TokenId t);
  void end_touched(TokenId t);

  // holds.cc
  std::uint32_t hold_entry(TableId table, const FactId* facts);
  void hold_count(TokenId end, std::int32_t delta);
  void mark_hold(TableId table, std::uint32_t entry);
  void hold_left(TokenId t, const StagePlan& stage, StageId id);
  bool settle_holds();
  bool settle_hold(TableId table, std::uint32_t entry);
  bool judge_holds();
  void journal_hold(TableId table, std::uint32_t entry);

  // absences.cc
  std::uint32_t absence_entry(TableId table, const FactId* facts);
  void absence_bound(TableId table, const FactId* facts, std::int32_t delta);
  void absence_seen(TokenId end, bool made);
  void mark_absence(TableId table, std::uint32_t entry);
  void absence_left(TokenId t, const StagePlan& stage, StageId id);
  bool settle_absences();
  Timestamp silent_since(TableId table, std::uint32_t entry);
  void absence_event_made(TableId table, std::uint32_t entry, TokenId end);
  void absence_event_gone(TableId table, std::uint32_t entry, TokenId end);
  bool settle_absence(TableId table, std::uint32_t entry);
  std::uint64_t absence_reads(TableId table, std::uint32_t entry) const;
  bool judge_absences();
  void journal_absence(TableId table, std::uint32_t entry);
  void arm_absence(TableId table, std::uint32_t entry);

  bool settle_all();
  bool judge_all();

  // clocks.cc
  void start_calendars();
  void watch_calendar(std::uint32_t calendar);
  void open_rule(std::uint32_t rule);
  bool settle_clocks();
  void arm_clock(TokenId left, StageId stage);
  Timestamp clock_change(const ClockPlan& clock, std::uint32_t scope);
  void arm_fact_clock(FactTypeId type, FactId fact, bool exists);
  Timestamp clock_change(TokenId left, StageId stage);
  Timestamp clock_real_due(const Timer& timer) const;

  // aggregate_stage.cc
  void aggregate_left(TokenId t, const StagePlan& stage, StageId id);
  bool settle_aggregates();
  void settle_aggregate(TokenId left, const StagePlan& stage, StageId id, std::uint32_t group = kNone);
  bool stays_false(TokenId t, std::uint32_t binding, const Value& v);
  void foresee_aggregates(bool index) const;
  void foresee_lefts(NodeId node, std::uint32_t hash, bool index) const;
  void begin_hints(FactTypeId type, Row key);
  void go_on_with_hints(FactId fact);
  bool begin_hint(NodeId node, Row key, PutHint& hint) const;

  const ProgramData& program_;
  Interner& interner_;
  TimerQueue& timers_;
  Journal& journal_;
  ChainEndHandler& ends_;
  FrameBuffer frame_;
  Timestamp now_;
  Timestamp start_;
  bool started_ = false;
  bool recovering_ = false;

  WorkPlace place_;
  FactTotals totals_;         // of all stores of types that are written
  FactTotals hidden_totals_;  // of those that the compiler made
  std::vector<FactStore> stores_;
  AlphaTables alphas_;
  std::vector<AlphaWork> alpha_work_;
  std::vector<TypeState> type_states_;
  std::vector<std::vector<FactGates>> gates_;  // by type; of each fact, one per AlphaTables::Type::by_order
  std::vector<StageState> stage_states_;
  std::vector<SpanCells> span_cells_;  // of left sides
  struct Lookup {                      // an index over all facts of its type
    AlphaId alpha = 0;
    std::uint32_t index = 0;
  };
  std::vector<std::vector<Lookup>> lookups_;  // by type
  Slab<AlphaItem> items_;
  Slab<Token> tokens_;
  Slab<Value> values_;  // of aggregates, for tokens
  std::vector<HoldTable> holds_;
  std::vector<AbsenceTable> absences_;
  std::vector<ProjectionTable> projections_;
  // An entry is listed once while its flag of that name is set. Entries that went, or whose flag was taken back, are passed over.
  std::vector<std::pair<TableId, std::uint32_t>> dirty_holds_, unjudged_holds_, dirty_absences_, unjudged_absences_, due_absences_;
  std::vector<std::pair<TableId, std::uint32_t>> journalled_holds_, journalled_absences_;  // unused, kept until the cascade is over
  struct AbsenceEvent {  // in the list of its entry; its token's `entry` names it
    FactId fact = kNone;
    std::uint32_t next = kNone, prev = kNone;
  };
  Slab<AbsenceEvent> absence_events_;        // of this instant, that absences must count
  std::vector<Aggregates::Dirty> settling_;  // scratch
  std::vector<TokenId> told_;                // likewise
  std::array<PutHint, 4> hints_of_;          // of the put that is foreseen
  std::uint32_t hints_ = 0, hint_step_ = 0;
  Aggregates aggregates_;

  struct Closing {
    bool keeps_all = false;
  };
  std::vector<Closing> closings_;
  // In this update: hashes that left the index of the third pattern, and cycles of which an unknown key came into it or left it.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> unclosed_;
  std::vector<std::uint32_t> opened_;

  std::vector<CalendarState> calendars_;
  std::vector<std::vector<StageId>> calendar_stages_;  // that ask whether it is open
  std::vector<std::vector<std::uint32_t>> calendar_rules_;
  struct Shut {
    bool now = false;
    Timestamp since = kTimestampMin;
  };
  std::vector<Shut> shut_;                 // by rule
  std::vector<std::uint32_t> clock_arms_;  // by token: how often its comparison with `now` was timed
  std::vector<StageId> dirty_clocks_;
  std::vector<std::vector<Timestamp>> fact_dues_;  // by type, by fact: when the next of the type's clocks changes

  std::vector<RuleBudget> budgets_;  // by rule
  std::uint64_t budget_instant_ = 1;
  std::vector<Exhausted> exhausted_;

  std::uint64_t moment_ = 1;
  std::vector<StampRows> stamps_;  // by type
  // Derived facts that were withdrawn in this moment: one that is derived again within it has not changed but in what is otherwise.
  struct Withdrawn {
    std::vector<std::uint64_t> stamps;
    std::vector<Value> row;
  };
  std::unordered_map<std::uint64_t, Withdrawn> withdrawn_;
  std::uint64_t withdrawn_in_ = 0;

  // Scratch of update(), kept to save allocations.
  std::uint64_t epoch_ = 0;
  std::vector<Activation> activations_;
  std::vector<std::uint32_t> dropped_items_, gate_items_;
  std::vector<TokenId> to_delete_;
  std::vector<std::pair<TokenId, StageId>> to_refresh_;
  std::vector<JoinPart> join_parts_;
  std::vector<std::uint32_t> places_;  // where find_places() says to look: hashes
  LeftKey left_key_;                   // scratch: of the side that is being matched, until the matches are taken
  std::vector<TokenId> touched_exists_, lost_witnesses_;
  std::vector<Match> matches_;
  std::vector<std::uint32_t> candidates_;
};

}  // namespace flyball::engine
