// TextDigest: 32 hex digits (BLAKE2b) that name bytes: rules, recordings, plan files. Nobody finds other bytes of the same digest.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace flyball::app {

class TextDigest {
 public:
  TextDigest();
  ~TextDigest();
  TextDigest(const TextDigest&) = delete;
  TextDigest& operator=(const TextDigest&) = delete;
  void add(std::string_view bytes);
  std::string end();  // once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string text_digest(std::string_view bytes);

}  // namespace flyball::app
