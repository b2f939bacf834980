// See twin_feed.h.
#include "app/replay/twin_feed.h"

#include <algorithm>
#include <system_error>
#include <utility>

namespace flyball::app {
namespace {

// The helper looks so often for a turn before it sleeps (some ten microseconds: several turns), and the caller for the end of one before it
// lets others run.
constexpr int kLooks = 2000;

// How long the caller goes on alone: so many times what was lost by waiting.
constexpr int kAloneTimes = 16;
constexpr std::chrono::microseconds kSlack{20};
constexpr std::chrono::milliseconds kAloneMost{250};

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  std::atomic_signal_fence(std::memory_order_seq_cst);
#endif
}

}  // namespace

TwinFeed::TwinFeed(LineFeeder& first, LineFeeder& second) : first_(first), second_(second) {
  if (std::thread::hardware_concurrency() < 2) return;
  try {
    helper_ = std::thread([this] { help(); });
  } catch (const std::system_error&) {
    // No thread to be had: the caller's does it all.
  }
}

TwinFeed::~TwinFeed() {
  if (!helper_.joinable()) return;
  ends_ = true;
  given_.fetch_add(1);
  given_.notify_one();
  helper_.join();
}

void TwinFeed::give(LineFeeder& to, std::span<const RecordBatch::Entry> entries) {
  for (const RecordBatch::Entry& entry : entries) {
    switch (entry.status) {
      case RecordedFile::Status::kOversize: to.oversize(entry.view.number); break;
      case RecordedFile::Status::kDamaged: to.damaged(entry.damage); break;
      default: to.record(entry.view);
    }
  }
}

void TwinFeed::feed(std::span<const RecordBatch::Entry> entries) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  if (!helper_.joinable() || begin < alone_until_) {
    give(first_, entries);
    give(second_, entries);
    return;
  }
  entries_ = entries;
  const std::uint32_t before = given_.load(std::memory_order_relaxed);
  const std::uint32_t turn = before + 1;
  given_.store(turn);
  if (sleeps_.load()) given_.notify_one();
  std::exception_ptr trouble;
  try {
    give(first_, entries);
  } catch (...) {
    trouble = std::current_exception();
  }
  std::uint32_t expected = before;
  if (taken_.compare_exchange_strong(expected, turn)) {
    take_turn();
  } else {
    const Clock::time_point waits = Clock::now();
    for (int looks = 0; done_.load(std::memory_order_acquire) != turn; ++looks) {
      if (looks < kLooks)
        pause();
      else
        std::this_thread::yield();
    }
    const Clock::duration mine = waits - begin, waited = Clock::now() - waits;
    if (waited > 2 * mine + kSlack) alone_until_ = waits + waited + std::min<Clock::duration>(kAloneTimes * waited, kAloneMost);
  }
  if (trouble == nullptr) trouble = std::exchange(trouble_, nullptr);
  if (trouble != nullptr) std::rethrow_exception(trouble);
}

void TwinFeed::take_turn() {
  try {
    give(second_, entries_);
  } catch (...) {
    trouble_ = std::current_exception();
  }
}

void TwinFeed::help() {
  std::uint32_t seen = 0;
  for (;;) {
    std::uint32_t turn = given_.load();
    for (int looks = 0; turn == seen && looks < kLooks; ++looks) {
      pause();
      turn = given_.load(std::memory_order_acquire);
    }
    if (turn == seen) {
      sleeps_ = true;
      given_.wait(seen);
      sleeps_ = false;
      continue;
    }
    if (ends_) return;
    seen = turn;
    std::uint32_t expected = turn - 1;
    if (!taken_.compare_exchange_strong(expected, turn)) continue;
    take_turn();
    done_.store(turn, std::memory_order_release);
  }
}

}  // namespace flyball::app
