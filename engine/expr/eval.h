// The evaluator's door: runs Code over a Frame.
//
// Complexity: O(instructions run); comprehensions do at most kMaxIterations steps, nested ones together, and are
// unknown beyond. No allocation unless a value is made that was never interned before, or a list or map is built.
// Thread safety: as the Frame's Interner.
#pragma once

#include <cstdint>

#include "engine/expr/code.h"
#include "engine/expr/frame.h"

namespace flyball::engine {

inline constexpr std::uint64_t kMaxIterations = 1'000'000;
inline constexpr std::size_t kMaxValueItems = 1'000'000;  // of a list or map built by an expression

// kError = unknown.
Value evaluate(const Code& code, const Frame& frame);
// The same without the code's kernel (kernel.h), which leaves to this what is not the usual case.
Value evaluate_by_machine(const Code& code, const Frame& frame);

enum class Truth : std::uint8_t { kFalse, kUnknown, kTrue };

// As a condition: anything that is neither true nor false is unknown.
Truth test(const Code& code, const Frame& frame);

constexpr Truth truth_of(const Value& v) { return v.is_true() ? Truth::kTrue : v.is_false() ? Truth::kFalse : Truth::kUnknown; }
constexpr Truth truth_and(Truth a, Truth b) { return a < b ? a : b; }
constexpr Truth truth_or(Truth a, Truth b) { return a < b ? b : a; }
constexpr Truth truth_not(Truth t) { return t == Truth::kTrue ? Truth::kFalse : t == Truth::kFalse ? Truth::kTrue : Truth::kUnknown; }

}  // namespace flyball::engine
