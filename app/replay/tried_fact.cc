// See tried_fact.h.
#include "app/replay/tried_fact.h"

#include <fmt/core.h>

#include <algorithm>

#include "bus/codec/json_reader.h"
#include "model/text.h"

namespace flyball::app {

Result<FactInput> read_tried_fact(const std::string& text, std::string_view op, Timestamp at, bus::RecordedReader& reader) {
  const std::size_t brace = std::min(text.find('{'), text.size());
  std::string type = text.substr(0, brace);
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.pop_back();
  if (type.empty()) return fail("the type is missing", R"(a fact is `TYPE {…}`, like `LinkStats {"device":"e1"}`)");
  // The fields by themselves first, where they stand: a mistake has its place in what was typed.
  if (brace < text.size()) {
    const std::string alone = std::string(brace, ' ') + text.substr(brace);
    bus::JsonReader json(alone);
    if (!json.skip_value() || !json.at_end()) return fail(json.error(), "the fields are a JSON object");
  }
  std::string line = "{\"time\":";
  bus::append_time(line, at);
  line += fmt::format(",\"type\":{},\"op\":\"{}\",\"data\":{}}}", quote(type), op, brace < text.size() ? text.substr(brace) : "{}");
  Result<bus::RecordedInput> input = reader.read(line);
  if (!input) return std::unexpected(input.error());
  return std::get<FactInput>(std::move(*input));
}

bool has_fact(const engine::Session& session, const Schema& schema, const FactInput& input) {
  const FactType& type = schema.types[input.type];
  const std::vector<engine::FactView> facts = session.facts(input.type);
  return std::any_of(facts.begin(), facts.end(), [&](const engine::FactView& fact) {
    for (std::uint32_t i = 0; i < type.declared_fields; ++i) {
      if (type.is_key_field(i) && !(fact.values[i] == input.values[i])) return false;
    }
    return true;
  });
}

}  // namespace flyball::app
