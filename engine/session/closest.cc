// The closest match as the network knows it: the tokens that got furthest. Where they end the search goes on, over the facts that the
// next line would have to find; of a `no` or `every` line that keeps one back, the witnesses are at hand.
#include <algorithm>
#include <map>

#include "engine/compile/node_words.h"
#include "engine/session/explainer.h"
#include "engine/session/why_not_search.h"

namespace flyball::engine {
namespace {

struct End {
  TokenId token = kNone;
  std::uint32_t way = 0;
};

}  // namespace

// The token waits before a `no` or `every` line: what is in its way stands below it.
bool Explainer::fails_by_witness(Search& s, TokenId t, std::size_t depth) {
  const Token& token = network_.token(t);
  if (token.next == kNone) return false;
  const StagePlan& stage = data_.stages[token.next];
  const std::vector<std::uint32_t>& lines = s.plan->ways[s.way];
  if (stage.kind != StageKind::kExists || !stage.negated || stage.line != lines[depth]) return false;
  const ExplainLine& line = s.plan->when[lines[depth]];
  if (line.type != stage.type || line.absence || line.decided_ns != 0) return false;
  const FactStore& store = network_.store(stage.type);
  Judged judged;
  std::size_t looks = kMaxWitnessLooks;
  for (TokenId child = token.first_child; child != kNone && looks-- > 0; child = network_.token(child).next_sibling) {
    const Token& witness = network_.token(child);
    if (!witness.witness) continue;
    const bool is = witness.truth == Truth::kTrue, was = judged.truth == Truth::kFalse;
    if (judged.witness != kNone && (was != is ? was : store.compare_keys(judged.witness, witness.fact, network_.interner()) < 0)) continue;
    judged.witness = witness.fact;
    judged.truth = is ? Truth::kFalse : Truth::kUnknown;
  }
  if (judged.witness == kNone) return false;
  // The network keeps any one that is true; who asks is told the first by key.
  if (judged.truth == Truth::kFalse) {
    if (const FactId first = network_.first_witness(t, kMaxWitnessLooks); first != kNone) judged.witness = first;
  }
  if (!runs_anyway(s, line, kNone)) failed(s, depth, judged, kNone, score_of(*s.plan, line, judged));
  return true;
}

void Explainer::search_from_tokens(Search& s) {
  const ExplainPlan& plan = *s.plan;
  std::vector<const ExplainLine*> by_binding(data_.scopes[plan.scope].binding_count, nullptr);
  for (const ExplainLine& line : plan.when) {
    if (line.kind == LineKind::kPattern && line.quantifier == Quantifier::kOne) by_binding[line.binding] = &line;
  }
  // How many lines of its way a token of a stage has behind it.
  const auto line_at = [&](StageId id) { return data_.stages[id].line; };
  const auto depth_after = [&](const std::vector<StageId>& path, std::size_t i, std::uint32_t way) -> std::size_t {
    const std::vector<std::uint32_t>& lines = plan.ways[way];
    const auto at = std::find(lines.begin(), lines.end(), line_at(path[i]));
    if (at == lines.end()) return 0;
    const bool goes_on = i + 1 < path.size() && line_at(path[i + 1]) == line_at(path[i]);
    return static_cast<std::size_t>(at - lines.begin()) + (goes_on ? 0 : 1);
  };
  const auto prefix_after = [&](const std::vector<StageId>& path, std::size_t i, std::uint32_t way) {
    const std::vector<std::uint32_t>& lines = plan.ways[way];
    const auto is_ahead = [&](std::uint32_t line) {
      return std::any_of(path.begin() + static_cast<std::ptrdiff_t>(i) + 1, path.end(), [&](StageId id) { return line_at(id) == line; });
    };
    return static_cast<std::size_t>(std::find_if(lines.begin(), lines.end(), is_ahead) - lines.begin());
  };
  bool joined_as_written = true;
  std::vector<std::map<StageId, std::size_t>> depths;  // by way, by stage on it
  for (const ChainId chain : data_.rules[s.rule].chains) {
    const std::uint32_t way = data_.chains[chain].way;
    const std::vector<StageId> path = path_of(data_, data_.chains[chain]);
    std::vector<std::size_t> of(path.size());
    for (std::size_t i = 0; i < path.size(); ++i) of[i] = depth_after(path, i, way);
    if (!std::is_sorted(of.begin(), of.end())) {
      // Not joined as they are written: the first lines, as far as all of them are among those behind it. Another choice may go further.
      joined_as_written = false;
      for (std::size_t i = 0; i < path.size(); ++i) of[i] = prefix_after(path, i, way);
    }
    std::map<StageId, std::size_t>& by_stage = depths.emplace_back();
    for (std::size_t i = 0; i < path.size(); ++i) by_stage.emplace(path[i], of[i]);
    // The match that goes on from shared joins is as far as these.
    const ChainPlan& joins = data_.chains[data_.chains[chain].shared == kNoId ? chain : data_.chains[chain].shared];
    if (joins.end == ChainEnd::kShared) by_stage.emplace(data_.chains[chain].first, by_stage.at(joins.first + joins.count - 1));
  }

  const auto wanted = [&](TokenId t) {
    for (; t != kNone; t = network_.token(t).parent) {
      const Token& token = network_.token(t);
      if (token.stage == kNone || token.fact == kNone) continue;
      const std::uint32_t binding = data_.stages[token.stage].binding;
      const ExplainLine* line = binding < by_binding.size() ? by_binding[binding] : nullptr;
      if (line != nullptr && !is_wanted(s, line->name, line->type, token.fact)) return false;
    }
    return true;
  };
  std::vector<End> furthest, complete;
  std::size_t depth = 1;  // of no line at all the facts say more
  s.guided = network_.each_token(kMaxTokens, [&](TokenId t, const Token& token) {
    if (token.stage == kNone || token.witness || token.truth != Truth::kTrue) return;
    const ChainPlan& chain = data_.chains[data_.stages[token.stage].chain];
    const bool shared = chain.end == ChainEnd::kShared;
    if (!shared && (chain.end != ChainEnd::kRule || chain.owner != s.rule)) return;
    if (token.next == kNone) {
      // Of shared joins the rule's own token goes on.
      if (!shared && complete.size() < kMaxComplete && wanted(t)) complete.push_back({t, chain.way});
      return;
    }
    for (std::uint32_t way = shared ? 0 : chain.way; way < (shared ? depths.size() : chain.way + 1); ++way) {
      const auto mine = depths[way].find(token.stage);
      if (mine == depths[way].end() || mine->second < depth) continue;
      // One that goes on is not where a match ends.
      const bool binds = data_.stages[token.next].kind == StageKind::kPattern;
      const TokenId on = binds ? token.first_child : token.output();
      if (on != kNone && network_.token(on).truth == Truth::kTrue) return;
      if (!wanted(t)) return;
      if (mine->second > depth) furthest.clear();
      depth = mine->second;
      furthest.push_back({t, way});
    }
  });

  // False where a line before `depth` has no fact by the token: a gate's pattern is matched by itself.
  const auto take = [&](const End& end, std::size_t depth_of) {
    s.way = end.way;
    facts_.assign(facts_.size(), kNone);
    for (TokenId t = end.token; t != kNone; t = network_.token(t).parent) {
      const Token& token = network_.token(t);
      if (token.stage == kNone || token.fact == kNone) continue;
      const std::uint32_t binding = data_.stages[token.stage].binding;
      if (binding < by_binding.size() && by_binding[binding] != nullptr) set_row(*by_binding[binding], token.fact);
    }
    const std::vector<std::uint32_t>& lines = plan.ways[end.way];
    return std::all_of(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(depth_of), [&](std::uint32_t number) {
      const ExplainLine& line = plan.when[number];
      return line.kind != LineKind::kPattern || line.quantifier != Quantifier::kOne || facts_[line.binding] != kNone;
    });
  };
  // By branch, then by the keys of what they bind, so that nothing depends on which came first.
  const auto before = [&](const End& a, const End& b) {
    if (a.way != b.way) return a.way < b.way;
    for (const std::uint32_t number : plan.ways[a.way]) {
      const ExplainLine& line = plan.when[number];
      if (line.kind != LineKind::kPattern || line.quantifier != Quantifier::kOne) continue;
      const FactId x = network_.fact_of(a.token, line.binding), y = network_.fact_of(b.token, line.binding);
      if (x == kNone || y == kNone) return false;
      if (const int order = network_.store(line.type).compare_keys(x, y, network_.interner()); order != 0) return order < 0;
    }
    return false;
  };
  std::sort(complete.begin(), complete.end(), before);
  for (const End& end : complete) {
    if (take(end, plan.ways[end.way].size())) search(s, plan.ways[end.way].size());
  }
  const std::size_t most = std::min(furthest.size(), kMaxClosest);
  std::partial_sort(furthest.begin(), furthest.begin() + static_cast<std::ptrdiff_t>(most), furthest.end(), before);
  for (std::size_t i = 0; i < most && s.looks > 0; ++i) {
    if (!take(furthest[i], depth)) continue;
    if (!fails_by_witness(s, furthest[i].token, depth)) search(s, depth);
  }
  facts_.assign(facts_.size(), kNone);
  s.guided = s.guided && joined_as_written && !furthest.empty() && data_.rules[s.rule].gates.empty();
}

}  // namespace flyball::engine
