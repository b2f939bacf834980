// See source_numbers.h.
#include "app/io/source_numbers.h"

#include <algorithm>

namespace flyball::app {
namespace {

constexpr std::string_view kLost = "std.source.Lost";
constexpr std::size_t kFields = 3;  // source, first, last

}  // namespace

std::optional<SourceNumbers::Gap> SourceNumbers::note(std::string_view source, std::uint64_t number) {
  if (number > kMaxNumber) return std::nullopt;
  const auto found = greatest_.find(source);
  if (found == greatest_.end()) {
    if (greatest_.size() < kMaxSources) greatest_.emplace(source, number);
    return std::nullopt;
  }
  const std::uint64_t before = found->second;
  if (number > before || number == 1) found->second = number;
  return number > before && number - before > 1 ? std::optional(Gap{before + 1, number - 1}) : std::nullopt;
}

void SourceNumbers::account(std::string_view source, std::uint64_t number) {
  if (number > kMaxNumber) return;
  const auto found = greatest_.find(source);
  if (found != greatest_.end())
    found->second = std::max(found->second, number);
  else if (greatest_.size() < kMaxSources)
    greatest_.emplace(source, number);
}

FactTypeId lost_type(const Schema& schema) {
  for (FactTypeId id = 0; id < schema.types.size(); ++id) {
    const FactType& type = schema.types[id];
    if (type.name == kLost && type.role == Role::kEvent && type.declared_fields == kFields) return id;
  }
  return kNoId;
}

FactInput lost_input(FactTypeId type, Value source, const SourceNumbers::Gap& gap, Timestamp stamp) {
  FactInput out;
  out.type = type;
  out.stamp = stamp;
  out.source = source;
  out.seq = gap.last;
  out.values = {out.source, Value::integer(static_cast<std::int64_t>(gap.first)), Value::integer(static_cast<std::int64_t>(gap.last))};
  out.present = (std::uint64_t{1} << kFields) - 1;
  return out;
}

SourceNumbers::Gap gap_of(const FactInput& lost) {
  if (lost.values.size() != kFields || !lost.values[1].is(Kind::kInt) || !lost.values[2].is(Kind::kInt)) return {};
  return {static_cast<std::uint64_t>(lost.values[1].as_int()), static_cast<std::uint64_t>(lost.values[2].as_int())};
}

}  // namespace flyball::app
