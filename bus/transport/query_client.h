// QueryClient: questions to a running service, JSON in and JSON out, one at a time. Thread safety: none; one thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bus/transport/context.h"
#include "bus/transport/endpoint.h"
#include "model/result.h"

namespace flyball::bus {

class QueryClient {
 public:
  static Result<std::unique_ptr<QueryClient>> connect(std::string endpoint = std::string(kDefaultQueriesEndpoint),
                                                      Context* context = nullptr);
  ~QueryClient();

  // The answer as a JSON object: {"decision":…,"output":{…},"from":…,"as_of":…,"position":…,"skipped":[…]}, written by the
  // service, which knows the types. Errors: the service's refusal, or no answer in time.
  Result<std::string> ask(std::string_view decision, std::string_view input_json, int timeout_ms = 5'000);
  // The same for people: the case that answered, and where it stands in the rules.
  Result<std::string> explain(std::string_view decision, std::string_view input_json, int timeout_ms = 5'000);
  // One message with many questions to one decision; each answers or errs on its own, also one that is no JSON.
  Result<std::vector<Result<std::string>>> ask_batch(std::string_view decision, const std::vector<std::string>& inputs_json,
                                                     int timeout_ms = 5'000);
  // Any other op, its arguments as a JSON object ("{}": none): "status", "why" {"action":…}, "why-not" {"rule":…,"with":{…}}, "facts"
  // {"type":…}, "insight" {"by":…,"nodes":…}, "approve" {"action":…}, "reject" {"action":…,"reason":…}.
  Result<std::string> query(std::string_view op, std::string_view arguments_json = "{}", int timeout_ms = 5'000);

 private:
  struct Impl;
  explicit QueryClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace flyball::bus
