// The words editors show are the words the parser takes, and the TextMate grammar in editors/ is made of them.
#include "parser/keywords.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "model/functions.h"
#include "parser/ast/keywords.h"
#include "parser/ast/words.h"

namespace flyball {
namespace {

std::string slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string any_of(const std::set<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : "|") + word;
  return "\\b(?:" + out + ")\\b";
}

// The grammar of VS Code and others. Order matters: what stands first wins.
std::string textmate() {
  std::set<std::string> control;
  for (const char* declaration : {"rule", "decision", "test", "fact", "calendar"}) {
    for (const std::string_view word : words_within(declaration)) control.emplace(word);
  }
  std::set<std::string> declarations;
  for (const std::string_view word : declaration_words()) declarations.emplace(word);
  std::set<std::string> operators;
  std::set<std::string> constants;
  for (const std::string_view word : ast::kReservedWords) {
    (word == "true" || word == "false" || word == "null" ? constants : operators).emplace(word);
    control.erase(std::string(word));
  }
  std::set<std::string> calls(ast::kAggregateWords.begin(), ast::kAggregateWords.end());
  for (const FunctionInfo& f : functions()) {
    if (f.name.find('.') == std::string_view::npos && f.name.find('@') == std::string_view::npos) calls.emplace(f.name);
  }
  const std::vector<std::string> types = type_words();
  using json = nlohmann::ordered_json;
  const auto rule = [](const std::string& name, const std::string& match) { return json{{"name", name + ".fly"}, {"match", match}}; };
  json patterns = json::array();
  patterns.push_back(rule("comment.line.documentation", "##.*$"));
  patterns.push_back(rule("comment.line", "(#|//).*$"));
  patterns.push_back(
      {{"name", "string.interpolated.fly"},
       {"begin", "\\bf\""},
       {"end", "\"|$"},
       {"patterns",
        {{{"name", "constant.character.escape.fly"}, {"match", "\\\\."}}, {{"name", "variable.other.fly"}, {"match", "\\{[^}]*\\}"}}}}});
  patterns.push_back({{"name", "string.quoted.double.fly"},
                      {"begin", "\""},
                      {"end", "\"|$"},
                      {"patterns", {{{"name", "constant.character.escape.fly"}, {"match", "\\\\."}}}}});
  patterns.push_back({{"name", "string.quoted.single.fly"},
                      {"begin", "'"},
                      {"end", "'|$"},
                      {"patterns", {{{"name", "constant.character.escape.fly"}, {"match", "\\\\."}}}}});
  patterns.push_back(rule("keyword.declaration", "^\\s*" + any_of(declarations)));
  patterns.push_back(rule("constant.numeric", "\\b[0-9][0-9A-Fa-f:.]*(?:/[0-9]+)?(?:[a-zA-Z]+|%)?"));
  patterns.push_back(rule("keyword.operator.word", any_of(operators)));
  patterns.push_back(rule("constant.language", any_of(constants)));
  patterns.push_back(rule("support.function", any_of(calls) + "(?=\\s*\\()"));
  patterns.push_back(rule("entity.name.type", "\\b[A-Z][A-Za-z0-9_]*\\b"));
  patterns.push_back(rule("storage.type", "(?<=:)\\s*" + any_of({types.begin(), types.end()})));
  // A field may have any of these names: behind a point and before a colon they are no keywords.
  patterns.push_back(rule("keyword.control", "(?<!\\.)" + any_of(control) + "(?!\\s*:)"));
  json grammar{{"$schema", "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json"},
               {"name", "flyball"},
               {"scopeName", "source.fly"},
               {"fileTypes", {"fly"}},
               {"patterns", patterns}};
  return grammar.dump(2) + "\n";
}

// docs/reference/keywords.md.
std::string page() {
  struct Section {
    std::string_view title;
    std::uint32_t places;
  };
  const Section sections[] = {{"Declarations", ast::kDeclaration},
                              {"Strategies of a module", ast::kModuleInside},
                              {"Options of types and params", ast::kOption | ast::kOptionInside},
                              {"Parts of a rule", ast::kRulePart | ast::kRuleInside},
                              {"Lines of `when`", ast::kLine | ast::kLineInside | ast::kSuffix},
                              {"Effects", ast::kEffect},
                              {"Parts of a decision", ast::kDecisionPart | ast::kDecisionInside},
                              {"Days of a calendar", ast::kCalendarInside},
                              {"Steps of a test", ast::kStep | ast::kStepInside},
                              {"Expressions and aggregates", ast::kReserved | ast::kAggregateInside}};
  std::string out =
      "# The words of the language\n\nMade from the compiler's own list; see [the language](language.md) for how they are used together. "
      "Only the words marked\n**reserved** cannot be names; all others have their meaning where the grammar asks for them, and a field "
      "may be called `rate`.\n";
  for (const Section& s : sections) {
    out += "\n## " + std::string(s.title) + "\n| word | means |\n|---|---|\n";
    for (const ast::Keyword& k : ast::kKeywords) {
      if ((k.where & s.places) == 0 || (k.meaning.empty() && s.places != (ast::kReserved | ast::kAggregateInside))) continue;
      out += "| `" + std::string(k.word) + "` | " + std::string(k.meaning.empty() ? "the value" : k.meaning) +
             ((k.where & ast::kReserved) != 0 ? " (**reserved**)" : "") + " |\n";
    }
  }
  return out;
}

}  // namespace

TEST_CASE("the page of the language's words is made of the compiler's list") {
  const std::filesystem::path file = std::string(FLYBALL_SOURCE_DIR) + "/docs/reference/keywords.md";
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(file) << page();
  CHECK(slurp(file) == page());
}

TEST_CASE("every word that editors offer is one the grammar asks for") {
  std::string grammar;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(std::string(FLYBALL_SOURCE_DIR) + "/parser")) {
    const std::string name = entry.path().filename().string();
    const bool own = name == "keywords.h" || name == "keywords.cc";
    if (entry.is_regular_file() && !own && (name.ends_with(".cc") || name.ends_with(".h"))) grammar += slurp(entry.path());
  }
  for (const char* declaration : {"rule", "decision", "test", "fact", "calendar"}) {
    for (const std::string_view word : words_within(declaration)) {
      INFO(declaration << ": " << word);
      CHECK(grammar.find("\"" + std::string(word) + "\"") != std::string::npos);
    }
  }
}

TEST_CASE("the TextMate grammar is made of the parser's words") {
  const std::filesystem::path file = std::string(FLYBALL_SOURCE_DIR) + "/editors/vscode/syntaxes/fly.tmLanguage.json";
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(file) << textmate();
  CHECK(slurp(file) == textmate());
}

}  // namespace flyball
