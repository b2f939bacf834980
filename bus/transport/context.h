// Context: the messaging library's I/O thread and its sockets' home. One per process is enough; inproc:// peers must share one.
// Thread safety: may be shared by threads; each socket belongs to one thread. It must outlive its sockets.
#pragma once

namespace flyball::bus {

class Context {
 public:
  explicit Context(int io_threads = 1);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  void* handle() const { return handle_; }
  // The process's own, made at first use and never torn down.
  static Context& process();

 private:
  void* handle_;
};

}  // namespace flyball::bus
