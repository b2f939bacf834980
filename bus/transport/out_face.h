// OutFace: what the service publishes, over an XPUB, so that it knows what anybody wants and encodes nothing else.
// A subscriber that is too slow loses messages; the others do not, and it is counted that it fell behind. Each topic numbers its
// messages (`n`), so that subscribers can count theirs. Internal to bus/transport.
#pragma once

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
  // Begins a body of `entries` keys besides `n`; false when nobody wants the topic.
  bool begin(std::string_view kind, std::string_view name, std::size_t entries);
  void end();

  FaceContext& c_;
  Socket socket_;
  std::set<std::string, std::less<>> subscriptions_;
  bool all_ = false;  // somebody wants everything, or there are too many subscriptions to remember
  std::unordered_map<std::string, std::uint64_t> numbers_;
  std::string topic_;
  std::string body_;
};

}  // namespace flyball::bus
