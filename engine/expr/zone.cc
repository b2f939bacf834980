// See zone.h. The tables are read and kept by cctz, a zone once per process.
#include "engine/expr/zone.h"

#include <cctz/time_zone.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <system_error>

namespace flyball::engine {

namespace {

constexpr const char* kTables = "/usr/share/zoneinfo/";
constexpr std::size_t kMaxZoneName = 64;  // IANA's longest is half as long

std::optional<std::int64_t> fixed_offset(std::string_view zone) {
  const bool west = zone[0] == '-';
  if (zone[0] == '-' || zone[0] == '+') zone.remove_prefix(1);
  if (zone.size() != 5 || zone[2] != ':') return std::nullopt;
  for (const std::size_t i : {0U, 1U, 3U, 4U}) {
    if (zone[i] < '0' || zone[i] > '9') return std::nullopt;
  }
  const int h = (zone[0] - '0') * 10 + (zone[1] - '0'), m = (zone[3] - '0') * 10 + (zone[4] - '0');
  if (h > 23 || m > 59) return std::nullopt;
  return (west ? -1 : 1) * (h * 3600 + m * 60);
}

bool may_be_offset(std::string_view zone) { return (zone[0] >= '0' && zone[0] <= '9') || zone[0] == '+' || zone[0] == '-'; }

// Every part of an IANA name begins with a capital letter: `localtime`, `posix/…`, `../x` and the like are no zones. Parts may
// have digits and signs further on ("Etc/GMT+5").
bool may_be_name(std::string_view zone) {
  bool first = true;
  for (const char c : zone) {
    const bool capital = c >= 'A' && c <= 'Z';
    const bool further = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-';
    if (first ? !capital : !(capital || further || c == '/')) return false;
    first = c == '/';
  }
  return !first && zone.size() <= kMaxZoneName && !zone.starts_with("Fixed/");  // the library's own names for offsets
}

}  // namespace

std::optional<std::int64_t> zone_offset(std::string_view zone, std::int64_t seconds) {
  if (zone.empty() || zone == "UTC" || zone == "Z") return 0;
  if (may_be_offset(zone)) return fixed_offset(zone);
  if (!may_be_name(zone)) return std::nullopt;
  // A rule asks about one zone again and again. A name without a table never reaches the library, which would keep it for good.
  struct Last {
    std::string name;
    cctz::time_zone zone;
  };
  thread_local Last last;
  if (last.name != zone) {
    const std::string name(zone);
    std::error_code none;
    cctz::time_zone tz;
    if (!std::filesystem::is_regular_file(kTables + name, none) || !cctz::load_time_zone(name, &tz)) return std::nullopt;
    last = {name, tz};
  }
  return last.zone.lookup(cctz::time_point<cctz::seconds>(cctz::seconds(seconds))).offset;
}

struct LocalZone::Table {
  cctz::time_zone zone;
};

LocalZone::LocalZone(std::unique_ptr<const Table> table) : table_(std::move(table)) {}
LocalZone::LocalZone(LocalZone&&) noexcept = default;
LocalZone& LocalZone::operator=(LocalZone&&) noexcept = default;
LocalZone::~LocalZone() = default;

std::optional<LocalZone> LocalZone::find(std::string_view name) {
  auto table = std::make_unique<Table>();
  if (name == "UTC" || name == "Z") {
    table->zone = cctz::utc_time_zone();
  } else if (const std::optional<std::int64_t> offset = name.empty() || !may_be_offset(name) ? std::nullopt : fixed_offset(name)) {
    table->zone = cctz::fixed_time_zone(cctz::seconds(*offset));
  } else {
    const std::string text(name);
    std::error_code none;
    if (!may_be_name(name) || !std::filesystem::is_regular_file(kTables + text, none) || !cctz::load_time_zone(text, &table->zone))
      return std::nullopt;
  }
  return LocalZone(std::move(table));
}

std::int64_t LocalZone::offset(std::int64_t seconds) const {
  return table_->zone.lookup(cctz::time_point<cctz::seconds>(cctz::seconds(seconds))).offset;
}

LocalInstants LocalZone::instants(std::int64_t local_seconds) const {
  const cctz::time_zone::civil_lookup at = table_->zone.lookup(cctz::civil_second() + local_seconds);
  const auto seconds = [](const cctz::time_point<cctz::seconds>& t) { return static_cast<std::int64_t>(t.time_since_epoch().count()); };
  if (at.kind == cctz::time_zone::civil_lookup::SKIPPED) return {seconds(at.trans), seconds(at.trans)};
  if (at.kind == cctz::time_zone::civil_lookup::REPEATED) return {seconds(at.pre), seconds(at.post)};
  return {seconds(at.pre), seconds(at.pre)};
}

}  // namespace flyball::engine
