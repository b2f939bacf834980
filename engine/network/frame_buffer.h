// FrameBuffer: the places a Frame borrows, wide enough for any scope of the program, and the evaluation of formulas
// over them (lets first). One per session; whoever fills it uses it before anything else is called.
#pragma once

#include <vector>

#include "engine/compile/program_data.h"
#include "engine/expr/count_interval.h"
#include "engine/expr/eval.h"
#include "engine/expr/frame.h"

namespace flyball::engine {

class FrameBuffer {
 public:
  FrameBuffer(const ProgramData& program, Interner& interner)
      : program_(program),
        rows_(program.frame_bindings + 1),
        lets_(program.frame_lets + 1),
        aggregates_(program.frame_bindings + 1, Value::unknown()) {
    frame_.rows = rows_.data();
    frame_.lets = lets_.data();
    frame_.aggregates = aggregates_.data();
    frame_.interner = &interner;
  }
  FrameBuffer(const FrameBuffer&) = delete;
  FrameBuffer& operator=(const FrameBuffer&) = delete;

  void set_row(std::uint32_t binding, Row row) { rows_[binding] = row; }
  Row row(std::uint32_t binding) const { return rows_[binding]; }
  void set_aggregate(std::uint32_t binding, Value v) { aggregates_[binding] = v; }
  void set_input(const Value* input) { frame_.input = input; }
  void set_now(Timestamp now) { frame_.now = now; }
  const Frame& frame() const { return frame_; }

  Value value(const Formula& formula, std::uint32_t scope) {
    if (!formula.lets.empty()) fill_lets(formula, scope);
    return evaluate(formula.code, frame_);
  }
  Truth truth(const Formula& formula, std::uint32_t scope) {
    if (!formula.lets.empty()) fill_lets(formula, scope);
    return test(formula.code, frame_);
  }

 private:
  void fill_lets(const Formula& formula, std::uint32_t scope) {
    for (const std::uint32_t let : formula.lets) lets_[let] = evaluate(program_.scopes[scope].lets[let].code, frame_);
  }
  const ProgramData& program_;
  std::vector<Row> rows_;
  std::vector<Value> lets_;
  std::vector<Value> aggregates_;
  Frame frame_;
};

}  // namespace flyball::engine
