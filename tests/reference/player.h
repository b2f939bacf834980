// Player: one way of running a session: the naive matcher, one of its mutants, or the engine. Both sides of a comparison
// are Players over one Loaded package.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/statistics.h"
#include "tests/reference/case.h"
#include "tests/reference/naive/mutation.h"

namespace flyball::reference {

struct FactRow {
  std::vector<Value> values;
  Timestamp stamp;
  std::optional<Timestamp> expires;
  bool stale = false;
};

struct Answer {
  bool failed = false;
  std::vector<Value> output;
  std::string from;
  std::vector<std::string> skipped_unknown;
  friend bool operator==(const Answer&, const Answer&) = default;
};

// Firings of one cascade, for all players: few, so that random rules run away now and then.
constexpr std::size_t kFiringsMax = 60;

class Player {
 public:
  virtual ~Player() = default;
  virtual void put(const FactInput& input) = 0;
  virtual void ack(const AckInput& input) = 0;
  virtual void tick(Timestamp t) = 0;
  virtual void recovered(Timestamp t) = 0;
  virtual void finish() = 0;
  virtual Answer ask(DecisionId decision, const std::vector<Value>& input) = 0;
  virtual std::vector<FactRow> facts(FactTypeId type) = 0;
  virtual const Transcript& transcript() const = 0;
  virtual std::uint64_t runaways() const { return 0; }

  // Takes one step; the answer of an ask.
  std::optional<Answer> take(const Step& step);
  // The id of the n-th action made, from 1; empty: none yet.
  std::string nth_action(std::size_t n) const;
};

std::unique_ptr<Player> make_naive(const Loaded& package, Mutation mutation = Mutation::kNone);
// Error: the engine's compiler refuses the package.
Result<std::unique_ptr<Player>> make_engine(const Loaded& package);
Result<std::unique_ptr<Player>> make_engine_joined(const Loaded& package, const engine::JoinOptions& joins);

}  // namespace flyball::reference
