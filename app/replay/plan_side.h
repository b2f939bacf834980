// One of the two runs that `flyball plan` and `flyball whatif` compare: its package, its session, the lines that it made and that are not
// compared yet, and what it can say of them. Each has an interner of its own. Not thread-safe.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/replay/difference.h"
#include "app/replay/replay.h"
#include "app/replay/shadow.h"

namespace flyball::app {

class PlanSide {
 public:
  // Lines of at most `at_most_lines` of `when` are given as a reason.
  static constexpr std::size_t kReasonLines = 3;

  // `io` gets what this run says of lines and of trouble; all must outlive it.
  PlanSide(std::unique_ptr<CompiledPackage> package, std::string lines_name, const ReplayOptions& options, Io& io,
           const engine::Limits& limits = {});
  ~PlanSide();
  PlanSide(const PlanSide&) = delete;
  PlanSide& operator=(const PlanSide&) = delete;

  LineFeeder& feeder() { return *feeder_; }
  const engine::Session& session() const { return *session_; }
  // Closes what is stamped before t, as a tick does.
  void tick(Timestamp t) { session_->tick(t); }

  // Goes on where `other`, of the same rules, is. Only before the first line; on an error this one is of no use any more.
  Result<void> copy(const PlanSide& other) { return restore(other.session_->snapshot()); }
  // The same of a snapshot's bytes.
  Result<void> restore(std::string_view snapshot) { return session_->restore(snapshot); }
  // Goes on where `former` is, under these rules, as a reload does. Both packages share an interner; `former` is of no use afterwards.
  void take_over(PlanSide& former) { session_->take_over(*former.session_); }
  const CompiledPackage& package() const { return *package_; }
  CompiledPackage& package() { return *package_; }

  // One input beside the lines, by its number; what is refused at its turn is in take_refusals().
  Result<void> put(FactInput input, std::uint64_t number);
  std::vector<RefusalSink::Refusal> take_refusals();

  // A change of a derived fact, told from now on.
  struct DerivedLine {
    Timestamp time;
    bool present = true;
    std::string type, data, text;  // the type qualified; the fields as JSON; for people
  };
  void keep_derived();
  std::vector<DerivedLine> take_derived();  // those since it was called last
  // The largest lateness of any type: how far engine time lags behind the newest stamp.
  DurationNs lateness() const { return largest_lateness(package_->program->schema()); }

  // Action lines in order; whoever compares them takes them out.
  std::deque<ActionLine>& lines();

  // Once, at the end: what this side's rules in mode shadow would have done, beside what its active ones did.
  std::vector<ShadowWatch::Figures> shadow();

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

// Fills in why `change`, just found, came to be: what was met where its rule ran, what is not met where it did not; that is introduced
// by `not_before` or `not_after`.
void give_reason(ActionChange& change, const PlanSide& before, const PlanSide& after, std::string_view not_before = "not before",
                 std::string_view not_after = "not now");

}  // namespace flyball::app
