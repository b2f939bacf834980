// PlainPublisher: a PUB socket with facts: topic = fact type, body = their fields. Simple and lossy: what nobody
// reads fast enough is gone. For taps and measurements, not for what must arrive (FactPublisher).
// Thread safety: none; one thread.
#pragma once

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

class PlainPublisher {
 public:
  // Connects to the service's plain face, or binds for services and taps that connect.
  static Result<std::unique_ptr<PlainPublisher>> connect(std::string endpoint = std::string(kDefaultPlainEndpoint),
                                                         Context* context = nullptr);
  static Result<std::unique_ptr<PlainPublisher>> bind(const std::string& endpoint, Context* context = nullptr);
  ~PlainPublisher();

  void put(std::string_view type, const FactBody& data, std::optional<Timestamp> time = {}, FactOp op = FactOp::kPut);
  // Waits until somebody subscribes; false after timeout_ms. What is put before goes nowhere.
  bool wait_for_subscriber(int timeout_ms);
  const std::string& endpoint() const;

 private:
  struct Impl;
  explicit PlainPublisher(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace flyball::bus
