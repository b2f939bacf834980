// Numbers, texts, times and values of a snapshot, written and read.
#include "engine/session/snapshot_bytes.h"

#include <sodium.h>

#include <array>

#include "model/compare.h"

namespace flyball::engine {

namespace {

constexpr std::size_t kChecksumBytes = 16;

// Half of time: what is added to a stamp (a ttl, a window) stays within int64.
constexpr std::int64_t kTimeMax = std::int64_t{1} << 62;

constexpr std::int64_t kYearOne = -62'135'596'800, kYear9999 = 253'402'300'799;  // seconds
constexpr std::int64_t kDay = 86'400 * kNsPerSecond;

}  // namespace

std::string snapshot_checksum(std::string_view bytes) {
  std::array<unsigned char, kChecksumBytes> digest{};
  crypto_generichash(digest.data(), digest.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), nullptr, 0);
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// --- writing ---

void SnapshotWriter::number(std::uint64_t n) {
  for (; n >= 0x80; n >>= 7) byte(static_cast<std::uint8_t>(n | 0x80));
  byte(static_cast<std::uint8_t>(n));
}

void SnapshotWriter::text(std::string_view s) {
  const auto [at, is_new] = texts_.try_emplace(std::string(s), texts_.size());
  number(at->second);
  if (!is_new) return;
  number(s.size());
  bytes_ += s;
}

void SnapshotWriter::value(const Value& v) {
  byte(static_cast<std::uint8_t>(v.kind));
  switch (v.kind) {
    case Kind::kNull: return;
    case Kind::kBool:
    case Kind::kInt:
    case Kind::kUint:
    case Kind::kDuration:
    case Kind::kPercent:
    case Kind::kSize:
    case Kind::kBitrate:
    case Kind::kPps:
    case Kind::kTimeOfDay: integer(v.bits); return;
    case Kind::kDouble:
      for (int shift = 0; shift < 64; shift += 8) byte(static_cast<std::uint8_t>(v.as_uint() >> shift));
      return;
    case Kind::kTimestamp:
      integer(v.bits);
      number(v.aux);
      return;
    case Kind::kString:
    case Kind::kBytes:
    case Kind::kType: text(in_.text(v)); return;
    case Kind::kError:
      flag(v.aux != kNoHandle);
      if (v.aux != kNoHandle) text(in_.text(v));
      return;
    case Kind::kIp:
    case Kind::kCidr: {
      const IpAddress& ip = v.is(Kind::kIp) ? in_.ip_of(v) : in_.cidr_of(v).address;
      flag(ip.is_v4);
      for (const std::uint8_t b : ip.bytes) byte(b);
      if (v.is(Kind::kCidr)) byte(in_.cidr_of(v).prefix_length);
      return;
    }
    case Kind::kRange: {
      const RangeBounds& range = in_.range_of(v);
      value(range.lower);
      value(range.upper);
      flag(range.half_open);
      return;
    }
    case Kind::kList: {
      const std::span<const Value> items = in_.items(v);
      number(items.size());
      values(items);
      return;
    }
    case Kind::kMap: {
      const std::span<const MapEntry> entries = in_.entries(v);
      number(entries.size());
      for (const MapEntry& entry : entries) {
        value(entry.key);
        value(entry.value);
      }
      return;
    }
    case Kind::kOptional:
      flag(v.aux != kNoHandle);
      if (v.aux != kNoHandle) value(in_.optional_value(v));
      return;
  }
}

// --- reading ---

std::string_view SnapshotReader::take(std::size_t n) {
  if (!check(n <= left_.size(), "it ends too early")) return {};
  const std::string_view out = left_.substr(0, n);
  left_.remove_prefix(n);
  return out;
}

std::uint8_t SnapshotReader::byte() {
  const std::string_view one = take(1);
  return one.empty() ? 0 : static_cast<std::uint8_t>(one.front());
}

std::uint64_t SnapshotReader::number() {
  std::uint64_t n = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const std::uint8_t b = byte();
    n |= std::uint64_t{b & 0x7FU} << shift;
    if ((b & 0x80) == 0) return n;
  }
  fail("a number is too long");
  return 0;
}

std::uint32_t SnapshotReader::index(std::size_t end) {
  const std::uint64_t n = number();
  return ok() && check(n < end, "a number names nothing") ? static_cast<std::uint32_t>(n) : 0;
}

std::size_t SnapshotReader::count() {
  const std::uint64_t n = number();
  return ok() && check(n <= left_.size(), "it counts more than there is") ? n : 0;
}

Timestamp SnapshotReader::timestamp() {
  const Timestamp t{integer()};
  check(t == kTimestampMin || t == kTimestampMax || (t.ns >= -kTimeMax && t.ns <= kTimeMax), "a time is out of range");
  return ok() ? t : Timestamp{};
}

std::string SnapshotReader::text() {
  const std::uint64_t n = number();
  if (!ok() || !check(n <= texts_.size(), "a text is missing")) return {};
  if (n == texts_.size()) texts_.emplace_back(take(count()));
  return ok() ? texts_[n] : std::string();
}

Value SnapshotReader::value(std::uint32_t depth) {
  const std::uint8_t kind = byte();
  if (!ok() || !check(kind <= static_cast<std::uint8_t>(Kind::kError), "there is no such kind of value") ||
      !check(depth < kSnapshotDepth, "a value is too deep"))
    return {};
  Value v;
  v.kind = static_cast<Kind>(kind);
  switch (v.kind) {
    case Kind::kNull: return v;
    case Kind::kBool:
      v.bits = integer();
      check(v.bits == 0 || v.bits == 1, "a truth value is neither");
      break;
    case Kind::kInt:
    case Kind::kUint:
    case Kind::kDuration:
    case Kind::kPercent:
    case Kind::kSize:
    case Kind::kBitrate:
    case Kind::kPps: v.bits = integer(); break;
    case Kind::kTimeOfDay:
      v.bits = integer();
      check(v.bits >= 0 && v.bits < kDay, "a time of day is out of range");
      break;
    case Kind::kDouble: {
      std::uint64_t bits = 0;
      for (int shift = 0; shift < 64; shift += 8) bits |= std::uint64_t{byte()} << shift;
      v.bits = static_cast<std::int64_t>(bits);
      break;
    }
    case Kind::kTimestamp:
      v.bits = integer();
      v.aux = index(1'000'000'000);
      check(v.bits >= kYearOne && v.bits <= kYear9999, "a time is out of range");
      break;
    case Kind::kString: v = in_.string(text()); break;
    case Kind::kBytes: v = in_.bytes(text()); break;
    case Kind::kType: v = in_.type_name(text()); break;
    case Kind::kError: return flag() ? in_.error(text()) : Value::unknown();
    case Kind::kIp:
    case Kind::kCidr: {
      Cidr cidr;
      cidr.address.is_v4 = flag();
      for (std::uint8_t& b : cidr.address.bytes) b = byte();
      if (v.is(Kind::kIp)) {
        v = in_.ip(cidr.address);
        break;
      }
      cidr.prefix_length = byte();
      check(cidr.prefix_length <= (cidr.address.is_v4 ? 32 : 128), "a prefix is too long");
      if (ok()) v = in_.cidr(cidr);
      break;
    }
    case Kind::kRange: {
      const Value lower = value(depth + 1), upper = value(depth + 1);
      v = in_.range(lower, upper, flag());
      break;
    }
    case Kind::kList: {
      std::vector<Value> items;
      for (std::size_t n = count(); n > 0 && ok(); --n) items.push_back(value(depth + 1));
      v = in_.list(items);
      break;
    }
    case Kind::kMap: {
      std::vector<MapEntry> entries;
      for (std::size_t n = count(); n > 0 && ok(); --n) {
        const Value key = value(depth + 1);
        entries.push_back({key, value(depth + 1)});
        if (entries.size() > 1) check(compare_total(entries[entries.size() - 2].key, key, in_) < 0, "the keys of a map are not in order");
      }
      if (ok()) v = in_.map(entries);
      break;
    }
    case Kind::kOptional: v = flag() ? in_.optional_of(value(depth + 1)) : Interner::optional_none(); break;
  }
  return ok() ? v : Value{};
}

}  // namespace flyball::engine
