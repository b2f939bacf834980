// PlainPublisher: an XPUB, so that it can see whether anybody listens.
#include "bus/transport/plain_publisher.h"

#include <array>

#include "bus/codec/msgpack_writer.h"
#include "bus/codec/shapes.h"
#include "bus/transport/faces.h"
#include "bus/transport/socket.h"

namespace flyball::bus {

struct PlainPublisher::Impl {
  Socket socket;
  std::string endpoint;
  std::string out;
  std::size_t subscribers = 0;

  void see_subscriptions() {
    std::array<Frame, 1> frames;
    while (socket.receive(frames) > 0) {
      const std::string_view m = frames[0].view();
      if (!m.empty() && m[0] == 1) ++subscribers;
      if (!m.empty() && m[0] == 0 && subscribers > 0) --subscribers;
    }
  }
};

PlainPublisher::PlainPublisher(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
// What was put may still leave, if its context lives as long.
PlainPublisher::~PlainPublisher() { impl_->socket.set_linger(1'000); }

Result<std::unique_ptr<PlainPublisher>> PlainPublisher::connect(std::string endpoint, Context* context) {
  auto s = Socket::make(context != nullptr ? *context : Context::process(), SocketKind::kXpub, {});
  if (!s) return std::unexpected(s.error());
  if (auto ok = s->connect(endpoint); !ok) return std::unexpected(ok.error());
  return std::unique_ptr<PlainPublisher>(new PlainPublisher(std::make_unique<Impl>(Impl{std::move(*s), std::move(endpoint), {}, 0})));
}

Result<std::unique_ptr<PlainPublisher>> PlainPublisher::bind(const std::string& endpoint, Context* context) {
  auto s = Socket::make(context != nullptr ? *context : Context::process(), SocketKind::kXpub, {});
  if (!s) return std::unexpected(s.error());
  auto at = s->bind(endpoint);
  if (!at) return std::unexpected(at.error());
  return std::unique_ptr<PlainPublisher>(new PlainPublisher(std::make_unique<Impl>(Impl{std::move(*s), std::move(*at), {}, 0})));
}

void PlainPublisher::put(std::string_view type, const FactBody& data, std::optional<Timestamp> time, FactOp op) {
  impl_->see_subscriptions();
  impl_->out.clear();
  MsgpackWriter w(impl_->out);
  w.map(data.size() + (time ? 1U : 0U) + (op != FactOp::kPut ? 1U : 0U));
  w.raw(data.packed());
  if (time) w.string("@time"), w.timestamp(*time);
  if (op != FactOp::kPut) w.text_entry("@op", to_string(op));
  impl_->socket.send({type, impl_->out});
}

bool PlainPublisher::wait_for_subscriber(int timeout_ms) {
  const std::int64_t until = monotonic_ns() + std::int64_t{timeout_ms} * 1'000'000;
  while (true) {
    impl_->see_subscriptions();
    if (impl_->subscribers > 0) return true;
    const std::int64_t left = until - monotonic_ns();
    if (left <= 0) return false;
    impl_->socket.wait(static_cast<int>(left / 1'000'000 + 1));
  }
}

const std::string& PlainPublisher::endpoint() const { return impl_->endpoint; }

}  // namespace flyball::bus
