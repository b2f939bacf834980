// ActionsFace: the ROUTER of executors and the outbox before it. Internal to bus/transport.
//
// An action enters the outbox when it is sent and leaves it when an executor is done, when the engine ended it, or at
// once as failed when the outbox of its type is full (never silently; a type that nobody carries out takes no other's place). In between it
// waits, or is assigned to one executor. It is handed out in the order of entry; redelivered when its executor comes back on another
// connection, is gone, or is unheard for executor_silent_ns while another one could take it. Its id and try stay the same all the way.
// INVARIANT: an entry is either in waiting_ (of its type) or counted in its executor's `unfinished`.
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "bus/codec/message.h"
#include "bus/transport/faces.h"

namespace flyball::bus {

class ActionsFace {
 public:
  // Without a socket it is an outbox that nobody empties.
  ActionsFace(FaceContext& context, Socket socket) : c_(context), socket_(std::move(socket)) {}
  Socket& socket() { return socket_; }

  std::size_t drain(bool& more);
  // From the engine: send it, replace its former try, or forget it because it ended.
  void action(const ActionOutput& action);
  // The engine waits for it no more: it timed out, or a newer one of its key took its place. Nobody gets it (again).
  void withdraw(const std::string& id);
  // Reports what overflowed, probes silent executors, reassigns; cheap when there is nothing to do. Returns the
  // acknowledgements it made.
  std::size_t housekeep();
  bool busy() const { return !outbox_.empty() || !overflowed_.empty(); }
  void set_schema();
  void bye();
  std::vector<ExecutorStatus> status() const;

 private:
  struct Executor {
    std::string name;
    std::string instance;
    std::string peer;                          // routing id; empty: gone
    std::vector<std::string> declared;         // as it named them
    std::set<std::string, std::less<>> types;  // qualified
    bool every_type = false;
    std::uint32_t credit = 0;
    std::uint32_t unfinished = 0;
    std::int64_t heard_ns = 0;
  };
  struct Entry {
    std::uint64_t serial = 0;  // order of entry
    std::string type;          // qualified
    std::string entries;       // the packed keys and values, without the map's head and `again`
    std::uint32_t try_number = 1;
    bool again = false;  // was handed out before
    Executor* executor = nullptr;
  };
  using Outbox = std::unordered_map<std::string, Entry>;

  void handle(std::string_view peer, std::string_view body);
  void hello(std::string_view peer, const Message& message);
  void done(std::string_view peer, const Message& message);
  Result<AckInput> read_done(const Message& message, FactTypeId type);
  bool takes(const Executor& executor, std::string_view type) const;
  bool can_take(const Executor& executor, std::string_view type) const;
  Executor* choose(std::string_view type, std::int64_t now, const Executor* except);
  bool is_silent(const Executor& executor, std::int64_t now) const { return now - executor.heard_ns > c_.limits->executor_silent_ns; }
  bool hand_out(const std::string& id, Entry& entry, Executor& executor);
  void dispatch(const std::string& id, Entry& entry);
  void dispatch_to(Executor& executor);
  void take_back(Executor& executor);
  void unassign(const std::string& id, Entry& entry);
  void remove(Outbox::iterator it);
  void overflow(const ActionOutput& action);
  void gone(Executor& executor);
  void resolve_types(Executor& executor) const;
  Executor* of(std::string_view peer);
  void update_counters();

  FaceContext& c_;
  Socket socket_;
  std::map<std::string, Executor, std::less<>> executors_;  // addresses are stable
  std::unordered_map<std::string, Executor*> by_peer_;
  Outbox outbox_;
  std::map<std::string, std::map<std::uint64_t, std::string>, std::less<>> waiting_;  // type → serial → id
  std::map<std::string, std::size_t, std::less<>> held_;                              // type → entries of the outbox; none: no member
  std::set<std::string, std::less<>> full_;                                           // types said to be full, until there is room again
  std::vector<AckInput> overflowed_;
  std::uint64_t next_serial_ = 1;
  std::int64_t next_probe_ns_ = 0;
  std::string key_;
  std::string out_;
};

}  // namespace flyball::bus
