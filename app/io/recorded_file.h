// RecordedFile: recorded inputs one by one, from a file or a pipe, be they JSON lines or the compact form (docs/reference/recordings.md):
// its content says which. Bounded memory: a block at a time.
//
// Of the compact form whatever is damaged is said with its place and how many records it costs, and reading goes on behind it. Records
// are numbered as lines are, from 1, those that are lost included. Not thread-safe.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "app/io/files.h"
#include "bus/codec/recording_block.h"
#include "model/result.h"

namespace flyball::app {

// One of them, until the next one is asked for: a line, or a record of a block.
struct RecordedView {
  std::string_view line;
  const bus::RecordingBlock* block = nullptr;  // then the record is of it, and there is no line
  bus::RecordingBlock::Record record;
  std::uint64_t number = 0;
};

class RecordedFile {
 public:
  // `-` is `in`. Nothing is read yet.
  static Result<RecordedFile> open(const std::string& path, std::FILE* in);

  enum class Status { kRecord, kOversize, kDamaged, kSkipped, kEnd, kFailed };
  Status next(RecordedView& view);
  // The same as a JSON line, whatever it was: an empty one is given. A record that makes no sense is kDamaged.
  Status next_line(std::string_view& line);

  // Blocks of the compact form whose stamps are all before `from`, or all after `until`, but for the first of those, are passed over from
  // now on by what their heads say: nothing in them is looked at, not even whether it is damaged. Each is one kSkipped.
  void pass_over(std::optional<Timestamp> from, std::optional<Timestamp> until) {
    from_ = from.value_or(kTimestampMin);
    until_ = until.value_or(kTimestampMax);
  }
  // After kSkipped.
  struct Skipped {
    std::uint64_t records = 0;
    bool before = false;  // `from`; else after `until`
  };
  const Skipped& skipped() const { return skipped_; }

  // After kDamaged.
  struct Damage {
    std::string text;           // "byte 4096: …"
    std::uint64_t records = 0;  // that it costs, as far as is known
  };
  const Damage& damage() const { return damage_; }
  // After kFailed: why.
  const std::string& failure() const { return failure_; }

  // What the last block of that kind said, as MessagePack; empty if there was none so far.
  const std::string& about() const { return about_; }
  // Reads on to what the recording says of itself, before its first record. Nothing of JSON lines.
  void look_ahead();
  bool compact() const { return compact_; }  // known once something was read
  // True when no more has to be read for the next one.
  bool buffered() const { return block_ != nullptr || bytes_.buffered(); }
  bool ready(int timeout_ms) const { return block_ != nullptr || bytes_.ready(timeout_ms); }
  std::uint64_t line_number() const { return number_; }
  const std::string& name() const { return bytes_.name(); }
  // Of the compact form: whether the end that a recorder writes was read, and how many blocks of records.
  bool closed() const { return closed_; }
  std::uint64_t blocks() const { return blocks_; }
  std::uint64_t bytes() const { return at_; }
  // The block at hand, for who needs its records longer than until the next one is asked for.
  std::shared_ptr<const bus::RecordingBlock> block() const { return block_; }
  // The head of the block at hand.
  const bus::BlockHead* block_head() const { return block_ != nullptr ? &block_->head() : nullptr; }

 private:
  explicit RecordedFile(LineReader bytes) : bytes_(std::move(bytes)) {}

  void begin();
  // A block of records, or something to be said; nullopt if what was read is nothing for the reader.
  std::optional<Status> next_block();
  Status damaged(std::uint64_t at, std::string text, std::uint64_t records);
  void skip(std::size_t n);
  std::optional<Status> scan();

  LineReader bytes_;
  bool begun_ = false, compact_ = false, closed_ = false;
  std::uint64_t at_ = 0;      // bytes taken
  std::uint64_t number_ = 0;  // of the last record
  std::uint64_t base_ = 0;    // records of the files before this one, where several were put together
  std::uint64_t blocks_ = 0;
  std::shared_ptr<bus::RecordingBlock> block_;
  std::uint64_t block_at_ = 0;
  std::string about_, failure_, line_;
  Damage damage_;
  Timestamp from_ = kTimestampMin, until_ = kTimestampMax;
  Skipped skipped_;
  bool seen_later_ = false;  // a block after `until_`
};

}  // namespace flyball::app
