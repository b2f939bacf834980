// ActionExecutor: the client of the actions face. It receives actions of the types it names, says how each ended, repeats what
// it said until the service has it, and hands a redelivered action to its owner only once: an action is the same when
// its id and its try are the same.
//
// Use: on_action() once, pump() often (at least every second: it tells the service that this executor lives); done() or failed()
// from inside the callback or later. Thread safety: none; one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bus/transport/client_types.h"
#include "bus/transport/context.h"
#include "bus/transport/endpoint.h"
#include "model/result.h"
#include "model/time.h"

namespace flyball::bus {

struct ExecutorConfig {
  std::string endpoint{kDefaultActionsEndpoint};
  std::string executor;                 // its identity; one live executor each
  std::vector<std::string> actions;     // types it carries out; "*": all
  std::uint32_t credit = 64;            // unfinished actions it takes at once
  std::size_t remembered_max = 10'000;  // finished ones, to answer redeliveries from
  Context* context = nullptr;
};

struct ActionRequest {
  std::string id;
  std::string action;  // qualified type
  std::string rule;
  Timestamp time;
  std::uint32_t try_number = 1;
  bool again = false;  // may have been delivered before, perhaps to another executor
  FieldsView data;
};

struct ExecutorCounters {
  std::uint64_t received = 0, repeated = 0, done = 0, failed = 0, welcomes = 0;
};

class ActionExecutor {
 public:
  static Result<std::unique_ptr<ActionExecutor>> connect(ExecutorConfig config);
  ~ActionExecutor();

  void on_action(std::function<void(const ActionRequest&)> callback);
  void done(const ActionRequest& action, const FactBody& result = {});
  void failed(const ActionRequest& action, std::string_view error);

  // Handles what came; with nothing to do waits up to timeout_ms.
  void pump(int timeout_ms);
  // Pumps until the service has every done() and failed(); false after timeout_ms.
  bool flush(int timeout_ms);

  bool connected() const;
  std::size_t unfinished() const;   // received, neither done nor failed yet
  std::size_t unconfirmed() const;  // done or failed, the service has not said that it knows
  const ExecutorCounters& counters() const;
  const std::string& last_error() const;  // what the service last complained about

 private:
  struct Impl;
  explicit ActionExecutor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace flyball::bus
