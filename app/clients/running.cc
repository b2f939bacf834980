// See running.h.
#include "app/clients/running.h"

#include <fmt/core.h>

#include <chrono>
#include <thread>

#include "app/io/json.h"
#include "bus/codec/base64.h"
#include "model/text.h"

namespace flyball::app {

Result<RunningService> RunningService::connect(const std::optional<std::string>& endpoint) {
  RunningService out;
  out.endpoint_ = endpoint.value_or(std::string(bus::kDefaultQueriesEndpoint));
  Result<std::unique_ptr<bus::QueryClient>> client = bus::QueryClient::connect(out.endpoint_);
  if (!client) return std::unexpected(client.error());
  out.client_ = std::move(*client);
  return out;
}

Result<RunningService::Rules> RunningService::rules() const {
  const Result<std::string> answer = client_->query("rules", "{\"texts\":true}");
  if (!answer) return std::unexpected(answer.error());
  Result<RuleTexts> texts = read_rule_texts(*answer);
  if (!texts) return std::unexpected(texts.error());
  Rules out{.digest = json_text(*answer, "digest"),
            .epoch = json_text(*answer, "epoch"),
            .from = json_text(*answer, "from"),
            .engine_time = json_member(*answer, "engine_time"),
            .inputs = json_member(*answer, "inputs"),
            .bytes_max = json_number(*answer, "bytes_max").value_or(0),
            .texts = std::move(*texts)};
  if (out.digest.empty() || out.texts.files.empty()) return fail("the service's answer cannot be read");
  return out;
}

Result<std::string> RunningService::apply(const RuleTexts& texts, std::string_view digest, std::string_view expect,
                                          std::uint64_t bytes_max) const {
  const std::string request = fmt::format("{{{},\"digest\":{},\"expect\":{}}}", rule_texts_json(texts), quote(digest), quote(expect));
  // Escapes make JSON a little longer than the message; its keys make that a little longer than the texts.
  constexpr std::uint64_t kKeys = 4'096;
  if (bytes_max > 0 && texts.bytes() + kKeys + 32 * (texts.files.size() + texts.tables.size()) > bytes_max) {
    return fail(fmt::format("the rules are {} bytes, and the service takes messages of {}", texts.bytes(), bytes_max),
                "`limits.message_bytes` of its configuration; or let it load them from its files: SIGHUP");
  }
  return client_->query("apply", request, kTimeoutMs);
}

Result<RunningService::Copy> RunningService::copy() const {
  Copy out;
  std::string arguments = "{}";
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(kTimeoutMs);
  for (;;) {
    const Result<std::string> answer = client_->query("snapshot", arguments, kTimeoutMs);
    if (!answer) return std::unexpected(answer.error());
    if (json_member(*answer, "ready") == "false") {
      if (std::chrono::steady_clock::now() > until) return fail(fmt::format("the service made no copy within {} s", kTimeoutMs / 1'000));
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      arguments = fmt::format("{{\"id\":{}}}", quote(json_text(*answer, "id")));
      continue;
    }
    const std::optional<std::string> part = bus::decode_base64(json_text(*answer, "data"));
    const std::optional<std::uint64_t> size = json_number(*answer, "bytes");
    if (!part || !size || (part->empty() && out.bytes.size() < *size)) return fail("the service's answer cannot be read");
    out.digest = json_text(*answer, "digest");
    out.bytes += *part;
    if (out.bytes.size() >= *size) return out;
    arguments = fmt::format("{{\"id\":{},\"offset\":{}}}", quote(json_text(*answer, "id")), out.bytes.size());
  }
}

}  // namespace flyball::app
