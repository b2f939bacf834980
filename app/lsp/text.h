// Places of the protocol (line and UTF-16 column, from 0) in a text, and back to bytes. Pure functions; O(text).
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "parser/ast/expr.h"

namespace flyball::app::lsp {

// The byte at a protocol place; a place beyond a line's or the text's end is that end.
std::uint32_t offset_of(std::string_view text, std::uint32_t line, std::uint32_t character);
nlohmann::json place_of(std::string_view text, std::uint32_t offset);
nlohmann::json range_of(std::string_view text, std::uint32_t begin, std::uint32_t end);

// A name of the language, reserved words included: letters, digits and `_`, not a digit first.
bool is_word(std::string_view name);

// file:// URIs and paths; an empty path for another scheme.
std::string path_of(std::string_view uri);
std::string uri_of(std::string_view path);

}  // namespace flyball::app::lsp
