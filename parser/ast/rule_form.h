// What kind of rule a rule is. Pure.
#pragma once

#include <algorithm>

#include "parser/ast/ast.h"

namespace flyball::ast {

// It only derives, and has no times of its own: what it derives holds exactly while its conditions do; it has no episodes.
inline bool is_logical(const RuleDecl& r) {
  const bool derives_only =
      !r.then.empty() && std::all_of(r.then.begin(), r.then.end(), [](const Effect& e) { return e.kind == EffectKind::kDerive; });
  return derives_only && !r.until && r.on_clear.empty() && !r.cooldown && !r.keep && !r.repeat && !r.late_skip && r.during.empty();
}

// Its module's strategy as it is written.
constexpr const char* strategy_word(Strategy strategy) {
  switch (strategy) {
    case Strategy::kEpisodes: return "";
    case Strategy::kDepth: return "depth";
    case Strategy::kBreadth: return "breadth";
    case Strategy::kLex: return "lex";
    case Strategy::kMea: return "mea";
  }
  return "";
}

// It fires once for each match, in the order of its module's strategy.
inline bool is_production(const RuleDecl& r) { return r.strategy != Strategy::kEpisodes && !is_logical(r); }

}  // namespace flyball::ast
