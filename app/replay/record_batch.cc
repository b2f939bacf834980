// See record_batch.h.
#include "app/replay/record_batch.h"

namespace flyball::app {
namespace {

bool is_fact_kind(bus::RecordKind kind) {
  return kind == bus::RecordKind::kPut || kind == bus::RecordKind::kPatch || kind == bus::RecordKind::kRetract;
}

}  // namespace

bool RecordBatch::fill(RecordedFile& file) {
  entries_.clear();
  blocks_.clear();
  if (ended_) return false;
  if (lines_.empty()) lines_.resize(kMaxRecords);
  if (long_lines_) {
    for (std::string& line : lines_) {
      if (line.capacity() > kMaxLineKept) std::string().swap(line);
    }
    long_lines_ = false;
  }
  std::size_t lines = 0, line_bytes = 0;
  while (entries_.size() < kMaxRecords && line_bytes < kMaxLineBytes) {
    Entry entry;
    entry.status = file.next(entry.view);
    if (entry.status == RecordedFile::Status::kEnd || entry.status == RecordedFile::Status::kFailed) {
      ended_ = true;
      failed_ = entry.status == RecordedFile::Status::kFailed;
      break;
    }
    if (entry.status == RecordedFile::Status::kDamaged) entry.damage = file.damage();
    if (entry.status != RecordedFile::Status::kRecord || entry.view.block == nullptr) {
      // What a line says is not known before it is decoded.
      fact_of_newest_ = false;
      if (entry.status == RecordedFile::Status::kRecord) {
        line_bytes += entry.view.line.size();
        long_lines_ = long_lines_ || entry.view.line.size() > kMaxLineKept;
        entry.view.line = lines_[lines++].assign(entry.view.line);
      }
    } else {
      if (blocks_.empty() || blocks_.back().get() != entry.view.block) blocks_.push_back(file.block());
      const bool is_fact = entry.view.record.broken == nullptr && is_fact_kind(entry.view.block->shapes()[entry.view.record.shape].kind);
      const Timestamp stamp = entry.view.record.time;
      entry.joins = fact_of_newest_ && is_fact && stamp == newest_;
      fact_of_newest_ = is_fact && (!newest_ || stamp >= *newest_);
      if (!newest_ || stamp > *newest_) newest_ = stamp;
    }
    entries_.push_back(std::move(entry));
  }
  return !entries_.empty();
}

}  // namespace flyball::app
