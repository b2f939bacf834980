// Shapes: a Schema as the codecs see it, made once: per fact type its fields, its key, its result.
// Immutable after construction; the Schema must outlive it.
#pragma once

#include <string_view>
#include <vector>

#include "bus/codec/field_table.h"
#include "model/fact.h"
#include "model/result.h"
#include "model/schema.h"

namespace flyball::bus {

struct FactShape {
  const FactType* type = nullptr;
  FieldTable table;   // declared fields
  FieldTable result;  // an action's result; empty for others
  std::uint64_t key_mask = 0;

  // Completes a decoded fact for its op: defaults of a put, the key of a patch or retract. Says what is missing.
  Result<void> finish(FactInput& fact) const;
};

class Shapes {
 public:
  explicit Shapes(const Schema& schema);
  const FactShape& fact(FactTypeId type) const { return facts_[type]; }

 private:
  std::vector<FactShape> facts_;
};

// The fields of a result that were given: what was not is null, even where null is no value of the field.
std::uint64_t given_fields(const std::vector<Value>& result);

// "put", "patch", "retract".
Result<FactOp> fact_op(std::string_view word);
const char* to_string(FactOp op);
// What an acknowledgement may say: "acked", "failed", "approved", "rejected".
Result<ActionState> ack_state(std::string_view word);

}  // namespace flyball::bus
