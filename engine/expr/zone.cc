// See zone.h. The tables are read and kept by cctz, a zone once per process.
#include "engine/expr/zone.h"

#include <cctz/time_zone.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <system_error>

#include "model/zone_names.h"

namespace flyball::engine {

namespace {

constexpr const char* kTables = "/usr/share/zoneinfo/";
constexpr std::size_t kMaxZoneName = 64;  // IANA's longest is half as long

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

bool is_utc(std::string_view zone) { return zone == "UTC" || zone == "Z"; }

// A name without a table never reaches the library, which would keep it for good.
std::optional<cctz::time_zone> zone_of_table(std::string_view zone) {
  const std::string name(zone);
  std::error_code none;
  cctz::time_zone found;
  if (!may_be_name(zone) || !std::filesystem::is_regular_file(kTables + name, none) || !cctz::load_time_zone(name, &found))
    return std::nullopt;
  return found;
}

}  // namespace

std::optional<std::int64_t> zone_offset(std::string_view zone, std::int64_t seconds) {
  if (zone.empty() || is_utc(zone)) return 0;
  if (may_be_offset(zone)) return zone_offset_seconds(zone);
  // A rule asks about one zone again and again.
  struct Last {
    std::string name;
    cctz::time_zone zone;
  };
  thread_local Last last;
  if (last.name != zone) {
    const std::optional<cctz::time_zone> found = zone_of_table(zone);
    if (!found) return std::nullopt;
    last = {std::string(zone), *found};
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
  if (name.empty()) return std::nullopt;
  auto table = std::make_unique<Table>();
  if (is_utc(name)) {
    table->zone = cctz::utc_time_zone();
  } else if (may_be_offset(name)) {
    const std::optional<std::int64_t> offset = zone_offset_seconds(name);
    if (!offset) return std::nullopt;
    table->zone = cctz::fixed_time_zone(cctz::seconds(*offset));
  } else {
    const std::optional<cctz::time_zone> found = zone_of_table(name);
    if (!found) return std::nullopt;
    table->zone = *found;
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
