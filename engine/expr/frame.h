// Frame: what an expression may read while it is evaluated. All borrowed, built on the caller's stack.
#pragma once

#include "engine/expr/row.h"
#include "model/interner.h"
#include "model/time.h"
#include "model/value.h"

namespace flyball::engine {

struct Frame {
  // By binding: the fact's slots in schema field order (an unknown slot is kError). Never null for a binding the code
  // reads. Two bindings are the same fact if their rows are the same or, for types with a key, their keys are.
  const Row* rows = nullptr;
  const Value* lets = nullptr;        // by let index, already evaluated
  const Value* input = nullptr;       // a decision's input
  const Value* variables = nullptr;   // eval's environment
  const Value* aggregates = nullptr;  // by aggregate binding (the numbering of the rule's bindings); count: see count_interval.h
  Timestamp now;
  Interner* interner = nullptr;  // never null: results are interned here
};

}  // namespace flyball::engine
