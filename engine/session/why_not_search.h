// What a search for the closest match has found so far: of why_not.cc, which goes over facts, and closest.cc, which begins where the
// network's tokens end. Internal to the explainer.
#pragma once

#include "engine/session/explainer.h"

namespace flyball::engine {

struct Explainer::Search {
  std::uint32_t rule = 0;
  const ExplainPlan* plan = nullptr;
  const std::vector<std::pair<std::string, Value>>* with = nullptr;
  std::size_t looks = kMaxLooks;
  bool guided = false;  // by all tokens of the rule: what goes furthest is known, however many facts there are
  bool first_look = true;
  std::size_t way = 0;  // through the `either`s: the one being searched

  // The best so far: furthest line, then most conditions of it met.
  bool found = false;
  std::size_t depth = 0, score = 0;
  std::size_t failed_way = 0, match_way = 0, active_way = 0;
  Judged judged;
  FactId candidate = kNone;   // of an `n:` line: the fact that comes closest
  std::vector<FactId> facts;  // by binding
  // Complete matches.
  bool complete = false;
  std::vector<FactId> match;
  bool any_active = false;
  std::vector<FactId> active;
  std::vector<std::vector<FactId>> running;  // with `either`: identities whose episodes run by whatever branch
};

}  // namespace flyball::engine
