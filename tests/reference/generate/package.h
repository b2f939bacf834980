// Random rule packages as text, so that the whole front end takes part. Small on purpose: few types with small domains
// of values, so that joins meet, holds coincide with expiries, and one to three rules get into each other's way.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/reference/generate/random.h"

namespace flyball::reference {

enum class GenKind { kInt, kOptionalInt, kPercent, kString, kOptionalString, kEnum, kBool, kDouble };

struct GenField {
  std::string name;
  GenKind kind = GenKind::kInt;
};

struct GenType {
  std::string name;
  std::string options;  // ` ttl 4s` and the like
  bool is_event = false;
  bool is_derived = false;
  bool is_mutable = false;
  bool is_action = false;
  bool has_key = true;
  bool has_ttl = false;
  std::size_t key_fields = 1;  // the first so many fields
  std::vector<GenField> fields;
};

// What to leave out, for tests that must not meet it.
struct GenOptions {
  bool late = true;  // types with lateness, late facts
  bool decisions = true;
  bool rare_values = true;
};

struct GenPackage {
  std::vector<GenType> types;
  std::string head;                // module, types, params: one declaration a line
  std::vector<std::string> rules;  // one declaration each, one line of the rule a line
  std::string decisions;
  bool has_lateness = false;
  bool has_calendars = false;  // c0 and c1
  std::vector<std::string> decision_names;
  std::string strategy;  // of the module; "": its rules have episodes
  bool is_production() const { return !strategy.empty(); }
  bool has_lost = false;              // the event `Lost`, in its module
  std::optional<std::size_t> single;  // of a package of productions: a type of which there is one fact at most

  // As files of one module: the head, then the rules spread over the others.
  std::vector<std::string> files() const;
};

GenPackage generate_package(Random& random, const GenOptions& options);

// A literal of the kind, from its small domain.
std::string literal(Random& random, GenKind kind);

}  // namespace flyball::reference
