// Limits, both ways. A limit of another version that is not known here is passed over: the others still hold.
#include "app/replay/recorded_limits.h"

#include <fmt/core.h>

#include <utility>

#include "bus/codec/msgpack_reader.h"
#include "bus/codec/msgpack_writer.h"

namespace flyball::app {
namespace {

constexpr std::uint32_t kMaxNamed = 65'536;  // rules or types with a limit of their own

// The limits that decide what happens; how much is kept for `why` does not.
template <typename Limits, typename Each>
void each_limit(Limits& limits, Each&& each) {
  each("firings_per_instant", limits.firings_per_instant);
  each("derived_per_instant", limits.derived_per_instant);
  each("matches_per_instant", limits.matches_per_instant);
  each("rule_memory", limits.rule_bytes);
  each("facts", limits.facts);
  each("pending_inputs", limits.pending_inputs);
  each("samples_per_key", limits.samples_per_key);
}

template <typename RuleLimits, typename Each>
void each_rule_limit(RuleLimits& limits, Each&& each) {
  each("firings_per_instant", limits.firings_per_instant);
  each("matches_per_instant", limits.matches_per_instant);
  each("memory", limits.bytes);
}

bool read_count(bus::MsgpackReader& reader, std::size_t& out) {
  bus::WireScalar s;
  if (!reader.read_scalar(s) || s.form != bus::WireScalar::Form::kInt || s.integer < 0) return false;
  out = static_cast<std::size_t>(s.integer);
  return true;
}

// Each entry of the map that stands there.
template <typename Each>
bool read_map(bus::MsgpackReader& reader, Each&& each) {
  std::uint32_t n = 0;
  if (!reader.read_map(n) || n > kMaxNamed) return false;
  std::string_view key;
  for (std::uint32_t i = 0; i < n; ++i) {
    if (!reader.read_string(key) || !each(key)) return false;
  }
  return true;
}

bool read_limits(bus::MsgpackReader& reader, engine::Limits& limits) {
  return read_map(reader, [&](std::string_view key) {
    if (key == "rules") {
      return read_map(reader, [&](std::string_view rule) {
        engine::RuleLimits& of_rule = limits.rules[std::string(rule)];
        return read_map(reader, [&](std::string_view name) {
          bool known = false, fine = true;
          each_rule_limit(of_rule, [&](std::string_view one, std::optional<std::size_t>& limit) {
            if (one == name) known = true, fine = read_count(reader, limit.emplace());
          });
          return known ? fine : reader.skip();
        });
      });
    }
    if (key == "facts_of")
      return read_map(reader, [&](std::string_view type) { return read_count(reader, limits.facts_of_type[std::string(type)]); });
    bool known = false, fine = true;
    each_limit(limits, [&](std::string_view one, std::size_t& limit) {
      if (one == key) known = true, fine = read_count(reader, limit);
    });
    return known ? fine : reader.skip();
  });
}

}  // namespace

std::string about_recording(const engine::Limits& limits) {
  std::string out;
  bus::MsgpackWriter w(out);
  w.map(2);
  w.text_entry("program", "flyball " FLYBALL_VERSION);
  w.string("limits");
  const std::size_t place = w.begin_open();
  std::size_t n = 0;
  each_limit(limits, [&](std::string_view name, std::size_t limit) { w.uint_entry(name, limit), ++n; });
  if (!limits.rules.empty()) {
    ++n;
    w.string("rules");
    w.map(limits.rules.size());
    for (const auto& [name, of_rule] : limits.rules) {
      w.string(name);
      const std::size_t inner = w.begin_open();
      std::size_t given = 0;
      each_rule_limit(of_rule, [&](std::string_view key, const std::optional<std::size_t>& limit) {
        if (limit) w.uint_entry(key, *limit), ++given;
      });
      w.end_open_map(inner, given);
    }
  }
  if (!limits.facts_of_type.empty()) {
    ++n;
    w.string("facts_of");
    w.map(limits.facts_of_type.size());
    for (const auto& [name, limit] : limits.facts_of_type) w.uint_entry(name, limit);
  }
  w.end_open_map(place, n);
  return out;
}

Result<std::optional<engine::Limits>> recorded_limits(std::string_view about) {
  if (about.empty()) return std::nullopt;
  bus::MsgpackReader reader(about);
  std::optional<engine::Limits> limits;
  const bool fine = read_map(reader, [&](std::string_view key) {
    if (key != "limits") return reader.skip();
    return read_limits(reader, limits.emplace());
  });
  if (!fine) return fail("what the recording says of itself cannot be read");
  return limits;
}

}  // namespace flyball::app
