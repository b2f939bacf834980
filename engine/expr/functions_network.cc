// Addresses and prefixes.
#include "engine/expr/functions.h"
#include "engine/expr/operators.h"
#include "model/text.h"

namespace flyball::engine {

namespace {

bool inside(const IpAddress& ip, const char* v4, const char* v6) { return parse_cidr(ip.is_v4 ? v4 : v6)->contains(ip); }

bool is_loopback(const IpAddress& ip) { return inside(ip, "127.0.0.0/8", "::1/128"); }
bool is_unspecified(const IpAddress& ip) { return inside(ip, "0.0.0.0/32", "::/128"); }
bool is_link_local(const IpAddress& ip) { return inside(ip, "169.254.0.0/16", "fe80::/10"); }
bool is_multicast(const IpAddress& ip) { return inside(ip, "224.0.0.0/4", "ff00::/8"); }

Value of_ip(Fn fn, const IpAddress& ip, Interner& in) {
  switch (fn) {
    case Fn::kFamily: return Value::integer(ip.is_v4 ? 4 : 6);
    case Fn::kIsLoopback: return Value::boolean(is_loopback(ip));
    case Fn::kIsUnspecified: return Value::boolean(is_unspecified(ip));
    case Fn::kIsLinkLocalUnicast: return Value::boolean(is_link_local(ip));
    case Fn::kIsLinkLocalMulticast: return Value::boolean(inside(ip, "224.0.0.0/24", "ff02::/16"));
    case Fn::kIsGlobalUnicast: {
      const bool broadcast = ip.is_v4 && inside(ip, "255.255.255.255/32", "::/128");
      return Value::boolean(!is_loopback(ip) && !is_unspecified(ip) && !is_link_local(ip) && !is_multicast(ip) && !broadcast);
    }
    default: return no_overload(in);
  }
}

Value contains(Fn fn, const Cidr& net, const Value& other, Interner& in) {
  Value inner = other;
  if (other.is(Kind::kString)) {
    inner = functions::network(fn == Fn::kContainsIp ? Fn::kIp : Fn::kCidr, {&other, 1}, in);
    if (inner.is_error()) return inner;
  }
  if (fn == Fn::kContainsIp && inner.is(Kind::kIp)) return Value::boolean(net.contains(in.ip_of(inner)));
  if (fn == Fn::kContainsCidr && inner.is(Kind::kCidr)) {
    return Value::boolean(in.cidr_of(inner).prefix_length >= net.prefix_length && net.contains(in.cidr_of(inner).address));
  }
  return no_overload(in);
}

}  // namespace

Value functions::network(Fn fn, std::span<const Value> args, Interner& in) {
  if (args.empty() || args.size() > 2) return no_overload(in);
  const Value& a = args[0];
  if (args.size() == 2) {
    if (!a.is(Kind::kCidr) || (fn != Fn::kContainsIp && fn != Fn::kContainsCidr)) return no_overload(in);
    return contains(fn, Cidr(in.cidr_of(a)), args[1], in);
  }
  if (a.is(Kind::kString)) {
    const std::string_view text = in.text(a);
    const auto ip = parse_ip(text);
    const auto cidr = parse_cidr(text);
    switch (fn) {
      case Fn::kIp: return ip ? in.ip(*ip) : in.error("text is not an address");
      case Fn::kCidr: return cidr ? in.cidr(*cidr) : in.error("text is not a prefix");
      case Fn::kIsIp: return Value::boolean(ip.has_value());
      case Fn::kIsCidr: return Value::boolean(cidr.has_value());
      case Fn::kIsCanonical: return ip ? Value::boolean(format_ip(*ip) == text) : in.error("text is not an address");
      default: return no_overload(in);
    }
  }
  if (a.is(Kind::kIp)) return fn == Fn::kIp ? a : of_ip(fn, IpAddress(in.ip_of(a)), in);
  if (!a.is(Kind::kCidr)) return no_overload(in);
  const Cidr cidr = in.cidr_of(a);
  switch (fn) {
    case Fn::kCidr: return a;
    case Fn::kPrefixLength: return Value::integer(cidr.prefix_length);
    case Fn::kMasked: return in.cidr(clear_host_bits(cidr));
    case Fn::kIp:
    case Fn::kCidrIp: return in.ip(cidr.address);
    default: return no_overload(in);
  }
}

}  // namespace flyball::engine
