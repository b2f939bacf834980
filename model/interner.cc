// Interner over six pools: text (strings, bytes, type names and errors share one), addresses, prefixes, ranges,
// lists, maps and optionals. See interner.h.
//
// INVARIANT: nesting of lists, maps, ranges and optionals is at most kMaxDepth, so recursion over a Value is bounded.
#include "model/interner.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "model/check.h"
#include "model/compare.h"
#include "model/int128.h"
#include "model/intern_pool.h"

namespace flyball {

namespace {

constexpr std::uint64_t kMulA = 0x9E3779B97F4A7C15ULL;
constexpr std::uint64_t kMulB = 0xC2B2AE3D27D4EB4FULL;

std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  const Uint128 p = static_cast<Uint128>(a) * b;
  return static_cast<std::uint64_t>(p) ^ static_cast<std::uint64_t>(p >> 64);
}

template <typename T>
std::uint64_t load(const char* p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

// Two words are folded at a time; the tail is read as two overlapping words.
std::uint32_t hash_text(std::string_view s) {
  const char* p = s.data();
  std::size_t n = s.size();
  std::uint64_t h = n ^ kMulA;
  while (n > 16) {
    h = fold(load<std::uint64_t>(p) ^ kMulA, load<std::uint64_t>(p + 8) ^ h);
    p += 16;
    n -= 16;
  }
  std::uint64_t a = 0, b = 0;
  if (n >= 8) {
    a = load<std::uint64_t>(p);
    b = load<std::uint64_t>(p + n - 8);
  } else if (n >= 4) {
    a = load<std::uint32_t>(p);
    b = load<std::uint32_t>(p + n - 4);
  } else if (n > 0) {
    a = load<std::uint8_t>(p) << 16 | load<std::uint8_t>(p + n / 2) << 8 | load<std::uint8_t>(p + n - 1);
  }
  h = fold(a ^ kMulA, b ^ h ^ kMulB);
  return static_cast<std::uint32_t>(h ^ (h >> 32));
}

std::uint32_t hash_values(const Value* v, std::size_t n) {
  std::uint64_t h = n ^ kMulB;
  for (std::size_t i = 0; i < n; ++i) h = fold(hash_value(v[i]) ^ kMulA, h ^ kMulB);
  return static_cast<std::uint32_t>(h ^ (h >> 32));
}

struct TextEntry {
  static constexpr std::size_t kInline = 16;
  std::uint32_t hash = 0;
  std::uint32_t size = 0;
  union {
    char small[kInline];
    char* large;
  };
  TextEntry() : small{} {}
  std::string_view view() const { return {size <= kInline ? small : large, size}; }
  std::size_t release() {
    if (size <= kInline) return 0;
    delete[] large;
    return size;
  }
};

struct IpEntry {
  std::uint32_t hash = 0;
  IpAddress ip;
  std::size_t release() { return 0; }
};

struct CidrEntry {
  std::uint32_t hash = 0;
  Cidr cidr;
  std::size_t release() { return 0; }
};

struct RangeEntry {
  std::uint32_t hash = 0;
  std::uint32_t depth = 0;
  RangeBounds bounds;
  std::size_t release() { return 0; }
};

struct OptionalEntry {
  std::uint32_t hash = 0;
  std::uint32_t depth = 0;
  Value value;
  std::size_t release() { return 0; }
};

template <typename T>
struct SequenceEntry {
  std::uint32_t hash = 0;
  std::uint32_t size = 0;
  std::uint32_t depth = 0;
  T* data = nullptr;
  std::size_t release() {
    delete[] data;
    return size * sizeof(T);
  }
};

constexpr std::size_t kHandleBytes = sizeof(TextEntry);

std::uint32_t hash_ip(const IpAddress& ip, std::uint64_t extra) {
  char raw[16];
  std::memcpy(raw, ip.bytes.data(), 16);
  const std::uint64_t h =
      fold(load<std::uint64_t>(raw) ^ kMulA, load<std::uint64_t>(raw + 8) ^ kMulB ^ (extra << 1 | (ip.is_v4 ? 1U : 0U)));
  return static_cast<std::uint32_t>(h ^ (h >> 32));
}

}  // namespace

bool Cidr::contains(const IpAddress& ip) const {
  if (ip.is_v4 != address.is_v4) return false;
  const unsigned bits = prefix_length + (address.is_v4 ? 96U : 0U);
  const unsigned whole = bits / 8;
  if (std::memcmp(ip.bytes.data(), address.bytes.data(), whole) != 0) return false;
  const unsigned rest = bits % 8;
  if (rest == 0) return true;
  const unsigned mask = 0xFF00U >> rest & 0xFFU;
  return (ip.bytes[whole] & mask) == (address.bytes[whole] & mask);
}

struct Interner::Impl {
  internal::InternPool<TextEntry> texts;
  internal::InternPool<IpEntry> ips;
  internal::InternPool<CidrEntry> cidrs;
  internal::InternPool<RangeEntry> ranges;
  internal::InternPool<OptionalEntry> optionals;
  internal::InternPool<SequenceEntry<Value>> lists;
  internal::InternPool<SequenceEntry<MapEntry>> maps;
  std::size_t content_bytes = 0;
  std::vector<Value> work;  // of mark()
  Notes* notes = nullptr;   // who wants to know what is given

  ~Impl() {
    texts.release_all();
    lists.release_all();
    maps.release_all();
  }

  std::uint32_t find_text(std::string_view s, std::uint32_t hash) const {
    return texts.find(hash,
                      [&](const TextEntry& e) { return e.size == s.size() && std::memcmp(e.view().data(), s.data(), s.size()) == 0; });
  }

  std::uint32_t text(std::string_view s) {
    if (s.size() > kMaxContentBytes) return kNoHandle;
    const std::uint32_t hash = hash_text(s);
    const std::uint32_t known = find_text(s, hash);
    if (known != kNoHandle) return known;
    TextEntry e;
    e.hash = hash;
    e.size = static_cast<std::uint32_t>(s.size());
    if (s.size() > TextEntry::kInline) {
      e.large = new char[s.size()];
      std::memcpy(e.large, s.data(), s.size());
    } else if (!s.empty()) {
      std::memcpy(e.small, s.data(), s.size());
    }
    const std::uint32_t handle = texts.insert(e, kMaxHandles);
    if (handle == kNoHandle) {
      e.release();
    } else if (s.size() > TextEntry::kInline) {
      content_bytes += s.size();
    }
    return handle;
  }

  std::uint32_t depth_of(const Value& v) const {
    switch (v.kind) {
      case Kind::kList: return lists.at(v.aux).depth;
      case Kind::kMap: return maps.at(v.aux).depth;
      case Kind::kRange: return ranges.at(v.aux).depth;
      case Kind::kOptional: return v.aux == kNoHandle ? 0 : optionals.at(v.aux).depth;
      default: return 0;
    }
  }
};

Interner::Interner() : impl_(std::make_unique<Impl>()) {}
Interner::~Interner() = default;

Value Interner::made(Kind kind, std::uint32_t handle) const {
  if (handle == kNoHandle) return kind == Kind::kError ? Value::unknown() : made(Kind::kError, impl_->text("value too large to hold"));
  const Value v = Value::handle(kind, handle);
  if (impl_->notes != nullptr) impl_->notes->values_.push_back(v);
  return v;
}

Interner::Notes::Notes(Interner& interner) : interner_(interner) {
  FB_CHECK(interner_.impl_->notes == nullptr);
  interner_.impl_->notes = this;
}

Interner::Notes::~Notes() { interner_.impl_->notes = nullptr; }

std::vector<Value> Interner::Notes::take() {
  const auto before = [](const Value& a, const Value& b) { return a.kind != b.kind ? a.kind < b.kind : a.aux < b.aux; };
  std::sort(values_.begin(), values_.end(), before);
  values_.erase(std::unique(values_.begin(), values_.end()), values_.end());
  return std::exchange(values_, {});
}

Value Interner::string(std::string_view utf8) { return made(Kind::kString, impl_->text(utf8)); }
Value Interner::bytes(std::string_view raw) { return made(Kind::kBytes, impl_->text(raw)); }
Value Interner::type_name(std::string_view name) { return made(Kind::kType, impl_->text(name)); }
Value Interner::error(std::string_view message) { return made(Kind::kError, impl_->text(message)); }

Value Interner::ip(const IpAddress& address) {
  const std::uint32_t hash = hash_ip(address, 0);
  std::uint32_t h = impl_->ips.find(hash, [&](const IpEntry& e) { return e.ip == address; });
  if (h == kNoHandle) h = impl_->ips.insert({hash, address}, kMaxHandles);
  return made(Kind::kIp, h);
}

Value Interner::cidr(const Cidr& cidr) {
  const std::uint32_t hash = hash_ip(cidr.address, std::uint64_t{cidr.prefix_length} + 1);
  std::uint32_t h = impl_->cidrs.find(hash, [&](const CidrEntry& e) { return e.cidr == cidr; });
  if (h == kNoHandle) h = impl_->cidrs.insert({hash, cidr}, kMaxHandles);
  return made(Kind::kCidr, h);
}

Value Interner::range(Value lower, Value upper, bool half_open) {
  const std::uint32_t depth = 1 + std::max(impl_->depth_of(lower), impl_->depth_of(upper));
  if (depth > kMaxDepth) return error("value nested too deeply");
  const Value both[] = {lower, upper, Value::boolean(half_open)};
  const std::uint32_t hash = hash_values(both, 3);
  std::uint32_t h = impl_->ranges.find(
      hash, [&](const RangeEntry& e) { return e.bounds.lower == lower && e.bounds.upper == upper && e.bounds.half_open == half_open; });
  if (h == kNoHandle) h = impl_->ranges.insert({hash, depth, {lower, upper, half_open}}, kMaxHandles);
  return made(Kind::kRange, h);
}

Value Interner::optional_of(Value v) {
  const std::uint32_t depth = 1 + impl_->depth_of(v);
  if (depth > kMaxDepth) return error("value nested too deeply");
  const std::uint32_t hash = hash_values(&v, 1);
  std::uint32_t h = impl_->optionals.find(hash, [&](const OptionalEntry& e) { return e.value == v; });
  if (h == kNoHandle) h = impl_->optionals.insert({hash, depth, v}, kMaxHandles);
  return made(Kind::kOptional, h);
}

Value Interner::list(std::span<const Value> items) {
  if (items.size() * sizeof(Value) > kMaxContentBytes) return error("value too large to hold");
  const std::uint32_t hash = hash_values(items.data(), items.size());
  std::uint32_t h = impl_->lists.find(
      hash, [&](const SequenceEntry<Value>& e) { return e.size == items.size() && std::equal(items.begin(), items.end(), e.data); });
  if (h == kNoHandle) {
    std::uint32_t depth = 0;
    for (const Value& v : items) depth = std::max(depth, impl_->depth_of(v));
    if (++depth > kMaxDepth) return error("value nested too deeply");
    SequenceEntry<Value> e{hash, static_cast<std::uint32_t>(items.size()), depth, new Value[items.size()]};
    std::copy(items.begin(), items.end(), e.data);
    h = impl_->lists.insert(e, kMaxHandles);
    if (h == kNoHandle) {
      e.release();
    } else {
      impl_->content_bytes += items.size() * sizeof(Value);
    }
  }
  return made(Kind::kList, h);
}

Value Interner::map(std::span<const MapEntry> entries) {
  if (entries.size() * sizeof(MapEntry) > kMaxContentBytes) return error("value too large to hold");
  std::vector<MapEntry> sorted(entries.begin(), entries.end());
  std::sort(sorted.begin(), sorted.end(), [this](const MapEntry& a, const MapEntry& b) { return compare_total(a.key, b.key, *this) < 0; });
  static_assert(sizeof(MapEntry) == 2 * sizeof(Value));
  const std::uint32_t hash = hash_values(reinterpret_cast<const Value*>(sorted.data()), sorted.size() * 2);
  std::uint32_t h = impl_->maps.find(hash, [&](const SequenceEntry<MapEntry>& e) {
    return e.size == sorted.size() && std::equal(sorted.begin(), sorted.end(), e.data,
                                                 [](const MapEntry& a, const MapEntry& b) { return a.key == b.key && a.value == b.value; });
  });
  if (h == kNoHandle) {
    std::uint32_t depth = 0;
    for (const MapEntry& m : sorted) depth = std::max({depth, impl_->depth_of(m.key), impl_->depth_of(m.value)});
    if (++depth > kMaxDepth) return error("value nested too deeply");
    SequenceEntry<MapEntry> e{hash, static_cast<std::uint32_t>(sorted.size()), depth, new MapEntry[sorted.size()]};
    std::copy(sorted.begin(), sorted.end(), e.data);
    h = impl_->maps.insert(e, kMaxHandles);
    if (h == kNoHandle) {
      e.release();
    } else {
      impl_->content_bytes += sorted.size() * sizeof(MapEntry);
    }
  }
  return made(Kind::kMap, h);
}

Value Interner::find_string(std::string_view utf8) const {
  const std::uint32_t h = impl_->find_text(utf8, hash_text(utf8));
  return h == kNoHandle ? Value::null() : made(Kind::kString, h);
}

std::string_view Interner::text(Value v) const { return v.aux == kNoHandle ? std::string_view() : impl_->texts.at(v.aux).view(); }
const IpAddress& Interner::ip_of(Value v) const { return impl_->ips.at(v.aux).ip; }
const Cidr& Interner::cidr_of(Value v) const { return impl_->cidrs.at(v.aux).cidr; }
const RangeBounds& Interner::range_of(Value v) const { return impl_->ranges.at(v.aux).bounds; }
Value Interner::optional_value(Value v) const { return impl_->optionals.at(v.aux).value; }
std::span<const Value> Interner::items(Value v) const {
  const auto& e = impl_->lists.at(v.aux);
  return {e.data, e.size};
}
std::span<const MapEntry> Interner::entries(Value v) const {
  const auto& e = impl_->maps.at(v.aux);
  return {e.data, e.size};
}

static const MapEntry* find_entry(std::span<const MapEntry> entries, const Value& key, const Interner& in) {
  const auto it = std::lower_bound(entries.begin(), entries.end(), key,
                                   [&](const MapEntry& e, const Value& k) { return compare_total(e.key, k, in) < 0; });
  return it != entries.end() && compare_total(it->key, key, in) == 0 ? &*it : nullptr;
}

Value Interner::map_get(Value map, Value key) const {
  const auto all = entries(map);
  if (const MapEntry* e = find_entry(all, key, *this)) return e->value;
  // A number finds its key under any of the three kinds that can write it.
  for (const Value& same : {as_kind(key, Kind::kInt), as_kind(key, Kind::kUint), as_kind(key, Kind::kDouble)}) {
    if (same.is_null() || same.kind == key.kind) continue;
    if (const MapEntry* e = find_entry(all, same, *this)) return e->value;
  }
  return Value::unknown();
}

std::size_t Interner::bytes_used() const {
  return impl_->content_bytes + impl_->texts.table_bytes() + impl_->ips.table_bytes() + impl_->cidrs.table_bytes() +
         impl_->ranges.table_bytes() + impl_->optionals.table_bytes() + impl_->lists.table_bytes() + impl_->maps.table_bytes();
}

std::size_t Interner::bytes_alive() const {
  return impl_->content_bytes + impl_->texts.alive_bytes() + impl_->ips.alive_bytes() + impl_->cidrs.alive_bytes() +
         impl_->ranges.alive_bytes() + impl_->optionals.alive_bytes() + impl_->lists.alive_bytes() + impl_->maps.alive_bytes();
}

std::size_t Interner::handles_used() const {
  return impl_->texts.used() + impl_->ips.used() + impl_->cidrs.used() + impl_->ranges.used() + impl_->optionals.used() +
         impl_->lists.used() + impl_->maps.used();
}

void Interner::begin_mark() {
  impl_->texts.begin_mark();
  impl_->ips.begin_mark();
  impl_->cidrs.begin_mark();
  impl_->ranges.begin_mark();
  impl_->optionals.begin_mark();
  impl_->lists.begin_mark();
  impl_->maps.begin_mark();
}

void Interner::mark(Value root) {
  if (!root.is_handle() || root.aux == kNoHandle) return;
  std::vector<Value>& work = impl_->work;
  work.push_back(root);
  while (!work.empty()) {
    const Value v = work.back();
    work.pop_back();
    if (!v.is_handle() || v.aux == kNoHandle) continue;
    switch (v.kind) {
      case Kind::kIp: impl_->ips.mark(v.aux); break;
      case Kind::kCidr: impl_->cidrs.mark(v.aux); break;
      case Kind::kRange:
        if (impl_->ranges.mark(v.aux)) {
          work.push_back(range_of(v).lower);
          work.push_back(range_of(v).upper);
        }
        break;
      case Kind::kOptional:
        if (impl_->optionals.mark(v.aux)) work.push_back(optional_value(v));
        break;
      case Kind::kList:
        if (impl_->lists.mark(v.aux)) {
          for (const Value& item : items(v)) {
            if (item.is_handle()) work.push_back(item);
          }
        }
        break;
      case Kind::kMap:
        if (impl_->maps.mark(v.aux)) {
          for (const MapEntry& e : entries(v)) {
            if (e.key.is_handle()) work.push_back(e.key);
            if (e.value.is_handle()) work.push_back(e.value);
          }
        }
        break;
      default: impl_->texts.mark(v.aux); break;
    }
  }
}

std::size_t Interner::sweep() {
  const std::size_t handles_before = handles_used();
  const std::size_t content = impl_->lists.sweep() + impl_->maps.sweep() + impl_->texts.sweep();
  impl_->content_bytes -= content;
  impl_->ips.sweep();
  impl_->cidrs.sweep();
  impl_->ranges.sweep();
  impl_->optionals.sweep();
  // Entries are reused rather than returned; their share is what their handles cost in the tables.
  return content + (handles_before - handles_used()) * kHandleBytes;
}

}  // namespace flyball
