// Outbox: what an instant's effects say, kept back until the instant is over, because a cascade that runs away is
// undone and must not have been heard. Not thread-safe.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/compile/program_data.h"
#include "engine/network/append_log.h"
#include "engine/session.h"
#include "engine/session/action_id.h"
#include "model/fact.h"

namespace flyball::engine {

struct FiringOutput {
  Timestamp time;
  std::uint32_t rule = kNoId;
  bool clear = false;
};
struct TroubleOutput {
  Timestamp time;
  std::string message;
  bool quarantine = false;  // of a rule
};

struct RefusedOutput {
  Timestamp time;
  std::uint64_t origin = 0;
  std::string message;
};
struct UnmatchedOutput {  // an acknowledgement
  std::uint64_t origin = 0;
};
struct GoneOutput {  // an action that nothing waits for any more
  ActionId id;
};
// ActionOutput without what the program knows.
struct SaidAction {
  Timestamp time;
  ActionId id;
  FactTypeId type = kNoId;
  std::uint32_t rule = kNoId;
  ActionState state = ActionState::kSent;
  bool shadow = false;
  std::uint32_t tries = 1;
  std::optional<Timestamp> was_due;
  std::size_t values = 0;  // where its fields begin: as many as were declared
};

class Outbox {
 public:
  Outbox(const ProgramData& program, OutputSink& sink) : program_(program), sink_(sink) {}

  template <typename Output>
  void add(Output output) {
    waiting_.push_back({Timestamp{}, static_cast<std::uint32_t>(others_.size()), false, true});
    others_.emplace_back(std::move(output));
  }
  void add(FiringOutput output) { waiting_.push_back({output.time, output.rule, output.clear, false}); }
  void add(SaidAction action, std::span<const Value> fields) {
    action.values = values_.size();
    values_.insert(values_.end(), fields.begin(), fields.end());
    add(action);
  }
  bool empty() const { return waiting_.empty(); }
  std::size_t size() const { return waiting_.size(); }
  OutputSink& sink() const { return sink_; }
  // Forgets what came after the first `kept`, except troubles.
  void drop_after(std::size_t kept) {
    std::size_t stay = std::min(kept, waiting_.size());
    for (std::size_t i = stay; i < waiting_.size(); ++i) {
      const Waiting& w = waiting_[i];
      if (w.is_other && std::holds_alternative<TroubleOutput>(others_[w.what])) waiting_[stay++] = w;
    }
    waiting_.cut(stay);
  }
  // Says everything in order. The sink must not call back.
  void flush() {
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      const Waiting& w = waiting_[i];
      if (w.is_other) {
        std::visit([this](const auto& o) { say(o); }, others_[w.what]);
      } else {
        sink_.on_firing(w.time, w.what, w.clear);
      }
    }
    waiting_.clear();
    others_.clear();
    values_.clear();
    if (values_.capacity() > kKeptValues) std::vector<Value>().swap(values_);
  }

 private:
  static constexpr std::size_t kKeptValues = 65'536;  // room for later instants

  void say(const SaidAction& o) {
    const std::size_t fields = program_.rule_set.schema.types[o.type].declared_fields;
    action_.time = o.time;
    write_text(o.id, action_.id);
    action_.action = o.type;
    action_.rule = o.rule;
    action_.rule_name = program_.rules[o.rule].name;
    action_.data.assign(values_.data() + o.values, values_.data() + o.values + fields);
    action_.state = o.state;
    action_.try_number = o.tries;
    action_.shadow = o.shadow;
    action_.was_due = o.was_due;
    sink_.on_action(action_);
  }
  void say(const LogOutput& o) { sink_.on_log(o); }
  void say(const GoneOutput& o) { sink_.on_action_gone(to_text(o.id)); }
  void say(const TroubleOutput& o) {
    if (o.quarantine) {
      sink_.on_quarantine(o.time, o.message);
    } else {
      sink_.on_trouble(o.time, o.message);
    }
  }
  void say(const RefusedOutput& o) { sink_.on_refused(o.time, o.origin, o.message); }
  void say(const UnmatchedOutput& o) { sink_.on_unmatched(o.origin); }

  // A firing lies here as it is: a cascade may be of millions.
  struct Waiting {
    Timestamp time;
    std::uint32_t what = 0;  // the rule that fired, or a place in others_
    bool clear = false;
    bool is_other = false;
  };
  const ProgramData& program_;
  OutputSink& sink_;
  AppendLog<Waiting> waiting_;  // in order
  std::vector<std::variant<SaidAction, LogOutput, TroubleOutput, RefusedOutput, UnmatchedOutput, GoneOutput>> others_;
  std::vector<Value> values_;  // of actions that are to be said
  ActionOutput action_;        // one after the other, in the same room
};

}  // namespace flyball::engine
