// Percent, sizes, rates and durations as text; see text.h.
#include <array>

#include "model/int128.h"
#include "model/text.h"
#include "model/text_decimal.h"

namespace flyball {

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::uint64_t kKilo = 1000, kMega = kKilo * 1000, kGiga = kMega * 1000, kTera = kGiga * 1000, kPeta = kTera * 1000;
constexpr std::uint64_t kKibi = 1024, kMebi = kKibi * 1024, kGibi = kMebi * 1024, kTebi = kGibi * 1024, kPebi = kTebi * 1024,
                        kExbi = kPebi * 1024;

constexpr std::array<Unit, 14> kSizes{{{"", 1},
                                       {"B", 1},
                                       {"kB", kKilo},
                                       {"KB", kKilo},
                                       {"MB", kMega},
                                       {"GB", kGiga},
                                       {"TB", kTera},
                                       {"PB", kPeta},
                                       {"KiB", kKibi},
                                       {"MiB", kMebi},
                                       {"GiB", kGibi},
                                       {"TiB", kTebi},
                                       {"PiB", kPebi},
                                       {"EiB", kExbi}}};
constexpr std::array<Unit, 7> kBitrates{
    {{"", 1}, {"bps", 1}, {"kbps", kKilo}, {"Kbps", kKilo}, {"Mbps", kMega}, {"Gbps", kGiga}, {"Tbps", kTera}}};
constexpr std::array<Unit, 6> kPacketRates{{{"", 1}, {"pps", 1}, {"kpps", kKilo}, {"Kpps", kKilo}, {"Mpps", kMega}, {"Gpps", kGiga}}};

constexpr std::uint64_t kMicro = 1000, kMilli = 1'000'000, kSecond = 1'000'000'000, kMinute = 60 * kSecond, kHour = 60 * kMinute,
                        kDay = 24 * kHour, kWeek = 7 * kDay;
constexpr std::array<Unit, 10> kDurations{{{"ns", 1},
                                           {"us", kMicro},
                                           {"µs", kMicro},
                                           {"μs", kMicro},
                                           {"ms", kMilli},
                                           {"s", kSecond},
                                           {"m", kMinute},
                                           {"h", kHour},
                                           {"d", kDay},
                                           {"w", kWeek}}};

std::optional<std::int64_t> parse_quantity(std::string_view text, std::span<const Unit> units) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) text.remove_prefix(1);
  const auto d = internal::read_decimal(text, true);
  if (!d) return std::nullopt;
  const std::string_view suffix = text.substr(d->length);
  for (const Unit& u : units) {
    if (suffix != u.name) continue;
    const auto magnitude = internal::scaled(*d, u.factor);
    return magnitude ? internal::with_sign(negative, *magnitude) : std::nullopt;
  }
  return std::nullopt;
}

// In the largest unit (of those listed, largest first) that divides it.
std::string format_quantity(std::int64_t value, std::span<const Unit> units) {
  for (const Unit& u : units) {
    const auto factor = static_cast<std::int64_t>(u.factor);
    if (value != 0 && value % factor == 0) return std::to_string(value / factor) + std::string(u.name);
  }
  return std::to_string(value) + std::string(units.back().name);
}

constexpr std::array<Unit, 11> kSizeForms{{{"EiB", kExbi},
                                           {"PiB", kPebi},
                                           {"TiB", kTebi},
                                           {"GiB", kGibi},
                                           {"MiB", kMebi},
                                           {"KiB", kKibi},
                                           {"TB", kTera},
                                           {"GB", kGiga},
                                           {"MB", kMega},
                                           {"kB", kKilo},
                                           {"B", 1}}};
constexpr std::array<Unit, 5> kBitrateForms{{{"Tbps", kTera}, {"Gbps", kGiga}, {"Mbps", kMega}, {"kbps", kKilo}, {"bps", 1}}};
constexpr std::array<Unit, 4> kPacketForms{{{"Gpps", kGiga}, {"Mpps", kMega}, {"kpps", kKilo}, {"pps", 1}}};

std::uint64_t magnitude_of(std::int64_t v) { return v < 0 ? 0 - static_cast<std::uint64_t>(v) : static_cast<std::uint64_t>(v); }

}  // namespace

std::optional<std::int64_t> parse_duration_ns(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  if (text == "0") return 0;
  if (text.empty()) return std::nullopt;
  std::uint64_t total = 0;
  while (!text.empty()) {
    const auto d = internal::read_decimal(text, false);
    if (!d) return std::nullopt;
    text.remove_prefix(d->length);
    std::size_t n = 0;
    while (n < text.size() && !(text[n] >= '0' && text[n] <= '9') && text[n] != '.') ++n;
    const std::string_view suffix = text.substr(0, n);
    text.remove_prefix(n);
    const Unit* unit = nullptr;
    for (const Unit& u : kDurations) {
      if (u.name == suffix) unit = &u;
    }
    if (unit == nullptr) return std::nullopt;
    const auto part = internal::scaled(*d, unit->factor);
    if (!part || __builtin_add_overflow(total, *part, &total)) return std::nullopt;
  }
  return internal::with_sign(negative, total);
}

std::optional<std::int64_t> parse_percent_e9(std::string_view text) {
  if (!text.empty() && text.back() == '%') return parse_scaled_decimal(text.substr(0, text.size() - 1), 7);
  return parse_scaled_decimal(text, 9);
}

std::optional<std::int64_t> parse_size_bytes(std::string_view text) { return parse_quantity(text, kSizes); }
std::optional<std::int64_t> parse_bitrate_bps(std::string_view text) { return parse_quantity(text, kBitrates); }
std::optional<std::int64_t> parse_pps(std::string_view text) { return parse_quantity(text, kPacketRates); }

std::string format_duration(std::int64_t ns) { return format_scaled_decimal(ns, 9) + 's'; }

std::string format_duration_human(std::int64_t ns) {
  if (ns == 0) return "0s";
  std::uint64_t left = magnitude_of(ns);
  std::string out = ns < 0 ? "-" : "";
  if (left % kWeek == 0) return out + std::to_string(left / kWeek) + 'w';
  constexpr std::array<Unit, 7> kForms{
      {{"d", kDay}, {"h", kHour}, {"m", kMinute}, {"s", kSecond}, {"ms", kMilli}, {"us", kMicro}, {"ns", 1}}};
  for (const Unit& u : kForms) {
    if (left < u.factor) continue;
    out += std::to_string(left / u.factor) + std::string(u.name);
    left %= u.factor;
  }
  return out;
}

std::string format_percent(std::int64_t ratio_e9) { return format_scaled_decimal(ratio_e9, 7) + '%'; }
std::string format_size(std::int64_t bytes) { return format_quantity(bytes, kSizeForms); }
std::string format_bitrate(std::int64_t bps) { return format_quantity(bps, kBitrateForms); }
std::string format_pps(std::int64_t pps) { return format_quantity(pps, kPacketForms); }

std::string plural(std::uint64_t n, std::string_view noun, std::string_view many) {
  std::string out = std::to_string(n) + " " + std::string(n == 1 || many.empty() ? noun : many);
  if (n != 1 && many.empty()) out += 's';
  return out;
}

}  // namespace flyball
