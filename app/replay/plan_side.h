// One of the two runs that `flyball plan` compares: its package, its session, the lines that it made and that are not compared yet, and
// what it can say of them. Each has an interner of its own. Not thread-safe.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/replay/difference.h"
#include "app/replay/replay.h"

namespace flyball::app {

class PlanSide {
 public:
  // Lines of at most `at_most_lines` of `when` are given as a reason.
  static constexpr std::size_t kReasonLines = 3;

  // `io` gets what this run says of lines and of trouble; all must outlive it.
  PlanSide(std::unique_ptr<CompiledPackage> package, std::string lines_name, const ReplayOptions& options, Io& io);
  ~PlanSide();
  PlanSide(const PlanSide&) = delete;
  PlanSide& operator=(const PlanSide&) = delete;

  LineFeeder& feeder() { return *feeder_; }
  const engine::Session& session() const { return *session_; }
  // Closes what is stamped before t, as a tick does.
  void tick(Timestamp t) { session_->tick(t); }

  // Action lines in order; whoever compares them takes them out.
  std::deque<ActionLine>& lines();

  bool has_rule(const std::string& name) const;
  // Why `line`, one of this side's, came to be: what was met; nothing if it is forgotten.
  std::vector<std::string> because(const ActionLine& line) const;
  // Key fields of the facts that led to `line`, as texts; nothing if it is forgotten or it was made by `on clear`.
  std::optional<std::vector<std::pair<std::string, std::string>>> keys_of(const ActionLine& line) const;
  // Why the rule of that name does not run now for these keys, in a sentence; empty if it does.
  std::string why_not(const std::string& rule, const std::vector<std::pair<std::string, std::string>>& keys) const;

  struct Answer {
    std::string output;  // as JSON, or why there is none
    std::string from;
    bool failed = false;
  };
  Answer answer(const std::string& decision, const std::string& input) const;

 private:
  class Sink;

  std::unique_ptr<CompiledPackage> package_;
  std::unique_ptr<Sink> sink_;
  std::unique_ptr<engine::Session> session_;
  std::unique_ptr<LineFeeder> feeder_;
};

// The text of member `name` of a JSON object, as it stands there; empty if there is none or it is no object.
std::string json_member(std::string_view object, std::string_view name);

}  // namespace flyball::app
