// What players have in common, and the naive one.
#include "tests/reference/player.h"

#include <algorithm>

#include "tests/reference/naive/gaps.h"
#include "tests/reference/naive/session.h"

namespace flyball::reference {
namespace {

class NaivePlayer final : public Player {
 public:
  NaivePlayer(const Loaded& package, Mutation mutation)
      : session_(package.rules, *package.interner, package.params, kFiringsMax, mutation), gaps_(package), mutation_(mutation) {}
  void put(const FactInput& input) override {
    const std::optional<FactInput> lost = gaps_.before(input);
    if (lost && mutation_ != Mutation::kGapsAreSilent) session_.put(*lost);
    session_.put(input);
  }
  void ack(const AckInput& input) override { session_.ack(input); }
  void tick(Timestamp t) override { session_.tick(t); }
  void recovered(Timestamp t) override { session_.recovered(t); }
  void finish() override { session_.finish(); }
  Answer ask(DecisionId decision, const std::vector<Value>& input) override {
    const Result<NaiveAnswer> a = session_.decide(decision, input);
    return a ? Answer{false, a->output, a->from, a->skipped_unknown} : Answer{true, {}, {}, {}};
  }
  std::vector<FactRow> facts(FactTypeId type) override {
    std::vector<FactRow> out;
    for (NaiveFact& f : session_.facts(type)) out.push_back({std::move(f.values), f.stamp, f.expires, f.stale});
    return out;
  }
  const Transcript& transcript() const override { return session_.transcript(); }
  std::uint64_t runaways() const override { return session_.runaways(); }

 private:
  NaiveSession session_;
  NaiveGaps gaps_;
  Mutation mutation_;
};

}  // namespace

std::optional<Answer> Player::take(const Step& step) {
  switch (step.kind) {
    case StepKind::kFact: put(step.fact); break;
    case StepKind::kTick: tick(step.time); break;
    case StepKind::kRecovered: recovered(step.time); break;
    case StepKind::kAsk: return ask(step.decision, step.input);
    case StepKind::kAck: {
      AckInput input = step.ack;
      if (step.ack_number != 0) {
        input.id = nth_action(step.ack_number);
        if (input.id.empty()) break;
      }
      ack(input);
      break;
    }
  }
  return std::nullopt;
}

std::string Player::nth_action(std::size_t n) const {
  std::vector<std::string> seen;
  for (const ActionOutput& a : transcript().actions) {
    if (std::find(seen.begin(), seen.end(), a.id) != seen.end()) continue;
    seen.push_back(a.id);
    if (seen.size() == n) return a.id;
  }
  return {};
}

std::unique_ptr<Player> make_naive(const Loaded& package, Mutation mutation) { return std::make_unique<NaivePlayer>(package, mutation); }

}  // namespace flyball::reference
