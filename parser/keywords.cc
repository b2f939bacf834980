// Lists of words put together. See keywords.h.
#include "parser/keywords.h"

#include "parser/ast/keywords.h"
#include "parser/check/types.h"

namespace flyball {
std::vector<std::string_view> declaration_words() {
  constexpr auto words = ast::words_of<ast::kDeclaration>();
  return {words.begin(), words.end()};
}

std::vector<std::string_view> words_within(std::string_view declaration) {
  using namespace ast;
  constexpr std::uint32_t lines = kLine | kLineInside | kSuffix | kAggregateInside;
  const std::uint32_t places = declaration == "rule"       ? kRulePart | kRuleInside | kEffect | lines
                               : declaration == "decision" ? kDecisionPart | kDecisionInside | lines
                               : declaration == "test"     ? kStep | kStepInside
                               : declaration == "calendar" ? kCalendarInside
                               : declaration == "module"   ? kModuleInside
                                                           : kOption | kOptionInside;
  std::vector<std::string_view> out;
  for (const Keyword& k : kKeywords) {
    if ((k.where & places) != 0) out.push_back(k.word);
  }
  return out;
}

std::vector<std::string> type_words() { return check::type_words(); }

}  // namespace flyball
