// Subscriber.
#include "bus/transport/subscriber.h"

#include <array>
#include <cerrno>
#include <limits>
#include <unordered_map>

#include "bus/codec/wire_scalar.h"
#include "bus/transport/faces.h"
#include "bus/transport/socket.h"

namespace flyball::bus {
namespace {

constexpr std::string_view kJson = "json.";  // the service writes the lines: it knows the types

}  // namespace

struct Subscriber::Impl {
  Socket socket;
  std::unordered_map<std::string, std::uint64_t> numbers;  // the last `n` of each topic
  std::uint64_t lost = 0;
  std::uint64_t malformed = 0;

  // Three parts: `json.` and the topic, the line, its number.
  std::optional<Message> read(std::string_view topic, std::string_view body, std::string_view count) {
    if (!topic.starts_with(kJson)) return std::nullopt;
    const auto number = exact_uint(count);
    if (!number || body.empty() || body.front() != '{') return std::nullopt;
    Message out{std::string(topic.substr(kJson.size())), std::string(body)};
    std::uint64_t& last = numbers[out.topic];
    if (last != 0 && *number > last + 1) lost += *number - last - 1;
    last = *number;
    return out;
  }
};

Subscriber::Subscriber(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Subscriber::~Subscriber() = default;

Result<std::unique_ptr<Subscriber>> Subscriber::connect(const std::string& endpoint, const std::vector<std::string>& topics,
                                                        Context* context) {
  SocketOptions options;
  options.receive_queue = 100'000;
  auto s = Socket::make(context != nullptr ? *context : Context::process(), SocketKind::kSub, options);
  if (!s) return std::unexpected(s.error());
  for (const std::string& topic : topics) s->subscribe(std::string(kJson) + topic);
  if (auto ok = s->connect(endpoint); !ok) return std::unexpected(ok.error());
  auto impl = std::make_unique<Impl>();
  impl->socket = std::move(*s);
  return std::unique_ptr<Subscriber>(new Subscriber(std::move(impl)));
}

std::optional<Subscriber::Message> Subscriber::receive(int timeout_ms) {
  const std::int64_t until =
      timeout_ms < 0 ? std::numeric_limits<std::int64_t>::max() : monotonic_ns() + std::int64_t{timeout_ms} * 1'000'000;
  std::array<Frame, 3> frames;
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
    if (n == 3) m = impl_->read(frames[0].view(), frames[1].view(), frames[2].view());
    if (m) return m;
    ++impl_->malformed;
  }
}

std::uint64_t Subscriber::lost() const { return impl_->lost; }
std::uint64_t Subscriber::malformed() const { return impl_->malformed; }

}  // namespace flyball::bus
