// Random inputs for a checked package: puts, patches, retracts, events, acknowledgements, ticks and questions. Stamps are
// whole seconds, as are all durations of random packages, so that deadlines and inputs coincide often.
#pragma once

#include <vector>

#include "tests/reference/case.h"
#include "tests/reference/generate/random.h"

namespace flyball::reference {

std::vector<Step> generate_stream(Random& random, const Loaded& package, std::size_t count);

}  // namespace flyball::reference
