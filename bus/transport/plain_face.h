// PlainFace: the SUB of plain publishers: topic = fact type, body = a map of fields or an array of them. Nobody can be told
// what is wrong here, so refusals are counted and reported. Internal to bus/transport.
#pragma once

#include "bus/transport/faces.h"

namespace flyball::bus {

class PlainFace {
 public:
  PlainFace(FaceContext& context, Socket socket) : c_(context), socket_(std::move(socket)) {}
  Socket& socket() { return socket_; }
  std::size_t drain(bool& more);

 private:
  void handle(std::string_view topic, std::string_view body);
  void refuse(std::string_view topic, const Error& error);
  void take(MsgpackReader& reader, FactTypeId type, std::string_view topic);

  FaceContext& c_;
  Socket socket_;
  FactInput fact_;
  std::size_t taken_ = 0;
};

}  // namespace flyball::bus
