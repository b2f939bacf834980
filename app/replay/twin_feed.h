// TwinFeed: the same records into two runs that know nothing of each other, on two cores where there are two.
//
// feed() returns when both took them: whoever compares the runs sees both right behind the same record, as if one thread had done it all.
// The second run's turn is taken by whoever is there first, a thread that waits for it or, when the first run's is done, the caller: on a
// machine that has no core to spare this costs little; and when the helper was interrupted in its turn, so that waiting took longer than
// doing it, the caller goes on alone for some time. An exception of either run is the caller's.
// Used by one thread at a time; in between nobody touches the runs.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <thread>

#include "app/replay/record_batch.h"
#include "app/replay/replay.h"

namespace flyball::app {

class TwinFeed {
 public:
  TwinFeed(LineFeeder& first, LineFeeder& second);
  ~TwinFeed();
  TwinFeed(const TwinFeed&) = delete;
  TwinFeed& operator=(const TwinFeed&) = delete;

  void feed(std::span<const RecordBatch::Entry> entries);

 private:
  static void give(LineFeeder& to, std::span<const RecordBatch::Entry> entries);
  void help();
  void take_turn();

  LineFeeder &first_, &second_;
  std::span<const RecordBatch::Entry> entries_;  // of the turn that is given
  std::exception_ptr trouble_;
  std::thread helper_;
  std::chrono::steady_clock::time_point alone_until_;
  // Turns are numbered from 1: given, taken by somebody, done.
  alignas(64) std::atomic<std::uint32_t> given_{0};
  std::atomic<bool> sleeps_{false}, ends_{false};
  alignas(64) std::atomic<std::uint32_t> taken_{0};
  alignas(64) std::atomic<std::uint32_t> done_{0};
};

}  // namespace flyball::app
