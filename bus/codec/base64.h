// Base64 (RFC 4648, the standard alphabet): how bytes travel in JSON. Decoding takes padded text only and refuses
// stray bits, so that every value has one form. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace flyball::bus {

std::string encode_base64(std::string_view raw);
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace flyball::bus
