// Type: the static type of an expression or a field. A small value type; compare with ==.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/value.h"

namespace flyball {

enum class TypeTag : std::uint8_t {
  kError,  // already reported; compatible with everything, so that one mistake gives one message
  kDyn,    // known at run time only (untyped JSON, CEL's dyn)
  kNull,
  kBool,
  kInt,
  kUint,
  kDouble,
  kString,
  kBytes,
  kDuration,
  kTimestamp,
  kPercent,
  kSize,
  kBitrate,
  kPps,
  kTimeOfDay,
  kIp,
  kCidr,
  kRange,     // args[0]: element
  kList,      // args[0]: element
  kMap,       // args[0]: key, args[1]: value
  kEnum,      // closed set of strings: members
  kFact,      // a bound fact as a whole; fact_type
  kRecord,    // named members of their own types (an action's result): members[i] has type args[i]
  kTypeType,  // the type of type(x): args[0]
  kOptional,  // CEL's optional_type: args[0]. (flyball's `T?` is the flag `nullable`.)
  kAbstract,  // known by its declaration only: members[0] is its name; args
  kVariable,  // of a function's signature: fact_type is its number, from 1
};

struct Type {
  TypeTag tag = TypeTag::kError;
  bool nullable = false;        // `T?`: null is a value of it
  std::uint32_t fact_type = 0;  // kFact: FactTypeId
  std::vector<Type> args;
  std::vector<std::string> members;  // kEnum: in written order; kRecord: names; kAbstract: its own

  friend bool operator==(const Type&, const Type&) = default;
  static Type of(TypeTag tag) { return Type{tag, false, 0, {}, {}}; }
  static Type variable(std::uint32_t number) { return Type{TypeTag::kVariable, false, number, {}, {}}; }
  static Type list_of(Type element) { return Type{TypeTag::kList, false, 0, {std::move(element)}, {}}; }
  static Type map_of(Type key, Type value) { return Type{TypeTag::kMap, false, 0, {std::move(key), std::move(value)}, {}}; }
  bool is(TypeTag t) const { return tag == t; }
  Type without_null() const {
    Type t = *this;
    t.nullable = false;
    return t;
  }
};

// As the author writes it: `percent`, `string?`, `list<ip>`, `"up" | "down"`; facts by `fact_name` if given.
std::string to_string(const Type& type);

// The kind of the non-null values of a type of facts' fields; kError for kDyn (any kind).
Kind kind_of(const Type& type);

// True if `v` is a value of `type` (null only if nullable; an enum by its members). Never true for kError values.
class Interner;
bool value_matches(const Value& v, const Type& type, const Interner& in);

}  // namespace flyball
