// PrefixIndex: from an address to the prefixes (10.1.0.0/16, 2001:db8::/32) that it lies in; from a prefix to those that hold it.
// The prefixes of each length are found by hash of that many bits (tuple space search: Srinivasan, Suri and Varghese, 1999).
// All that match are wanted, not the longest, so there is no search over lengths: find costs a probe for each different
// length of the family, and the hits. Immutable after seal(). Thread-safe after it.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "engine/network/dispatch.h"
#include "model/interner.h"

namespace flyball::engine {

class PrefixIndex {
 public:
  void add(const Cidr& prefix, std::uint32_t number);
  void seal();

  // Calls `hit` with the number of each prefix that has the address in it.
  template <typename Hit>
  void find(const IpAddress& address, const Hit& hit) const {
    find(address, 128, hit);
  }
  // Of each prefix that holds all of this one.
  template <typename Hit>
  void find(const Cidr& prefix, const Hit& hit) const {
    find(prefix.address, prefix.prefix_length, hit);
  }

 private:
  struct Key {
    std::uint64_t high = 0, low = 0;
    std::uint16_t length = 0;  // and family
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Hash {
    static std::uint64_t of(const Key& k) {
      std::uint64_t h = (k.high ^ k.length) * 0x9E37'79B9'7F4A'7C15ULL;
      h = (h ^ (h >> 32) ^ k.low) * 0xD6E8'FEB8'6659'FD93ULL;
      return h ^ (h >> 32);
    }
  };
  struct Halves {
    std::uint64_t high = 0, low = 0;
  };
  static std::uint64_t half(const std::uint8_t* bytes) {
    std::uint64_t out = 0;
    for (int i = 0; i < 8; ++i) out = out << 8 | bytes[i];
    return out;
  }
  static Halves halves(const IpAddress& a) { return {half(a.bytes.data()), half(a.bytes.data() + 8)}; }
  // An IPv4 address is the last 32 bits of its 128.
  static Key key(const Halves& address, bool is_v4, std::uint8_t length) {
    const unsigned bits = is_v4 ? length + 96U : length;
    const std::uint64_t high = bits == 0 ? 0 : bits >= 64 ? ~std::uint64_t{0} : ~std::uint64_t{0} << (64 - bits);
    const std::uint64_t low = bits <= 64 ? 0 : ~std::uint64_t{0} << (128 - bits);
    return {address.high & high, address.low & low, static_cast<std::uint16_t>(length | (is_v4 ? 256U : 0U))};
  }

  template <typename Hit>
  void find(const IpAddress& address, unsigned longest, const Hit& hit) const {
    const Halves bits = halves(address);
    for (const std::uint8_t length : lengths_[address.is_v4 ? 1 : 0]) {
      if (length > longest) break;
      const Key k = key(bits, address.is_v4, length);
      for (const std::uint32_t number : prefixes_.find(k)) hit(number);
    }
  }

  std::vector<std::uint8_t> lengths_[2];  // of IPv6, of IPv4; ascending
  Dispatch<Key, Hash> prefixes_;
};

}  // namespace flyball::engine
