// One recorded fact, as a JSON line, for the plain face: its type, its time and its fields ready to send. No schema is needed: strings stay
// strings, whole numbers ints, others doubles; what the types mean is the service's business. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bus/transport/client_types.h"
#include "model/fact.h"
#include "model/result.h"

namespace flyball::app {

struct PlainFact {
  std::string type;
  std::optional<Timestamp> time;
  FactOp op = FactOp::kPut;
  bus::FactBody body;
};

// Refuses acknowledgements and ticks (the plain face carries facts only) and maps and mixed lists.
Result<PlainFact> plain_fact(std::string_view line);

}  // namespace flyball::app
