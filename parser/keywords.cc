// Lists of words put together. See keywords.h.
#include "parser/keywords.h"

#include "parser/ast/words.h"
#include "parser/check/types.h"
#include "parser/grammar/scan.h"

namespace flyball {
namespace {

template <std::size_t N>
void append(std::vector<std::string_view>& out, const std::array<std::string_view, N>& words) {
  out.insert(out.end(), words.begin(), words.end());
}

}  // namespace

std::vector<std::string_view> declaration_words() {
  std::vector<std::string_view> out;
  for (const cst::Declaration& d : cst::kDeclarations) out.push_back(d.word);
  return out;
}

std::vector<std::string_view> words_within(std::string_view declaration) {
  std::vector<std::string_view> out;
  if (declaration == "rule" || declaration == "decision") {
    if (declaration == "rule") {
      append(out, ast::kRuleWords);
      append(out, ast::kEffectWords);
    } else {
      append(out, ast::kDecisionWords);
    }
    append(out, ast::kLineWords);
  } else if (declaration == "calendar") {
    append(out, ast::kCalendarWords);
    append(out, ast::kWeekdayWords);
  } else if (declaration == "test") {
    append(out, ast::kStepWords);
  } else {
    append(out, ast::kOptionWords);
  }
  return out;
}

std::vector<std::string> type_words() { return check::type_words(); }

}  // namespace flyball
