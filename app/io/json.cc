// See json.h.
#include "app/io/json.h"

#include <charconv>

#include "bus/codec/json_lines.h"
#include "bus/codec/json_reader.h"

namespace flyball::app {
namespace {

constexpr std::size_t kDepth = 64;  // our own objects nest little; this only bounds a stranger's

}  // namespace

std::string json_member(std::string_view object, std::string_view name) {
  bus::JsonReader reader(object, kDepth);
  if (reader.peek() != bus::JsonKind::kObject || !reader.enter_object()) return {};
  std::string_view key;
  while (reader.next_key(key)) {
    const bool wanted = key == name;
    (void)reader.peek();  // over the space in front
    const std::size_t begin = reader.position();
    if (!reader.skip_value()) return {};
    if (wanted) return std::string(object.substr(begin, reader.position() - begin));
  }
  return {};
}

std::string json_text(std::string_view object, std::string_view name) {
  const std::string member = json_member(object, name);
  bus::JsonReader reader(member, kDepth);
  std::string_view text;
  return !member.starts_with('"') || !reader.read_string(text) ? std::string() : std::string(text);
}

std::optional<std::uint64_t> json_number(std::string_view object, std::string_view name) {
  const std::string member = json_member(object, name);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(member.data(), member.data() + member.size(), number);
  if (member.empty() || error != std::errc() || end != member.data() + member.size()) return std::nullopt;
  return number;
}

std::string time_json(Timestamp t) {
  std::string out;
  bus::append_time(out, t);
  return out;
}

}  // namespace flyball::app
