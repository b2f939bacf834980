// A race between two threads that speak to each other over ZeroMQ, as ours do: ThreadSanitizer must report it although what libzmq calls is
// left out. Built only for that.
#include <cstdio>
#include <thread>
#include <zmq.hpp>

int main() {
  zmq::context_t context;
  zmq::socket_t near(context, ZMQ_PAIR);
  near.bind("inproc://race");
  long shared = 0;
  std::thread other([&] {
    zmq::socket_t far(context, ZMQ_PAIR);
    far.connect("inproc://race");
    far.send(zmq::message_t("x", 1), zmq::send_flags::none);
    for (int i = 0; i < 1'000; ++i) ++shared;
  });
  zmq::message_t message;
  if (!near.recv(message)) return 1;
  for (int i = 0; i < 1'000; ++i) ++shared;
  other.join();
  std::printf("%ld\n", shared);
}
