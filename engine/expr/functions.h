// Calls of the functions of model/functions.h on Values as they are at run time.
// A function is strict: an unknown argument makes the result unknown (but for or/orValue, which may not look at it).
// Thread safety: as the Interner's.
#pragma once

#include <span>
#include <string_view>

#include "model/functions.h"
#include "model/interner.h"
#include "model/value.h"

namespace flyball::engine {

inline constexpr std::size_t kMaxTextBytes = std::size_t{1} << 20;  // of a text that a function builds

// Receiver first. Total: wrong kinds or numbers of arguments are "no such overload".
Value call(Fn fn, std::span<const Value> args, Interner& in);

// Parts of call(), by file; each gives "no such overload" for functions it does not know.
namespace functions {
Value text(Fn fn, std::span<const Value> args, Interner& in);           // functions_text.cc
Value convert(Fn fn, const Value& a, Interner& in);                     // functions_convert.cc
Value time(Fn fn, std::span<const Value> args, Interner& in);           // functions_time.cc
Value math(Fn fn, std::span<const Value> args, Interner& in);           // functions_math.cc
Value collection(Fn fn, std::span<const Value> args, Interner& in);     // functions_collection.cc
Value network(Fn fn, std::span<const Value> args, Interner& in);        // functions_network.cc
Value format(const Value& form, const Value& arguments, Interner& in);  // functions_format.cc
Value quoted(std::string_view text, Interner& in);
}  // namespace functions

bool is_valid_utf8(std::string_view text);

}  // namespace flyball::engine
