// Kernel: an expression over whole numbers, doubles, truths and names alone, as code without kinds: what it reads is looked at once, the
// rest is arithmetic on 64-bit registers. Made of Code where all kinds are known; the same subexpression is computed once (local value
// numbering, as in any compiler's basic blocks).
//
// It answers only for the usual case. A field that is null or unknown, an overflow or a division by zero: it says so and the machine
// (eval.cc) runs the Code instead, so that there is one place that knows what those mean. Immutable; any number of threads may run one.
// Complexity: O(operations); no allocation.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/expr/frame.h"
#include "model/value.h"

namespace flyball::engine {

class Code;

class Kernel {
 public:
  static constexpr std::size_t kMaxRegisters = 64;

  // Null: not an expression of that sort, or too large.
  static std::unique_ptr<const Kernel> make(const Code& code);

  // False: the machine must say.
  bool run(const Frame& frame, std::int64_t& result) const;
  // Of the result; never one that is a handle.
  Kind kind() const { return kind_; }
  std::size_t size() const { return steps_.size(); }  // operations

 private:
  friend class KernelMaker;
  enum class Op : std::uint8_t {
    kReturn,  // a
    kMove,
    kAdd,
    kSubtract,
    kMultiply,
    kDivide,
    kRemainder,
    kDivideBy,  // b: a constant, 1 and more
    kRemainderBy,
    kNegate,
    kAddDouble,
    kSubtractDouble,
    kMultiplyDouble,
    kDivideDouble,
    kNegateDouble,
    kCompare,  // sub: Compare
    kCompareDouble,
    kTruth,  // dst = a
    kNot,
    kAmong,  // dst = a is one of the registers [b, b + sub)
    kJump,
    kJumpIfFalse,  // a
  };
  static constexpr std::uint8_t kNever = 2;
  struct Step {
    Op op = Op::kReturn;
    std::uint8_t sub = 0;
    std::uint8_t dst = 0, a = 0, b = 0;
    std::uint8_t jump_on = kNever;  // of what gives a truth: to target, if it is that
    std::uint16_t target = 0;
  };
  static_assert(sizeof(Step) == 8);
  enum class Source : std::uint8_t { kRow, kLet, kInput, kVariable, kAggregate };
  struct Load {
    Source source = Source::kRow;
    Kind kind = Kind::kNull;
    bool handle = false;    // what names a content of that kind, rather than a number
    bool presence = false;  // whether it is there, of whatever kind
    std::uint16_t binding = 0, field = 0;
  };
  static_assert(sizeof(Load) == 8);

  // Registers: the constants, what is loaded, what is computed.
  std::vector<std::int64_t> constants_;
  std::vector<Load> loads_;
  std::vector<Step> steps_;
  Kind kind_ = Kind::kNull;
};

}  // namespace flyball::engine
