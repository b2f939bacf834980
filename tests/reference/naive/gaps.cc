// See gaps.h.
#include "tests/reference/naive/gaps.h"

#include <algorithm>

namespace flyball::reference {

std::optional<FactTypeId> lost_of(const Schema& schema) {
  for (FactTypeId t = 0; t < schema.types.size(); ++t) {
    if (schema.types[t].name == "std.source.Lost") return t;
  }
  return std::nullopt;
}

std::optional<FactInput> NaiveGaps::before(const FactInput& input) {
  if (!lost_ || input.source.is_null() || input.seq == 0) return std::nullopt;
  std::vector<Heard>& heard = heard_[std::string(package_.interner->text(input.source))];
  if (input.type == *lost_) {
    if (const std::int64_t last = input.values[2].as_int(); last >= 0) heard.push_back({last, true});
    return std::nullopt;
  }
  const std::int64_t number = static_cast<std::int64_t>(input.seq);
  // Where the numbering that is heard now began, and the greatest since then.
  std::size_t from = 0;
  for (std::size_t i = 0; i < heard.size(); ++i) {
    if (!heard[i].told && heard[i].number == 1) from = i;
  }
  std::optional<std::int64_t> greatest;
  for (std::size_t i = from; i < heard.size(); ++i) greatest = std::max(greatest.value_or(heard[i].number), heard[i].number);
  heard.push_back({number, false});
  if (!greatest || number <= *greatest + 1) return std::nullopt;
  FactInput lost;
  lost.type = *lost_;
  lost.stamp = input.stamp;
  lost.source = input.source;
  lost.seq = static_cast<std::uint64_t>(number - 1);
  lost.values = {input.source, Value::integer(*greatest + 1), Value::integer(number - 1)};
  lost.present = 7;
  return lost;
}

}  // namespace flyball::reference
