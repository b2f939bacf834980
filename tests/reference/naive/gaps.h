// The gaps in what sources number (semantics.md §2): the events `Lost` that whoever takes facts from outside puts. From all that came, each
// time anew; app/io/source_numbers.h is what it is compared with.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/fact.h"
#include "tests/reference/case.h"

namespace flyball::reference {

// The type `Lost`, if the rules have it.
std::optional<FactTypeId> lost_of(const Schema& schema);

class NaiveGaps {
 public:
  explicit NaiveGaps(const Loaded& package) : package_(package), lost_(lost_of(package.rules.schema)) {}
  // What is to be put right before this input.
  std::optional<FactInput> before(const FactInput& input);

 private:
  struct Heard {
    std::int64_t number = 0;
    bool told = false;  // by a `Lost`: all up to it are accounted for
  };
  const Loaded& package_;
  std::optional<FactTypeId> lost_;
  std::map<std::string, std::vector<Heard>> heard_;  // of each source, in order of arrival
};

}  // namespace flyball::reference
