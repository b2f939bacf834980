// A running service's rules, asked for over its queries face, and other rules sent there. For `plan`, `apply` and `whatif`.
// Not thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "app/package/texts.h"
#include "bus/transport/query_client.h"
#include "model/time.h"

namespace flyball::app {

class RunningService {
 public:
  // nullopt: the default endpoint. No error says that nobody answers: the first question does.
  static Result<RunningService> connect(const std::optional<std::string>& endpoint);
  const std::string& endpoint() const { return endpoint_; }

  struct Rules {
    std::string digest, epoch, from;  // from: "files", "apply"
    std::string engine_time, inputs;  // as JSON: where the service was
    std::uint64_t bytes_max = 0;      // of one message to it
    RuleTexts texts;                  // with params
  };
  Result<Rules> rules() const;

  // The answer, with "text". `expect`: the digest of those that run now, else it is refused.
  Result<std::string> apply(const RuleTexts& texts, std::string_view digest, std::string_view expect, std::uint64_t bytes_max) const;

  struct Copy {
    std::string digest, bytes;  // bytes: a snapshot
  };
  Result<Copy> copy() const;

 private:
  // Rules are checked and compiled before they are answered for.
  static constexpr int kTimeoutMs = 60'000;

  std::string endpoint_;
  std::unique_ptr<bus::QueryClient> client_;
};

}  // namespace flyball::app
