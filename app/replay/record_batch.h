// RecordBatch: records of a recording read ahead, that stay where they are until the next batch: for who gives the same records to several
// runs, on several threads.
//
// Records of several blocks and lines of a file are kept alive by the batch. Not thread-safe; while nobody fills it, any thread may read
// it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/io/recorded_file.h"

namespace flyball::app {

class RecordBatch {
 public:
  static constexpr std::size_t kMaxRecords = 4096;
  static constexpr std::size_t kMaxLineBytes = std::size_t{4} << 20;  // of lines; one more than that ends the batch

  struct Entry {
    RecordedFile::Status status = RecordedFile::Status::kRecord;  // kRecord, kOversize or kDamaged
    // A fact of the stamp of the fact right before it, the newest of all: where that one was taken, no instant ends with this one.
    bool joins = false;
    RecordedView view;  // its number always
    RecordedFile::Damage damage;
  };

  // The next records of the file, in place of those there were. False at its end; empty then, as it is if it cannot be read on.
  bool fill(RecordedFile& file);
  const std::vector<Entry>& entries() const { return entries_; }
  // The file could not be read to its end: what is in entries() came before.
  bool failed() const { return failed_; }

 private:
  std::vector<Entry> entries_;
  std::vector<std::shared_ptr<const bus::RecordingBlock>> blocks_;
  static constexpr std::size_t kMaxLineKept = std::size_t{4} << 10;  // room of a line that is kept for others
  std::vector<std::string> lines_;                                   // reused
  std::optional<Timestamp> newest_;
  bool ended_ = false, failed_ = false, fact_of_newest_ = false, long_lines_ = false;
};

}  // namespace flyball::app
