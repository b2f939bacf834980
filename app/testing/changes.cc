// See changes.h. A file is another one when its time, size or number is: a copy with the same time and size is not noticed.
#include "app/testing/changes.h"

#include <poll.h>
#include <sys/stat.h>

#include "app/io/files.h"

namespace flyball::app::testing {

void Changes::look(std::vector<std::string> paths, Seen& seen) {
  for (std::string& path : paths) {
    struct stat status{};
    const bool there = ::stat(path.c_str(), &status) == 0;
    const std::int64_t time = there ? std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec : -1;
    seen.emplace_back(std::move(path), time, there ? static_cast<std::uint64_t>(status.st_size) : 0, there ? status.st_ino : 0);
  }
}

Changes::Seen Changes::rules() const {
  Seen seen;
  // While an editor replaces a file it may not be there: that is a change, and its return is the next.
  const Result<std::vector<std::string>> found = rule_paths(arguments_);
  look(found ? *found : arguments_, seen);
  return seen;
}

Changes::Seen Changes::others() const {
  Seen seen;
  look(more_, seen);
  return seen;
}

void Changes::note() {
  rules_ = rules();
  others_ = others();
}

void Changes::also(std::vector<std::string> files) {
  if (files == more_) return;
  more_ = std::move(files);
  others_ = others();
}

bool Changes::wait() {
  while (true) {
    pollfd item{signals_.fd(), POLLIN, 0};
    if (::poll(&item, 1, kLookEveryMs) > 0 && signals_.read().stop) return false;
    if (rules() != rules_ || others() != others_) return true;
  }
}

}  // namespace flyball::app::testing
