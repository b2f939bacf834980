// Evaluating the records of effects: fields from formulas, defaults where none is given, ints where doubles are wanted.
#pragma once

#include <vector>

#include "engine/network/network.h"

namespace flyball::engine {

inline Value coerced(const Value& v, const Type& type) {
  return type.is(TypeTag::kDouble) && v.is(Kind::kInt) ? Value::real(static_cast<double>(v.as_int())) : v;
}

// Appends one Value per field to `out`; those that cannot be evaluated are errors.
inline void evaluate_record(const EffectPlan& effect, const FactType& type, std::uint32_t scope, FrameBuffer& frame,
                            std::vector<Value>& out) {
  for (std::size_t i = 0; i < effect.fields.size(); ++i) {
    const FieldSource& source = effect.fields[i];
    out.push_back(source.formula ? coerced(frame.value(*source.formula, scope), type.fields[i].type) : source.value);
  }
}

}  // namespace flyball::engine
