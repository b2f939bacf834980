// RuleTexts: a package as it travels: between `plan`, a plan file, `apply` and a service; and the digest that names what rules are.
//
// Door: texts_of (a package → texts), compile_texts (texts → a package, no file of the disk is read), rules_digest. Thread safety: pure
// functions. INVARIANT: compile_texts of texts_of of a package is that package: the same digest, the same messages.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/package/package.h"

namespace flyball::app {

struct RuleText {
  std::string path;  // as messages show it
  std::string text;
};

struct RuleTexts {
  std::vector<RuleText> files;      // in the order of the rules
  std::vector<RuleText> tables;     // files that `table from` names
  std::vector<std::string> params;  // NAME=VALUE
  std::size_t bytes() const;
};

// What `package` was made of. Error: a text that is no UTF-8, which no message carries.
Result<RuleTexts> texts_of(const Package& package, std::vector<std::string> params);

// As compile_package, but of these texts: a table that is not among them cannot be read.
std::unique_ptr<CompiledPackage> compile_texts(const RuleTexts& texts, Io& io, Interner* shared = nullptr, int* exit_code = nullptr,
                                               const engine::Program* running = nullptr, const engine::JoinOptions& joins = {});

// 32 hex digits (BLAKE2b) of the texts of rules and tables in their order and of the value of every param. Neither where files stand nor
// what they are called is part of it, nor how a value is written.
std::string rules_digest(const CompiledPackage& package);

// `"params":[…],"files":[{"path":…,"text":…}],"tables":[…]`: members of a JSON object, and back. Other members are passed over.
std::string rule_texts_json(const RuleTexts& texts);
Result<RuleTexts> read_rule_texts(std::string_view object);

// NAME=VALUE texts with `more`, which replace those of their names.
std::vector<std::string> with_params(std::vector<std::string> params, const std::vector<std::string>& more);

// Texts with the paths that the working directory makes of theirs.
RuleTexts with_absolute_paths(RuleTexts texts);

}  // namespace flyball::app
