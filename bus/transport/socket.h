// Socket: one messaging socket with every option that matters set explicitly, and Frame: one received part. Internal to
// bus/transport; the messaging library itself is seen by socket.cc and context.cc only.
//
// Sending and receiving never block; wait() does. Thread safety: none; a socket belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "bus/transport/context.h"
#include "model/result.h"

namespace flyball::bus {

class Frame {
 public:
  Frame();
  ~Frame();
  Frame(Frame&& other) noexcept;
  Frame& operator=(Frame&& other) noexcept;
  std::string_view view() const;
  void* raw() { return storage_; }

 private:
  alignas(8) std::byte storage_[64];
};

enum class SocketKind : std::uint8_t { kRouter, kDealer, kPub, kXpub, kSub };

struct SocketOptions {
  int receive_queue = 1'000;  // messages per peer
  int send_queue = 1'000;
  std::size_t message_bytes_max = std::size_t{1} << 20;
  bool only_when_connected = false;  // DEALER: refuse to queue for a peer that is not there
};

enum class Sent : std::uint8_t {
  kYes,
  kFull,  // the peer does not read, or (DEALER) is not there
  kGone,  // ROUTER: no such peer
};

class Socket {
 public:
  static Result<Socket> make(Context& context, SocketKind kind, const SocketOptions& options);
  Socket() = default;
  ~Socket();
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&& other) noexcept;

  explicit operator bool() const { return handle_ != nullptr; }
  void* handle() const { return handle_; }

  // Checked by endpoint.h's rules; returns where it is, wildcards resolved.
  Result<std::string> bind(const std::string& endpoint);
  Result<void> connect(const std::string& endpoint);
  void subscribe(std::string_view prefix);
  void set_linger(int ms);
  // XPUB: whether a full subscriber makes send() return kFull (nobody gets it), or is passed over.
  void set_no_drop(bool on);
  // Takes note of what the I/O thread has done meanwhile; the library does it only now and then.
  void catch_up();

  Sent send(std::initializer_list<std::string_view> parts);
  Sent send(std::span<const std::string_view> parts);
  // The parts of the next message, or 0: there is none. A message of more parts than `frames` is dropped whole and
  // gives frames.size() + 1.
  std::size_t receive(std::span<Frame> frames);

  // Readable (or, with `for_writing`, writable) within timeout_ms? False on a signal, too.
  bool wait(int timeout_ms, bool for_writing = false);
  void close();

 private:
  friend bool poll_sockets(std::span<struct PollItem> items, int timeout_ms);
  // Whether a message waits; afterwards a new one makes the descriptor readable.
  bool has_input();

  void* handle_ = nullptr;
  SocketKind kind_ = SocketKind::kDealer;
  int fd_ = -1;          // the library's own: it becomes readable once, when something changes (edge-triggered)
  bool touched_ = true;  // used since the last has_input(): such a use may have swallowed the edge
};

struct PollItem {
  Socket* socket = nullptr;  // or
  int fd = -1;
  bool readable = false;
};
// False when a signal came. timeout_ms as poll(2). May return before the time without anything being readable.
// One system call when nothing was touched since the last time: the library's own zmq_poll makes several for each socket.
bool poll_sockets(std::span<PollItem> items, int timeout_ms);

}  // namespace flyball::bus
