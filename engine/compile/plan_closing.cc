// Three patterns in a row that form a cycle: what the third must be is known by both of the others. Worst-case optimal joins (Ngo, Porat,
// Ré, Rudra, 2012) say why that matters: through a hub of n links in and n links out there are n² pairs and perhaps no cycle at all. Such
// patterns are marked, and get the indexes by which a pair is found when a third one closes it. See network/closing.cc.
#include <algorithm>
#include <iterator>

#include "engine/compile/plan_builder.h"

namespace flyball::engine {

namespace {

// Of a tie by fields that have so few values between them every pair finds a third: nothing is kept back, and it is no ring.
constexpr std::uint64_t kFewValues = 16;

bool is_plain(const KeyPart& key) { return key.hashed && !key.left; }

// How many values the fields on the right of these ties have between them; more than a few: kFewValues + 1.
std::uint64_t values_of(const FactType& type, const std::vector<ClosingPlan::Pair>& ties) {
  std::uint64_t out = 1;
  for (const ClosingPlan::Pair& tie : ties) {
    const Type& field = type.fields[tie.right].type;
    const std::uint64_t values = field.is(TypeTag::kBool) ? 2 : field.is(TypeTag::kEnum) ? field.members.size() : kFewValues + 1;
    out = std::min(out * values, kFewValues + 1);
  }
  return out;
}

}  // namespace

// An index in which null equals null: what is found by it is judged anyway.
std::uint32_t PlanBuilder::closing_index(AlphaId id, std::vector<std::uint32_t> fields, bool is_private) {
  AlphaPlan& alpha = out_.alphas[id];
  const std::uint32_t null_joins = ((std::uint32_t{1} << fields.size()) - 1) | (is_private ? AlphaPlan::kPrivate : 0);
  for (std::uint32_t i = 0; !is_private && i < alpha.indexes.size(); ++i) {
    if (alpha.indexes[i] == fields && alpha.index_null_joins[i] == null_joins && alpha.index_span(i) == SpanFields{}) return i;
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
    if (stage->kind != StageKind::kPattern || stage->fresh_truth || stage->span) return;
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
  // What ties c to a field of one that is tied to the other ties it to both. A ring is what ties it to each by something of its own.
  std::vector<ClosingPlan::Pair> only_a, only_b;
  const auto tied_a = [&](std::uint32_t field) { return std::ranges::any_of(plan.ab, [&](const auto& p) { return p.left == field; }); };
  const auto tied_b = [&](std::uint32_t field) { return std::ranges::any_of(plan.ab, [&](const auto& p) { return p.right == field; }); };
  std::ranges::copy_if(plan.ac, std::back_inserter(only_a), [&](const ClosingPlan::Pair& p) { return !tied_a(p.left); });
  std::ranges::copy_if(plan.bc, std::back_inserter(only_b), [&](const ClosingPlan::Pair& p) { return !tied_b(p.left); });
  const FactType& of_c = out_.rule_set.schema.types[c.type];
  if (values_of(of_c, only_a) <= kFewValues || values_of(of_c, only_b) <= kFewValues) return;
  // Which of the pairs have to be there depends on it.
  for (const auto& [field, other] : plan.bc) b.own_reads |= std::uint64_t{1} << field;

  const auto lefts = [](const std::vector<ClosingPlan::Pair>& pairs) {
    std::vector<std::uint32_t> out;
    out.reserve(pairs.size());
    for (const ClosingPlan::Pair& pair : pairs) out.push_back(pair.left);
    return out;
  };
  const auto rights = [](const std::vector<ClosingPlan::Pair>& pairs) {
    std::vector<std::uint32_t> out;
    out.reserve(pairs.size());
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
