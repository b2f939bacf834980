// QueriesFace: the ROUTER that answers questions, for REQ and DEALER clients alike. One answer per message, in order.
// Internal to bus/transport.
#pragma once

#include <string>
#include <vector>

#include "bus/codec/message.h"
#include "bus/transport/faces.h"

namespace flyball::bus {

class QueriesFace {
 public:
  QueriesFace(FaceContext& context, Socket socket) : c_(context), socket_(std::move(socket)) { set_schema(); }
  Socket& socket() { return socket_; }
  std::size_t drain(bool& more);
  void set_schema();

 private:
  // Builds the answer to `body` in out_.
  void answer(std::string_view body);
  Result<void> answer_message(const Message& message);
  Result<void> ask(const Message& message);
  // How an answer is wanted: as MessagePack, or as JSON text; with an explanation for people.
  struct Wanted {
    bool json = false, explain = false;
  };
  Result<AnswerView> answer_of(MsgpackReader& input, DecisionId decision, bool json);
  Result<void> write_answer(MsgpackReader& input, DecisionId decision, MsgpackWriter& writer, std::size_t extra_entries);
  Result<void> write_json_answer(MsgpackReader& input, DecisionId decision, MsgpackWriter& writer, std::size_t extra_entries,
                                 Wanted wanted);
  Result<void> write_document(Result<std::string> json, const Message& message);
  void write_request_id(MsgpackWriter& writer, const Message& message);

  FaceContext& c_;
  Socket socket_;
  std::vector<FieldTable> inputs_;  // one per decision
  std::vector<Value> input_;
  std::string out_;
};

}  // namespace flyball::bus
