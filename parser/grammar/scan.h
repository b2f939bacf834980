// Scanning by hand what a character grammar does badly: blanks and comments, words, and literals, of which the longest
// must win. Not grammar rules. Doors: the functions below; x3.h makes X3 terminals of them.
// Thread safety: pure functions. Every `const char*` points into one text; `end` is its end.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "parser/ast/keywords.h"
#include "parser/ast/words.h"
#include "parser/grammar/builder.h"

namespace flyball::cst {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_word_start(char c) { return is_lower(c) || is_upper(c) || c == '_'; }
constexpr bool is_word(char c) { return is_word_start(c) || is_digit(c); }
constexpr bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// Past blanks and comments. Bytes that are not UTF-8 and control characters are blanks (they are reported once, for
// the whole file); `bad_bytes` are their sorted offsets from `base`.
const char* skip_blanks(const char* p, const char* end, const char* base, const std::vector<std::uint32_t>& bad_bytes);

// The end of the word at p; p itself if there is none.
inline const char* word_end(const char* p, const char* end) {
  if (p == end || !is_word_start(*p)) return p;
  while (p != end && is_word(*p)) ++p;
  return p;
}
inline std::string_view word_at(const char* p, const char* end) { return {p, static_cast<std::size_t>(word_end(p, end) - p)}; }
inline bool at_word(const char* p, const char* end, std::string_view word) { return word_at(p, end) == word; }

inline bool is_reserved(std::string_view word) { return ast::is_among(ast::kReservedWords, word); }
inline bool is_aggregate(std::string_view word) { return ast::is_among(ast::kAggregateWords, word); }

// The words that begin a declaration, in the order messages list them.
struct Declaration {
  std::string_view word;
  Kind kind;  // kNothing: not in this version
  consteval Declaration(ast::Word w, Kind k) : word(w.text), kind(k) {}
};
inline constexpr std::array<Declaration, 12> kDeclarations{{{"module", Kind::kModule},
                                                            {"import", Kind::kImport},
                                                            {"fact", Kind::kFact},
                                                            {"mutable", Kind::kMutableFact},
                                                            {"event", Kind::kEvent},
                                                            {"action", Kind::kAction},
                                                            {"param", Kind::kParam},
                                                            {"calendar", Kind::kCalendar},
                                                            {"let", Kind::kLet},
                                                            {"rule", Kind::kRule},
                                                            {"decision", Kind::kDecision},
                                                            {"test", Kind::kTest}}};
inline const Declaration* find_declaration(std::string_view word) {
  const auto* at = std::find_if(kDeclarations.begin(), kDeclarations.end(), [&](const Declaration& d) { return d.word == word; });
  return at == kDeclarations.end() ? nullptr : at;
}
inline bool is_declaration_word(std::string_view word) { return find_declaration(word) != nullptr; }
const std::vector<std::string>& declaration_words();
// True if what stands at p, after blanks, can follow a declaration's word `w`.
bool follows_declaration_word(std::string_view w, const char* p, const char* end);
// True if a declaration begins at p: its word, then what may follow it.
bool at_declaration(const char* p, const char* end);

// The end of a possibly qualified type name at p (`net.types.LinkStats`), or p.
const char* type_path_end(const char* p, const char* end);

// The end of a literal that begins with a digit, a point and a digit, a hexadecimal letter or a colon, and its kind;
// p if there is none. Throws SyntaxError on what can only be a malformed literal.
struct Literal {
  const char* end;
  Kind kind;
};
Literal scan_number_or_address(const char* p, const Builder& b);

// A number and its unit with blanks between (`10 seconds`, `80 %`): where the unit ends, and the unit that is meant;
// the number's end and nothing if what follows is no unit. `number`..`end` is the number.
struct SpacedUnit {
  const char* end;
  std::string unit;
};
SpacedUnit scan_spaced_unit(const char* end, const Builder& b);

// A string or bytes literal with its prefix (r R b B br …) and quotes, or {p}. Throws when it is not closed.
Literal scan_string(const char* p, const Builder& b);

// Offsets of bytes that are not UTF-8 text, sorted; and the first of each run, for messages. `controls`: control
// characters count, too (an expression for `eval` may have them in its strings).
struct BadBytes {
  std::vector<std::uint32_t> all;
  std::vector<std::uint32_t> runs;
};
BadBytes find_bad_bytes(std::string_view text, bool controls);

// Skips one bracketed or plain item: where the item after it begins. See recovery in x3.h.
// `from`: the start of the item with the mistake; `error`: the mistake's place.
const char* next_item(const char* from, const char* error, const Builder& b);
// Where the next declaration begins after a mistake at `error` in the one that begins at `from`; end if none.
const char* next_declaration(const char* from, const char* error, const Builder& b);

}  // namespace flyball::cst
