// QueryClient: each question carries a number (`req`), so that an answer that comes too late is known as such.
#include "bus/transport/query_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "bus/codec/json_reader.h"
#include "bus/codec/message.h"
#include "bus/codec/msgpack_writer.h"
#include "bus/codec/transcode.h"
#include "bus/transport/faces.h"
#include "bus/transport/socket.h"

namespace flyball::bus {
namespace {

// The text under `key` of a message or of one answer of a batch.
Result<std::string> text_of(const Message& m, std::string_view key) {
  const auto text = m.required_text(key);
  if (!text) return fail("the service's answer cannot be read: " + text.error().message);
  return std::string(*text);
}

}  // namespace

struct QueryClient::Impl {
  Socket socket;
  std::string endpoint;
  std::uint64_t request = 0;
  std::string out;
  Frame answer;

  // Sends out, and waits for its answer; the message's views live in `answer`.
  Result<Message> exchange(int timeout_ms) {
    const std::int64_t until = monotonic_ns() + std::int64_t{timeout_ms} * 1'000'000;
    while (socket.send({out}) != Sent::kYes) {
      const std::int64_t left = until - monotonic_ns();
      if (left <= 0) return fail(fmt::format("nobody answers at `{}`", endpoint), "is the service running?");
      socket.wait(static_cast<int>(std::min<std::int64_t>(left / 1'000'000 + 1, 50)), true);
    }
    std::array<Frame, 1> frames;
    while (true) {
      const std::size_t n = socket.receive(frames);
      if (n == 0) {
        const std::int64_t left = until - monotonic_ns();
        if (left <= 0) return fail(fmt::format("no answer from `{}` within {} ms", endpoint, timeout_ms));
        socket.wait(static_cast<int>(left / 1'000'000 + 1));
        continue;
      }
      if (n != 1) continue;
      answer = std::move(frames[0]);
      auto m = Message::parse(answer.view());
      if (!m) return m;
      const auto req = m->uint("req");
      if (!req || req->value_or(0) != request) continue;  // of a question that was given up
      if (m->op() != "error") return m;
      const auto error = m->text("error");
      return fail(std::string(error && *error ? **error : "the service refused the question"));
    }
  }

  Result<std::string> ask(std::string_view decision, std::string_view input_json, bool explain, int timeout_ms) {
    MsgpackWriter w = begin("ask", 4);
    w.text_entry("decision", decision);
    w.string("json"), w.boolean(true);
    w.string("explain"), w.boolean(explain);
    w.text_entry("input", input_json);
    const auto m = exchange(timeout_ms);
    if (!m) return std::unexpected(m.error());
    return text_of(*m, explain ? "text" : "json");
  }

  MsgpackWriter begin(std::string_view op, std::size_t entries) {
    out.clear();
    MsgpackWriter w(out);
    w.map(entries + 2);
    w.text_entry("op", op);
    w.uint_entry("req", ++request);
    return w;
  }
};

QueryClient::QueryClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
QueryClient::~QueryClient() = default;

Result<std::unique_ptr<QueryClient>> QueryClient::connect(std::string endpoint, Context* context) {
  SocketOptions options;
  options.only_when_connected = true;
  options.message_bytes_max = std::size_t{64} << 20;
  auto s = Socket::make(context != nullptr ? *context : Context::process(), SocketKind::kDealer, options);
  if (!s) return std::unexpected(s.error());
  if (auto ok = s->connect(endpoint); !ok) return std::unexpected(ok.error());
  auto impl = std::make_unique<Impl>();
  impl->socket = std::move(*s);
  impl->endpoint = std::move(endpoint);
  return std::unique_ptr<QueryClient>(new QueryClient(std::move(impl)));
}

Result<std::string> QueryClient::ask(std::string_view decision, std::string_view input_json, int timeout_ms) {
  return impl_->ask(decision, input_json, false, timeout_ms);
}

Result<std::string> QueryClient::explain(std::string_view decision, std::string_view input_json, int timeout_ms) {
  return impl_->ask(decision, input_json, true, timeout_ms);
}

Result<std::vector<Result<std::string>>> QueryClient::ask_batch(std::string_view decision, const std::vector<std::string>& inputs_json,
                                                                int timeout_ms) {
  MsgpackWriter w = impl_->begin("ask", 3);
  w.text_entry("decision", decision);
  w.string("json"), w.boolean(true);
  w.string("batch");
  w.array(inputs_json.size());
  for (const std::string& input : inputs_json) w.string(input);
  const auto m = impl_->exchange(timeout_ms);
  if (!m) return std::unexpected(m.error());
  auto r = m->at("batch");
  std::uint32_t n = 0;
  if (!r || !r->read_array(n) || n != inputs_json.size()) return fail("the service's answer cannot be read");
  std::vector<Result<std::string>> answers;
  for (std::uint32_t i = 0; i < n; ++i) {
    // {"json": …} or {"error": …}
    std::uint32_t entries = 0;
    std::string_view key, text;
    if (!r->read_map(entries) || entries != 1 || !r->read_key(key) || !r->read_string(text))
      return fail("the service's answer cannot be read");
    if (key == "error") {
      answers.push_back(fail(std::string(text)));
    } else {
      answers.emplace_back(std::string(text));
    }
  }
  return answers;
}

Result<std::string> QueryClient::query(std::string_view op, std::string_view arguments_json, int timeout_ms) {
  std::string arguments;
  MsgpackWriter aw(arguments);
  if (auto ok = json_to_packed(arguments_json, aw); !ok) return std::unexpected(ok.error());
  MsgpackReader ar(arguments);
  std::uint32_t n = 0;
  if (!ar.read_map(n)) return fail("the arguments are no object");
  MsgpackWriter w = impl_->begin(op, n + 1);
  w.string("json"), w.boolean(true);
  w.raw(ar.bytes_between(ar.position(), arguments.size()));
  const auto m = impl_->exchange(timeout_ms);
  if (!m) return std::unexpected(m.error());
  return text_of(*m, "json");
}

}  // namespace flyball::bus
