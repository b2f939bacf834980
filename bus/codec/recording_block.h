// RecordingBlock: one block of records of the compact form, taken apart: its words, its shapes, its records one by one; and each record as
// the JSON line it stands for. It knows no schema; recording_decoder.h makes inputs of records.
//
// The bytes are trusted in nothing: a checksum says that they arrived as they were written, not who wrote them. A record that makes no
// sense says so by itself, and the next one is read all the same. Limits: recording_format.h's, whoever wrote it. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bus/codec/recording_format.h"
#include "model/result.h"

namespace flyball::bus {

struct RecordShape {
  RecordKind kind = RecordKind::kText;
  bool seq = false, text_time = false;
  std::uint32_t type = 0;  // words; of facts only
  std::optional<std::uint32_t> source;
  std::vector<std::uint32_t> fields;  // words, in the order of the values
};

class RecordingBlock {
 public:
  struct Record {
    std::uint32_t shape = 0;
    Timestamp time;
    std::string_view values;
    const char* broken = nullptr;  // why there is nothing to be made of it: "makes no sense"
  };

  // The payload of a block of records, its checksum being right. The error says what is wrong with words or shapes: nothing of it is known
  // then.
  static Result<RecordingBlock> parse(const BlockHead& head, std::string payload);

  // The next record; false at the end.
  bool next(Record& record);
  // Records that the head promises and the bytes do not have, at the end.
  std::uint32_t missing() const { return head_.records > given_ ? head_.records - given_ : 0; }

  const BlockHead& head() const { return head_; }
  const std::vector<std::string_view>& words() const { return words_; }
  const std::vector<RecordShape>& shapes() const { return shapes_; }
  // No two blocks of a process have the same.
  std::uint64_t id() const { return id_; }

  // The record as `replay` reads lines; or what is wrong with it, behind "the record" (`out` is as before then).
  Result<void> append_line(const Record& record, std::string& out) const;

 private:
  bool append_json(const Record& record, std::size_t bytes_max, std::string& out) const;

  BlockHead head_;
  std::string payload_;
  std::size_t at_ = 0;
  std::uint32_t given_ = 0;
  std::uint64_t id_ = 0;
  Timestamp last_;
  std::vector<std::string_view> words_;
  std::vector<RecordShape> shapes_;
};

}  // namespace flyball::bus
