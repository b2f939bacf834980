// The compact form of a recording, as bytes: the file's head, the head of a block, the trailer. docs/reference/recordings.md says each
// byte.
//
//   file    = head block* [index-block trailer]        ; several files one after the other are one recording
//   block   = block-head payload
//   payload = words shapes record*                      ; of a block of records, MessagePack throughout
//
// A block needs nothing but itself to be read. Heads and payloads have checksums of their own, so that a damaged payload does not hide
// where the next block begins. Numbers outside payloads are little-endian. Pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/time.h"

namespace flyball::bus {

inline constexpr std::string_view kRecordingMagic =
    "\x8F"
    "FLYREC\n";  // no text begins so
inline constexpr std::string_view kBlockMagic = "FBLK";
inline constexpr std::string_view kTrailerMagic = "FLYEND\r\n";
inline constexpr std::uint16_t kRecordingVersion = 1;
inline constexpr std::size_t kFileHeadBytes = 16, kBlockHeadBytes = 56, kTrailerBytes = 24;

inline constexpr std::size_t kBlockBytes = std::size_t{64} << 10;     // a block is ended when its records have so many
inline constexpr std::size_t kMaxBlockBytes = std::size_t{16} << 20;  // a longer one is taken for damage
inline constexpr std::size_t kMaxIndexBytes = std::size_t{64} << 20;  // beyond it there is no index
inline constexpr std::size_t kMaxBlockRecords = 65'536;
inline constexpr std::size_t kMaxWords = 32'768;                      // of one block
inline constexpr std::size_t kMaxWordBytes = 256;                     // a longer string stands where it is used
inline constexpr std::size_t kMaxShapes = 4'096;                      // of one block
inline constexpr std::size_t kMaxRecordBytes = std::size_t{8} << 20;  // of the values of one record
// A record of three bytes may name a word of 256: what it stands for is limited, too. So much can be made of the longest record without
// any words, each of its bytes being written as \u00XX.
inline constexpr std::size_t kMaxRecordJsonBytes = 6 * kMaxRecordBytes;

enum class BlockKind : std::uint8_t { kRecords = 1, kAbout = 2, kIndex = 3 };  // a reader passes over others

struct BlockHead {
  BlockKind kind = BlockKind::kRecords;
  std::uint32_t bytes = 0;           // of the payload
  std::uint32_t records = 0;         // blocks of records only, and so what follows
  std::uint64_t first_record = 0;    // its number in this file, from 1
  Timestamp first, least, greatest;  // stamps: that from which times are counted; of all records. Of none, least is after greatest.
  std::uint32_t checksum = 0;        // of the payload
};

// What a record is. Its shape says it.
enum class RecordKind : std::uint8_t { kPut = 0, kPatch = 1, kRetract = 2, kAck = 3, kTick = 4, kRecovered = 5, kText = 6 };

// Flags of a shape.
inline constexpr unsigned kSeqFlag = 1;       // the values begin with the fact's seq
inline constexpr unsigned kTextTimeFlag = 2;  // the time was written as RFC 3339; else as seconds

// Extensions of MessagePack inside a payload.
inline constexpr int kWordExtension = 1;     // a word by its place among the block's words: unsigned, 1, 2 or 4 bytes, big-endian
inline constexpr int kDecimalExtension = 2;  // a byte s, then a signed mantissa of 1, 3, 7 or 8 bytes, big-endian: mantissa / 10^s
inline constexpr int kNumberExtension = 3;   // any other number as JSON writes it

void append_file_head(std::string& out);
void append_block_head(std::string& out, const BlockHead& head);
void append_trailer(std::string& out, std::uint64_t index_at);

// True of what begins as a recording in the compact form, one byte of its first eight being wrong or not.
bool is_recording(std::string_view beginning);
enum class HeadState : std::uint8_t { kFine, kDamaged, kNewer };
HeadState check_file_head(std::string_view bytes);  // kFileHeadBytes
// nullopt if it is none: wrong magic, checksum or lengths.
std::optional<BlockHead> read_block_head(std::string_view bytes);
// Where the index block begins, from the trailer; nullopt if it is none.
std::optional<std::uint64_t> read_trailer(std::string_view bytes);

}  // namespace flyball::bus
