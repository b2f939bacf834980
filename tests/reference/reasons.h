// Why: what two programs of one package, that match it in different ways, say of the same steps.
#pragma once

#include <string>

#include "engine/program.h"
#include "tests/reference/harness.h"

namespace flyball::reference {

// Empty: after every few steps both say the same of why each action was made, and why each rule does not run.
std::string difference_of_reasons(const SeedCase& c, const engine::Program& one, const engine::Program& other);

}  // namespace flyball::reference
