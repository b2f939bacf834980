// Evaluating the records of effects: fields from formulas, defaults where none is given.
#pragma once

#include <vector>

#include "engine/network/network.h"

namespace flyball::engine {

// Appends one Value per field to `out`; those that cannot be evaluated, or that the field's type does not have, are errors.
inline void evaluate_record(const EffectPlan& effect, std::uint32_t scope, FrameBuffer& frame, std::vector<Value>& out) {
  for (const FieldSource& source : effect.fields) {
    out.push_back(source.formula ? source.fit.take(frame.value(*source.formula, scope), *frame.frame().interner) : source.value);
  }
}

}  // namespace flyball::engine
