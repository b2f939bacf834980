// Interner: owns the content behind handle Values; equal content gets the same handle.
//
// One Interner serves one world: the compiler's literals, a Session and the codecs that feed it. It is not
// thread-safe; the service is one thread. Handles stay valid until sweep() frees them.
//
// Collection: the owner of live Values calls begin_mark, mark for each root, and sweep. Lists and maps mark what they hold. What a
// program holds is what was given while it was made: Notes gather it, and it is marked like everything else while the program lives.
// Limits: kMaxHandles entries; a content larger than kMaxContentBytes is refused by giving an error Value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "model/value.h"

namespace flyball {

// An IPv4 address is held as ::ffff:a.b.c.d with is_v4 set; bytes in network order.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  bool is_v4 = false;
  friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

struct Cidr {
  IpAddress address;
  std::uint8_t prefix_length = 0;  // 0..32 for IPv4, 0..128 for IPv6
  friend bool operator==(const Cidr&, const Cidr&) = default;
  // True if `ip` is of the same family and inside the prefix.
  bool contains(const IpAddress& ip) const;
};

struct RangeBounds {
  Value lower;
  Value upper;
  bool half_open = false;  // `1..<5`
};

struct MapEntry {
  Value key;
  Value value;
};

class Interner {
 public:
  static constexpr std::uint32_t kMaxHandles = 0xFFFF'FF00;
  static constexpr std::size_t kMaxContentBytes = std::size_t{64} << 20;
  static constexpr std::uint32_t kMaxDepth = 128;  // of lists in maps in …; deeper is an error Value

  Interner();
  ~Interner();
  Interner(const Interner&) = delete;
  Interner& operator=(const Interner&) = delete;

  // Making: O(length). The returned Value compares equal (==) to every other with the same content.
  Value string(std::string_view utf8);
  Value bytes(std::string_view raw);
  Value ip(const IpAddress& address);
  Value cidr(const Cidr& cidr);
  Value range(Value lower, Value upper, bool half_open);
  Value list(std::span<const Value> items);
  // Entries may come in any order, without duplicate keys; they are kept sorted by compare_total of the key,
  // so maps with equal content are one handle.
  Value map(std::span<const MapEntry> entries);
  Value type_name(std::string_view name);
  Value optional_of(Value v);
  static Value optional_none() { return Value::handle(Kind::kOptional, kNoHandle); }
  Value error(std::string_view message);

  // The handle of a string if it was interned before; else a null Value. Never allocates.
  Value find_string(std::string_view utf8) const;

  // Reading. The views live until the next sweep() that frees the handle.
  std::string_view text(Value v) const;              // kString, kBytes, kType, kError ("" for unknown())
  const IpAddress& ip_of(Value v) const;             // kIp
  const Cidr& cidr_of(Value v) const;                // kCidr
  const RangeBounds& range_of(Value v) const;        // kRange
  std::span<const Value> items(Value v) const;       // kList
  std::span<const MapEntry> entries(Value v) const;  // kMap, sorted by key
  Value map_get(Value map, Value key) const;         // kError unknown() when absent; 1, 1u and 1.0 are one key; O(log n)
  Value optional_value(Value v) const;               // kOptional that has a value

  std::size_t bytes_used() const;  // content and tables, bytes
  // Content and what tables have for it, without the room that is kept for what may come: what a collection can free is counted in it.
  std::size_t bytes_alive() const;
  std::size_t handles_used() const;

  // While it lives, every Value that the interner gives is noted, whether it is new or was there. At most one at a time.
  class Notes {
   public:
    explicit Notes(Interner& interner);
    ~Notes();
    Notes(const Notes&) = delete;
    Notes& operator=(const Notes&) = delete;
    // Each once.
    std::vector<Value> take();

   private:
    friend class Interner;
    Interner& interner_;
    std::vector<Value> values_;
  };

  // INVARIANT: between begin_mark and sweep nothing is interned.
  void begin_mark();
  void mark(Value v);
  // Frees what is not marked; returns the bytes freed.
  std::size_t sweep();

 private:
  struct Impl;
  // A handle of `kind`, or an error in words if there is none.
  Value made(Kind kind, std::uint32_t handle) const;
  std::unique_ptr<Impl> impl_;
};

}  // namespace flyball
