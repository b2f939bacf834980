// Joins that several chains begin with (rules, ways through an `either`, and of one rule those of its lines with `for`) are made once:
// their stages become a chain of their own, and each of them goes on from its matches (the shared beta memories of Rete: Forgy, "Rete: A
// Fast Algorithm for the Many Pattern/Many Object Pattern Match Problem", Artificial Intelligence 19, 1982). What a match costs each rule
// then is one token, whatever was joined to find it.
//
// Of the chains that begin alike a group shares as many lines as pay: for n chains and j joined patterns (n - 1)(j - 1) lists of tokens
// less. A rule that runs keeps its form: what another begins to share with it, or no longer does, is no reason to match it anew.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

#include "engine/compile/node_words.h"
#include "engine/compile/plan_builder.h"

namespace flyball::engine {
namespace {

constexpr std::size_t kJoinedMin = 2;  // patterns: one alone is shared as its alpha memory

// It is the same for all rules: it reads nothing but facts, and changes with nothing else.
bool is_plain(const Formula& f) {
  return f.lets.empty() && f.aggregates.empty() && std::ranges::none_of(f.code.instructions(), [](const Instruction& i) {
           return i.op == Opcode::kNow || i.op == Opcode::kInCalendar;
         });
}

bool is_joined(const StagePlan& stage) { return stage.kind == StageKind::kPattern || stage.kind == StageKind::kExists; }

bool can_be_shared(const StagePlan& stage) {
  if (!is_joined(stage) && stage.kind != StageKind::kCheck) return false;
  return std::ranges::all_of(stage.residual, is_plain) &&
         std::ranges::all_of(stage.keys, [](const KeyPart& key) { return !key.left || is_plain(*key.left); });
}

// All that decides how it joins: stages with equal texts behind equal tokens make equal tokens.
std::string text_of(const ProgramData& data, const StagePlan& stage) {
  std::string out = fmt::format("{}{}{} ${} line {} reads {:x}", static_cast<int>(stage.kind), stage.negated ? "-" : "",
                                stage.fresh_truth ? "+" : "", stage.binding, stage.line, stage.own_reads);
  if (stage.alpha != kNoId) {
    const AlphaPlan& alpha = data.alphas[stage.alpha];
    out += fmt::format(" {} ({})", data.rule_set.schema.types[alpha.type].name, alpha.text);
  }
  for (const KeyPart& key : stage.keys) {
    out += fmt::format(" [{}{}{} = ", key.own_field, key.null_joins ? "?" : "", key.hashed ? "" : "~");
    out += key.left ? key.left->text : fmt::format("${}.{}", key.left_binding, key.left_field);
    out += "]";
  }
  for (const Formula& f : stage.residual) out += " where " + f.text;
  return out;
}

// The chains by how they begin.
class Beginnings {
 public:
  struct Node {
    std::uint32_t parent = kNoId;
    std::uint32_t text = 0;
    std::uint32_t depth = 0;   // stages
    std::uint32_t joined = 0;  // patterns among them
    std::uint32_t chains = 0;  // that begin so
  };

  // The node after each of the chain's first stages.
  std::vector<std::uint32_t> add(const ProgramData& data, const ChainPlan& chain) {
    std::vector<std::uint32_t> path;
    std::uint32_t at = 0;
    for (StageId id = chain.first; id < chain.first + chain.count; ++id) {
      const StagePlan& stage = data.stages[id];
      if (!can_be_shared(stage)) break;
      const auto [text, is_other] = texts_.try_emplace(text_of(data, stage), static_cast<std::uint32_t>(texts_.size()));
      if (is_other) by_id_.push_back(&text->first);
      const auto [child, is_new] = children_.try_emplace({at, text->second}, static_cast<std::uint32_t>(nodes_.size()));
      if (is_new) nodes_.push_back({at, text->second, nodes_[at].depth + 1, nodes_[at].joined + (is_joined(stage) ? 1 : 0), 0});
      at = child->second;
      ++nodes_[at].chains;
      path.push_back(at);
    }
    return path;
  }
  const Node& operator[](std::uint32_t node) const { return nodes_[node]; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(nodes_.size()); }
  // Says all of them, whatever the program.
  std::string name(std::uint32_t node) const {
    std::string out;
    for (; node != 0; node = nodes_[node].parent) out.insert(0, "; " + *by_id_[nodes_[node].text]);
    return "joins" + out;
  }

 private:
  std::vector<Node> nodes_{1};  // the first: of no stage
  std::unordered_map<std::string, std::uint32_t> texts_;
  std::vector<const std::string*> by_id_;  // the keys of texts_
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> children_;
};

// Which of a rule's chains one is, in whatever program: of what line, and the how manieth of those.
using ChainKey = std::tuple<ChainEnd, std::uint32_t, std::uint32_t>;
using ChainKeys = std::map<ChainKey, ChainId>;

bool begins_with_lines(const ChainPlan& chain) {
  return !chain.vacant && (chain.end == ChainEnd::kRule || chain.end == ChainEnd::kHold || chain.end == ChainEnd::kAbsence);
}

std::uint32_t line_of(const ProgramData& data, const ChainPlan& chain) {
  if (chain.end == ChainEnd::kHold) return data.holds[chain.owner].line;
  return chain.end == ChainEnd::kAbsence ? data.absences[chain.owner].line : 0;
}

// By rule.
std::vector<ChainKeys> keys_of(const ProgramData& data) {
  std::vector<ChainKeys> out(data.rules.size());
  for (ChainId id = 0; id < data.chains.size(); ++id) {
    const ChainPlan& chain = data.chains[id];
    if (!begins_with_lines(chain)) continue;
    ChainKeys& of_rule = out[rule_of(data, chain)];
    ChainKey key{chain.end, line_of(data, chain), 0};
    while (of_rule.contains(key)) ++std::get<2>(key);
    of_rule.emplace(key, id);
  }
  return out;
}

// The shared joins that chains of running rules go on from, by rule and chain; empty: they share none.
using Forms = std::unordered_map<std::string, std::map<ChainKey, std::string>>;

Forms forms_of(const ProgramData& running) {
  Forms out;
  const std::vector<ChainKeys> keys = keys_of(running);
  for (std::uint32_t rule = 0; rule < keys.size(); ++rule) {
    for (const auto& [key, id] : keys[rule]) {
      const ChainId shared = running.chains[id].shared;
      out[running.rules[rule].name][key] = shared == kNoId ? "" : running.rules[running.chains[shared].owner].name;
    }
  }
  return out;
}

struct Candidate {
  ChainId chain = 0;
  std::uint32_t rule = 0;
  ChainKey key;
  std::vector<std::uint32_t> path;
  std::uint32_t node = kNoId;  // that it shares
  bool is_settled = false;     // it runs, in that form
};

// Which node each of the candidates shares.
void choose(std::vector<Candidate>& candidates, const Beginnings& nodes, const Forms& running, const ProgramData& data) {
  std::set<std::uint32_t> kept;
  for (Candidate& c : candidates) {
    const auto rule = running.find(data.rules[c.rule].name);
    if (rule == running.end()) continue;
    const auto form = rule->second.find(c.key);
    if (form == rule->second.end()) continue;
    c.is_settled = form->second.empty();
    for (const std::uint32_t node : c.path) {
      if (c.is_settled || nodes.name(node) != form->second) continue;
      c.node = node;
      c.is_settled = true;
      kept.insert(node);
    }
  }
  for (Candidate& c : candidates) {
    if (c.is_settled) continue;
    for (const std::uint32_t node : c.path) {
      if (kept.contains(node)) c.node = node;
    }
    c.is_settled = c.node != kNoId;
  }
  std::vector<std::uint32_t> order;
  for (std::uint32_t node = 1; node < nodes.size(); ++node) {
    if (nodes[node].joined >= kJoinedMin && nodes[node].chains > 1) order.push_back(node);
  }
  const auto gain = [&](std::uint32_t node) { return std::uint64_t{nodes[node].chains - 1} * (nodes[node].joined - 1); };
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return gain(a) != gain(b) ? gain(a) > gain(b) : nodes[a].depth > nodes[b].depth;
  });
  std::unordered_map<std::uint32_t, std::vector<Candidate*>> of_node;
  for (Candidate& c : candidates) {
    for (const std::uint32_t node : c.path) of_node[node].push_back(&c);
  }
  for (const std::uint32_t node : order) {
    std::vector<Candidate*> open;
    for (Candidate* c : of_node[node]) {
      if (!c->is_settled) open.push_back(c);
    }
    if (open.size() < 2) continue;
    for (Candidate* c : open) {
      c->node = node;
      c->is_settled = true;
    }
  }
}

// Of each stage the fields that stages behind it read, and how much of that the joins do themselves.
void note_reads(std::vector<StagePlan>& joins) {
  std::map<std::uint32_t, std::uint64_t> later;
  const auto read = [&](const Formula& f) {
    for (const FieldReads& r : f.reads) later[r.binding] |= r.mask;
  };
  for (std::size_t i = joins.size(); i-- > 0;) {
    StagePlan& stage = joins[i];
    if (stage.binding != kNoId) stage.joins_read = later[stage.binding];
    for (const KeyPart& key : stage.keys) {
      if (key.left) {
        read(*key.left);
      } else {
        later[key.left_binding] |= std::uint64_t{1} << key.left_field;
      }
    }
    for (const Formula& f : stage.residual) read(f);
  }
}

}  // namespace

void PlanBuilder::share_joins(const ProgramData* running) {
  Beginnings nodes;
  std::vector<Candidate> candidates;
  const std::vector<ChainKeys> keys = keys_of(out_);
  for (std::uint32_t rule = 0; rule < keys.size(); ++rule) {
    for (const auto& [key, id] : keys[rule]) {
      const ChainPlan& chain = out_.chains[id];
      // A ring of three holds back pairs by what only it knows.
      if (chain.count < kJoinedMin || chain.rooted || out_.stages[chain.first].closing != kNoId) continue;
      Candidate candidate{id, rule, key, nodes.add(out_, chain)};
      if (!candidate.path.empty() && nodes[candidate.path.back()].joined >= kJoinedMin) candidates.push_back(std::move(candidate));
    }
  }
  choose(candidates, nodes, running == nullptr ? Forms{} : forms_of(*running), out_);

  struct Group {
    std::string name;
    std::vector<StagePlan> joins;
    std::vector<ChainId> chains;
  };
  std::map<std::uint32_t, Group> groups;  // by node
  std::unordered_map<ChainId, std::uint32_t> node_of;
  for (const Candidate& c : candidates) {
    if (c.node == kNoId) continue;
    groups[c.node].chains.push_back(c.chain);
    node_of.emplace(c.chain, c.node);
  }
  if (groups.empty()) return;

  // The stages anew: of each chain that goes on from joins a stage for these, and what comes behind them.
  std::vector<StagePlan> stages;
  stages.reserve(out_.stages.size());
  std::vector<StageId> to(out_.stages.size(), kNoId);
  for (ChainId id = 0; id < out_.chains.size(); ++id) {
    ChainPlan& chain = out_.chains[id];
    const StageId before = chain.first;
    const auto group = node_of.find(id);
    const std::uint32_t shared = group == node_of.end() ? 0 : nodes[group->second].depth;
    chain.first = static_cast<StageId>(stages.size());
    if (shared != 0) {
      StagePlan stage;
      stage.kind = StageKind::kShared;
      stage.chain = id;
      stage.last = shared == chain.count;
      std::vector<StagePlan>& joins = groups[group->second].joins;
      const bool is_first = joins.empty();
      for (StageId s = before; s < before + shared; ++s) {
        StagePlan& join = out_.stages[s];
        if (join.binding != kNoId && join.later_reads != 0) stage.reads.push_back({join.binding, join.later_reads});
        stage.line = join.line;
        if (is_first) {
          joins.push_back(std::move(join));
        } else {
          joins[s - before].later_reads |= join.later_reads;
        }
      }
      stages.push_back(std::move(stage));
    }
    for (StageId s = before + shared; s < before + chain.count; ++s) {
      to[s] = static_cast<StageId>(stages.size());
      stages.push_back(std::move(out_.stages[s]));
    }
    if (shared != 0) chain.count -= shared - 1;
  }

  // In an order that does not depend on which rules are there: those of another program stand in the same one.
  std::vector<Group*> in_order;
  for (auto& [node, group] : groups) {
    group.name = nodes.name(node);
    in_order.push_back(&group);
  }
  std::sort(in_order.begin(), in_order.end(), [](const Group* a, const Group* b) { return a->name < b->name; });
  for (Group* group : in_order) {
    note_reads(group->joins);
    const auto id = static_cast<ChainId>(out_.chains.size());
    ChainPlan joins;
    joins.first = static_cast<StageId>(stages.size());
    joins.count = static_cast<std::uint32_t>(group->joins.size());
    joins.scope = out_.chains[group->chains.front()].scope;
    joins.end = ChainEnd::kShared;
    joins.owner = static_cast<std::uint32_t>(out_.rules.size());
    for (const ChainId chain : group->chains) {
      out_.chains[chain].shared = id;
      joins.consumers.push_back(out_.chains[chain].first);
    }
    for (StagePlan& stage : group->joins) {
      stage.chain = id;
      stage.last = &stage == &group->joins.back();
      stages.push_back(std::move(stage));
    }
    RulePlan& rule = out_.rules.emplace_back();
    rule.name = std::move(group->name);
    rule.scope = joins.scope;
    rule.chains.push_back(id);
    out_.explain.resize(out_.rules.size());
    out_.chains.push_back(std::move(joins));
  }
  out_.stages = std::move(stages);

  const auto rename = [&](std::vector<StageId>& ids) {
    for (StageId& id : ids) id = to[id];
    std::erase(ids, kNoId);
  };
  for (AlphaPlan& alpha : out_.alphas) alpha.successors.clear();
  for (StageId id = 0; id < out_.stages.size(); ++id) {
    if (out_.stages[id].alpha != kNoId) out_.alphas[out_.stages[id].alpha].successors.push_back(id);
  }
  for (HoldPlan& hold : out_.holds) rename(hold.consumers);
  for (AbsencePlan& absence : out_.absences) rename(absence.consumers);
  for (AggregateNode& node : out_.nodes) rename(node.consumers);
  for (ClosingPlan& closing : out_.closings) closing.first = to[closing.first];
}

}  // namespace flyball::engine
