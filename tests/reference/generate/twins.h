// Twins: rules that begin with the lines of another, so that what rules join alike is shared (engine/compile/share_joins.cc).
#pragma once

#include "tests/reference/generate/package.h"

namespace flyball::reference {

// Behind each rule up to two that are like it but for their name, and often for a line, their priority or what they do. Some come to
// nothing that can be checked.
void add_twins(Random& random, GenPackage& package);

}  // namespace flyball::reference
