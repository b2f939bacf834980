// Subscriber.
#include "bus/transport/subscriber.h"

#include <array>
#include <cerrno>
#include <limits>
#include <unordered_map>

#include "bus/codec/transcode.h"
#include "bus/transport/faces.h"
#include "bus/transport/socket.h"
#include "model/text.h"

namespace flyball::bus {

struct Subscriber::Impl {
  Socket socket;
  std::unordered_map<std::string, std::uint64_t> numbers;  // the last `n` of each topic
  std::uint64_t lost = 0;
  std::uint64_t malformed = 0;

  std::optional<Message> read(std::string_view topic, std::string_view body) {
    Message out{std::string(topic), "{"};
    MsgpackReader r(body);
    std::uint32_t n = 0;
    if (!r.read_map(n)) return std::nullopt;
    for (std::uint32_t i = 0; i < n; ++i) {
      std::string_view key;
      if (!r.read_string(key)) return std::nullopt;
      if (key == "n") {
        WireScalar s;
        if (!r.read_scalar(s) || s.form != WireScalar::Form::kInt) return std::nullopt;
        const auto number = static_cast<std::uint64_t>(s.integer);
        std::uint64_t& last = numbers[out.topic];
        if (last != 0 && number > last + 1) lost += number - last - 1;
        last = number;
        continue;
      }
      out.json += out.json.size() > 1 ? "," : "";
      out.json += quote(key) + ":";
      if (!packed_to_json(r, out.json, 1)) return std::nullopt;
    }
    if (!r.at_end()) return std::nullopt;
    out.json += '}';
    return out;
  }
};

Subscriber::Subscriber(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Subscriber::~Subscriber() = default;

Result<std::unique_ptr<Subscriber>> Subscriber::connect(std::string endpoint, const std::vector<std::string>& topics, Context* context) {
  SocketOptions options;
  options.receive_queue = 100'000;
  auto s = Socket::make(context != nullptr ? *context : Context::process(), SocketKind::kSub, options);
  if (!s) return std::unexpected(s.error());
  for (const std::string& topic : topics) s->subscribe(topic);
  if (auto ok = s->connect(endpoint); !ok) return std::unexpected(ok.error());
  auto impl = std::make_unique<Impl>();
  impl->socket = std::move(*s);
  return std::unique_ptr<Subscriber>(new Subscriber(std::move(impl)));
}

std::optional<Subscriber::Message> Subscriber::receive(int timeout_ms) {
  const std::int64_t until =
      timeout_ms < 0 ? std::numeric_limits<std::int64_t>::max() : monotonic_ns() + std::int64_t{timeout_ms} * 1'000'000;
  std::array<Frame, 2> frames;
  while (true) {
    const std::size_t n = impl_->socket.receive(frames);
    if (n == 0) {
      const std::int64_t left = until - monotonic_ns();
      if (left <= 0) return std::nullopt;
      const int ms = timeout_ms < 0 ? -1 : static_cast<int>(left / 1'000'000 + 1);
      if (!impl_->socket.wait(ms) && errno == EINTR) return std::nullopt;
      continue;
    }
    std::optional<Message> m;
    if (n == 2) m = impl_->read(frames[0].view(), frames[1].view());
    if (m) return m;
    ++impl_->malformed;
  }
}

std::uint64_t Subscriber::lost() const { return impl_->lost; }
std::uint64_t Subscriber::malformed() const { return impl_->malformed; }

}  // namespace flyball::bus
