// A peer without any of our client code: a DEALER or REQ socket and JSON both ways, to say what no client of ours would.
#pragma once

#include <zmq.h>

#include <string>
#include <vector>

#include "bus/codec/transcode.h"

namespace flyball::bus::test {

class RawPeer {
 public:
  explicit RawPeer(const std::string& endpoint, int type = ZMQ_DEALER) : context_(zmq_ctx_new()), socket_(zmq_socket(context_, type)) {
    const int linger = 0;
    zmq_setsockopt(socket_, ZMQ_LINGER, &linger, sizeof linger);
    if (type == ZMQ_SUB) zmq_setsockopt(socket_, ZMQ_SUBSCRIBE, "", 0);
    zmq_connect(socket_, endpoint.c_str());
  }
  ~RawPeer() { close(); }
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;
  void close() {
    if (socket_ == nullptr) return;
    zmq_close(socket_);
    zmq_ctx_term(context_);
    socket_ = nullptr;
  }

  static std::string pack(std::string_view json) {
    std::string out;
    MsgpackWriter w(out);
    if (auto ok = json_to_packed(json, w); !ok) return "?" + ok.error().message;
    return out;
  }
  void send(std::string_view bytes) { zmq_send(socket_, bytes.data(), bytes.size(), 0); }
  void send_parts(const std::vector<std::string>& parts) {
    for (std::size_t i = 0; i < parts.size(); ++i)
      zmq_send(socket_, parts[i].data(), parts[i].size(), i + 1 < parts.size() ? ZMQ_SNDMORE : 0);
  }
  void say(std::string_view json) { send(pack(json)); }

  // What has come since the last call, as JSON (multi-part: the last part).
  std::vector<std::string> heard() {
    std::vector<std::string> out;
    for (std::string m : heard_bytes()) {
      auto json = packed_to_json(m);
      out.push_back(json ? *json : "?" + json.error().message);
    }
    return out;
  }
  std::vector<std::string> heard_bytes() {
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

 private:
  void* context_;
  void* socket_;
};

}  // namespace flyball::bus::test
