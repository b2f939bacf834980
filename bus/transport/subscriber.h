// Subscriber: watches what the service publishes: topics "action.TYPE", "derived.TYPE", "decision.NAME", "log.RULE", "fact.TYPE".
// Lossy by nature; what was lost is counted by the numbers each topic carries. Thread safety: none; one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bus/transport/context.h"
#include "bus/transport/endpoint.h"
#include "model/result.h"

namespace flyball::bus {

class Subscriber {
 public:
  // `topics` are prefixes; "" is everything.
  static Result<std::unique_ptr<Subscriber>> connect(const std::string& endpoint, const std::vector<std::string>& topics,
                                                     Context* context = nullptr);
  ~Subscriber();

  struct Message {
    std::string topic;
    std::string json;  // one object, as `replay` would write it
  };
  // nullopt after timeout_ms, or when a signal came.
  std::optional<Message> receive(int timeout_ms);
  std::uint64_t lost() const;  // messages that were published and did not come
  std::uint64_t malformed() const;

 private:
  struct Impl;
  explicit Subscriber(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace flyball::bus
