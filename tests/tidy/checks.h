// The house rules as functions: one source file in, a list of findings out. They read text, not programs: a rule that
// needs a compiler is not here. Door: all_checks(). Thread-safe: pure functions.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace flyball::tidy {

struct SourceText {
  std::string path;  // relative to the root of the repository, with '/'
  std::string text;
};

// `path:line: what is wrong`.
using Findings = std::vector<std::string>;

struct Check {
  std::string name;
  std::function<Findings(const SourceText&)> run;
};

// Every check, each independent of the others.
const std::vector<Check>& all_checks();

// Headers of parser/grammar that show X3 are for parser/grammar/*.cc alone. Needs all sources at once.
Findings check_x3_headers(const std::vector<SourceText>& sources);

// The text with comments and the contents of string and character literals blanked, lines kept: what a rule about code reads.
std::string code_only(std::string_view text);

// Our own sources below `root`, sorted by path: C++, Python, CMake and rule files; no build folders.
std::vector<SourceText> our_sources(const std::string& root);

}  // namespace flyball::tidy
