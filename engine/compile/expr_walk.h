// ExprCompiler: the walk behind compile_expr(). Its parts: expr_compiler.cc (names, operators), expr_compound.cc (logic,
// members, calls, lists, macros), expr_describe.cc (what the finished code reads).
//
// Each subexpression yields an Operand: a place that exists already (a field, a constant, a let …) or a temp. Temps are a
// stack: an operation's result takes the place of its operands. Constants fold as they meet: an operation whose operands
// are all constants is done here, its error included. Used once per expression; not thread-safe.
// INVARIANT: no instruction jumps backwards; a Mode is given only to an instruction that no jump leads past.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "engine/compile/expr_compiler.h"
#include "model/text_pattern.h"

namespace flyball::engine {

class ExprCompiler {
 public:
  using Expr = ast::Expr;

  explicit ExprCompiler(const ExprContext& context) : context_(context), in_(*context.interner) {
    code_.instructions_.clear();
    code_.constants_.clear();
  }

  Code finish(const Expr& expr) {
    const Operand result = compile(expr);
    emit_return(result);
    describe();
    return std::move(code_);
  }

 private:
  // A call sizes its temps by its own; the result of whatever was compiled since `mark` goes to the temp `mark`.
  using Mark = std::uint32_t;

  static Operand temp(std::uint32_t i) { return {Space::kTemp, 0, i}; }
  static bool is_constant(const Operand& o) { return o.space == Space::kConstant; }
  const Value& value(const Operand& o) const { return code_.constants_[o.index]; }

  Operand constant(const Value& v) {
    // Few of them: a linear search keeps equal ones together.
    const std::size_t searched = std::min<std::size_t>(code_.constants_.size(), 64);
    for (std::size_t i = 0; i < searched; ++i) {
      if (code_.constants_[i] == v) return {Space::kConstant, 0, static_cast<std::uint32_t>(i)};
    }
    code_.constants_.push_back(v);
    return {Space::kConstant, 0, static_cast<std::uint32_t>(code_.constants_.size() - 1)};
  }
  Operand error(std::string_view message) { return constant(in_.error(message)); }

  std::uint32_t new_temp() {
    const std::uint32_t t = next_temp_++;
    code_.temp_count_ = std::max(code_.temp_count_, next_temp_);
    return t;
  }
  // Gives up the temps above `mark` and takes that one.
  std::uint32_t result_temp(Mark mark) {
    next_temp_ = mark;
    return new_temp();
  }

  Instruction& emit(Instruction i) {
    code_.instructions_.push_back(i);
    return code_.instructions_.back();
  }
  void emit_return(const Operand& o) { emit({.op = Opcode::kReturn, .a = o}); }
  std::uint32_t here() const { return static_cast<std::uint32_t>(code_.instructions_.size()); }
  std::uint32_t emit_jump() {
    emit({.op = Opcode::kJump});
    return here() - 1;
  }
  void land(std::uint32_t jump) {
    code_.instructions_[jump].target = here();
    barrier_ = here();
  }

  Operand compile(const Expr& e);
  void compile_into(const Expr& e, std::uint32_t t);
  Operand compile_ref(const Expr& e);
  Operand compile_unary(const Expr& e);
  Operand compile_binary(const Expr& e);
  Operand compile_comparison(const Expr& e, Compare op);
  Operand compile_same_fact(const Expr& e, Compare op);
  Operand compile_arithmetic(const Expr& e, Arithmetic op);
  Operand compile_in(const Expr& e);
  std::optional<Operand> compile_in_set(const Operand& left, const Expr& list, Mark mark);
  Operand compile_like(const Expr& e);
  Operand compile_logic(const Expr& e);
  Operand compile_ternary(const Expr& e);
  Operand compile_coalesce(const Expr& e);
  Operand compile_select(const Expr& e);
  Operand compile_index(const Expr& e);
  Operand compile_has(const Expr& e);
  Operand compile_stale(const Expr& e);
  Operand compile_call(const Expr& e);
  Operand compile_sequence(const Expr& e, Opcode op);
  Operand compile_range(const Expr& e);
  Operand compile_comprehension(const Expr& e);

  Operand pattern_test(Opcode op, TextPattern pattern, const Operand& text, Mark mark);
  const FactType* fact_type(const Expr& e) const;
  std::uint32_t body(const Expr& e);
  void describe();
  bool only_comparisons() const;

  const ExprContext& context_;
  Interner& in_;
  Code code_;
  std::uint32_t next_temp_ = 0;
  std::uint32_t barrier_ = 0;          // a jump lands here: what stands before it must keep its destination
  std::vector<std::uint32_t> locals_;  // temps of the variables in scope, by index
};

// Kinds whose Values are equal just when their 16 bytes are.
bool equal_if_same(Kind kind);

}  // namespace flyball::engine
