// Reading an order's fields in the forms the wire allows.
#include "connectors/order.h"

#include <charconv>
#include <cmath>

#include "model/text.h"

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

}  // namespace

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
  if (const auto* s = std::get_if<std::string>(v)) return parse_duration_ns(*s);
  return std::nullopt;
}

}  // namespace flyball::connectors
