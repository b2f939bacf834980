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
    waiting_.emplace_back(std::move(output));
  }
  void add(ActionOutput output) { waiting_.emplace_back(std::make_unique<ActionOutput>(std::move(output))); }
  bool empty() const { return waiting_.empty(); }
  std::size_t size() const { return waiting_.size(); }
  OutputSink& sink() const { return sink_; }
  // Forgets what came after the first `kept`, except troubles.
  void drop_after(std::size_t kept) {
    const auto from = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(kept, waiting_.size()));
    waiting_.erase(std::remove_if(from, waiting_.end(), [](const auto& o) { return !std::holds_alternative<TroubleOutput>(o); }),
                   waiting_.end());
  }
  // Says everything in order. The sink must not call back.
  void flush() {
    for (const auto& output : waiting_) std::visit([this](const auto& o) { say(o); }, output);
    waiting_.clear();
  }

 private:
  void say(const std::unique_ptr<ActionOutput>& o) { sink_.on_action(*o); }
  void say(const LogOutput& o) { sink_.on_log(o); }
  void say(const FiringOutput& o) { sink_.on_firing(o.time, o.rule, o.clear); }
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

  OutputSink& sink_;
  std::vector<
      std::variant<FiringOutput, std::unique_ptr<ActionOutput>, LogOutput, TroubleOutput, RefusedOutput, UnmatchedOutput, GoneOutput>>
      waiting_;
};

}  // namespace flyball::engine
