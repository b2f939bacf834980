// What random packages are declared with: types, and the calendars that their rules run during. The rules are package.h's.
#pragma once

#include "tests/reference/generate/package.h"

namespace flyball::reference {

const std::vector<GenField>& all_fields();
GenType random_type(Random& r, const std::string& name);
std::string declaration(const GenType& t);

// Short spans near the times of the streams, so that edges are met often; two that touch, overlap or take each other away.
std::string random_calendar(Random& r, const std::string& name);

}  // namespace flyball::reference
