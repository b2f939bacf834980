// Reading files and naming what went wrong with them.
#include "app/io/files.h"

#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "app/io/interruption.h"
#include "bus/codec/recording_format.h"
#include "parser/source.h"

namespace flyball::app {
namespace fs = std::filesystem;

namespace {
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
}  // namespace

namespace {

// At most a little more than `max_bytes`.
Result<std::string> read_beginning(const std::string& path, std::FILE* in, std::size_t max_bytes) {
  std::error_code ignored;
  if (path != "-" && fs::is_directory(path, ignored)) return fail(fmt::format("`{}` is a folder, not a file", path));
  std::FILE* file = path == "-" ? in : std::fopen(path.c_str(), "rb");
  if (file == nullptr) return fail(fmt::format("`{}` cannot be read: {}", path, std::strerror(errno)));
  std::string text;
  char chunk[1 << 16];
  std::size_t n = 0;
  while (text.size() <= max_bytes && (n = std::fread(chunk, 1, sizeof chunk, file)) > 0) text.append(chunk, n);
  const bool failed = std::ferror(file) != 0;
  const int error = errno;
  if (file != in) std::fclose(file);
  if (failed) return fail(fmt::format("`{}` cannot be read: {}", path, std::strerror(error)));
  return text;
}

Result<std::string> at_most(Result<std::string> text, const std::string& path, std::size_t max_bytes) {
  if (text && text->size() > max_bytes) return fail(fmt::format("`{}` is larger than {} bytes", path, max_bytes));
  return text;
}

}  // namespace

Result<std::string> read_text(const std::string& path, std::FILE* in, std::size_t max_bytes) {
  return at_most(read_beginning(path, in, max_bytes), path, max_bytes);
}

Result<std::string> read_rules(const std::string& path, std::FILE* in) {
  Result<std::string> text = read_beginning(path, in, SourceFiles::kMaxFileBytes);
  // No rule file begins so.
  const bool recording = text && bus::is_recording(*text);
  if (recording || (text && text->starts_with("{\""))) {
    return fail(fmt::format("`{}` {}, not rules", path == "-" ? "<stdin>" : path, recording ? "is a recording" : "holds JSON lines"),
                "facts are given behind `--facts`, rules without it: `flyball replay rules/ --facts morning.rec`");
  }
  return at_most(std::move(text), path, SourceFiles::kMaxFileBytes);
}

Result<std::vector<std::string>> rule_paths(const std::vector<std::string>& arguments) {
  std::vector<std::string> paths;
  for (const std::string& argument : arguments) {
    std::error_code error;
    if (argument == "-" || fs::is_regular_file(argument, error)) {
      paths.push_back(argument);
      continue;
    }
    if (!fs::exists(argument, error)) return fail(fmt::format("`{}` does not exist", argument));
    if (!fs::is_directory(argument, error)) {
      paths.push_back(argument);  // a pipe, as of <(…)
      continue;
    }
    std::vector<std::string> found;
    for (fs::recursive_directory_iterator it(argument, fs::directory_options::skip_permission_denied, error), end; !error && it != end;
         it.increment(error)) {
      std::error_code of_entry;
      if (it->path().extension() == ".fly" && it->is_regular_file(of_entry)) found.push_back(it->path().generic_string());
    }
    if (error) return fail(fmt::format("`{}` cannot be read: {}", argument, error.message()));
    if (found.empty()) return fail(fmt::format("`{}` has no rule files", argument), "rule files end in .fly");
    std::sort(found.begin(), found.end());
    paths.insert(paths.end(), found.begin(), found.end());
  }
  std::vector<std::string> once;
  std::vector<std::string> seen;
  for (std::string& path : paths) {
    std::string normal = path == "-" ? path : fs::path(path).lexically_normal().generic_string();
    if (std::find(seen.begin(), seen.end(), normal) != seen.end()) continue;
    seen.push_back(std::move(normal));
    once.push_back(std::move(path));
  }
  return once;
}

Result<LineReader> LineReader::open(const std::string& path, std::FILE* in) {
  if (path == "-") return LineReader("<stdin>", in, false);
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return fail(fmt::format("`{}` is a folder, not a file", path));
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return fail(fmt::format("`{}` cannot be read: {}", path, std::strerror(errno)));
  return LineReader(path, file, true);
}

LineReader::LineReader(LineReader&& other) noexcept
    : name_(std::move(other.name_)),
      file_(other.file_),
      owned_(other.owned_),
      failed_(other.failed_),
      line_number_(other.line_number_),
      buffer_(std::move(other.buffer_)),
      at_(other.at_) {
  other.owned_ = false;
}

LineReader::~LineReader() {
  if (owned_) std::fclose(file_);
}

// Appends what is there, without waiting for a full buffer, so that a pipe's lines are seen as they come.
bool LineReader::fill() {
  buffer_.erase(0, at_);
  at_ = 0;
  const std::size_t had = buffer_.size();
  constexpr std::size_t kChunk = std::size_t{1} << 16;
  buffer_.resize(had + kChunk);
  ssize_t n = 0;
  do {
    // stdin may be a stream of a test without a descriptor; then the stream itself is read.
    const int fd = fileno(file_);
    if (fd >= 0 && !Interruption::await_input(fd)) break;
    n = fd >= 0 ? ::read(fd, buffer_.data() + had, kChunk) : static_cast<ssize_t>(std::fread(buffer_.data() + had, 1, kChunk, file_));
  } while (n < 0 && errno == EINTR);
  failed_ = n < 0;
  buffer_.resize(had + (n > 0 ? static_cast<std::size_t>(n) : 0));
  return n > 0;
}

bool LineReader::ready(int timeout_ms) const {
  if (buffered() || fileno(file_) < 0) return true;
  pollfd item{fileno(file_), POLLIN, 0};
  return ::poll(&item, 1, timeout_ms) != 0;
}

std::string_view LineReader::peek(std::size_t n) {
  while (buffer_.size() - at_ < n && fill()) {
  }
  return std::string_view(buffer_).substr(at_, n);
}

LineReader::Status LineReader::next(std::string_view& line) {
  const Status status = next_bytes(line);
  // What some editors put before the first line is no part of it.
  if (line_number_ == 1 && status == Status::kLine && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  return status;
}

LineReader::Status LineReader::next_bytes(std::string_view& line) {
  std::size_t searched = at_;
  bool oversize = false;
  for (;;) {
    const std::size_t end = buffer_.find('\n', searched);
    if (end != std::string::npos) {
      const bool too_long = oversize || end - at_ > kMaxLineBytes;
      line = std::string_view(buffer_).substr(at_, end - at_);
      if (line.ends_with('\r')) line.remove_suffix(1);
      at_ = end + 1;
      ++line_number_;
      return too_long ? Status::kOversize : Status::kLine;
    }
    if (buffer_.size() - at_ > kMaxLineBytes) {
      oversize = true;
      at_ = buffer_.size();
    }
    const std::size_t kept = buffer_.size() - at_;
    if (!fill()) {
      if (failed_) return Status::kFailed;
      if (buffer_.empty() && !oversize) return Status::kEnd;
      line = buffer_;
      at_ = buffer_.size();
      ++line_number_;
      return oversize ? Status::kOversize : Status::kLine;
    }
    searched = kept;
  }
}

}  // namespace flyball::app
