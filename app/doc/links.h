// Links: who makes and uses which fact, event or action of a package, and where each stands in its document.
#pragma once

#include <compare>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "parser/ast/ast.h"

namespace flyball::app {

struct Target {
  std::string module, name;
  std::string kind;  // "rule", "decision", or a type's word
  auto operator<=>(const Target&) const = default;
};

struct TypeUses {
  std::set<Target> makers, users;
};
struct RuleUses {
  std::set<Target> reads, makes;
  std::vector<std::string> tests;  // names of tests that name it, or expect what only it makes
};

const char* role_word(Role role);  // "fact", "derived fact", "action" …
// As code hosts make it from a heading.
std::string anchor(const std::string& heading);

class Links {
 public:
  explicit Links(const ast::RuleSet& rules);
  // Sorted; those of the standard vocabulary only if there is nothing else.
  const std::vector<std::string>& modules() const { return modules_; }
  const TypeUses& uses(FactTypeId type) const { return types_[type]; }
  const RuleUses& uses_of_rule(std::uint32_t rule) const { return rules_[rule]; }
  // A Markdown link from a page of `from`.
  std::string to(const Target& target, const std::string& from, bool by_file) const;

 private:
  void read(const Target& reader, const std::vector<FactTypeId>& read, RuleUses* uses);
  const ast::RuleSet& set_;
  std::vector<std::string> modules_;
  std::vector<TypeUses> types_;
  std::vector<RuleUses> rules_;
};

}  // namespace flyball::app
