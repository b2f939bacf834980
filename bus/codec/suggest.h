// Words of messages to people: names in backticks, made safe, and looking names up.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bus/codec/wire_scalar.h"
#include "model/result.h"
#include "model/schema.h"
#include "model/suggest.h"

namespace flyball::bus {

// `name` in backticks; a peer's bytes are cut short and made printable.
std::string code(std::string_view name);
// One sentence of an error: message, and the help after "; ".
std::string one_line(const Error& error);
// What to write where a stamp was wanted: `forms` are those the caller takes, unless it is a time, but one that no stamp can be.
std::string instant_help(const WireScalar& scalar, std::string forms);

// The type of a fact or event named `name` that may be put from outside; the error says why not.
Result<FactTypeId> find_puttable(const Schema& schema, std::string_view name);
// The action type named `name`.
Result<FactTypeId> find_action(const Schema& schema, std::string_view name);
Result<DecisionId> find_decision(const Schema& schema, std::string_view name);

// The shortest name that finds the type again: its local name, or the qualified one where that is ambiguous.
const std::string& short_name(const Schema& schema, const FactType& type);

}  // namespace flyball::bus
