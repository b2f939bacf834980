// See digest.h. The only file of app/ that sees libsodium; the engine has its own use of it (action ids, snapshots).
#include "app/io/digest.h"

#include <fmt/core.h>
#include <sodium.h>

#include <array>

namespace flyball::app {
namespace {

constexpr std::size_t kDigestBytes = 16;

}  // namespace

struct TextDigest::State {
  crypto_generichash_state hash;
};

TextDigest::TextDigest() : state_(std::make_unique<State>()) { crypto_generichash_init(&state_->hash, nullptr, 0, kDigestBytes); }
TextDigest::~TextDigest() = default;

void TextDigest::add(std::string_view bytes) {
  crypto_generichash_update(&state_->hash, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

std::string TextDigest::end() {
  std::array<unsigned char, kDigestBytes> digest{};
  crypto_generichash_final(&state_->hash, digest.data(), digest.size());
  std::string hex;
  for (const unsigned char byte : digest) hex += fmt::format("{:02x}", byte);
  return hex;
}

std::string text_digest(std::string_view bytes) {
  TextDigest digest;
  digest.add(bytes);
  return digest.end();
}

}  // namespace flyball::app
