// Scope: what a name may mean at one place of a file. Built by the passes over rules, decisions and tests; read by
// ExprChecker. A plain value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "parser/check/names.h"
#include "parser/parser.h"

namespace flyball::check {

struct Binding {  // a fact bound by `n: Type`
  std::string name;
  std::uint32_t number = 0;
  FactTypeId type = kNoId;     // kNoId: its type is wrong, which has been said
  ast::Span at;                // of the name
  std::uint32_t each = kNoId;  // `n: each Type.field`: it is the value of this field
};

struct LetName {  // `let x = e` of a rule
  std::string name;
  std::uint32_t index = 0;
  Type type;
  bool maybe_null = false;
  bool reads_binding = false;  // its value depends on a bound fact
  ast::Span at;                // of the name
};

struct Local {  // a macro's variable, or a parameter of a package-wide function
  std::string name;
  std::uint32_t index = 0;
  Type type;
};

struct Bare {  // the pattern or aggregate whose fields are meant by bare names
  FactTypeId type = kNoId;
  std::uint32_t binding = 0;
};

enum class NowUse : std::uint8_t {
  kNever,      // `now` is not known here
  kCondition,  // where time would have to pass by itself
  kDerived,    // in `derive`: its fields follow what they read, and time never stands still
  kAnywhere,   // in other effects and in answers
};

// Something whose value has been compared with null, so that it may be used.
struct Place {
  ast::RefKind kind = ast::RefKind::kNone;
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  friend bool operator==(const Place&, const Place&) = default;
};

inline constexpr const char* kBranchOnlyWhy = "not every branch of `either` binds it; bind it in each of them";

struct Scope {
  const FileScope* file = nullptr;
  std::vector<Binding> bindings;
  std::vector<std::string> hidden;       // names of this rule that cannot be read here …
  std::string hidden_why;                // … and why
  std::vector<std::string> branch_only;  // bound in some branches of an `either`, behind it
  std::vector<LetName> lets;
  std::vector<Local> locals;
  std::optional<Bare> bare;
  const std::vector<Field>* input = nullptr;
  const std::vector<Variable>* variables = nullptr;
  const std::vector<FunctionDeclaration>* functions = nullptr;  // beside the language's own
  NowUse now = NowUse::kNever;
  bool aggregates = false;                        // an aggregate may stand here
  const char* no_params = nullptr;                // set: params and facts may not be read here, and why
  std::vector<FactTypeId>* aggregated = nullptr;  // gets the fact type of every aggregate met; its binding is
  std::uint32_t first_aggregate = 0;              // first_aggregate + its index there
  std::vector<Place> not_null;
};

}  // namespace flyball::check
