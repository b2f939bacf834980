// Time zones: how far a zone is from UTC at an instant. Names are IANA's ("Europe/Madrid"), read from the system's tables
// (Debian: tzdata), or fixed offsets ("+02:00", "-09:30").
//
// The answer depends on the name, the instant and the installed tables only: names that mean this machine's own zone or
// files beside the tables are refused. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace flyball::engine {

// Seconds east of UTC at `seconds` since 1970; nullopt: there is no such zone.
std::optional<std::int64_t> zone_offset(std::string_view zone, std::int64_t seconds);

// The instants, in seconds since 1970, at which the clocks of a zone show a local time: one, mostly. Where they are put back there are
// two; where they leave it out, both are the moment of the jump.
struct LocalInstants {
  std::int64_t first = 0;
  std::int64_t last = 0;
};

// One zone, kept. Immutable.
class LocalZone {
 public:
  static std::optional<LocalZone> find(std::string_view name);
  LocalZone(LocalZone&&) noexcept;
  LocalZone& operator=(LocalZone&&) noexcept;
  ~LocalZone();
  std::int64_t offset(std::int64_t seconds) const;           // as zone_offset
  LocalInstants instants(std::int64_t local_seconds) const;  // since 1970-01-01T00:00:00 of the zone's own clocks

 private:
  struct Table;
  explicit LocalZone(std::unique_ptr<const Table> table);
  std::unique_ptr<const Table> table_;
};

}  // namespace flyball::engine
