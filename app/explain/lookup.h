// Names that a user typed, found in a package: rules, types, decisions; and `--with` values in the types of the fields they fix.
// Errors name what was probably meant. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/interner.h"
#include "model/result.h"
#include "parser/ast/ast.h"

namespace flyball::app {

// By qualified name, or by local name when only one rule has it.
Result<std::uint32_t> find_rule(const ast::RuleSet& rules, std::string_view name);
Result<FactTypeId> find_fact_type(const Schema& schema, std::string_view name);
Result<DecisionId> find_decision(const Schema& schema, std::string_view name);

// That `id` names none of the explained actions `known`, and which ids it may have meant: those it begins, else the nearest.
// `forgotten`: there were more, so it may have been one of them.
Error no_such_action(std::string_view id, const std::vector<std::string>& known, bool forgotten);

// NAME=VALUE texts as field values of the facts the rule binds.
Result<std::vector<std::pair<std::string, Value>>> with_values(const ast::RuleSet& rules, std::uint32_t rule,
                                                               const std::vector<std::pair<std::string, std::string>>& texts,
                                                               Interner& interner);

}  // namespace flyball::app
