// Writing the recording.
#include "app/service/recording.h"

#include <fmt/core.h>

#include <cerrno>
#include <cstring>

namespace flyball::app {

Recording::~Recording() {
  (void)flush();
  if (file_ != nullptr) std::fclose(file_);
}

Result<void> Recording::open(const std::string& path) {
  path_ = path;
  return start(path);
}

Result<void> Recording::start(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return fail(fmt::format("`{}` cannot be written: {}", path, std::strerror(errno)));
  if (file_ != nullptr) std::fclose(file_);
  file_ = file;
  current_ = path;
  return {};
}

Result<void> Recording::next_file() {
  if (!on()) return {};
  if (const Result<void> done = flush(); !done) return done;
  return start(fmt::format("{}.{}", path_, ++number_));
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

void Recording::line(std::string_view text) {
  if (!on()) return;
  buffer_ += text;
  line_done();
}

Result<void> Recording::flush() {
  if (!on() || (buffer_.empty() && !failed_)) return {};
  if (std::fwrite(buffer_.data(), 1, buffer_.size(), file_) != buffer_.size() || std::fflush(file_) != 0) failed_ = true;
  buffer_.clear();
  if (failed_)
    return fail(fmt::format("`{}` cannot be written: {}", current_, std::strerror(errno)), "free space, or run without `--record`");
  return {};
}

}  // namespace flyball::app
