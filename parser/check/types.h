// Types as written, and what fits where. No expressions. Thread-safe but for the report they write to.
#pragma once

#include "parser/check/package.h"

namespace flyball::check {

// The Type a TypeExpr says; kError (reported) if it says none.
Type resolve_type(Package& p, const ast::TypeExpr& written);

// `list`, `map`, `range` and the words of plain types.
std::vector<std::string> type_words();

bool is_number(const Type& t);   // int, uint, double
bool is_unit(const Type& t);     // duration, percent, size, bitrate, pps
bool is_text(const Type& t);     // string or a closed set
bool is_ordered(const Type& t);  // has < > (not dyn)
bool is_open(const Type& t);     // dyn or kError: anything goes
bool may_key(const Type& t);     // can be a key field: a scalar
// True if every value of `from` is one of `to`, null aside when `to` is nullable. dyn fits both ways.
bool fits(const Type& from, const Type& to);
// The type of an element that may be of either (CEL's join; kDyn when they do not agree).
Type join(const Type& a, const Type& b);
// Whether `==` between them can be true (rules: numbers of all kinds agree; closed sets with strings).
bool can_equal(const Type& a, const Type& b, bool rules);

}  // namespace flyball::check
