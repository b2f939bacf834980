// Outbox: what an instant's effects say, kept back until the instant is over, because a cascade that runs away is
// undone and must not have been heard. Not thread-safe.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/session.h"
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
  std::string id;
};

class Outbox {
 public:
  explicit Outbox(OutputSink& sink) : sink_(sink) {}

  template <typename Output>
  void add(Output output) {
    waiting_.push_back({Timestamp{}, static_cast<std::uint32_t>(others_.size()), false, true});
    others_.emplace_back(std::move(output));
  }
  void add(ActionOutput output) { add(std::make_unique<ActionOutput>(std::move(output))); }
  void add(FiringOutput output) { waiting_.push_back({output.time, output.rule, output.clear, false}); }
  bool empty() const { return waiting_.empty(); }
  std::size_t size() const { return waiting_.size(); }
  OutputSink& sink() const { return sink_; }
  // Forgets what came after the first `kept`, except troubles.
  void drop_after(std::size_t kept) {
    const auto from = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(kept, waiting_.size()));
    const auto is_trouble = [this](const Waiting& w) { return w.is_other && std::holds_alternative<TroubleOutput>(others_[w.what]); };
    waiting_.erase(std::remove_if(from, waiting_.end(), [&](const Waiting& w) { return !is_trouble(w); }), waiting_.end());
  }
  // Says everything in order. The sink must not call back.
  void flush() {
    for (const Waiting& w : waiting_) {
      if (w.is_other) {
        std::visit([this](const auto& o) { say(o); }, others_[w.what]);
      } else {
        sink_.on_firing(w.time, w.what, w.clear);
      }
    }
    waiting_.clear();
    others_.clear();
  }

 private:
  void say(const std::unique_ptr<ActionOutput>& o) { sink_.on_action(*o); }
  void say(const LogOutput& o) { sink_.on_log(o); }
  void say(const GoneOutput& o) { sink_.on_action_gone(o.id); }
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
  OutputSink& sink_;
  std::vector<Waiting> waiting_;  // in order
  std::vector<std::variant<std::unique_ptr<ActionOutput>, LogOutput, TroubleOutput, RefusedOutput, UnmatchedOutput, GoneOutput>> others_;
};

}  // namespace flyball::engine
