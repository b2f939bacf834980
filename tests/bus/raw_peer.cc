// RawPeer over the messaging library.
#include "tests/bus/raw_peer.h"

#include <zmq.h>

namespace flyball::bus::test {
namespace {

int type_of(PeerKind kind) {
  switch (kind) {
    case PeerKind::kDealer: return ZMQ_DEALER;
    case PeerKind::kReq: return ZMQ_REQ;
    case PeerKind::kSub: return ZMQ_SUB;
    case PeerKind::kPub: return ZMQ_PUB;
  }
  return ZMQ_DEALER;
}

}  // namespace

RawPeer::RawPeer(const std::string& endpoint, PeerKind kind, std::string_view subscribed)
    : context_(zmq_ctx_new()), socket_(zmq_socket(context_, type_of(kind))) {
  const int linger = 0;
  zmq_setsockopt(socket_, ZMQ_LINGER, &linger, sizeof linger);
  if (kind == PeerKind::kSub) zmq_setsockopt(socket_, ZMQ_SUBSCRIBE, subscribed.data(), subscribed.size());
  zmq_connect(socket_, endpoint.c_str());
}

void RawPeer::close() {
  if (socket_ == nullptr) return;
  zmq_close(socket_);
  zmq_ctx_term(context_);
  socket_ = nullptr;
}

std::string RawPeer::pack(std::string_view json) {
  std::string out;
  MsgpackWriter w(out);
  if (auto ok = json_to_packed(json, w); !ok) return "?" + ok.error().message;
  return out;
}

void RawPeer::send(std::string_view bytes) { zmq_send(socket_, bytes.data(), bytes.size(), 0); }

void RawPeer::send_parts(const std::vector<std::string>& parts) {
  for (std::size_t i = 0; i < parts.size(); ++i)
    zmq_send(socket_, parts[i].data(), parts[i].size(), i + 1 < parts.size() ? ZMQ_SNDMORE : 0);
}

std::vector<std::string> RawPeer::heard() {
  std::vector<std::string> out;
  for (const std::string& m : heard_bytes()) {
    auto json = packed_to_json(m);
    out.push_back(json ? *json : "?" + json.error().message);
  }
  return out;
}

std::vector<std::string> RawPeer::heard_bytes() {
  std::vector<std::string> out;
  while (true) {
    zmq_msg_t m;
    zmq_msg_init(&m);
    if (zmq_msg_recv(&m, socket_, ZMQ_DONTWAIT) < 0) {
      zmq_msg_close(&m);
      return out;
    }
    if (zmq_msg_more(&m) == 0) out.emplace_back(static_cast<const char*>(zmq_msg_data(&m)), zmq_msg_size(&m));
    zmq_msg_close(&m);
  }
}

}  // namespace flyball::bus::test
