// See replace.h.
#include "app/io/replace.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace flyball::app {

Result<void> replace_file(const std::string& path, std::string_view text) {
  const auto failed = [&](int error) { return fail(fmt::format("`{}` cannot be written: {}", path, std::strerror(error))); };
  std::error_code error;
  const std::string target = std::filesystem::canonical(path, error).string();
  if (error) return failed(error.value());
  struct stat status{};
  if (::stat(target.c_str(), &status) != 0) return failed(errno);
  if (!S_ISREG(status.st_mode)) return fail(fmt::format("`{}` is no regular file and cannot be rewritten", path));
  if (::access(target.c_str(), W_OK) != 0) return failed(errno);
  std::string beside = target + ".XXXXXX";
  const int file = ::mkstemp(beside.data());
  if (file < 0) return failed(errno);
  const auto give_up = [&](int why) {
    ::close(file);
    ::unlink(beside.c_str());
    return failed(why);
  };
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t n = ::write(file, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return give_up(errno);
    done += static_cast<std::size_t>(n);
  }
  // The owner can only be kept by who may give files away; without that the file is the writer's, as with any editor.
  if (::fchown(file, status.st_uid, status.st_gid) != 0 && errno != EPERM) return give_up(errno);
  if (::fchmod(file, status.st_mode & 07777) != 0) return give_up(errno);
  if (::fsync(file) != 0) return give_up(errno);
  if (::close(file) != 0) {
    const int why = errno;
    ::unlink(beside.c_str());
    return failed(why);
  }
  if (::rename(beside.c_str(), target.c_str()) != 0) {
    const int why = errno;
    ::unlink(beside.c_str());
    return failed(why);
  }
  return {};
}

Result<void> write_file(const std::string& path, std::string_view text) {
  std::error_code error;
  if (std::filesystem::is_regular_file(path, error)) return replace_file(path, text);
  if (std::filesystem::is_directory(path, error)) return fail(fmt::format("`{}` is a folder, not a file", path));
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return fail(fmt::format("`{}` cannot be written: {}", path, std::strerror(errno)));
  const bool whole = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (std::fclose(file) != 0 || !whole) return fail(fmt::format("`{}` cannot be written: {}", path, std::strerror(errno)));
  return {};
}

Result<void> keep_file(const std::string& path, std::string_view text) {
  const auto failed = [&](int error) { return fail(fmt::format("`{}` cannot be written: {}", path, std::strerror(error))); };
  std::string beside = path + ".XXXXXX";
  const int file = ::mkstemp(beside.data());
  if (file < 0) return failed(errno);
  const auto give_up = [&](int why) {
    ::unlink(beside.c_str());
    return failed(why);
  };
  int why = 0;
  for (std::size_t done = 0; done < text.size() && why == 0;) {
    const ssize_t n = ::write(file, text.data() + done, text.size() - done);
    if (n >= 0) done += static_cast<std::size_t>(n);
    if (n < 0 && errno != EINTR) why = errno;
  }
  if (why == 0 && ::fsync(file) != 0) why = errno;
  if (::close(file) != 0 && why == 0) why = errno;
  if (why != 0) return give_up(why);
  if (::rename(beside.c_str(), path.c_str()) != 0) return give_up(errno);
  // The name, too, must last.
  const std::string parent = std::filesystem::path(path).parent_path().string();
  const int folder = ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return failed(errno);
  const bool synced = ::fsync(folder) == 0;
  why = errno;
  ::close(folder);
  return synced ? Result<void>{} : failed(why);
}

}  // namespace flyball::app
