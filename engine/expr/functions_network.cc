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

bool is_mapped(const IpAddress& ip) { return !ip.is_v4 && inside(ip, "0.0.0.0/0", "::ffff:0:0/96"); }

// An IPv4 address in IPv6's form is the IPv4 address; its half-dotted form is refused, as CEL says.
std::optional<IpAddress> strict_ip(std::string_view text) {
  std::optional<IpAddress> ip = parse_ip(text);
  if (!ip || !is_mapped(*ip)) return ip;
  if (text.find('.') != std::string_view::npos) return std::nullopt;
  ip->is_v4 = true;  // its bytes are the same
  return ip;
}

std::optional<Cidr> strict_cidr(std::string_view text) {
  std::optional<Cidr> cidr = parse_cidr(text);
  if (cidr && is_mapped(cidr->address)) return std::nullopt;
  return cidr;
}

// What the text is instead, where that is easily told.
Value no_address(std::string_view text, const char* wanted, Interner& in) {
  std::string why = quote(text) + " is no " + wanted;
  if (text.find('%') != std::string_view::npos)
    why += ": a zone is not allowed";
  else if (parse_ip(text.substr(0, text.find('/'))) && text.find(':') != std::string_view::npos && text.find('.') != std::string_view::npos)
    why += ": an IPv4 address is written without IPv6 around it";
  return in.error(why);
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
    const auto ip = strict_ip(text);
    const auto cidr = strict_cidr(text);
    switch (fn) {
      case Fn::kIp: return ip ? in.ip(*ip) : no_address(text, "address", in);
      case Fn::kCidr: return cidr ? in.cidr(*cidr) : no_address(text, "prefix", in);
      case Fn::kIsIp: return Value::boolean(ip.has_value());
      case Fn::kIsCidr: return Value::boolean(cidr.has_value());
      case Fn::kIsCanonical: return ip ? Value::boolean(format_ip(*ip) == text) : no_address(text, "address", in);
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
