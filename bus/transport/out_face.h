// OutFace: what the service publishes, over an XPUB, so that it knows what anybody wants and encodes nothing else.
// A subscriber that is too slow loses messages; the others do not, and it is counted that it fell behind. Each topic numbers its
// messages (`n`), so that subscribers can count theirs. Each message has two forms: MessagePack under its topic, and under
// `json.` before the topic the line of text that `replay` would write. Internal to bus/transport.
#pragma once

#include <initializer_list>
#include <set>
#include <string>
#include <unordered_map>

#include "bus/transport/faces.h"

namespace flyball::bus {

class OutFace {
 public:
  OutFace(FaceContext& context, Socket socket);
  Socket& socket() { return socket_; }
  // Takes note of subscriptions.
  void drain();
  bool wanted(std::string_view topic) const;

  void action(const ActionOutput& action);
  void derived(const DerivedOutput& derived);
  void log(const LogOutput& log, std::string_view rule_name);
  void decision(const AnswerView& answer, const std::vector<Value>& input, Timestamp time);
  void fact(const FactInput& fact);
  void ack(const AckInput& ack);
  void tick(Timestamp time);

 private:
  static constexpr std::string_view kJsonPrefix = "json.";
  // Who asked for one form: beginnings of topics.
  struct Wanted {
    std::set<std::string, std::less<>> prefixes;
    bool all = false;  // there are too many to remember
    bool none() const { return prefixes.empty() && !all; }
    bool has(std::string_view topic) const;
  };
  void set_topic(std::string_view kind, std::string_view name);
  std::string_view plain_topic() const { return std::string_view(topic_).substr(kJsonPrefix.size()); }
  // Begins a body of `entries` keys besides `n`; false when nobody wants the topic.
  bool begin(std::string_view kind, std::string_view name, std::size_t entries);
  void end();
  template <typename Write>
  void json(std::string_view kind, std::string_view name, Write write);
  void publish(std::initializer_list<std::string_view> parts);

  FaceContext& c_;
  Socket socket_;
  Wanted packed_, as_json_;
  std::unordered_map<std::string, std::uint64_t> numbers_;
  std::string topic_;  // with kJsonPrefix before it
  std::string body_;
};

}  // namespace flyball::bus
