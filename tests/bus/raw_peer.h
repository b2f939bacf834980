// A peer without any of our client code: a plain socket and JSON both ways, to say what no client of ours would.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bus/codec/transcode.h"

namespace flyball::bus::test {

enum class PeerKind { kDealer, kReq, kSub, kPub };

class RawPeer {
 public:
  explicit RawPeer(const std::string& endpoint, PeerKind kind = PeerKind::kDealer, std::string_view subscribed = "");
  ~RawPeer() { close(); }
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;
  void close();

  // MessagePack of JSON; of what is no JSON, `?` and the reason.
  static std::string pack(std::string_view json);
  void send(std::string_view bytes);
  void send_parts(const std::vector<std::string>& parts);
  void say(std::string_view json) { send(pack(json)); }

  // What has come since the last call (of several parts, the last), as JSON or as it was.
  std::vector<std::string> heard();
  std::vector<std::string> heard_bytes();

 private:
  void* context_;
  void* socket_;
};

}  // namespace flyball::bus::test
