// Heads of the compact form.
#include "bus/codec/recording_format.h"

#include <algorithm>
#include <cstring>

#include "bus/codec/crc32.h"

namespace flyball::bus {
namespace {

template <typename T>
void put(std::string& out, T value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);  // little-endian: crc32.cc asserts it
  out.append(bytes, sizeof value);
}

template <typename T>
T get(std::string_view bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

}  // namespace

void append_file_head(std::string& out) {
  const std::size_t start = out.size();
  out += kRecordingMagic;
  put(out, kRecordingVersion);
  put(out, std::uint16_t{0});
  put(out, crc32(std::string_view(out).substr(start)));
}

void append_block_head(std::string& out, const BlockHead& head) {
  const std::size_t start = out.size();
  out += kBlockMagic;
  put(out, static_cast<std::uint32_t>(head.kind));
  put(out, head.bytes);
  put(out, head.records);
  put(out, head.first_record);
  put(out, head.first.ns);
  put(out, head.least.ns);
  put(out, head.greatest.ns);
  put(out, head.checksum);
  put(out, crc32(std::string_view(out).substr(start)));
}

void append_trailer(std::string& out, std::uint64_t index_at) {
  const std::size_t start = out.size();
  out += kTrailerMagic;
  put(out, index_at);
  put(out, std::uint32_t{0});
  put(out, crc32(std::string_view(out).substr(start)));
}

bool is_recording(std::string_view beginning) {
  if (beginning.size() < kRecordingMagic.size()) return false;
  std::size_t equal = 0;
  for (std::size_t i = 0; i < kRecordingMagic.size(); ++i) equal += beginning[i] == kRecordingMagic[i] ? 1 : 0;
  return equal + 1 >= kRecordingMagic.size();
}

HeadState check_file_head(std::string_view bytes) {
  if (bytes.size() < kFileHeadBytes || !bytes.starts_with(kRecordingMagic)) return HeadState::kDamaged;
  if (get<std::uint32_t>(bytes, 12) != crc32(bytes.substr(0, 12))) return HeadState::kDamaged;
  return get<std::uint16_t>(bytes, 8) == kRecordingVersion ? HeadState::kFine : HeadState::kNewer;
}

std::optional<BlockHead> read_block_head(std::string_view bytes) {
  if (bytes.size() < kBlockHeadBytes || !bytes.starts_with(kBlockMagic)) return std::nullopt;
  if (get<std::uint32_t>(bytes, 52) != crc32(bytes.substr(0, 52))) return std::nullopt;
  const auto kind = get<std::uint32_t>(bytes, 4);
  BlockHead head;
  head.kind = static_cast<BlockKind>(kind);
  head.bytes = get<std::uint32_t>(bytes, 8);
  head.records = get<std::uint32_t>(bytes, 12);
  head.first_record = get<std::uint64_t>(bytes, 16);
  head.first.ns = get<std::int64_t>(bytes, 24);
  head.least.ns = get<std::int64_t>(bytes, 32);
  head.greatest.ns = get<std::int64_t>(bytes, 40);
  head.checksum = get<std::uint32_t>(bytes, 48);
  const bool known = kind == 1 || kind == 2;
  const std::size_t most = known ? kMaxBlockBytes : kMaxIndexBytes;
  if (kind == 0 || kind > 255 || head.bytes > most || head.records > kMaxBlockRecords) return std::nullopt;
  return head;
}

std::optional<std::uint64_t> read_trailer(std::string_view bytes) {
  if (bytes.size() < kTrailerBytes || !bytes.starts_with(kTrailerMagic)) return std::nullopt;
  if (get<std::uint32_t>(bytes, 20) != crc32(bytes.substr(0, 20))) return std::nullopt;
  return get<std::uint64_t>(bytes, 8);
}

}  // namespace flyball::bus
