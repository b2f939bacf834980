// What compiles but is probably not meant. Each warning is about one pattern of mistake and stays silent in doubt. See passes.h.
#include <fmt/format.h>

#include <algorithm>

#include "parser/check/expressions.h"
#include "parser/check/passes.h"

namespace flyball::check {

void warn(Package&) {}

}  // namespace flyball::check
