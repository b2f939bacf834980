// FactPublisher: the client of the assured facts face. It numbers facts, sends them in batches within the credit it was given,
// keeps them until they are acknowledged, and after any break (its own network, the service's restart) goes on where the
// service says it stopped. Nothing is dropped silently: put() fails when the buffer is full.
//
// Use: put() any number of times, pump() often (at least every second: it also keeps the connection's place).
// Thread safety: none; one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "bus/transport/client_types.h"
#include "bus/transport/context.h"
#include "bus/transport/endpoint.h"
#include "model/fact.h"
#include "model/result.h"

namespace flyball::bus {

struct PublisherConfig {
  std::string endpoint{kDefaultFactsEndpoint};
  std::string source;                      // its identity; one live publisher each
  bool takeover = false;                   // claim the source even if another live publisher has it
  std::size_t buffer_facts_max = 100'000;  // unacknowledged and unsent
  std::size_t buffer_bytes_max = std::size_t{64} << 20;
  std::size_t batch_facts_max = 512;
  std::size_t batch_bytes_max = std::size_t{256} << 10;
  Context* context = nullptr;  // null: Context::process()
};

struct PublisherCounters {
  std::uint64_t put = 0, sent = 0, acked = 0, refused = 0, resent = 0, welcomes = 0, overflowed = 0;
};

class FactPublisher {
 public:
  static Result<std::unique_ptr<FactPublisher>> connect(PublisherConfig config);
  ~FactPublisher();

  // Queues one fact; it goes out with the next pump() or when a batch is full. No time: the service stamps it at arrival.
  // Error: the buffer is full (the service is away or slow); the fact was not taken.
  Result<void> put(std::string_view type, const FactBody& data, std::optional<Timestamp> time = {}, FactOp op = FactOp::kPut);
  // One recorded line (a fact or an ack; docs/reference/wire.md).
  Result<void> put_record(std::string_view json_line);

  // Sends what may go, handles what came; with nothing to do waits up to timeout_ms for an answer.
  void pump(int timeout_ms);
  // Pumps until everything is acknowledged or refused; false after timeout_ms.
  bool flush(int timeout_ms);

  bool connected() const;          // welcomed, and heard within the last seconds
  std::size_t pending() const;     // facts not yet acknowledged or refused
  std::uint64_t last_seq() const;  // of the newest fact put; meaningful after the first welcome
  const PublisherCounters& counters() const;
  const std::string& last_error() const;  // what the service last complained about; empty: nothing

  // Called from pump() for each fact the service refused, with its sequence and the reason.
  void on_refused(std::function<void(std::uint64_t seq, const std::string& error)> callback);

 private:
  struct Impl;
  explicit FactPublisher(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace flyball::bus
