// Formula: an expression with what must be in the frame before it runs; and the ids of the plan's parts. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/expr/code.h"

namespace flyball::engine {

using StageId = std::uint32_t;
using ChainId = std::uint32_t;
using AlphaId = std::uint32_t;
using NodeId = std::uint32_t;   // of an aggregate node
using TableId = std::uint32_t;  // of a hold, absence or projection table

struct FieldReads {
  std::uint32_t binding = 0;
  std::uint64_t mask = 0;
};

// An expression and what must be in the frame before it runs.
struct Formula {
  Code code;
  std::vector<std::uint32_t> lets;        // of its scope, in the order of evaluation
  std::vector<FieldReads> reads;          // fields of bindings, through lets too; in order of binding
  std::vector<std::uint32_t> aggregates;  // bindings of aggregates, through lets too
  std::string text;                       // canonical, for sharing and dumps

  std::uint64_t reads_of(std::uint32_t binding) const {
    for (const FieldReads& r : reads) {
      if (r.binding == binding) return r.mask;
    }
    return 0;
  }
};

}  // namespace flyball::engine
