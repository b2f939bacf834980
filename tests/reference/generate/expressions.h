// Random expressions over what names mean at a place: the fields of the pattern's own fact, bound facts, params.
#pragma once

#include <string>
#include <vector>

#include "tests/reference/generate/package.h"

namespace flyball::reference {

// What can be named: `v`, `x0.v`, `limit`.
struct GenName {
  std::string text;
  GenKind kind = GenKind::kInt;
  std::string fact;   // `x0` for `x0.v`; empty otherwise
  bool bare = false;  // a field of the pattern it stands in
};

struct GenScope {
  std::vector<GenName> names;
  const std::vector<GenType>* types = nullptr;
  bool aggregates = true;  // may be used
  bool inside_aggregate = false;
  bool clocks = false;                  // conditions on `now` may stand here
  bool windows = true;                  // aggregates may be `over` a time
  std::vector<std::size_t> aggregated;  // types that aggregates may read
};

// A comparison of `now` with a field of the fact that the condition is about; empty if it has none for it.
std::string random_own_clock(Random& r, const std::vector<GenField>& fields);
std::string random_condition(Random& random, const GenScope& scope, int depth);
// An int, percent, string, … expression that is not null.
std::string random_value(Random& random, const GenScope& scope, GenKind kind, int depth);

}  // namespace flyball::reference
