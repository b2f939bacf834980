// Link: what FactPublisher and ActionExecutor have in common: a DEALER that says hello until it is welcome, says that it
// lives every second, and says hello again when the service does not know it or is not heard. Internal to bus/transport.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "bus/codec/message.h"
#include "bus/transport/socket.h"

namespace flyball::bus {

class Link {
 public:
  static Result<Link> connect(Context* context, const std::string& endpoint);

  // Builds the hello of the moment; and what every other op means.
  std::function<std::string()> make_hello;
  std::function<void(const Message&)> on_welcome;
  std::function<void(const Message&)> on_message;

  // Keeps the connection's place and handles what came. Waits up to timeout_ms when nothing is there.
  void pump(int timeout_ms);
  bool send(std::string_view body);
  bool welcomed() const { return welcomed_; }
  bool connected() const;
  // Something is due to us; unheard for long, hello is said again.
  void set_expecting(bool expecting) { expecting_ = expecting; }
  void say_hello();
  const std::string& last_error() const { return last_error_; }
  void set_error(std::string error) { last_error_ = std::move(error); }
  const std::string& instance() const { return instance_; }
  Socket& socket() { return socket_; }

 private:
  void keep_place(std::int64_t now);
  bool receive_all();
  void handle(std::string_view body);

  Socket socket_;
  std::string instance_;  // of this process: the service knows it again after a break
  std::string last_error_;
  std::int64_t hello_at_ns_ = 0;  // when the next may be said
  std::int64_t heard_ns_ = 0;
  std::int64_t spoke_ns_ = 0;
  bool welcomed_ = false;
  bool expecting_ = false;
};

}  // namespace flyball::bus
