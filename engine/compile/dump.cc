// Program::dump(): the compiled network as a table of text, for tests and for people who want to see what is shared.
#include <fmt/format.h>

#include "engine/compile/node_words.h"
#include "engine/compile/program_data.h"

namespace flyball::engine {
namespace {

const char* word(StageKind kind) {
  switch (kind) {
    case StageKind::kBound: return "bound";
    case StageKind::kPattern: return "pattern";
    case StageKind::kExists: return "exists";
    case StageKind::kCheck: return "check";
    case StageKind::kAggregate: return "aggregate";
    case StageKind::kHold: return "hold";
    case StageKind::kAbsence: return "absence";
    case StageKind::kShared: return "shared joins";
  }
  return "?";
}

std::string owner_of(const ProgramData& data, const ChainPlan& chain) {
  switch (chain.end) {
    case ChainEnd::kRule: return "rule " + data.rules[chain.owner].name;
    case ChainEnd::kShared: return rule_label(data, chain.owner);
    case ChainEnd::kGate: return "gate of rule " + data.rules[chain.owner].name;
    case ChainEnd::kUntil: return "until of " + data.rules[chain.owner].name;
    case ChainEnd::kWatch: return "derives of " + data.rules[chain.owner].name;
    case ChainEnd::kHold:
      return fmt::format("hold {} of {}, line {}", chain.owner, data.rules[data.holds[chain.owner].rule].name,
                         data.holds[chain.owner].line + 1);
    case ChainEnd::kAbsence: return fmt::format("facts of absence {} of {}", chain.owner, data.rules[data.absences[chain.owner].rule].name);
    case ChainEnd::kSeen:
      return fmt::format("absence {} of {}, line {}", chain.owner, data.rules[data.absences[chain.owner].rule].name,
                         data.absences[chain.owner].line + 1);
  }
  return {};
}

std::string describe(const ProgramData& data, const StagePlan& stage) {
  std::string out = word(stage.kind);
  const std::vector<FactType>& types = data.rule_set.schema.types;
  if (stage.kind == StageKind::kExists) out = stage.negated ? "no" : "some";
  if (stage.type != kNoId) out += " " + types[stage.type].name;
  if (stage.binding != kNoId) out += fmt::format(" ${}", stage.binding);
  if (stage.alpha != kNoId) out += fmt::format(" alpha {}", stage.alpha);
  if (stage.table != kNoId) out += fmt::format(" table {}", stage.table);
  if (stage.node != kNoId && data.uses[stage.node].clock) {
    out += " clock " + data.uses[stage.node].clock->condition.text;
  } else if (stage.node != kNoId) {
    out += fmt::format(" node {}", data.uses[stage.node].node);
  }
  for (const KeyPart& key : stage.keys) {
    out += fmt::format(" [{} = ", types[stage.type].fields[key.own_field].name);
    out += key.left ? key.left->text : fmt::format("${}.field{}", key.left_binding, key.left_field);
    out += "]";
  }
  for (const Formula& f : stage.residual) out += " where " + f.text;
  return out;
}

}  // namespace

std::string Program::dump() const {
  const ProgramData& data = *data_;
  std::string out;
  for (FactTypeId t = 0; t < data.types.size(); ++t) {
    const TypePlan& type = data.types[t];
    if (type.alphas.empty() && type.sample_nodes.empty()) continue;
    out += fmt::format("type {}{}\n", data.rule_set.schema.types[t].name, type.recursive ? " recursive" : "");
    for (const AlphaId id : type.alphas) {
      const AlphaPlan& alpha = data.alphas[id];
      out += fmt::format("  alpha {}{}: {}", id, alpha.dispatch.reach() != nullptr ? " dispatched" : "",
                         alpha.text.empty() ? "all" : alpha.text);
      if (!alpha.indexes.empty()) out += fmt::format(", {} index{}", alpha.indexes.size(), alpha.indexes.size() == 1 ? "" : "es");
      out += fmt::format(", {} stage{}\n", alpha.successors.size(), alpha.successors.size() == 1 ? "" : "s");
    }
  }
  for (NodeId n = 0; n < data.nodes.size(); ++n) {
    if (data.nodes[n].vacant) continue;
    out += fmt::format("node {} {} for {} lines\n", n, data.nodes[n].text, data.nodes[n].consumers.size());
  }
  for (ChainId c = 0; c < data.chains.size(); ++c) {
    const ChainPlan& chain = data.chains[c];
    if (chain.vacant) continue;
    out += fmt::format("chain {}: {}\n", c, owner_of(data, chain));
    for (std::uint32_t i = 0; i < chain.count; ++i)
      out += fmt::format("  {} {}\n", chain.first + i, describe(data, data.stages[chain.first + i]));
  }
  return out;
}

}  // namespace flyball::engine
