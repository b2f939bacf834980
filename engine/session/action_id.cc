// The id of an action as BLAKE2b over the canonical bytes of what made it: nobody can choose a key that collides.
#include "engine/session/action_id.h"

#include <sodium.h>

#include <array>

#include "model/text.h"

namespace flyball::engine {

std::string action_id(const ActionOrigin& origin, const Interner& in) {
  std::string text(origin.rule);
  text += "\n[";
  for (std::size_t i = 0; i < origin.identity.size(); ++i) {
    if (i != 0) text += ',';
    append_json(text, origin.identity[i], in);
  }
  text += "]\n" + std::to_string(origin.onset.ns) + "\n" + std::to_string(origin.run) + (origin.clear ? "\nclear\n" : "\nthen\n") +
          std::to_string(origin.effect) + "\n";
  std::array<unsigned char, 64> digest{};
  crypto_generichash(digest.data(), digest.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(), nullptr, 0);
  static constexpr char kHex[] = "0123456789abcdef";
  std::string id;
  for (std::size_t i = 0; i < 16; ++i) {
    id += kHex[digest[i] >> 4];
    id += kHex[digest[i] & 15];
  }
  return id;
}

}  // namespace flyball::engine
