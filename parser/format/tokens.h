// The tokens of one declaration, in order, with the comments before each: what the formatter lays out. Leaves of the tree
// are tokens; what stands between them is words and marks. Not a scanner: the grammar has decided what is what.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "parser/grammar/cst.h"

namespace flyball::format {

struct Comment {
  std::string text;       // with `#`; without blanks at its end
  bool own_line = false;  // nothing stands before it on its line
  bool blank_before = false;
};

struct Token {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::vector<Comment> comments;  // between the token before it and itself
  bool blank_before = false;      // an empty line right before it
};

// Reads declarations one after the other; `last` goes on where the one before ended.
std::vector<Token> tokens_of(const cst::Tree& tree, std::string_view text, std::uint32_t& last);

// What stands after the last declaration.
Token end_of(std::string_view text, std::uint32_t last);

}  // namespace flyball::format
