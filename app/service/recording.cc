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

Recording::~Recording() {
  leave();
  (void)flush();
  if (file_ != nullptr) std::fclose(file_);
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

Result<void> Recording::prepare(const std::string& path, unsigned number) {
  if (const Result<void> done = flush(); !done) return done;
  path_ = path;
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  // A pipe goes on as it is.
  if (file_ != nullptr && std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) return {};
  Result<NewFile> next = begin_file(path, number);
  if (!next) return std::unexpected(next.error());
  next_ = std::move(*next);
  return {};
}

void Recording::go_on() {
  if (next_.file == nullptr) return;
  (void)flush();
  if (file_ != nullptr) std::fclose(file_);
  file_ = std::exchange(next_.file, nullptr);
  current_ = next_.name;
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

void Recording::line_done() {
  buffer_ += '\n';
  if (buffer_.size() >= kFlushBytes) (void)flush();
}

void Recording::fact(const FactInput& fact, const Schema& schema, const Interner& interner) {
  if (!on()) return;
  bus::append_fact(buffer_, fact, schema, interner);
  line_done();
}

void Recording::ack(const AckInput& ack, const Schema& schema, const Interner& interner) {
  if (!on()) return;
  bus::append_ack(buffer_, ack, schema, interner);
  line_done();
}

void Recording::tick(Timestamp t) {
  if (!on()) return;
  bus::append_tick(buffer_, t);
  line_done();
}

void Recording::accounted(Timestamp t, std::string_view source, std::uint64_t seq) {
  if (!on()) return;
  bus::append_accounted(buffer_, t, source, seq);
  line_done();
}

void Recording::line(std::string_view text) {
  if (!on()) return;
  buffer_ += text;
  line_done();
}

Result<void> Recording::flush() {
  if (!on() || (buffer_.empty() && failed_ == 0)) return {};
  const bool written = std::fwrite(buffer_.data(), 1, buffer_.size(), file_) == buffer_.size() && std::fflush(file_) == 0;
  if (!written && failed_ == 0) failed_ = errno != 0 ? errno : EIO;
  buffer_.clear();
  if (failed_ == 0) return {};
  return fail(fmt::format("`{}` cannot be written: {}", current_, std::strerror(failed_)), "free space, or run without `--record`");
}

}  // namespace flyball::app
