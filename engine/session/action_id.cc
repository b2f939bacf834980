// The id of an action as BLAKE2b over the canonical bytes of what made it: nobody can choose a key that collides.
#include "engine/session/action_id.h"

#include <sodium.h>

#include <algorithm>
#include <charconv>

#include "model/text.h"

namespace flyball::engine {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

template <typename Number>
void append_line(std::string& out, Number n) {
  char digits[24];
  out.append(digits, std::to_chars(std::begin(digits), std::end(digits), n).ptr);
  out += '\n';
}

}  // namespace

ActionId action_id(const ActionOrigin& origin, const Interner& in, std::string& room) {
  room.assign(origin.rule);
  room += "\n[";
  for (std::size_t i = 0; i < origin.identity.size(); ++i) {
    if (i != 0) room += ',';
    append_json(room, origin.identity[i], in);
  }
  room += "]\n";
  append_line(room, origin.onset.ns);
  append_line(room, origin.run);
  room += origin.clear ? "clear\n" : "then\n";
  append_line(room, origin.effect);
  std::array<unsigned char, 64> digest{};
  crypto_generichash(digest.data(), digest.size(), reinterpret_cast<const unsigned char*>(room.data()), room.size(), nullptr, 0);
  ActionId id;
  std::copy_n(digest.begin(), id.bytes.size(), id.bytes.begin());
  return id;
}

void write_text(const ActionId& id, std::string& out) {
  out.resize(2 * id.bytes.size());
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    out[2 * i] = kHex[id.bytes[i] >> 4];
    out[2 * i + 1] = kHex[id.bytes[i] & 15];
  }
}

std::string to_text(const ActionId& id) {
  std::string out;
  write_text(id, out);
  return out;
}

std::optional<ActionId> parse_action_id(std::string_view text) {
  ActionId id;
  if (text.size() != 2 * id.bytes.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t digit = kHex.find(text[i]);
    if (digit == std::string_view::npos) return std::nullopt;
    std::uint8_t& byte = id.bytes[i / 2];
    byte = static_cast<std::uint8_t>(std::size_t{byte} << 4 | digit);
  }
  return id;
}

}  // namespace flyball::engine
