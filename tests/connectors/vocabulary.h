// The vocabulary of rules/lb, rules/host and rules/connector as a Schema: what connectors say is held against the files
// that rules import.
#pragma once

#include "model/interner.h"
#include "model/schema.h"
#include "parser/ast/ast.h"

namespace flyball::connectors::testing {

struct Vocabulary {
  Interner interner;
  ast::RuleSet rules;
  Vocabulary();  // throws if the files do not check
};

}  // namespace flyball::connectors::testing
