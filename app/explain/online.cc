// One query, one answer.
#include "app/explain/online.h"

#include <fmt/core.h>

#include "bus/codec/json_reader.h"
#include "bus/transport/query_client.h"
#include "model/text.h"

namespace flyball::app {

std::string with_text(std::string object, std::string_view text) {
  object.pop_back();
  object += fmt::format("{}\"text\":{}}}", object.size() > 1 ? "," : "", quote(text));
  return object;
}

SplitAnswer split_text(std::string_view object) {
  constexpr std::size_t kDepth = 64;  // our own service's answers nest little; this only bounds a stranger's
  bus::JsonReader reader(object, kDepth);
  SplitAnswer split;
  if (!reader.enter_object()) return {std::string(object), {}};
  std::string_view key;
  while (reader.next_key(key)) {
    const std::string name(key);
    if (name == "text" && reader.peek() == bus::JsonKind::kString) {
      std::string_view text;
      if (reader.read_string(text)) split.text = text;
      continue;
    }
    const std::size_t begin = reader.position();
    if (!reader.skip_value()) break;
    std::string_view value = object.substr(begin, reader.position() - begin);
    while (!value.empty() && (value.front() == ' ' || value.front() == ':')) value.remove_prefix(1);
    split.json += fmt::format("{}{}:{}", split.json.empty() ? "{" : ",", quote(name), value);
  }
  if (reader.failed()) return {std::string(object), {}};
  split.json += split.json.empty() ? "{}" : "}";
  return split;
}

int query_service(const std::optional<std::string>& endpoint, std::string_view op, std::string_view arguments, bool json, Io& io) {
  const std::string to = endpoint.value_or(std::string(bus::kDefaultQueriesEndpoint));
  Result<std::unique_ptr<bus::QueryClient>> client = bus::QueryClient::connect(to);
  if (!client) {
    io.error(client.error().message, client.error().help);
    return kExitFailed;
  }
  const Result<std::string> answer = (*client)->query(op, arguments);
  if (!answer) {
    io.error(answer.error().message, answer.error().help);
    return kExitFailed;
  }
  const SplitAnswer split = split_text(*answer);
  io.data(json || split.text.empty() ? split.json + "\n" : split.text);
  return kExitFine;
}

}  // namespace flyball::app
