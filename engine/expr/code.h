// Code: one compiled expression: three-address instructions over the places a Frame offers, constants folded in.
// Made by engine/compile/expr_compiler.h, run by eval.h. Immutable; self-contained but for calendars, which are its program's; move-only;
// any number of threads may run one, each with its own Frame and Interner.
//
// INVARIANT: jumps go forward only, so a run ends; loops are the bodies of comprehensions, over finite values.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/functions.h"
#include "model/value.h"

namespace flyball {
class TextPattern;  // text_pattern.h: a compiled RE2 pattern or glob
}

namespace flyball::engine {

class CalendarClock;  // calendar_clock.h
class Kernel;         // kernel.h: the same without kinds, where it can be

// Where an operand lives.
enum class Space : std::uint8_t { kTemp, kConstant, kLet, kInput, kVariable, kAggregate, kRow };

struct Operand {
  Space space = Space::kConstant;
  std::uint16_t binding = 0;  // kRow
  std::uint32_t index = 0;    // kRow: field
  friend bool operator==(const Operand&, const Operand&) = default;
};

enum class Compare : std::uint8_t { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual };

enum class Opcode : std::uint8_t {
  kReturn,         // the result is a
  kMove,           // dst = a
  kCompareBits,    // dst = a (sub: Compare) b; fast when both are of `kind`, whose bits order as int64
  kCompareDouble,  // the same for doubles
  kCompareSame,    // equality when both are of `kind`, for which the same 16 bytes are the same content
  kCompare,        // any kinds, as CEL compares
  kAddInt,
  kSubtractInt,
  kMultiplyInt,  // fast when both are ints
  kArithmetic,   // sub: Arithmetic
  kNegate,
  kNot,
  kTruth,     // dst = a if it is a bool, else unknown
  kJump,      // to target
  kBranch,    // a true: goes on; false: to target; else dst = unknown and on to index c
  kCoalesce,  // dst = a; if that is not null, to target
  kCall,      // dst = fn(n arguments: a, b, or temps from a on when n > 2)
  kIndex,
  kIndexOptional,  // a[b]
  kSelect,
  kSelectOptional,  // a.b, b a constant string
  kHas,             // has(a.b), a a map
  kIsPresent,       // has(field a): not null
  kStale,           // a is unknown
  kStaleFact,       // any of the n fields of the fact whose first field is a
  kSameFact,        // the facts of a and b are one; list of key fields in constant c (kNoHandle: by place)
  kFactMap,         // dst = map of names (list in constant b) to the fields of the fact a
  kNow,
  kList,        // of n temps from a on; b, if not kNoHandle: constants that say which elements are optionals
  kMap,         // of n temps (key, value, …) from a on; b likewise, about the values
  kRange,       // a .. b; sub: half open
  kIn,          // a in b
  kInCalendar,  // a in calendars[c]
  kInRange,     // a in temps[b] .. temps[b + 1]; sub: half open
  kInSet,       // a in the sorted constants [b.index, b.index + n) of one `kind`
  kLike,
  kMatches,      // a against patterns[c]
  kLikeDynamic,  // a like b
  kConcat,       // the texts of n temps from a on
  kComprehend,   // sub: Macro; a: what is gone over; loops()[c]
};

enum class Arithmetic : std::uint8_t { kAdd, kSubtract, kMultiply, kDivide, kRemainder };
enum class Macro : std::uint8_t { kAll, kExists, kExistsOne, kMap, kFilter, kTransformMap, kTransformMapEntry, kOptMap, kOptFlatMap };

// What a bool-giving instruction does with its result r: alone, or as a part of && or ||. A part that decides jumps to `target`.
enum class Mode : std::uint8_t {
  kPlain,     // dst = r
  kAndFirst,  // dst = r, jumps if false
  kAndNext,   // dst = dst && r, jumps if false
  kOrFirst,   // dst = r, jumps if true
  kOrNext,    // dst = dst || r, jumps if true
};

struct Instruction {
  Opcode op = Opcode::kReturn;
  std::uint8_t sub = 0;
  Kind kind = Kind::kNull;
  Mode mode = Mode::kPlain;
  Fn fn = Fn::kNone;
  std::uint32_t n = 0;
  std::uint32_t dst = 0;  // temp
  Operand a;
  Operand b;
  std::uint32_t target = 0;  // of jumps; always further on
  std::uint32_t c = 0;
};

// The body of a comprehension: instructions that end in kReturn each. Both variables are temps.
struct Loop {
  std::uint32_t first_variable = 0;
  std::uint32_t second_variable = 0;
  bool two_variables = false;
  std::uint32_t predicate = 0;  // start of its code; kNoHandle: none
  std::uint32_t transform = 0;  // likewise
};

// The fields of one binding that the expression reads: bit i is field i.
struct Read {
  std::uint32_t binding = 0;
  std::uint64_t fields = 0;
};

class Code {
 public:
  Code();  // the constant unknown
  ~Code();
  Code(Code&&) noexcept;
  Code& operator=(Code&&) noexcept;

  // What it reads; for filtering changes. Sorted by binding.
  std::span<const Read> reads() const { return reads_; }
  std::uint64_t fields_of(std::uint32_t binding) const;                               // 0: not read
  const std::vector<std::uint32_t>& lets() const { return more().lets; }              // sorted
  const std::vector<std::uint32_t>& inputs() const { return more().inputs; }          // sorted
  const std::vector<std::uint32_t>& aggregates() const { return more().aggregates; }  // bindings, sorted
  bool uses_now() const { return uses_now_; }
  // The value, if the expression reads nothing.
  const Value* constant() const;

  // A line per instruction, for tests and `explain`.
  std::string dump() const;

  // For eval.cc and the compiler.
  std::span<const Instruction> instructions() const { return instructions_; }
  const Value* constants() const { return constants_.data(); }
  std::size_t constant_count() const { return constants_.size(); }
  std::span<const Loop> loops() const { return more().loops; }
  const TextPattern& pattern(std::uint32_t i) const;
  const CalendarClock& calendar(std::uint32_t i) const { return *more().calendars[i]; }
  std::uint32_t temp_count() const { return temp_count_; }
  // Nothing but fields compared with constants of their kind or with fields, alone or under one `and` or one `or`.
  bool is_comparisons() const { return is_comparisons_; }
  // Null: it has none.
  const Kernel* kernel() const { return kernel_.get(); }

 private:
  friend class ExprCompiler;
  // What few expressions have.
  struct More {
    std::vector<Loop> loops;
    std::vector<std::unique_ptr<TextPattern>> patterns;
    std::vector<const CalendarClock*> calendars;  // of the program
    std::vector<std::uint32_t> lets, inputs, aggregates;
  };
  const More& more() const;
  More& add_more();
  std::vector<Instruction> instructions_;
  std::vector<Value> constants_;
  std::vector<Read> reads_;
  std::unique_ptr<More> more_;  // absent if all of it is empty
  std::unique_ptr<const Kernel> kernel_;
  std::uint32_t temp_count_ = 0;
  bool uses_now_ = false;
  bool is_comparisons_ = false;
};

}  // namespace flyball::engine
