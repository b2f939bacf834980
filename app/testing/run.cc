// Feeding a Session from a Plan.
//
// At one arrival time: facts and acknowledgements in the order of the file, then questions, which see the end of the
// instant. An acknowledgement of an action that the same instant brings forth waits until that instant is closed.
#include "app/testing/run.h"

#include <algorithm>
#include <memory>

namespace flyball::app::testing {
namespace {

class Recorder : public engine::OutputSink {
 public:
  explicit Recorder(Recording& to) : to_(to) {}
  void on_action(const ActionOutput& action) override { to_.actions.push_back(action); }
  void on_derived(const DerivedOutput& derived) override {
    const auto place = std::lower_bound(to_.derived.begin(), to_.derived.end(), derived.type);
    if (derived.present && (place == to_.derived.end() || *place != derived.type)) to_.derived.insert(place, derived.type);
  }
  void on_log(const LogOutput& log) override { to_.logs.push_back({log.time, log.text}); }
  void on_firing(Timestamp t, std::uint32_t rule, bool clear) override {
    if (!clear) to_.firings.push_back({t, rule});
  }
  void on_trouble(Timestamp t, const std::string& message) override { to_.troubles.push_back({t, message}); }
  void on_refused(Timestamp, std::uint64_t origin, const std::string& message) override { to_.refusals.push_back({origin, message}); }
  void on_unmatched(std::uint64_t origin) override { to_.unmatched.push_back(origin); }

 private:
  Recording& to_;
};

class Runner {
 public:
  Runner(const Plan& plan, const engine::Program& program, Interner& interner, const RunOptions& options)
      : plan_(plan), program_(program), interner_(interner), options_(options), recorder_(result_.recording) {
    begin();
  }

  RunResult run() {
    const RunOptions& options = options_;
    const Timestamp end = options.until.value_or(plan_.horizon);
    Timestamp second = plan_.start;
    for (std::size_t i = 0; i < plan_.inputs.size() && plan_.inputs[i].arrival <= end;) {
      seconds_until(plan_.inputs[i].arrival, second);
      i = one_time(i, plan_.inputs.size());
    }
    seconds_until(end, second);
    // As in replay: what waits for a later stamp is closed as if a tick came at the end plus the largest lateness.
    if (!down_) tick(end + lateness());
    count();
    if (options.why_not_rule != kNoId) result_.why_not = session_->why_not(options.why_not_rule, options.why_not_with);
    return std::move(result_);
  }

 private:
  void begin() { session_ = std::make_unique<engine::Session>(program_, interner_, recorder_); }

  DurationNs lateness() const {
    DurationNs largest = 0;
    for (const FactType& type : program_.schema().types) largest = std::max(largest, type.lateness_ns);
    return largest;
  }

  // Ticks up to `t`, but not of `t` itself: what comes then must not be late. `second` is the next one.
  void seconds_until(Timestamp t, Timestamp& second) {
    if (!options_.seconds) return;
    const std::int64_t length = (plan_.horizon - plan_.start) / kNsPerSecond;
    const DurationNs step = (length / kMaxSeconds + 1) * kNsPerSecond;
    for (; second <= t; second = second + step) {
      if (down_ || second <= plan_.start) continue;
      tick(second - 1);
      moment();
    }
  }

  // Here a service could be stopped and started again.
  void moment() {
    const std::size_t number = result_.moments++;
    if (!options_.restarts || !result_.not_restored.empty()) return;
    if (options_.restarts->all ? number < options_.restarts->first : number != options_.restarts->first) return;
    count();
    const std::unique_ptr<engine::Session> former = std::move(session_);
    begin();
    if (options_.restarts->by == HandOver::kTakeOver) {
      session_->take_over(*former);
    } else if (const Result<void> done = session_->restore(former->snapshot()); !done) {
      result_.not_restored = done.error().message;
      begin();
    }
  }

  // What the session counted that ends here.
  void count() {
    result_.runaways += session_->counters().runaways;
    result_.effect_errors += session_->counters().effect_errors;
  }

  void tick(Timestamp t) {
    session_->tick(t);
    last_tick_ = t;
  }

  // Everything before input `limit` that arrives at the time of input `first`; gives the index of what comes next.
  // A group that `limit` cuts short is not asked yet.
  std::size_t one_time(std::size_t first, std::size_t limit) {
    const Timestamp t = plan_.inputs[first].arrival;
    std::size_t end = first;
    bool asks = false;
    for (; end < limit && plan_.inputs[end].arrival == t; ++end) {
      asks = asks || std::holds_alternative<Question>(plan_.inputs[end].what);
      if (std::holds_alternative<GoesDown>(plan_.inputs[end].what)) {
        tick(t - 1);  // till then it was there
        down_ = true;
      } else if (std::holds_alternative<Recovered>(plan_.inputs[end].what)) {
        session_->recovered(t);
        down_ = false;
      } else if (!std::holds_alternative<Restart>(plan_.inputs[end].what)) {
        feed(end);
      } else if (!recovering_) {
        restart(end);
      }
    }
    const bool cut = end == limit && end < plan_.inputs.size() && plan_.inputs[end].arrival == t;
    if (!asks || cut) return end;
    tick(t);
    for (std::size_t i = first; i < end; ++i) {
      const Question* q = std::get_if<Question>(&plan_.inputs[i].what);
      if (q != nullptr) result_.recording.answers.push_back({i, session_->decide(q->decision, q->input)});
    }
    return end;
  }

  void feed(std::size_t i) {
    if (!recovering_) moment();
    const Input& input = plan_.inputs[i];
    if (const FactInput* given = std::get_if<FactInput>(&input.what)) {
      // Till it came there was time: what was due is done. What waited for the service to come back belongs to that moment.
      if (!input.waited && given->stamp < input.arrival && last_tick_ < input.arrival - 1) tick(input.arrival - 1);
      fact_ = *given;
      fact_.origin = i;
      if (Result<engine::PutOutcome> done = session_->put(fact_); !done) result_.recording.refusals.push_back({i, done.error().message});
    } else if (const AckInput* ack = std::get_if<AckInput>(&input.what)) {
      if (ack->id.empty() && !input.waited && !waiting(*ack)) tick(input.arrival);
      ack_ = *ack;
      ack_.origin = i;
      if (Result<void> done = session_->ack(ack_); !done) result_.recording.refusals.push_back({i, done.error().message});
    }
  }

  // True if an action of that description was made already and is not finished.
  bool waiting(const AckInput& ack) const {
    const std::vector<ActionOutput>& made = result_.recording.actions;
    return std::any_of(made.begin(), made.end(), [&](const ActionOutput& a) {
      if (a.action != ack.action || (a.state != ActionState::kSent && a.state != ActionState::kProposed)) return false;
      for (std::size_t f = 0; f < ack.data.size() && f < a.data.size(); ++f) {
        if ((ack.present >> f & 1U) != 0 && !(a.data[f] == ack.data[f])) return false;
      }
      return true;
    });
  }

  // A new session is brought to where the old one was by the same inputs, as recovery from a journal would; what it
  // puts out meanwhile was sent before and must be the same.
  void restart(std::size_t at) {
    const std::vector<ActionOutput> before = std::move(result_.recording.actions);
    const Timestamp ticked = last_tick_;
    result_.recording = {};
    last_tick_ = kTimestampMin;
    recovering_ = true;
    begin();
    for (std::size_t i = 0; i < at;) i = one_time(i, at);
    if (ticked > last_tick_) tick(ticked);
    recovering_ = false;
    const std::vector<ActionOutput>& after = result_.recording.actions;
    const bool same =
        std::equal(before.begin(), before.end(), after.begin(), after.end(), [](const ActionOutput& a, const ActionOutput& b) {
          return a.time == b.time && a.id == b.id && a.state == b.state && a.data == b.data && a.try_number == b.try_number;
        });
    if (!same) result_.recording.restart_differed = true;
  }

  const Plan& plan_;
  const engine::Program& program_;
  Interner& interner_;
  const RunOptions& options_;
  RunResult result_;
  Recorder recorder_;
  std::unique_ptr<engine::Session> session_;
  Timestamp last_tick_ = kTimestampMin;
  bool recovering_ = false;  // by `restart`
  bool down_ = false;
  FactInput fact_;  // the one that is fed; here, so that its values' room is kept
  AckInput ack_;
};

}  // namespace

RunResult run_plan(const Plan& plan, const engine::Program& program, Interner& interner, const RunOptions& options) {
  return Runner(plan, program, interner, options).run();
}

}  // namespace flyball::app::testing
