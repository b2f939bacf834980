// Blocks one after the other, and what to do where there is none.
#include "app/io/recorded_file.h"

#include <fmt/core.h>

#include <algorithm>

#include "bus/codec/crc32.h"
#include "bus/codec/recording_format.h"

namespace flyball::app {
namespace {

// Something with which reading can go on stands here.
bool is_place(std::string_view bytes) {
  return bus::read_block_head(bytes).has_value() || bus::read_trailer(bytes).has_value() ||
         (bytes.size() >= bus::kFileHeadBytes && bus::check_file_head(bytes.substr(0, bus::kFileHeadBytes)) != bus::HeadState::kDamaged);
}

}  // namespace

Result<RecordedFile> RecordedFile::open(const std::string& path, std::FILE* in) {
  Result<LineReader> bytes = LineReader::open(path, in);
  if (!bytes) return std::unexpected(bytes.error());
  if (path.ends_with(".fly")) {
    const std::string_view beginning = bytes->peek(bus::kRecordingMagic.size());
    if (!beginning.starts_with('{') && !bus::is_recording(beginning))
      return fail(fmt::format("`{}` holds rules, not recorded facts", path),
                  "facts are JSON lines or a recording: `flyball replay rules/ --facts morning.rec`");
  }
  return RecordedFile(std::move(*bytes));
}

void RecordedFile::begin() {
  begun_ = true;
  compact_ = bus::is_recording(bytes_.peek(bus::kRecordingMagic.size()));
}

void RecordedFile::look_ahead() {
  if (!begun_) begin();
  if (!compact_) return;
  const std::string_view head = bytes_.peek(bus::kFileHeadBytes + bus::kBlockHeadBytes);
  if (head.size() < bus::kFileHeadBytes + bus::kBlockHeadBytes) return;
  const auto block = bus::read_block_head(head.substr(bus::kFileHeadBytes));
  if (!block || block->kind != bus::BlockKind::kAbout) return;
  const std::size_t begin = bus::kFileHeadBytes + bus::kBlockHeadBytes;
  const std::string_view whole = bytes_.peek(begin + block->bytes);
  if (whole.size() == begin + block->bytes && bus::crc32(whole.substr(begin)) == block->checksum) about_ = whole.substr(begin);
}

void RecordedFile::skip(std::size_t n) {
  bytes_.skip(n);
  at_ += n;
}

RecordedFile::Status RecordedFile::damaged(std::uint64_t at, std::string text, std::uint64_t records) {
  damage_ = {fmt::format("byte {}: {}", at, text), records};
  return Status::kDamaged;
}

RecordedFile::Status RecordedFile::next(RecordedView& view) {
  if (!begun_) begin();
  if (!compact_) {
    view.block = nullptr;
    const LineReader::Status status = bytes_.next(view.line);
    number_ = view.number = bytes_.line_number();
    switch (status) {
      case LineReader::Status::kLine: return Status::kRecord;
      case LineReader::Status::kOversize: return Status::kOversize;
      case LineReader::Status::kEnd: return Status::kEnd;
      case LineReader::Status::kFailed: break;
    }
    failure_ = fmt::format("`{}` cannot be read to its end", name());
    return Status::kFailed;
  }
  for (;;) {
    if (block_ != nullptr) {
      if (block_->next(view.record)) {
        view.block = block_.get();
        view.number = ++number_;
        return Status::kRecord;
      }
      const std::uint32_t missing = block_->missing();
      block_.reset();
      number_ += missing;
      if (missing > 0) return damaged(block_at_, "the end of this block makes no sense", missing);
    }
    if (const std::optional<Status> status = next_block()) return *status;
  }
}

std::optional<RecordedFile::Status> RecordedFile::next_block() {
  const std::string_view head = bytes_.peek(bus::kBlockHeadBytes);
  if (bytes_.failed()) {
    failure_ = fmt::format("`{}` cannot be read to its end", name());
    return Status::kFailed;
  }
  if (head.empty()) return Status::kEnd;
  if (bus::is_recording(head) && (at_ == 0 || head.starts_with(bus::kRecordingMagic))) {
    const bus::HeadState state = bus::check_file_head(head);
    if (state == bus::HeadState::kNewer) {
      failure_ = fmt::format("`{}` is a recording of a newer flyball, of a form that this one does not know", name());
      return Status::kFailed;
    }
    base_ = number_;
    closed_ = false;
    const std::uint64_t at = at_;
    skip(std::min(head.size(), bus::kFileHeadBytes));
    if (state == bus::HeadState::kDamaged) return damaged(at, "the head of the recording is damaged; what follows is read all the same", 0);
    return std::nullopt;
  }
  if (bus::read_trailer(head)) {
    skip(bus::kTrailerBytes);
    closed_ = true;
    return std::nullopt;
  }
  const std::optional<bus::BlockHead> block = bus::read_block_head(head);
  if (!block) return scan();

  const std::uint64_t at = at_;
  // What the number says is missing before this block was lost with something that could not be read.
  const std::uint64_t expected = number_ - base_ + 1;
  const std::string_view whole = bytes_.peek(bus::kBlockHeadBytes + block->bytes);
  if (bytes_.failed()) {
    failure_ = fmt::format("`{}` cannot be read to its end", name());
    return Status::kFailed;
  }
  const bool is_records = block->kind == bus::BlockKind::kRecords;
  if (is_records && block->first_record > expected) {
    number_ += block->first_record - expected;
    return damaged(at, fmt::format("the records before this block, from {} on, are not there", base_ + expected),
                   block->first_record - expected);
  }
  if (whole.size() < bus::kBlockHeadBytes + block->bytes) {
    // The end of the file; or its length was cut out of the middle, and there is more behind the next head.
    number_ += block->records;
    skip(bus::kBlockHeadBytes);
    (void)scan();
    return damaged(at, is_records ? "the file ends inside this block" : "the file ends inside what it says of itself", block->records);
  }
  // The first that is later is looked at, if it can be: whether the engine was away before it stands at its beginning.
  const bool stamped = is_records && block->least <= block->greatest;
  const bool later = stamped && block->least > until_;
  const bool passed = stamped && (block->greatest < from_ || (later && seen_later_));
  const bool readable = passed || bus::crc32(whole.substr(bus::kBlockHeadBytes)) == block->checksum;
  if (passed || (later && !readable)) {
    number_ += block->records;
    ++blocks_;
    skip(whole.size());
    skipped_ = {block->records, block->greatest < from_};
    return Status::kSkipped;
  }
  const std::string_view payload = whole.substr(bus::kBlockHeadBytes);
  if (!readable) {
    number_ += block->records;
    skip(whole.size());
    return damaged(at,
                   is_records                              ? "this block is damaged"
                   : block->kind == bus::BlockKind::kAbout ? "what the recording says of itself is damaged"
                                                           : "the index is damaged; it was not needed",
                   block->records);
  }
  seen_later_ = seen_later_ || later;
  std::string text(payload);
  skip(whole.size());
  if (block->kind == bus::BlockKind::kAbout) about_ = std::move(text);
  if (!is_records) return std::nullopt;
  Result<bus::RecordingBlock> parsed = bus::RecordingBlock::parse(*block, std::move(text));
  if (!parsed) {
    number_ += block->records;
    return damaged(at, fmt::format("this block cannot be read: {}", parsed.error().message), block->records);
  }
  ++blocks_;
  block_at_ = at;
  block_ = std::make_shared<bus::RecordingBlock>(std::move(*parsed));
  return std::nullopt;
}

// On to the next place from which reading can go on, or to the end.
std::optional<RecordedFile::Status> RecordedFile::scan() {
  constexpr std::size_t kStep = std::size_t{1} << 16;
  const std::uint64_t from = at_;
  for (;;) {
    const std::string_view bytes = bytes_.peek(kStep);
    std::size_t i = std::min<std::size_t>(at_ == from ? 1 : 0, bytes.size());
    while (i < bytes.size() && !is_place(bytes.substr(i))) {
      // All of them begin with one of two bytes.
      const std::size_t next = bytes.find_first_of("F\x8F", i + 1);
      i = next == std::string_view::npos ? bytes.size() : next;
    }
    const bool found = i < bytes.size();
    // A head may begin in what is here and end in what is not.
    const bool at_end = bytes.size() < kStep;
    const std::size_t passed = found || at_end ? i : std::min(i, bytes.size() - bus::kBlockHeadBytes);
    skip(passed);
    if (found || at_end) return damaged(from, fmt::format("{} bytes are no part of a recording", at_ - from), 0);
  }
}

RecordedFile::Status RecordedFile::next_line(std::string_view& line) {
  RecordedView view;
  const Status status = next(view);
  if (status != Status::kRecord) return status;
  if (view.block == nullptr) {
    line = view.line;
    return status;
  }
  line_.clear();
  if (const auto made = view.block->append_line(view.record, line_); !made)
    return damaged(block_at_, fmt::format("record {} of this block {}", number_, made.error().message), 1);
  line = line_;
  return status;
}

}  // namespace flyball::app
