// Shapes and the completion of decoded facts.
#include "bus/codec/shapes.h"

#include <fmt/format.h>

#include "bus/codec/suggest.h"

namespace flyball::bus {

Shapes::Shapes(const Schema& schema) {
  facts_.reserve(schema.types.size());
  for (const FactType& t : schema.types) {
    const std::size_t declared = t.role == Role::kAction ? t.declared_fields : t.fields.size();
    FactShape shape{&t, FieldTable(code(t.local), std::span(t.fields).first(declared)),
                    FieldTable("the result of " + code(t.local), t.result_fields), 0};
    for (const std::uint32_t k : t.key) shape.key_mask |= std::uint64_t{1} << k;
    facts_.push_back(std::move(shape));
  }
}

Result<void> FactShape::finish(FactInput& fact) const {
  std::size_t missing = 0;
  if (fact.op == FactOp::kPut) {
    if (!table.fill(fact.present, table.all(), fact.values, missing)) return std::unexpected(table.missing_field(missing));
    fact.present = table.all();
    return {};
  }
  const char* op = to_string(fact.op);
  if (type->is_event())
    return fail(fmt::format("{} is an event: it cannot be {}", code(type->local), fact.op == FactOp::kPatch ? "patched" : "retracted"));
  if (!type->has_key) return fail(fmt::format("{} has no key: `{}` cannot name one", code(type->local), op));
  if (!table.fill(fact.present, key_mask, fact.values, missing)) {
    Error e = table.missing_field(missing);
    e.help = fmt::format("a `{}` names the whole key", op);
    return std::unexpected(std::move(e));
  }
  fact.present |= key_mask;
  if (fact.op == FactOp::kRetract) fact.present = key_mask;
  return {};
}

std::uint64_t given_fields(const std::vector<Value>& result) {
  std::uint64_t given = 0;
  for (std::size_t i = 0; i < result.size(); ++i) given |= std::uint64_t{!result[i].is_null()} << i;
  return given;
}

Result<FactOp> fact_op(std::string_view word) {
  if (word == "put") return FactOp::kPut;
  if (word == "patch") return FactOp::kPatch;
  if (word == "retract") return FactOp::kRetract;
  return fail(fmt::format("`op`: expected \"put\", \"patch\" or \"retract\", got {}", code(word)),
              did_you_mean(nearest(word, {"put", "patch", "retract"})));
}

const char* to_string(FactOp op) {
  switch (op) {
    case FactOp::kPut: return "put";
    case FactOp::kPatch: return "patch";
    case FactOp::kRetract: return "retract";
  }
  return "put";
}

Result<ActionState> ack_state(std::string_view word) {
  const auto state = action_state(word);
  if (state == ActionState::kAcked || state == ActionState::kFailed || state == ActionState::kApproved || state == ActionState::kRejected)
    return *state;
  return fail(fmt::format("`state`: expected \"acked\", \"failed\", \"approved\" or \"rejected\", got {}", code(word)),
              did_you_mean(nearest(word, {"acked", "failed", "approved", "rejected"})));
}

}  // namespace flyball::bus
