// Recording: every input of a session, in the order and with the times it was applied, ticks included, as `replay` reads it: in the
// compact form, or as JSON lines. Replaying it over the same rules gives the same actions, byte for byte. One exception: the file after a
// reload begins with the facts that were known and the inputs that waited, and has neither the episodes, holds, cooldowns and actions that
// were under way nor the samples of windows; it replays to what a start with these facts would do.
//
// Nothing that was recorded is ever overwritten: each start of the service and each reload begins a new file, FILE, then FILE.1,
// FILE.2, …, the greatest number being the newest. What is no regular file (a pipe, /dev/stdout) is written on and on.
// Not thread-safe. Errors stick: after one, flush() says it for ever.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "bus/codec/json_lines.h"
#include "bus/codec/recording_writer.h"
#include "model/result.h"

namespace flyball::app {

// A file that was begun, and its name.
struct NewFile {
  std::FILE* file = nullptr;
  std::string name;
};

// The number of the file that a start with this path would begin: 0 (FILE itself) if there is none yet.
unsigned next_number(const std::string& path);
// Begins the file of that number, or of the next one that is free; what is no regular file is opened as it is.
Result<NewFile> begin_file(const std::string& path, unsigned number);

// How a recording is written (docs/reference/recordings.md).
enum class RecordingForm : std::uint8_t { kCompact, kJsonLines };
// What `--format` says, else what the name says: JSON lines for a name in .jsonl, for standard output and for what is no regular file.
// The error: there is no such form.
Result<RecordingForm> recording_form(const std::string& path, const std::optional<std::string>& format);

class Recording {
 public:
  static constexpr std::size_t kFlushBytes = std::size_t{1} << 16;

  Recording() = default;  // records nothing
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  // Makes the file of that number, or of the next one that is free. Lines go into the former one until go_on(); leave() takes the new
  // one away again. `about` is what a compact file says of itself first.
  Result<void> prepare(const std::string& path, unsigned number, RecordingForm form = RecordingForm::kJsonLines, std::string about = {});
  void go_on();
  void leave();
  Result<void> open(const std::string& path, unsigned number);  // both
  const std::string& path() const { return path_; }
  const std::string& current() const { return current_; }
  bool on() const { return file_ != nullptr; }

  void fact(const FactInput& fact, const Schema& schema, const Interner& interner);
  void ack(const AckInput& ack, const Schema& schema, const Interner& interner);
  void tick(Timestamp t);
  // What no line has of this source's numbers up to `seq` was refused, not lost.
  void accounted(Timestamp t, std::string_view source, std::uint64_t seq);
  // A whole line as it is, for what else a service writes down (its actions), and for what comes as a line.
  void line(std::string_view text);
  // Hands everything to the system.
  Result<void> flush();
  // Ends the file as a whole one.
  Result<void> close();

 private:
  void done();
  void write(std::string_view bytes);

  std::string path_, current_;
  std::FILE* file_ = nullptr;
  NewFile next_;  // prepared
  RecordingForm form_ = RecordingForm::kJsonLines, next_form_ = RecordingForm::kJsonLines;
  std::string next_about_;
  std::string buffer_;                            // JSON lines
  std::unique_ptr<bus::RecordingWriter> writer_;  // compact
  int failed_ = 0;                                // the error of the first line that was lost
};

}  // namespace flyball::app
