// The messaging library's calls. Its facts that shaped this (libzmq 4.3.4): ROUTER drops what it cannot deliver unless it is
// mandatory; a dead peer is unseen for more than 15 s without heartbeats; the message limit is per frame; SUB and PUB drop
// silently, XPUB with NODROP can be asked first.
#include "bus/transport/socket.h"

#include <fmt/format.h>
#include <poll.h>
#include <zmq.h>

#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "bus/transport/endpoint.h"
#include "model/check.h"

namespace flyball::bus {
namespace {

constexpr int kHeartbeatMs = 1'000;
constexpr int kHeartbeatTimeoutMs = 3'000;

static_assert(sizeof(zmq_msg_t) == 64 && alignof(zmq_msg_t) <= 8);

zmq_msg_t* message(void* storage) { return static_cast<zmq_msg_t*>(storage); }

void set(void* handle, int option, int value) { FB_CHECK(zmq_setsockopt(handle, option, &value, sizeof value) == 0); }

int type_of(SocketKind kind) {
  switch (kind) {
    case SocketKind::kRouter: return ZMQ_ROUTER;
    case SocketKind::kDealer: return ZMQ_DEALER;
    case SocketKind::kPub: return ZMQ_PUB;
    case SocketKind::kXpub: return ZMQ_XPUB;
    case SocketKind::kSub: return ZMQ_SUB;
  }
  return ZMQ_DEALER;
}

}  // namespace

Context::Context(int io_threads) : handle_(zmq_ctx_new()) {
  FB_CHECK(handle_ != nullptr);
  zmq_ctx_set(handle_, ZMQ_IO_THREADS, io_threads);
  zmq_ctx_set(handle_, ZMQ_MAX_SOCKETS, 4'096);
}

Context::~Context() {
  while (zmq_ctx_term(handle_) != 0 && errno == EINTR) {
  }
}

Context& Context::process() {
  // Never destroyed: sockets of other static objects may outlive it.
  static Context* context = new Context();
  return *context;
}

Frame::Frame() { zmq_msg_init(message(storage_)); }
Frame::~Frame() { zmq_msg_close(message(storage_)); }
Frame::Frame(Frame&& other) noexcept {
  zmq_msg_init(message(storage_));
  zmq_msg_move(message(storage_), message(other.storage_));
}
Frame& Frame::operator=(Frame&& other) noexcept {
  if (this != &other) zmq_msg_move(message(storage_), message(other.storage_));
  return *this;
}
std::string_view Frame::view() const {
  auto* m = message(const_cast<std::byte*>(storage_));
  return {static_cast<const char*>(zmq_msg_data(m)), zmq_msg_size(m)};
}

Result<Socket> Socket::make(Context& context, SocketKind kind, const SocketOptions& options) {
  Socket s;
  s.kind_ = kind;
  s.handle_ = zmq_socket(context.handle(), type_of(kind));
  if (s.handle_ == nullptr) return fail(fmt::format("cannot make a socket: {}", zmq_strerror(errno)));
  set(s.handle_, ZMQ_LINGER, 0);
  set(s.handle_, ZMQ_RCVHWM, options.receive_queue);
  set(s.handle_, ZMQ_SNDHWM, options.send_queue);
  set(s.handle_, ZMQ_HEARTBEAT_IVL, kHeartbeatMs);
  set(s.handle_, ZMQ_HEARTBEAT_TIMEOUT, kHeartbeatTimeoutMs);
  set(s.handle_, ZMQ_RECONNECT_IVL, 50);
  set(s.handle_, ZMQ_RECONNECT_IVL_MAX, 1'000);
  const auto bytes = static_cast<std::int64_t>(options.message_bytes_max);
  FB_CHECK(zmq_setsockopt(s.handle_, ZMQ_MAXMSGSIZE, &bytes, sizeof bytes) == 0);
  if (kind == SocketKind::kRouter) set(s.handle_, ZMQ_ROUTER_MANDATORY, 1);
  if (kind == SocketKind::kDealer && options.only_when_connected) set(s.handle_, ZMQ_IMMEDIATE, 1);
  return s;
}

Socket::~Socket() { close(); }
Socket::Socket(Socket&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), kind_(other.kind_), fd_(other.fd_), touched_(other.touched_) {}
Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    close();
    handle_ = std::exchange(other.handle_, nullptr);
    kind_ = other.kind_;
    fd_ = other.fd_;
    touched_ = other.touched_;
  }
  return *this;
}
void Socket::close() {
  if (handle_ != nullptr) zmq_close(std::exchange(handle_, nullptr));
}

Result<std::string> Socket::bind(const std::string& endpoint) {
  if (auto ok = check_bind(endpoint); !ok) return std::unexpected(ok.error());
  if (endpoint.find('[') != std::string::npos) set(handle_, ZMQ_IPV6, 1);
  if (zmq_bind(handle_, endpoint.c_str()) != 0) {
    const int e = errno;
    return fail(fmt::format("cannot bind `{}`: {}", endpoint, zmq_strerror(e)),
                e == EADDRINUSE ? "another process has it; is the service running already?" : "");
  }
  std::array<char, 512> actual{};
  std::size_t size = actual.size();
  if (zmq_getsockopt(handle_, ZMQ_LAST_ENDPOINT, actual.data(), &size) != 0 || size == 0) return endpoint;
  return std::string(actual.data());
}

Result<void> Socket::connect(const std::string& endpoint) {
  if (auto ok = check_endpoint(endpoint); !ok) return ok;
  if (endpoint.find('[') != std::string::npos) set(handle_, ZMQ_IPV6, 1);
  if (zmq_connect(handle_, endpoint.c_str()) != 0) return fail(fmt::format("cannot connect to `{}`: {}", endpoint, zmq_strerror(errno)));
  return {};
}

void Socket::subscribe(std::string_view prefix) { FB_CHECK(zmq_setsockopt(handle_, ZMQ_SUBSCRIBE, prefix.data(), prefix.size()) == 0); }

void Socket::set_linger(int ms) { set(handle_, ZMQ_LINGER, ms); }

void Socket::set_no_drop(bool on) { set(handle_, ZMQ_XPUB_NODROP, on ? 1 : 0); }

void Socket::catch_up() {
  touched_ = true;
  int events = 0;
  std::size_t size = sizeof events;
  zmq_getsockopt(handle_, ZMQ_EVENTS, &events, &size);
}

Sent Socket::send(std::initializer_list<std::string_view> parts) {
  return send(std::span<const std::string_view>(parts.begin(), parts.size()));
}

Sent Socket::send(std::span<const std::string_view> parts) {
  touched_ = true;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const int flags = ZMQ_DONTWAIT | (i + 1 < parts.size() ? ZMQ_SNDMORE : 0);
    while (zmq_send(handle_, parts[i].data(), parts[i].size(), flags) < 0) {
      if (errno == EINTR) continue;
      // Only the first part can be refused: the library accepts or refuses messages whole.
      FB_CHECK(i == 0);
      return errno == EHOSTUNREACH ? Sent::kGone : Sent::kFull;
    }
  }
  return Sent::kYes;
}

std::size_t Socket::receive(std::span<Frame> frames) {
  touched_ = true;
  std::size_t n = 0;
  Frame surplus;
  while (true) {
    zmq_msg_t* m = message(n < frames.size() ? frames[n].raw() : surplus.raw());
    while (zmq_msg_recv(m, handle_, ZMQ_DONTWAIT) < 0) {
      if (errno == EINTR) continue;
      return 0;
    }
    ++n;
    if (zmq_msg_more(m) == 0) return n <= frames.size() ? n : frames.size() + 1;
  }
}

bool Socket::wait(int timeout_ms, bool for_writing) {
  touched_ = true;
  zmq_pollitem_t item{handle_, 0, static_cast<short>(ZMQ_POLLIN | (for_writing ? ZMQ_POLLOUT : 0)), 0};
  return zmq_poll(&item, 1, timeout_ms) > 0;
}

bool Socket::has_input() {
  int events = 0;
  std::size_t size = sizeof events;
  if (zmq_getsockopt(handle_, ZMQ_EVENTS, &events, &size) != 0) return false;
  touched_ = (events & ZMQ_POLLIN) != 0;
  return touched_;
}

bool poll_sockets(std::span<PollItem> items, int timeout_ms) {
  std::array<pollfd, 8> raw{};
  FB_CHECK(items.size() <= raw.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    Socket* s = items[i].socket;
    if (s != nullptr && s->fd_ < 0) {
      std::size_t size = sizeof s->fd_;
      FB_CHECK(zmq_getsockopt(s->handle_, ZMQ_FD, &s->fd_, &size) == 0);
    }
    raw[i] = {s != nullptr ? s->fd_ : items[i].fd, POLLIN, 0};
    items[i].readable = s != nullptr && s->touched_ && s->has_input();
    if (items[i].readable) timeout_ms = 0;
  }
  const int n = ::poll(raw.data(), items.size(), timeout_ms);
  if (n < 0) return false;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].readable || (raw[i].revents & POLLIN) == 0) continue;
    items[i].readable = items[i].socket == nullptr || items[i].socket->has_input();
  }
  return true;
}

}  // namespace flyball::bus
