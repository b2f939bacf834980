// The language's words by where they may stand, for editors: completion and the TextMate grammar are made from them. The lists are the
// parser's own (parser/ast/words.h, parser/grammar/scan.h, the checker's types). Thread-safe: constants.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace flyball {

// `fact`, `rule`, …: what begins a declaration.
std::vector<std::string_view> declaration_words();
// What may stand inside a declaration that begins with this word, without what stands in expressions.
std::vector<std::string_view> words_within(std::string_view declaration);
// `string`, `percent`, …
std::vector<std::string> type_words();

}  // namespace flyball
