// What a recording holds, as `flyball record --info` tells it: its span, what and of whom, what is missing. Either form; one pass over it
// all, so that every checksum is looked at. Memory: by type and source, at most kMaxNames of each. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "app/cli/io.h"
#include "app/io/recorded_file.h"

namespace flyball::app {

struct RecordingInfo {
  static constexpr std::size_t kMaxNames = 10'000;
  static constexpr std::size_t kGaps = 5;  // the longest ones are kept

  struct Gap {
    Timestamp from, to;
    std::uint64_t before = 0;  // the record after it
  };
  struct Source {
    std::uint64_t facts = 0, last_seq = 0, missing = 0;  // missing: numbers that were passed over
  };
  bool compact = false, closed = false;
  std::uint64_t bytes = 0, blocks = 0, records = 0, lost = 0;
  std::uint64_t facts = 0, acks = 0, ticks = 0, recoveries = 0, unreadable = 0, empty = 0;
  std::uint64_t backwards = 0;  // stamped before one that stands before them
  bool stamped = false;         // any; then first and last are the least and the greatest stamp
  Timestamp first, last;
  std::map<std::string, std::uint64_t> types;
  std::map<std::string, Source> sources;
  std::uint64_t unnamed = 0;  // facts of types or sources beyond kMaxNames
  std::vector<Gap> gaps;      // the longest first
  std::vector<std::string> damage;
  std::string about;  // as JSON, empty if there is none
};

// The error: it cannot be read at all.
Result<RecordingInfo> recording_info(RecordedFile& file);
std::string info_text(const RecordingInfo& info, const std::string& name);
std::string info_json(const RecordingInfo& info, const std::string& name);

}  // namespace flyball::app
