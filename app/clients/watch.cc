// The loop from a Subscriber to lines.
#include "app/clients/watch.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>

#include "app/service/signals.h"
#include "bus/transport/endpoint.h"
#include "bus/transport/subscriber.h"

namespace flyball::app {

int watch(const WatchOptions& options, Io& io) {
  constexpr int kLookMs = 100;  // how often signals and the time are looked at
  constexpr auto kFlushEvery = std::chrono::seconds(1);
  Signals signals;
  Result<std::unique_ptr<bus::Subscriber>> opened =
      bus::Subscriber::connect(options.endpoint.value_or(std::string(bus::kDefaultOutEndpoint)), options.topics);
  if (!opened) {
    io.error(opened.error().message, opened.error().help);
    return kExitFailed;
  }
  bus::Subscriber& subscriber = **opened;
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  std::uint64_t seen = 0;
  bool written = true;
  Clock::time_point flushed = begin;
  const auto flush = [&] {
    flushed = Clock::now();
    written = options.flush() && written;
  };
  while (written && !(options.count && seen >= *options.count) && !signals.read().stop) {
    int wait = kLookMs;
    if (options.for_ns) {
      const auto left = std::chrono::nanoseconds(*options.for_ns) - (Clock::now() - begin);
      if (left.count() <= 0) break;
      wait = static_cast<int>(std::min<std::int64_t>(kLookMs, left.count() / 1'000'000 + 1));
    }
    std::optional<bus::Subscriber::Message> message = subscriber.receive(wait);
    if (!message) {
      if (Clock::now() - flushed >= kFlushEvery) flush();
      continue;
    }
    if (!message->topic.substr(message->topic.rfind('.') + 1).starts_with(options.local_name)) continue;
    ++seen;
    written = options.line(message->json);
    if (options.at_once) flush();
  }
  flush();
  if (!written) io.error("the output cannot be written");
  if (subscriber.lost() > 0) io.warning(fmt::format("{} messages were lost: too slow", subscriber.lost()));
  if (subscriber.malformed() > 0) io.warning(fmt::format("{} messages could not be read", subscriber.malformed()));
  return written ? kExitFine : kExitFailed;
}

}  // namespace flyball::app
