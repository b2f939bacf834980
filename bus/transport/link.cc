// Link. Any answer of the service restarts the clocks; silence with something due means hello.
#include "bus/transport/link.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <limits>
#include <random>

#include "bus/transport/faces.h"

namespace flyball::bus {
namespace {

constexpr std::int64_t kHelloEveryNs = 500'000'000;
constexpr std::int64_t kPingEveryNs = 1'000'000'000;
constexpr std::int64_t kSilentNs = 3'500'000'000;     // as long as a dead connection takes to be noticed
constexpr std::int64_t kExpectingNs = 2'000'000'000;  // when an answer is due
constexpr int kMessagesPerPump = 1'024;

}  // namespace

Result<Link> Link::connect(Context* context, const std::string& endpoint) {
  Link link;
  SocketOptions options;
  options.only_when_connected = true;
  options.message_bytes_max = std::size_t{64} << 20;  // the service is trusted more than its peers are
  auto s = Socket::make(context != nullptr ? *context : Context::process(), SocketKind::kDealer, options);
  if (!s) return std::unexpected(s.error());
  if (auto ok = s->connect(endpoint); !ok) return std::unexpected(ok.error());
  link.socket_ = std::move(*s);
  std::random_device device;
  link.instance_ = fmt::format("{:08x}{:08x}", device(), device());
  return link;
}

bool Link::connected() const { return welcomed_ && monotonic_ns() - heard_ns_ < kSilentNs; }

bool Link::send(std::string_view body) {
  if (socket_.send({body}) != Sent::kYes) return false;
  spoke_ns_ = monotonic_ns();
  return true;
}

void Link::say_hello() {
  welcomed_ = false;
  hello_at_ns_ = 0;
}

void Link::keep_place(std::int64_t now) {
  if (welcomed_ && now - heard_ns_ > (expecting_ ? kExpectingNs : kSilentNs)) welcomed_ = false;
  if (!welcomed_) {
    if (now >= hello_at_ns_ && send(make_hello())) hello_at_ns_ = now + kHelloEveryNs;
  } else if (now - spoke_ns_ >= kPingEveryNs || now - heard_ns_ >= kPingEveryNs) {
    if (now - spoke_ns_ >= kPingEveryNs / 4) send(bare_message("ping"));
  }
}

bool Link::receive_all() {
  std::array<Frame, 1> frames;
  bool any = false;
  for (int i = 0; i < kMessagesPerPump; ++i) {
    const std::size_t n = socket_.receive(frames);
    if (n == 0) break;
    any = true;
    heard_ns_ = monotonic_ns();
    if (n == 1) handle(frames[0].view());
  }
  return any;
}

void Link::handle(std::string_view body) {
  const auto m = Message::parse(body);
  if (!m) {
    last_error_ = "the service said something unreadable: " + m.error().message;
    return;
  }
  const auto complaint = [&] {
    const auto error = m->text("error");
    if (error && *error) last_error_ = **error;
  };
  if (m->op() == "welcome") {
    welcomed_ = true;
    last_error_.clear();
    on_welcome(*m);
  } else if (m->op() == "who") {
    if (welcomed_) say_hello();
  } else if (m->op() == "busy" || m->op() == "bye") {
    // Somebody else has the name, or the service goes: once more in a while.
    complaint();
    welcomed_ = false;
    hello_at_ns_ = monotonic_ns() + 2 * kHelloEveryNs;
  } else if (m->op() == "ping") {
    send(bare_message("pong"));
  } else if (m->op() == "error") {
    complaint();
    on_message(*m);
  } else if (m->op() != "pong") {
    on_message(*m);
  }
}

void Link::pump(int timeout_ms) {
  keep_place(monotonic_ns());
  if (receive_all() || timeout_ms == 0) return;
  // In slices, so that hello and ping are said while waiting.
  const std::int64_t until =
      timeout_ms < 0 ? std::numeric_limits<std::int64_t>::max() : monotonic_ns() + std::int64_t{timeout_ms} * 1'000'000;
  while (true) {
    const std::int64_t now = monotonic_ns();
    if (now >= until) return;
    const std::int64_t left_ms = (until - now + 999'999) / 1'000'000;
    const bool unsaid = !welcomed_ && now >= hello_at_ns_;  // nobody there: the hello waits for a connection
    const std::int64_t slice = welcomed_ ? 250 : unsaid ? 50 : (hello_at_ns_ - now) / 1'000'000 + 1;
    const bool woken = socket_.wait(static_cast<int>(std::min(left_ms, slice)), unsaid);
    keep_place(monotonic_ns());
    if (receive_all()) return;
    if (!woken && errno == EINTR) return;
  }
}

}  // namespace flyball::bus
