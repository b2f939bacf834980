// Message: one pass over the keys, values passed over.
#include "bus/codec/message.h"

#include <fmt/format.h>

#include "bus/codec/suggest.h"

namespace flyball::bus {

Result<Message> Message::parse(std::string_view bytes) {
  Message m;
  m.reader_ = MsgpackReader(bytes);
  MsgpackReader r = m.reader_;
  if (r.peek() != PackedKind::kMap) return fail(fmt::format("a message is a MessagePack map with an `op`, got {}", r.found()));
  std::uint32_t n = 0;
  if (!r.read_map(n)) return fail(r.error());
  if (n > kMaxMembers) return fail(fmt::format("a message has at most {} keys", kMaxMembers));
  for (std::uint32_t i = 0; i < n; ++i) {
    std::string_view key;
    if (!r.read_key(key)) return fail(r.error());
    if (m.find(key) != nullptr) return fail(fmt::format("{} is given twice", code(key)));
    m.members_[m.count_++] = {key, r.position()};
    if (!r.skip(kMaxNesting - 1)) return fail(r.error());
  }
  if (!r.at_end()) return fail("something follows the end of the message");
  const auto op = m.required_text("op");
  if (!op) return std::unexpected(op.error());
  m.op_ = *op;
  return m;
}

const Message::Member* Message::find(std::string_view key) const {
  for (std::size_t i = 0; i < count_; ++i) {
    if (members_[i].key == key) return &members_[i];
  }
  return nullptr;
}

std::optional<MsgpackReader> Message::at(std::string_view key) const {
  const Member* m = find(key);
  if (m == nullptr) return std::nullopt;
  MsgpackReader r = reader_;
  r.seek(m->position);
  return r;
}

Result<std::optional<std::string_view>> Message::text(std::string_view key) const {
  auto r = at(key);
  if (!r || r->peek() == PackedKind::kNil) return std::optional<std::string_view>{};
  std::string_view out;
  if (r->peek() != PackedKind::kString) return fail(fmt::format("{}: expected a string, got {}", code(key), r->found()));
  if (!r->read_string(out)) return fail(fmt::format("{}: {}", code(key), r->error()));
  return std::optional(out);
}

Result<std::optional<std::uint64_t>> Message::uint(std::string_view key) const {
  auto r = at(key);
  if (!r || r->peek() == PackedKind::kNil) return std::optional<std::uint64_t>{};
  WireScalar s;
  if (r->peek() != PackedKind::kInt || !r->read_scalar(s))
    return fail(fmt::format("{}: expected a whole number, got {}", code(key), r->found()));
  if (s.form == WireScalar::Form::kUint) return std::optional(s.uinteger);
  if (s.integer < 0) return fail(fmt::format("{}: expected a whole number, not below 0", code(key)));
  return std::optional(static_cast<std::uint64_t>(s.integer));
}

Result<std::optional<bool>> Message::boolean(std::string_view key) const {
  auto r = at(key);
  if (!r || r->peek() == PackedKind::kNil) return std::optional<bool>{};
  WireScalar s;
  if (r->peek() != PackedKind::kBool || !r->read_scalar(s))
    return fail(fmt::format("{}: expected true or false, got {}", code(key), r->found()));
  return std::optional(s.integer != 0);
}

Result<std::string_view> Message::required_text(std::string_view key) const {
  const auto v = text(key);
  if (!v) return std::unexpected(v.error());
  if (!*v) return fail(fmt::format("{} is missing", code(key)));
  return **v;
}

Result<std::uint64_t> Message::required_uint(std::string_view key) const {
  const auto v = uint(key);
  if (!v) return std::unexpected(v.error());
  if (!*v) return fail(fmt::format("{} is missing", code(key)));
  return **v;
}

Result<void> Message::only(std::initializer_list<std::string_view> known) const {
  for (std::size_t i = 0; i < count_; ++i) {
    const std::string_view key = members_[i].key;
    bool fine = key == "op";
    for (const auto k : known) fine = fine || k == key;
    if (fine) continue;
    std::vector<std::string> names(known.begin(), known.end());
    return fail(fmt::format("{} has no key {}", code(op_), code(key)), did_you_mean(nearest(key, names)));
  }
  return {};
}

}  // namespace flyball::bus
