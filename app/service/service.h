// Service: a rule package running on live facts: the tick that joins the bus to a Session.
//
//   poll the sockets → each fact into the Session → when the inbox is empty, a tick by the clock → actions out
//
// One thread does all of it; time comes from one clock, read here and handed on as stamps and ticks, so that the recording of
// a run (recording.h) replays to the same actions. Door: Service::start, then run() until a signal.
// INVARIANT: ticks never go back; every input a Session took, ticks included, is in the recording in that order: from when it is warm,
// and of a session that took over from another with what that one knew and what waited there as its first inputs (not what was
// under way: recording.h).
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/cli/io.h"
#include "app/explain/outcome.h"
#include "app/insight/sampler.h"
#include "app/io/source_numbers.h"
#include "app/package/package.h"
#include "app/package/texts.h"
#include "app/replay/shadow.h"
#include "app/service/config.h"
#include "app/service/log.h"
#include "app/service/recording.h"
#include "app/service/session_copy.h"
#include "app/service/signals.h"
#include "bus/transport/server.h"
#include "engine/session.h"

namespace flyball::app {

class Service : private bus::ServerHandler, private engine::OutputSink {
 public:
  // Loads the rules and opens the sockets; nullptr when something is wrong (said on io.err); `exit_code`, if given, then says what run()
  // would.
  static std::unique_ptr<Service> start(ServiceConfig config, Signals& signals, Io& io, int* exit_code = nullptr);
  ~Service() override;

  const bus::BusServer::Endpoints& endpoints() const { return server_->endpoints(); }
  // Until SIGTERM or SIGINT; gives the exit code.
  int run();

 private:
  Service(ServiceConfig config, Signals& signals, Io& io);

  // The bus asks.
  Result<void> on_fact(FactInput& fact) override;
  Result<void> on_plain_fact(FactInput& fact) override;
  Result<void> on_ack(AckInput& ack) override;
  void on_gap(std::string_view source, std::uint64_t from, std::uint64_t through) override;
  Result<void> on_commit() override;
  void on_trouble(const std::string& message) override;
  Result<bus::AnswerView> on_ask(DecisionId decision, const std::vector<Value>& input) override;
  std::string on_explain(const bus::AnswerView& answer) override;
  Result<std::string> on_why(std::string_view action_id) override;
  Result<std::string> on_why_not(std::string_view rule, const std::vector<std::pair<std::string, std::string>>& with) override;
  Result<std::string> on_facts(std::string_view type) override;
  Result<std::string> on_status() override;
  Result<std::string> on_insight(std::string_view by, bool nodes) override;
  Result<std::string> on_rules(bool texts) override;
  Result<std::string> on_apply(std::string_view request_json) override;
  Result<std::string> on_snapshot(std::string_view id, std::uint64_t offset) override;
  Result<std::string> on_other(std::string_view op, std::string_view request_json) override;  // `shadow`

  Result<std::string> on_verdict(std::string_view action_id, bool approved, std::string_view reason) override;

  // The engine says.
  void on_action(const ActionOutput& action) override;
  void on_action_gone(const std::string& id) override;
  void on_derived(const DerivedOutput& derived) override;
  void on_log(const LogOutput& log) override;
  void on_trouble(Timestamp t, const std::string& message) override;
  void on_quarantine(Timestamp t, const std::string& message) override;

  // service_insight.cc
  void watch_session();
  void drop_what_is_unwanted(Timestamp now);

  const engine::Program& program() const { return *package_->program; }
  std::unique_ptr<engine::Session> new_session();
  Timestamp clock() const;
  Timestamp ages_from() const;
  void tick(Timestamp now);
  void note_stamp(Timestamp stamp);
  Result<void> check_ahead(Timestamp stamp);
  struct FormerWhy {  // an explanation in words
    std::string id, type;
    ActionState state = ActionState::kSent;  // as the action was made
    std::string json, text;
    std::optional<Timestamp> written;  // of rules that were replaced then
  };
  FormerWhy words_of(const engine::Explanation& why) const;
  std::string said_of(const FormerWhy& why) const;
  // service_approvals.cc
  std::optional<engine::ProposalView> proposal_of(std::string_view id) const;
  std::string waits_text(const engine::ProposalView& proposal) const;
  std::string proposals_text() const;
  std::string proposals_json() const;
  std::unexpected<Error> cold_error() const;
  std::string awaited_text() const;
  Timestamp next_tick() const;
  // How long poll may wait, ms: until the next deadline or status line; -1: for ever.
  int wait_ms(Timestamp now) const;
  Result<void> put(const FactInput& fact);
  Result<void> check_in_time(const FactInput& fact);
  void tell_lost(std::string_view source, const SourceNumbers::Gap& gap, Timestamp stamp);
  Result<void> flush();
  Result<void> next_recordings();
  void say_recordings();
  void record(const engine::WaitingInput& input);
  void reload();
  // Other rules go on with what these are in the middle of. Error: the old ones go on.
  Result<engine::TakenOver> take_on(std::unique_ptr<CompiledPackage> next);
  void keep_former(const std::string& kept);
  std::optional<std::string> snapshot_anew(const RuleTexts& texts);
  std::string loaded_text(const engine::TakenOver& taken) const;
  // service_rules.cc
  std::unique_ptr<CompiledPackage> compile_at_start(Io& io, int* exit_code);
  void now_running(bool applied, std::vector<std::string> params, Timestamp since);
  std::string rules_text() const;
  std::string rules_json() const;
  std::string applied_path() const;
  std::unique_ptr<CompiledPackage> compile(Io& io, int* exit_code = nullptr);
  // What `make` says on err goes into `said`, so that it can be logged in one piece.
  std::unique_ptr<CompiledPackage> quietly(std::string& said, const std::function<std::unique_ptr<CompiledPackage>(Io&)>& make);
  void keep_explanations();
  std::vector<FactInput> carried_inputs(const engine::Session& from);
  void hear_from(std::string_view source);
  bool cold() const { return !awaited_.empty(); }
  void become_warm();
  void collect_if_due();
  void say_status(Timestamp now);
  std::string status_json() const;

  ServiceConfig config_;
  Signals& signals_;
  Io& io_;
  Log log_;
  Interner interner_;
  std::unique_ptr<CompiledPackage> package_;
  std::unique_ptr<engine::Session> session_;
  bus::Context context_;  // its end waits until what was sent last has left
  std::unique_ptr<bus::BusServer> server_;
  Recording recording_;  // inputs
  Recording actions_;    // action lines; a new file after a reload, as with the inputs
  bool muted_ = false;   // cold: nothing is sent

  static constexpr std::size_t kFormerWhysMax = 256;
  std::vector<FormerWhy> former_whys_;  // of rules before a reload; newest first

  ActionErrors errors_;  // what executors, people and the bus said of failures, for `why`: the engine knows only the state

  FactTypeId lost_type_ = kNoId;    // kNoId: the rules do not ask for what was lost
  SourceNumbers plain_numbers_;     // of the plain face
  SourceNumbers recorded_numbers_;  // of assured sources: the last that the recording has or that are lost

  std::vector<std::string> awaited_;  // required sources that have not spoken
  Timestamp started_, last_tick_, last_status_, cached_now_;
  DurationNs lateness_ns_ = 0;
  bool inputs_since_tick_ = false;
  bool now_is_fresh_ = false;    // cached_now_ was read since the last poll
  std::set<Timestamp> waiting_;  // when the instants of inputs that lie ahead close, by this clock
  std::uint64_t refused_ahead_ = 0, refused_behind_ = 0, reloads_ = 0, reloads_failed_ = 0, facts_at_status_ = 0;
  std::uint64_t collect_at_bytes_ = 0;
  // Sampling goes on while somebody looks.
  static constexpr DurationNs kSamplePeriod = 1'000'000;
  static constexpr DurationNs kSampleFor = 30 * kNsPerSecond;  // after the last question
  Sampler sampler_;
  Timestamp insight_asked_;
  struct Running {  // the rules that run
    std::string digest;
    bool applied = false;             // came by `apply`, not from the files
    std::vector<std::string> params;  // NAME=VALUE
    Timestamp since;
  };
  Running running_;
  // A copy that a client fetches in parts.
  static constexpr std::uint64_t kSnapshotFactsMax = 5'000'000;
  static constexpr std::size_t kSnapshotPart = std::size_t{4} << 20;  // bytes in one answer
  static constexpr DurationNs kSnapshotKept = 60 * kNsPerSecond;      // after its last part was asked for
  std::optional<ShadowWatch> shadow_;                                 // since the rules were loaded
  SessionCopy copy_;
  std::string copy_id_, copy_head_;  // of the copy; its rules and time, as JSON members
  Timestamp copy_used_;
  std::uint64_t copies_ = 0;

  std::string plan_;  // plan_name() of the program, once it was asked for

  engine::DecisionAnswer answer_;  // what the last AnswerView views
};

}  // namespace flyball::app
