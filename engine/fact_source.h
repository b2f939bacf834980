// FactSource: working memory as decisions read it: the facts of a type, all of them or those with given field values,
// and the value of an aggregate right now. Nothing here changes anything.
//
// Door for engine/decide; a Session implements it. Rows live until the Session's next put, ack or tick.
// Order of visits is not defined: who needs an order compares keys (compare_total).
#pragma once

#include <cstdint>
#include <span>

#include "engine/compile/span_fields.h"
#include "engine/expr/row.h"
#include "model/schema.h"
#include "model/value.h"

namespace flyball::engine {

struct Frame;

// One existing fact. Fields of a stale fact other than its key are Value::unknown() already.
struct FactRow {
  Row slots;
  std::uint32_t fact = 0;  // handle within its type
  bool stale = false;
  bool suspended = false;  // derived from reasons that are all unknown: whatever is true of it is unknown instead
};

// Called for every fact; false stops.
class FactVisitor {
 public:
  virtual bool visit(const FactRow& row) = 0;

 protected:
  ~FactVisitor() = default;
};

class FactSource {
 public:
  virtual void visit_all(FactTypeId type, FactVisitor& visitor) const = 0;

  // Every fact for which field fields[i] may equal values[i] for all i: those whose fields are identical (==, bit for
  // bit) and those where such a field is unknown; the caller judges the latter. Uses the key's index when `fields`
  // are exactly the type's key fields, in key order, and an index that was planned for them; O(facts of the type) otherwise.
  virtual void visit_equal(FactTypeId type, std::span<const std::uint32_t> fields, std::span<const Value> values,
                           FactVisitor& visitor) const = 0;

  // Every fact that may lie around `low` (or in the span from `low` to `high`) by these fields of its own; others, too. All of them where
  // nothing leads there.
  virtual void visit_around(FactTypeId type, const SpanFields& own, const Value& low, const Value& high, FactVisitor& visitor) const {
    (void)own, (void)low, (void)high;
    visit_all(type, visitor);
  }

  // The aggregate planned as `aggregate` (ProgramData::aggregates) for the bindings in `frame`. Written as Frame's
  // aggregates are (engine/expr/frame.h).
  virtual Value aggregate_value(std::uint32_t aggregate, const Frame& frame) const = 0;

  // `now` of a decision: the last closed instant.
  virtual Timestamp decision_time() const = 0;

 protected:
  ~FactSource() = default;
};

}  // namespace flyball::engine
