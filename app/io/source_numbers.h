// SourceNumbers: the numbers that sources give their facts, and the gaps in them (semantics.md §2). For whoever takes facts from outside:
// the service and replay; the engine knows nothing of gaps, only of the event `Lost` that is made of one here. Limits: kMaxSources; further
// ones are not watched; kMaxNumber; greater numbers are passed over. Not thread-safe. Pure: what it says depends on the order of calls
// alone.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "model/fact.h"
#include "model/interner.h"
#include "model/schema.h"

namespace flyball::app {

class SourceNumbers {
 public:
  static constexpr std::size_t kMaxSources = 65'536;
  static constexpr std::uint64_t kMaxNumber = std::numeric_limits<std::int64_t>::max();  // `Lost` tells numbers as integers

  struct Gap {
    std::uint64_t first = 0, last = 0;
  };
  // The next fact of `source` has this number. 1 begins the numbering anew; one that is not above the greatest says nothing.
  std::optional<Gap> note(std::string_view source, std::uint64_t number);
  // All numbers up to this one are accounted for, whatever became of them.
  void account(std::string_view source, std::uint64_t number);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  std::unordered_map<std::string, std::uint64_t, Hash, std::equal_to<>> greatest_;
};

// The type of the event, where the rules have it.
FactTypeId lost_type(const Schema& schema);
FactInput lost_input(FactTypeId type, Value source, const SourceNumbers::Gap& gap, Timestamp stamp);
// The gap that such an input tells.
SourceNumbers::Gap gap_of(const FactInput& lost);

}  // namespace flyball::app
