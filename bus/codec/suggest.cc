// Names in messages, and looking them up.
#include "bus/codec/suggest.h"

#include <fmt/format.h>

#include "bus/codec/json_reader.h"
#include "model/text.h"

namespace flyball::bus {
namespace {

constexpr std::size_t kShownBytes = 80;

Error unknown_name(std::string_view what, std::string_view name, const Schema::Lookup& found) {
  if (found.ambiguous) return {fmt::format("{} is ambiguous", code(name)), did_you_mean(found.candidates)};
  return {fmt::format("there is no {} {}", what, code(name)), did_you_mean(found.candidates)};
}

}  // namespace

std::string code(std::string_view name) {
  std::size_t cut = name.size();
  if (cut > kShownBytes) {
    cut = kShownBytes;
    while (cut > 0 && (static_cast<unsigned char>(name[cut]) & 0xC0) == 0x80) --cut;
  }
  std::string shown(name.substr(0, cut));
  if (!is_utf8(shown)) {
    for (char& c : shown) {
      if (static_cast<unsigned char>(c) >= 0x80) c = '?';
    }
  }
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F || c == '`') c = '?';
  }
  if (shown.size() < name.size()) shown += "…";
  return "`" + shown + "`";
}

std::string one_line(const Error& error) { return error.help.empty() ? error.message : error.message + "; " + error.help; }

Result<FactTypeId> find_puttable(const Schema& schema, std::string_view name) {
  const auto found = schema.find_type(name);
  if (found.id == kNoId) return std::unexpected(unknown_name("fact type", name, found));
  switch (schema.types[found.id].role) {
    case Role::kDerived: return fail(fmt::format("{} is derived by rules and cannot be put from outside", code(name)));
    case Role::kAction:
      return fail(fmt::format("{} is an action and cannot be put from outside", code(name)), "acknowledge it with an `ack`");
    default: return found.id;
  }
}

Result<FactTypeId> find_action(const Schema& schema, std::string_view name) {
  const auto found = schema.find_type(name);
  if (found.id == kNoId) return std::unexpected(unknown_name("action", name, found));
  if (schema.types[found.id].role != Role::kAction) return fail(fmt::format("{} is not an action", code(name)));
  return found.id;
}

Result<DecisionId> find_decision(const Schema& schema, std::string_view name) {
  const auto found = schema.find_decision(name);
  if (found.id == kNoId) return std::unexpected(unknown_name("decision", name, found));
  return found.id;
}

const std::string& short_name(const Schema& schema, const FactType& type) {
  return schema.find_type(type.local).id == kNoId ? type.name : type.local;
}

std::string instant_help(const WireScalar& scalar, std::string forms) {
  using Form = WireScalar::Form;
  const bool is_number =
      scalar.form == Form::kInt || scalar.form == Form::kUint || scalar.form == Form::kDouble || scalar.form == Form::kDecimal;
  const bool is_time =
      is_number || scalar.form == Form::kTimestamp || (scalar.form == Form::kString && parse_timestamp(scalar.text).has_value());
  if (!is_time) return forms;
  return fmt::format("a stamp lies between {} and {}", format_timestamp(to_value(kTimestampMin)),
                     format_timestamp(to_value(kTimestampMax)));
}

}  // namespace flyball::bus
