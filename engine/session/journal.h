// Journal: how to take back what the effects of one instant did, should its cascade run away (semantics.md §6). Whoever
// changes something in step 4 leaves the inverse here; at the end of the instant all are forgotten.
//
// Two lists: `add` for what is taken back at once, last first; `add_judged` for what was judged (holds, absences), which
// is put back when facts and derived facts are as they were before. Not thread-safe.
#pragma once

#include <functional>
#include <utility>
#include <vector>

namespace flyball::engine {

class Journal {
 public:
  bool open() const { return open_; }
  void begin() { open_ = true; }
  template <typename Inverse>
  void add(Inverse inverse) {
    if (open_) at_once_.emplace_back(std::move(inverse));
  }
  template <typename Inverse>
  void add_judged(Inverse inverse) {
    if (open_) judged_.emplace_back(std::move(inverse));
  }
  void end() {
    open_ = false;
    at_once_.clear();
    judged_.clear();
  }
  void take_back() { run(at_once_); }
  void take_back_judged() { run(judged_); }

 private:
  void run(std::vector<std::function<void()>>& inverses) {
    open_ = false;  // taking back leaves no inverses
    while (!inverses.empty()) {
      const std::function<void()> inverse = std::move(inverses.back());
      inverses.pop_back();
      inverse();
    }
  }
  bool open_ = false;
  std::vector<std::function<void()>> at_once_, judged_;
};

}  // namespace flyball::engine
