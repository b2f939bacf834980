// FieldFit: what a field takes of the value of an expression that is written to it.
//
// The checker knows types, but not every null (an aggregate of nothing is one), nor what a `dyn` is: what the field's type does
// not have is unknown there, so that no fact, action or answer has a value that its type says it cannot have.
#pragma once

#include <memory>

#include "model/interner.h"
#include "model/one_zero.h"
#include "model/type.h"

namespace flyball::engine {

struct FieldFit {
  bool nullable = true;
  bool is_double = false;             // an int becomes one, and there is one zero
  std::unique_ptr<const Type> whole;  // the expression's type does not say it all: every part of a value is looked at

  Value take(const Value& v, const Interner& in) const {
    if (v.is_null()) return nullable ? v : Value::unknown();
    if (is_double && v.is(Kind::kInt)) return Value::real(static_cast<double>(v.as_int()));
    if (is_double && v.is(Kind::kDouble)) return Value::real(one_zero(v.as_double()));
    if (whole != nullptr && !v.is_error() && !value_matches(v, *whole, in)) return Value::unknown();
    return v;
  }
};

}  // namespace flyball::engine
