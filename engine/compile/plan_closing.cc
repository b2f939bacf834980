// Three patterns in a row that form a cycle: what the third must be is known by both of the others. Worst-case optimal joins (Ngo, Porat,
// Ré, Rudra, 2012) say why that matters: through a hub of n links in and n links out there are n² pairs and perhaps no cycle at all. Such
// patterns are marked, and get the indexes by which a pair is found when a third one closes it. See network/closing.cc.
#include <algorithm>

#include "engine/compile/plan_builder.h"

namespace flyball::engine {

namespace {

bool is_plain(const KeyPart& key) { return key.hashed && !key.left; }

}  // namespace

// An index in which null equals null: what is found by it is judged anyway.
std::uint32_t PlanBuilder::closing_index(AlphaId id, std::vector<std::uint32_t> fields, bool is_private) {
  AlphaPlan& alpha = out_.alphas[id];
  const std::uint32_t null_joins = ((std::uint32_t{1} << fields.size()) - 1) | (is_private ? AlphaPlan::kPrivate : 0);
  for (std::uint32_t i = 0; !is_private && i < alpha.indexes.size(); ++i) {
    if (alpha.indexes[i] == fields && alpha.index_null_joins[i] == null_joins) return i;
  }
  alpha.index_null_joins.push_back(null_joins);
  alpha.indexes.push_back(std::move(fields));
  return static_cast<std::uint32_t>(alpha.indexes.size() - 1);
}

// Before the stages are numbered and what they read is known.
void PlanBuilder::plan_closing(ChainDraft& chain) {
  if (chain.stages.size() < 3) return;
  StagePlan &a = chain.stages[0], &b = chain.stages[1], &c = chain.stages[2];
  for (const StagePlan* stage : {&a, &b, &c}) {
    if (stage->kind != StageKind::kPattern || stage->fresh_truth) return;
    if (!std::all_of(stage->keys.begin(), stage->keys.end(), is_plain)) return;
  }
  if (a.index != kNoId || b.keys.empty()) return;
  ClosingPlan plan;
  for (const KeyPart& key : b.keys) {
    if (key.left_binding != a.binding) return;
    plan.ab.push_back({key.left_field, key.own_field});
  }
  for (const KeyPart& key : c.keys) {
    if (key.left_binding == a.binding) {
      plan.ac.push_back({key.left_field, key.own_field});
    } else if (key.left_binding == b.binding) {
      plan.bc.push_back({key.left_field, key.own_field});
    } else {
      return;
    }
    plan.c_key.push_back({key.left_binding == a.binding, key.left_field, key.null_joins});
  }
  if (plan.ac.empty() || plan.bc.empty()) return;
  // Which of the pairs have to be there depends on it.
  for (const auto& [field, other] : plan.bc) b.own_reads |= std::uint64_t{1} << field;

  const auto lefts = [](const std::vector<ClosingPlan::Pair>& pairs) {
    std::vector<std::uint32_t> out;
    for (const ClosingPlan::Pair& pair : pairs) out.push_back(pair.left);
    return out;
  };
  const auto rights = [](const std::vector<ClosingPlan::Pair>& pairs) {
    std::vector<std::uint32_t> out;
    for (const ClosingPlan::Pair& pair : pairs) out.push_back(pair.right);
    return out;
  };
  const auto both = [](std::vector<std::uint32_t> x, const std::vector<std::uint32_t>& y) {
    x.insert(x.end(), y.begin(), y.end());
    return x;
  };
  plan.a_by_both = closing_index(a.alpha, both(lefts(plan.ab), lefts(plan.ac)));
  plan.a_by_c = closing_index(a.alpha, lefts(plan.ac), true);  // its entries name the a's token; so it is not the first, which is the item
  plan.b_by_c = closing_index(b.alpha, lefts(plan.bc));
  plan.b_by_both = closing_index(b.alpha, both(rights(plan.ab), lefts(plan.bc)));
  plan.c_by_a = closing_index(c.alpha, rights(plan.ac));
  plan.c_by_b = closing_index(c.alpha, rights(plan.bc));
  plan.first = static_cast<StageId>(out_.stages.size());
  a.closing = b.closing = c.closing = static_cast<std::uint32_t>(out_.closings.size());
  out_.closings.push_back(std::move(plan));
}

}  // namespace flyball::engine
