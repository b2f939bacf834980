// Random rules and streams about what lies in what.
#include "tests/reference/generate/spanning.h"

#include "tests/reference/generate/random.h"

namespace flyball::reference {
namespace {

const char* const kTypes =
    "fact Net key (id) ttl 6s { id: int  net: cidr  more: cidr?  low: int  high: int?  from: timestamp  until: timestamp  lo: double  "
    "hi: double  site: string  on: bool }\n"
    "fact Host key (id) ttl 4s { id: int  a: ip  b: ip?  c: cidr?  v: int  u: int?  t: timestamp  w: double  site: string  on: bool }\n"
    "event Hit { id: int  a: ip  v: int  t: timestamp }\n"
    "fact Pair key (rule, h, n) { rule: int  h: int  n: int }\n"
    "fact Sum key (rule, id) { rule: int  id: int  n: int?  d: double? }\n"
    "fact Copy key (id) { id: int  a: ip  v: int }\n"
    "action Say key (rule, id) { rule: int  id: int }\n";

std::string network(Random& r) {
  return r.word({"0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.128/25", "10.1.2.3/32", "10.1.3.0/24", "::/0",
                 "2001:db8::/32", "2001:db8:0:1::/64", "::1/128", "::ffff:0:0/96"});
}
std::string address(Random& r) {
  return r.word({"10.1.2.3", "10.1.2.4", "10.1.2.127", "10.1.2.128", "10.1.3.0", "10.0.255.255", "11.0.0.0", "0.0.0.0", "255.255.255.255",
                 "2001:db8::", "2001:db8:0:1::7", "::1", "::"});
}
std::string real(Random& r) { return r.word({"-1.5", "-0.0", "0.0", "0.25", "0.5", "1.0", "2.0", "100000.0"}); }
std::string time(Random& r) {
  return "\"1970-01-01T00:00:0" + std::to_string(r.between(0, 4)) + r.word({"", ".000000001", ".00000004", ".999999999"}) + "Z\"";
}
std::string number(Random& r) { return std::to_string(r.chance(85) ? r.between(-3, 8) : r.between(-1000, 1000)); }

std::string between(Random& r, const std::string& low, const std::string& point, const std::string& high) {
  const std::string first = r.chance(50) ? low + r.word({" < ", " <= "}) + point : point + r.word({" > ", " >= "}) + low;
  const std::string second = r.chance(50) ? point + r.word({" < ", " <= "}) + high : high + r.word({" > ", " >= "}) + point;
  return r.chance(50) ? first + " and " + second : second + " and " + first;
}

// Where `net` names the spans and `host` the points; one of them is "", for the line's own fields. An event has but a, v and t.
std::string tie(Random& r, const std::string& net, const std::string& host, bool of_event) {
  switch (of_event ? r.below(5) : r.below(12)) {
    case 0: return host + "a in " + net + "net";
    case 1: return host + "v in " + net + "low.." + (r.chance(50) ? "<" : "") + net + "low + " + std::to_string(r.between(1, 4));
    case 2: return between(r, net + "low", host + "v", net + "low" + r.word({" + 2", " + 5", " * 2"}));
    case 3: return between(r, net + "from", host + "t", net + "until");
    case 4: return net + "net.containsIP(" + host + "a)";
    case 5: return host + "b != null and " + host + "b in " + net + "net";
    case 6: return net + "more != null and " + host + "a in " + net + "more";
    case 7: return host + "c != null and (" + host + "c in " + net + "net)";
    case 8: return net + "high != null and " + between(r, net + "low", host + "v", net + "high");
    case 9: return between(r, net + "lo", host + "w", net + "hi");
    case 10: return host + "u != null and " + between(r, net + "low", host + "u", net + "low + 3");
    default: return between(r, net + "low", host + "v" + r.word({"", " + 1", " * 2"}), net + "low + 6");
  }
}

std::string random_rule(Random& r, int rule) {
  const std::string n = std::to_string(rule);
  const std::string derive = "then { derive Pair { rule: " + n + ", h: h.id, n: n.id } }";
  const std::string head = "rule r" + n + " { when { ";
  const bool by_site = r.chance(25);
  const auto rest = [&](const std::string& site) {
    return (by_site ? " and site == " + site : "") + std::string(r.chance(25) ? r.word({" and on", " and not on"}) : "");
  };
  const std::string cross = by_site ? "" : "cross ";
  switch (r.below(16)) {
    case 12:
    case 13: {  // what lies near is counted
      const std::string where =
          " where " + tie(r, "n.", "", false) + rest("n.site") + r.word({"", "", " and u == null", " and v < n.low + 3"});
      const std::string count =
          r.word({"n: count(Host", "n: sum(Host.v", "d: avg(Host.w", "n: count(Host over 3s", "n: sum(Host.v over 4s", "n: max(Host.v",
                  "n: min(Host.v", "n: p50(Host.v", "n: distinct(Host.v", "d: max(Host.w over 5s", "n: sum(Host.v over last 2"}) +
          where + ")";
      if (r.chance(50))
        return head + "n: Net\n check " + count.substr(3) + " > " + number(r) + " } then { do Say { rule: " + n + ", id: n.id } } }\n";
      return head + "n: Net } then { derive Sum { rule: " + n + ", id: n.id, " + count + " } } }\n";
    }
    case 14:
      return head + "h: Host" + r.word({"", " where on"}) + " } then { derive Sum { rule: " + n + ", id: h.id, " +
             r.word({"n: count(Net", "n: sum(Net.low", "d: avg(Net.lo"}) + " where " + tie(r, "", "h.", false) + rest("h.site") +
             ") } } }\n";
    case 15:
      return head + "n: Net\n check count(Hit over " + r.word({"1s", "5s"}) + " where " + tie(r, "n.", "", true) + ") > " +
             r.word({"0", "1"}) + " } then { do Say { rule: " + n + ", id: n.id } } on clear { log \"clear\" } }\n";
    case 0:
    case 1: return head + "h: Host\n " + cross + "n: Net where " + tie(r, "", "h.", false) + rest("h.site") + " } " + derive + " }\n";
    case 2: {  // two that begin alike
      const std::string lines = "h: Host\n " + cross + "n: Net where " + tie(r, "", "h.", false) + rest("h.site");
      return head + lines + " } " + derive + " }\nrule s" + n + " { when { " + lines + "\n c: Copy where id == h.id } " + derive + " }\n";
    }
    case 3:
    case 4: return head + "n: Net\n " + cross + "h: Host where " + tie(r, "n.", "", false) + rest("n.site") + " } " + derive + " }\n";
    case 5:
      return head + "h: Host\n " + r.word({"no", "some"}) + " Net where " + tie(r, "", "h.", false) + rest("h.site") +
             " } then { derive Pair { rule: " + n + ", h: h.id, n: 0 } } }\n";
    case 6:
      return head + "n: Net\n " + r.word({"no", "some"}) + " Host where " + tie(r, "n.", "", false) + rest("n.site") +
             " } then { do Say { rule: " + n + ", id: n.id } } on clear { log \"clear\" } }\n";
    case 7:
      return head + "n: Net\n cross h: Copy where " + r.word({"a in n.net", "v >= n.low and v <= n.low + 2", "v in n.low..<n.low + 3"}) +
             " } " + derive + " }\n";
    case 8: return head + "n: Net\n cross h: Hit where " + tie(r, "n.", "", true) + " } then { do Say { rule: " + n + ", id: h.id } } }\n";
    case 9:
      return head + "h: Host\n " + cross + "n: Net where " + tie(r, "", "h.", false) + rest("h.site") +
             " for 2s } then { do Say { rule: " + n + ", id: h.id } } on clear { log \"clear\" } }\n";
    case 10: {  // the tie in a `check`
      const std::string check = tie(r, "n.", "h.", false);
      return head + "h: Host\n cross n: Net" + r.word({"", " where on", " where low > 0"}) + "\n check " + check + " } " + derive + " }\n";
    }
    default:
      return head + "h: Host\n cross n: Net where " + tie(r, "", "h.", false) + "\n cross m: Net where id != n.id and " +
             tie(r, "", "h.", false) + " } " + derive + " }\n";
  }
}

// What is asked for, by the places that a question has; one line of a case each.
std::string random_decision(Random& r) {
  const auto net = [&] {
    return r.word({"input.a in net", "more != null and input.a in more", "low <= input.v and input.v < low + 4", "input.v in low..low + 2",
                   "from <= input.t and input.t <= until", "site == input.site", "low == input.v",
                   "high != null and high == input.v and site == input.site"});
  };
  const auto host = [&] {
    return r.word({"a in input.net", "v in input.v..input.v + 3", "site == input.site", "v == input.v and input.a != a",
                   "u != null and u == input.v"});
  };
  const auto more = [&] { return r.word({"", " and on", " and not on", " and id > 1"}); };
  std::string out = "decision find {\n  input { a: ip  net: cidr  v: int  t: timestamp  site: string }\n  output { id: int  way: int }\n";
  for (int n = 0; n < 4; ++n) {
    const std::string number = std::to_string(n);
    std::string lines, id = "n.id";
    switch (r.below(7)) {
      case 5:
        lines = "n: Net where " + net() + more(),
        id = r.word({"count(Host", "sum(Host.v", "distinct(Host.v"}) + std::string(" where a in n.net)");
        break;
      case 6:
        lines = "check " +
                std::string(r.word({"count(Host where a in input.net)", "count(Net where input.a in net)",
                                    "count(Host where v in input.v..input.v + 2 and on)"})) +
                " > 1";
        id = r.word({"count(Host where a in input.net)", "sum(Net.low where input.a in net and site == input.site)",
                     "count(Net where low <= input.v and input.v < low + 4)"});
        break;
      case 0: lines = "h: Host where " + host() + more(), id = "h.id"; break;
      case 1: lines = "n: Net where " + net() + more() + "\n    cross h: Host where a in n.net"; break;
      case 2: lines = std::string(r.word({"some", "no"})) + " Net where " + net() + more(), id = "0"; break;
      default: lines = "n: Net where " + net() + more(); break;
    }
    out += "  case c" + number + " when {\n    " + lines + "\n  } return { id: " + id + ", way: " + number + " }\n";
  }
  return out + "  default return { id: 0, way: 99 }\n}\n";
}

}  // namespace

CaseText spanning_case(std::uint64_t seed) {
  Random r(seed);
  CaseText c;
  std::string rules = kTypes;
  rules += "rule copy { when { h: Host where on } then { derive Copy { id: h.id, a: h.a, v: h.v } } }\n";
  for (int n = 0; n < 12; ++n) rules += random_rule(r, n);
  rules += random_decision(r);
  c.files.push_back(rules);
  int now = 10;
  const int hosts = r.between(2, 9), nets = r.between(2, 9), seldom = r.between(1, 4);
  for (int s = 0; s < 70; ++s) {
    now += r.chance(40) ? 1 : 0;
    const std::string at = std::to_string(now) + "s", id = std::to_string(r.between(1, hosts)), net = std::to_string(r.between(1, nets));
    const auto or_null = [&](const std::string& value) { return r.chance(20) ? "null" : value; };
    const std::string site = std::string(", site: ") + r.word({"\"a\"", "\"b\""}) + ", on: " + r.word({"true", "true", "false"}) + " }";
    const std::size_t what = r.below(12);
    if (what == 0) {
      c.steps.push_back("retract " + at + " Host { id: " + id + " }");
    } else if (what == 1) {
      c.steps.push_back("retract " + at + " Net { id: " + net + " }");
    } else if (what == 2) {
      c.steps.push_back("tick " + at);
    } else if (what == 3) {
      now += 1;
      c.steps.push_back("ask find { a: \"" + address(r) + "\", net: \"" + network(r) + "\", v: " + number(r) + ", t: " + time(r) +
                        ", site: " + r.word({"\"a\"", "\"b\""}) + " }");
    } else if (what == 4) {
      c.steps.push_back("put " + at + " Hit { id: " + id + ", a: \"" + address(r) + "\", v: " + number(r) + ", t: " + time(r) + " }");
    } else if (static_cast<int>(what) < 5 + seldom) {
      c.steps.push_back("put " + at + " Net { id: " + net + ", net: \"" + network(r) + "\", more: " + or_null('"' + network(r) + '"') +
                        ", low: " + number(r) + ", high: " + or_null(number(r)) + ", from: " + time(r) + ", until: " + time(r) +
                        ", lo: " + real(r) + ", hi: " + real(r) + site);
    } else {
      c.steps.push_back("put " + at + " Host { id: " + id + ", a: \"" + address(r) + "\", b: " + or_null('"' + address(r) + '"') +
                        ", c: " + or_null('"' + network(r) + '"') + ", v: " + number(r) + ", u: " + or_null(number(r)) + ", t: " + time(r) +
                        ", w: " + real(r) + site);
    }
  }
  c.steps.push_back("tick " + std::to_string(now + 10) + "s");
  return c;
}

}  // namespace flyball::reference
