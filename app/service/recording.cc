// Writing the recording.
#include "app/service/recording.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <utility>

namespace flyball::app {
namespace {

constexpr unsigned kNumberMax = 999'999'999;

}  // namespace

Result<RecordingForm> recording_form(const std::string& path, const std::optional<std::string>& format) {
  if (format) {
    if (*format == "compact") return RecordingForm::kCompact;
    if (*format == "jsonl") return RecordingForm::kJsonLines;
    return fail(fmt::format("there is no form `{}` of a recording", *format), "it is `compact` or `jsonl`");
  }
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  const bool is_stream = path.empty() || path == "-" || (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status));
  return is_stream || path.ends_with(".jsonl") ? RecordingForm::kJsonLines : RecordingForm::kCompact;
}

Recording::~Recording() {
  leave();
  (void)close();
}

unsigned next_number(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const fs::path whole(path);
  unsigned next = fs::exists(whole, ignored) && fs::file_size(whole, ignored) > 0 ? 1 : 0;
  const std::string head = whole.filename().string() + ".";
  const fs::path folder = whole.has_parent_path() ? whole.parent_path() : fs::path(".");
  for (fs::directory_iterator it(folder, ignored), end; !ignored && it != end; it.increment(ignored)) {
    const std::string name = it->path().filename().string();
    if (!name.starts_with(head)) continue;
    unsigned n = 0;
    const char* const last = name.data() + name.size();
    const auto [at, error] = std::from_chars(name.data() + head.size(), last, n);
    if (error == std::errc() && at == last && n < kNumberMax) next = std::max(next, n + 1);
  }
  return next;
}

Result<NewFile> begin_file(const std::string& path, unsigned number) {
  const auto wrong = [](const std::string& name, int error) {
    return fail(fmt::format("`{}` cannot be written: {}", name, std::strerror(error)));
  };
  struct stat info{};
  if (::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
    std::FILE* const file = std::fopen(path.c_str(), "wbe");
    if (file == nullptr) return wrong(path, errno);
    return NewFile{file, path};
  }
  for (;; ++number) {
    const std::string name = number == 0 ? path : fmt::format("{}.{}", path, number);
    // An empty file holds nothing to keep: somebody made it for us.
    const bool is_empty = ::stat(name.c_str(), &info) == 0 && S_ISREG(info.st_mode) && info.st_size == 0;
    const int fd = ::open(name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (is_empty ? O_APPEND : O_EXCL), 0644);
    if (fd < 0 && errno == EEXIST && number < kNumberMax) continue;
    if (fd < 0) return wrong(name, errno);
    if (std::FILE* const file = ::fdopen(fd, "wb")) return NewFile{file, name};
    const int error = errno;
    ::close(fd);
    return wrong(name, error);
  }
}

Result<void> Recording::prepare(const std::string& path, unsigned number, RecordingForm form, std::string about) {
  if (const Result<void> done = flush(); !done) return done;
  path_ = path;
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  // A pipe goes on as it is.
  if (file_ != nullptr && std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) return {};
  Result<NewFile> next = begin_file(path, number);
  if (!next) return std::unexpected(next.error());
  next_ = std::move(*next);
  next_form_ = form;
  next_about_ = std::move(about);
  return {};
}

void Recording::go_on() {
  if (next_.file == nullptr) return;
  (void)close();
  file_ = std::exchange(next_.file, nullptr);
  current_ = next_.name;
  form_ = next_form_;
  if (form_ == RecordingForm::kJsonLines) return;
  writer_ = std::make_unique<bus::RecordingWriter>();
  writer_->begin(next_about_);
}

void Recording::leave() {
  if (next_.file == nullptr) return;
  std::fclose(std::exchange(next_.file, nullptr));
  if (next_.name != path_) ::unlink(next_.name.c_str());
}

Result<void> Recording::open(const std::string& path, unsigned number) {
  if (Result<void> done = prepare(path, number); !done) return done;
  go_on();
  return {};
}

void Recording::write(std::string_view bytes) {
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size();
  if (!written && failed_ == 0) failed_ = errno != 0 ? errno : EIO;
}

void Recording::done() {
  if (writer_ != nullptr) {
    if (writer_->out().size() >= kFlushBytes) write(writer_->take());
    return;
  }
  buffer_ += '\n';
  if (buffer_.size() < kFlushBytes) return;
  write(buffer_);
  buffer_.clear();
}

void Recording::fact(const FactInput& fact, const Schema& schema, const Interner& interner) {
  if (!on()) return;
  if (writer_ != nullptr)
    writer_->fact(fact, schema, interner);
  else
    bus::append_fact(buffer_, fact, schema, interner);
  done();
}

void Recording::ack(const AckInput& ack, const Schema& schema, const Interner& interner) {
  if (!on()) return;
  if (writer_ != nullptr)
    writer_->ack(ack, schema, interner);
  else
    bus::append_ack(buffer_, ack, schema, interner);
  done();
}

void Recording::tick(Timestamp t) {
  if (!on()) return;
  if (writer_ != nullptr)
    writer_->tick(t);
  else
    bus::append_tick(buffer_, t);
  done();
}

void Recording::accounted(Timestamp t, std::string_view source, std::uint64_t seq) {
  if (!on()) return;
  std::string text;
  bus::append_accounted(text, t, source, seq);
  line(text);
}

void Recording::line(std::string_view text) {
  if (!on()) return;
  if (writer_ != nullptr)
    writer_->line(text);
  else
    buffer_ += text;
  done();
}

Result<void> Recording::flush() {
  if (!on()) return {};
  if (writer_ != nullptr) {
    // What was promised must be there if this process dies: a block that is not full, if need be.
    writer_->end_block();
    if (!writer_->out().empty()) write(writer_->take());
  } else if (!buffer_.empty()) {
    write(buffer_);
    buffer_.clear();
  }
  if (std::fflush(file_) != 0 && failed_ == 0) failed_ = errno != 0 ? errno : EIO;
  if (failed_ == 0) return {};
  return fail(fmt::format("`{}` cannot be written: {}", current_, std::strerror(failed_)), "free space, or run without `--record`");
}

Result<void> Recording::close() {
  if (!on()) return {};
  if (writer_ != nullptr) writer_->finish();
  const Result<void> flushed = flush();
  writer_.reset();
  const bool closed = std::fclose(std::exchange(file_, nullptr)) == 0;
  if (!flushed || closed) return flushed;
  return fail(fmt::format("`{}` cannot be written: {}", current_, std::strerror(errno)));
}

}  // namespace flyball::app
