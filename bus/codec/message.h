// Message: a control message (one MessagePack map with an `op`) taken apart once: its keys, and where their values stand.
// For everything but the stream of facts, which is decoded in place. Views live as long as the bytes.
// Limits: kMaxMembers keys; duplicates are errors. Thread safety: plain value.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "bus/codec/msgpack_reader.h"
#include "model/result.h"

namespace flyball::bus {

class Message {
 public:
  static constexpr std::size_t kMaxMembers = 32;

  static Result<Message> parse(std::string_view bytes);

  std::string_view op() const { return op_; }
  bool has(std::string_view key) const { return find(key) != nullptr; }
  // nil counts as not given.
  Result<std::optional<std::string_view>> text(std::string_view key) const;
  Result<std::optional<std::uint64_t>> uint(std::string_view key) const;
  Result<std::optional<bool>> boolean(std::string_view key) const;
  Result<std::string_view> required_text(std::string_view key) const;
  Result<std::uint64_t> required_uint(std::string_view key) const;
  // A reader of the whole message, standing at the key's value.
  std::optional<MsgpackReader> at(std::string_view key) const;
  // Refuses keys outside `known` (and `op`), with the nearest.
  Result<void> only(std::initializer_list<std::string_view> known) const;

 private:
  struct Member {
    std::string_view key;
    std::size_t position = 0;
  };
  const Member* find(std::string_view key) const;

  MsgpackReader reader_;
  std::array<Member, kMaxMembers> members_{};
  std::size_t count_ = 0;
  std::string_view op_;
};

}  // namespace flyball::bus
