// From the AST's enums to the plan's (plan_words.h). Pure; used by the compiler only.
#pragma once

#include "engine/compile/plan_words.h"
#include "parser/ast/ast.h"

namespace flyball::engine {

constexpr EffectKind plan_word(ast::EffectKind kind) {
  switch (kind) {
    case ast::EffectKind::kDo: return EffectKind::kDo;
    case ast::EffectKind::kDerive: return EffectKind::kDerive;
    case ast::EffectKind::kAssert: return EffectKind::kAssert;
    case ast::EffectKind::kSet: return EffectKind::kSet;
    case ast::EffectKind::kRetract: return EffectKind::kRetract;
    case ast::EffectKind::kLog: return EffectKind::kLog;
  }
  return EffectKind::kLog;
}

constexpr RuleMode plan_word(ast::Mode mode) {
  switch (mode) {
    case ast::Mode::kActive: return RuleMode::kActive;
    case ast::Mode::kShadow: return RuleMode::kShadow;
    case ast::Mode::kOff: return RuleMode::kOff;
  }
  return RuleMode::kOff;
}

constexpr Strategy plan_word(ast::Strategy strategy) {
  switch (strategy) {
    case ast::Strategy::kEpisodes: return Strategy::kEpisodes;
    case ast::Strategy::kDepth: return Strategy::kDepth;
    case ast::Strategy::kBreadth: return Strategy::kBreadth;
    case ast::Strategy::kLex: return Strategy::kLex;
    case ast::Strategy::kMea: return Strategy::kMea;
  }
  return Strategy::kEpisodes;
}

constexpr LineKind plan_word(ast::LineKind kind) {
  switch (kind) {
    case ast::LineKind::kPattern: return LineKind::kPattern;
    case ast::LineKind::kLet: return LineKind::kLet;
    case ast::LineKind::kCheck: return LineKind::kCheck;
  }
  return LineKind::kCheck;
}

constexpr Quantifier plan_word(ast::Quantifier quantifier) {
  switch (quantifier) {
    case ast::Quantifier::kOne: return Quantifier::kOne;
    case ast::Quantifier::kSome: return Quantifier::kSome;
    case ast::Quantifier::kNo: return Quantifier::kNo;
    case ast::Quantifier::kEvery: return Quantifier::kEvery;
  }
  return Quantifier::kOne;
}

}  // namespace flyball::engine
