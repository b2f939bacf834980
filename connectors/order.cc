// Reading an order's fields in the forms the wire allows.
#include "connectors/order.h"

#include <charconv>
#include <cmath>

namespace flyball::connectors {
namespace {

std::optional<double> number(std::string_view text) {
  double d = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), d);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || !std::isfinite(d)) return std::nullopt;
  return d;
}

// nullopt beyond int64.
std::optional<std::int64_t> scaled(double d, double unit) {
  const double product = d * unit;
  if (!(std::abs(product) < 9.2e18)) return std::nullopt;
  return static_cast<std::int64_t>(std::llround(product));
}

struct Unit {
  std::string_view name;
  double ns;
};
constexpr Unit kUnits[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}, {"d", 86400e9}, {"w", 604800e9}};

}  // namespace

std::optional<DurationNs> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  DurationNs sum = 0;
  while (!text.empty()) {
    const std::size_t digits = text.find_first_not_of("0123456789.");
    if (digits == std::string_view::npos || digits == 0) return std::nullopt;
    std::string_view rest = text.substr(digits);
    const std::size_t letters = rest.find_first_of("0123456789.");
    const std::string_view name = rest.substr(0, letters);
    const auto value = number(text.substr(0, digits));
    if (!value) return std::nullopt;
    bool found = false;
    for (const Unit& unit : kUnits) {
      if (unit.name != name) continue;
      const auto ns = scaled(*value, unit.ns);
      if (!ns || __builtin_add_overflow(sum, *ns, &sum)) return std::nullopt;
      found = true;
    }
    if (!found) return std::nullopt;
    text = letters == std::string_view::npos ? std::string_view() : rest.substr(letters);
  }
  return sum;
}

std::string_view Order::local_action() const {
  const std::size_t dot = action.rfind('.');
  return dot == std::string::npos ? std::string_view(action) : std::string_view(action).substr(dot + 1);
}

const WireValue* Order::find(std::string_view field) const {
  const auto found = fields.find(field);
  return found == fields.end() ? nullptr : &found->second;
}

std::optional<std::string> Order::text(std::string_view field) const {
  const WireValue* v = find(field);
  if (v == nullptr) return std::nullopt;
  if (const auto* s = std::get_if<std::string>(v)) return *s;
  return std::nullopt;
}

std::optional<std::int64_t> Order::integer(std::string_view field) const {
  const WireValue* v = find(field);
  if (v == nullptr) return std::nullopt;
  if (const auto* n = std::get_if<std::int64_t>(v)) return *n;
  return std::nullopt;
}

std::optional<bool> Order::boolean(std::string_view field) const {
  const WireValue* v = find(field);
  if (v == nullptr) return std::nullopt;
  if (const auto* b = std::get_if<bool>(v)) return *b;
  return std::nullopt;
}

std::optional<std::int64_t> Order::percent_e9(std::string_view field) const {
  const WireValue* v = find(field);
  if (v == nullptr) return std::nullopt;
  if (const auto* n = std::get_if<std::int64_t>(v)) return scaled(static_cast<double>(*n), 1e9);
  if (const auto* d = std::get_if<double>(v)) return scaled(*d, 1e9);
  if (const auto* s = std::get_if<std::string>(v); s != nullptr && s->ends_with('%')) {
    const auto d = number(std::string_view(*s).substr(0, s->size() - 1));
    return d ? scaled(*d, 1e7) : std::nullopt;
  }
  return std::nullopt;
}

std::optional<DurationNs> Order::duration_ns(std::string_view field) const {
  const WireValue* v = find(field);
  if (v == nullptr) return std::nullopt;
  if (const auto* n = std::get_if<std::int64_t>(v)) return scaled(static_cast<double>(*n), 1e9);
  if (const auto* d = std::get_if<double>(v)) return scaled(*d, 1e9);
  if (const auto* s = std::get_if<std::string>(v)) return parse_duration(*s);
  return std::nullopt;
}

}  // namespace flyball::connectors
