// The base protocol of language servers: JSON-RPC messages with a Content-Length header, over two streams.
// What is too large or no JSON is an Error that names why; the stream is still in step after it. Not thread-safe.
#pragma once

#include <cstdio>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "model/result.h"

namespace flyball::app::lsp {

inline constexpr std::size_t kMaxMessageBytes = std::size_t{64} << 20;  // a larger one is skipped, and refused
inline constexpr std::size_t kMaxHeaderBytes = 4'096;                   // of one message; beyond it the stream is given up

enum class WireEnd : std::uint8_t { kNone, kEnd, kBadMessage };

// The next message. kEnd: the stream ended, or its headers make no sense; kBadMessage: this one is skipped.
WireEnd read_message(std::FILE* in, nlohmann::json& message);
void write_message(std::FILE* out, const nlohmann::json& message);
// True if more has arrived already, so that a slow answer to the last message can wait for it.
bool has_more(std::FILE* in);

}  // namespace flyball::app::lsp
