// What other languages write in several words or marks: `IS NOT NULL`, `if … else`, `list[str]`. As slips.h has it for one word.
// Pure functions and data.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "parser/grammar/slips.h"

namespace flyball::cst {

// Where a form stands: where an operand does, behind one, where a line of `when` does, behind a field's type, at a file's beginning.
enum class FormPlace { kOperand, kBehind, kLine, kField, kFile };

struct Form {
  const Slip* slip = nullptr;  // null: none is there
  std::size_t size = 0;        // of the text that it is
};

// The form that `text` begins with. In a table's pattern words may have any case, a blank is any number of them, and `…` is the rest of
// a line up to a brace, of which the first word alone is the form.
Form find_form(FormPlace place, std::string_view text);

// `list[str]`, `Optional[int]`, `varchar(20)`, `enum("a", "b")`.
struct TypeForm {
  std::string ours;      // as the language writes it
  std::size_t size = 0;  // of the text that it is; 0: it is none of them
};
TypeForm find_type_form(std::string_view text);

}  // namespace flyball::cst
