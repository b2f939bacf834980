// What people write who know another language, a ticket system or a spreadsheet: words, marks and units that the
// language has in another form. Only what is certain to be meant; misspelt words of the language itself are nearest()'s.
// Pure functions and data.
#pragma once

#include <span>
#include <string_view>

namespace flyball::cst {

struct Slip {
  std::string_view word;
  std::string_view instead;  // a replacement that is right as it stands; may be empty
  std::string_view help;     // may be empty
};

// Where a word stands.
enum class Place { kDeclaration, kOption, kRulePart, kLine, kSuffix, kEffect, kDecisionPart, kStep };

// What is meant by a word that begins nothing here; null if nobody knows. Of words in capitals (`SELECT`) what they are without.
const Slip* find_slip(Place place, std::string_view word);

// The unit that a word behind a number means: "seconds" is "s", "percent" "%", "Gbps" itself; empty if none.
std::string_view unit_meant(std::string_view word);

// The unit of a rate of bits that a word before `/s` means: "Gbit" and "Gb" are "Gbps"; empty if none.
std::string_view rate_meant(std::string_view word);

// The value that a name of another language means (`True`, `None`); empty if none. The type (`str`); null if none.
std::string_view value_meant(std::string_view name);
const Slip* find_type_slip(std::string_view name);
// An aggregate of elsewhere (`mean`, `median`), or null.
const Slip* find_aggregate_slip(std::string_view name);
// A function of elsewhere (`len`, `lower`), or null.
const Slip* find_function_slip(std::string_view name);
// A call of elsewhere that is written in another way (`now()`, `coalesce(a, b)`), or null; `$1` and `$2` in `instead` are its arguments.
const Slip* find_call_slip(std::string_view name, std::size_t arguments);

// Marks that word processors and keyboards put in place of others, and what was meant.
std::span<const Slip> foreign_marks();
bool is_foreign_quote(std::string_view mark);

// The word of a line that asks whether there is such a fact, of elsewhere or in capitals: "absent" and "none" are "no", "exists" is
// "some"; empty if none.
std::string_view presence_meant(std::string_view word);

inline constexpr std::string_view kGroupHelp =
    "a group is a line, `d: each Link.dev`, and what is asked of it `sum(Link.util where dev == d)`";

// What to write instead of a construct that this version does not have.
std::string_view instead_of(std::string_view construct);

}  // namespace flyball::cst
