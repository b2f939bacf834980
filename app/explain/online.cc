// One query, one answer.
#include "app/explain/online.h"

#include <fmt/core.h>

#include <algorithm>

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

namespace {

// {"facts":[…],"left_out":0} as one fact a line, as over recorded facts.
int each_fact(std::string_view object, Io& io) {
  constexpr std::size_t kDepth = 64;
  bus::JsonReader reader(object, kDepth);
  std::string_view key;
  std::string left_out;
  bool fine = reader.enter_object();
  while (fine && reader.next_key(key)) {
    if (key == "facts" && reader.enter_array()) {
      while (reader.next_item()) {
        const std::size_t begin = reader.position();
        if (!reader.skip_value()) break;
        std::string_view fact = object.substr(begin, reader.position() - begin);
        fact.remove_prefix(std::min(fact.find('{'), fact.size()));
        io.data(std::string(fact) + "\n");
      }
    } else if (std::string_view number; key == "left_out" && reader.read_number(number)) {
      left_out = number;
    } else if (!reader.failed()) {
      reader.skip_value();
    }
  }
  if (reader.failed()) {
    io.error("the service's answer cannot be read");
    return kExitFailed;
  }
  if (!left_out.empty() && left_out != "0")
    io.warning(fmt::format("{} more facts are too many for one answer: ask for one type with `--type`", left_out));
  return kExitFine;
}

}  // namespace

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
  if (op == "facts" && json) return each_fact(split.json, io);
  io.data(json || split.text.empty() ? split.json + "\n" : split.text);
  return kExitFine;
}

}  // namespace flyball::app
