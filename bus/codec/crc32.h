// CRC-32 (the polynomial of zlib, PNG and Ethernet, reflected; what Python's zlib.crc32 gives). Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace flyball::bus {

// The checksum of `bytes`; with `before`, that of what came first and `bytes` behind it. O(n), eight bytes a step.
std::uint32_t crc32(std::string_view bytes, std::uint32_t before = 0);

}  // namespace flyball::bus
