// Plan words: what the parts of a plan are, in the engine's own enums. The compiler translates the AST's into them
// (from_ast.h), so that what runs a plan knows nothing of the AST. Plain values; no behaviour.
#pragma once

#include <cstdint>

#include "model/aggregates.h"

namespace flyball::engine {

using flyball::AggregateFn;
enum class EffectKind : std::uint8_t { kDo, kDerive, kAssert, kSet, kRetract, kLog };
enum class RuleMode : std::uint8_t { kActive, kShadow, kOff };
enum class Strategy : std::uint8_t { kEpisodes, kDepth, kBreadth, kLex, kMea };
enum class LineKind : std::uint8_t { kPattern, kLet, kCheck };
enum class Quantifier : std::uint8_t { kOne, kSome, kNo, kEvery };

}  // namespace flyball::engine
