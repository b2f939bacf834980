// Carries out the actions of rules/lb/types.fly on one HAProxy, and looks afterwards whether they took effect.
//
// Nothing is believed: HAProxy's silence is success only if `show servers state` then shows what was asked for, and any
// other text is a failure in HAProxy's own words. Everything is safe to do twice: an id that succeeded is not done again
// (the newest kRememberedMax are remembered), and what is already so is success. A failed id may be tried again.
// Every word that goes into a command is checked first, so that a field cannot carry a second command.
// Thread safety: none, one thread. execute() blocks: a few socket calls, DelServer for up to its grace besides (which it spends in
// `sleep`: whoever gives it keeps up there what must go on).
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "connectors/haproxy/runtime.h"
#include "connectors/haproxy/stats.h"
#include "connectors/order.h"
#include "model/time.h"

namespace flyball::connectors::haproxy {

inline constexpr std::size_t kRememberedMax = 4096;
inline constexpr DurationNs kGraceMax_ns = 10 * kNsPerSecond;

// The local names of the actions it knows.
const std::vector<std::string>& executable_actions();

class HaproxyExecutor {
 public:
  using Sleep = std::function<void(DurationNs)>;
  using Stopping = std::function<bool()>;
  // `stopping`: true once the connector is to end and `sleep` sleeps no more; empty: never.
  HaproxyExecutor(RuntimeSocket socket, std::string lb, Sleep sleep, Stopping stopping = {})
      : socket_(std::move(socket)), lb_(std::move(lb)), sleep_(std::move(sleep)), stopping_(std::move(stopping)) {}

  Outcome execute(const Order& order);

 private:
  struct Target {
    std::string backend, server, path;  // path: backend/server
  };
  Outcome dispatch(const Order& order, const Target& target);
  Outcome set_state(const Target& target, std::string_view state);
  Outcome set_weight(const Order& order, const Target& target);
  Outcome add_server(const Order& order, const Target& target);
  Outcome del_server(const Order& order, const Target& target);

  // The command's answer must be empty, or `expected`.
  Result<void> command(const std::string& line, std::string_view expected = {});
  // nullopt: HAProxy has no such server.
  Result<std::optional<ServerState>> state_of(const Target& target);
  Result<std::int64_t> sessions_of(const Target& target);
  void remember(const std::string& id);

  RuntimeSocket socket_;
  std::string lb_;
  Sleep sleep_;
  Stopping stopping_;
  std::unordered_set<std::string> done_;
  std::deque<std::string> done_order_;
};

}  // namespace flyball::connectors::haproxy
