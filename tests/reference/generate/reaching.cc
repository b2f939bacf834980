// Random rules about where fields lie.
#include "tests/reference/generate/reaching.h"

#include "tests/reference/generate/random.h"

namespace flyball::reference {
namespace {

std::string network(Random& r) {
  return r.word({"0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3/32", "10.128.0.0/9", "::/0", "2001:db8::/32",
                 "2001:db8:0:1::/64", "::1/128", "::ffff:0:0/96"});
}
std::string address(Random& r) {
  return r.word({"10.1.2.3", "10.1.2.4", "10.1.3.0", "10.0.255.255", "10.128.0.0", "11.0.0.0", "0.0.0.0", "255.255.255.255",
                 "2001:db8::", "2001:db8:0:1::7", "2001:db9::", "::1", "::"});
}
std::string glob(Random& r) {
  return r.word({"\"leaf-*\"", "\"leaf-1*\"", "\"*-x\"", "\"leaf-?\"", "\"l*x\"", "\"*\"", "\"é*\"", "\"*é\"", "\"?é\"", "\"\"",
                 "\"leaf-1\"", "\"le\\\\*f*\"", "\"*\\\\?\"", "\"a*\"", "\"*a*\""});
}
std::string text(Random& r) {
  return r.word({"\"leaf-1\"", "\"leaf-12\"", "\"leaf-x\"", "\"leaf-\"", "\"\"", "\"é\"", "\"éé\"", "\"xé\"", "\"le*f\"", "\"w?\"", "\"a\"",
                 "\"spine-x\""});
}
std::string real(Random& r) { return r.word({"-1.5", "-0.0", "0.0", "0.5", "1.0", "2.0"}); }
std::string bounds(Random& r, int low, int high) {
  const int from = r.between(low, high);
  const bool closed = r.chance(50);
  return std::to_string(from) + (closed ? ".." : "..<") + std::to_string(r.between(closed ? from : from + 1, high + 1));
}

// Of the field `n` or another text field.
std::string of_text(Random& r, const std::string& n) {
  switch (r.below(7)) {
    case 0: return n + ".startsWith(" + text(r) + ")";
    case 1: return n + ".endsWith(" + text(r) + ")";
    case 2: return n + " in [" + text(r) + ", " + text(r) + "]";
    case 3: return n + " == " + text(r);
    default: return n + " like " + glob(r);
  }
}
std::string of_address(Random& r, const std::string& a) {
  switch (r.below(8)) {
    case 0: return a + " in [" + network(r) + ", " + network(r) + "]";
    case 1: return a + " in nets";
    case 2: return a + " in near";
    case 3: return network(r) + ".containsIP(" + a + ")";
    case 4: return a + " == " + address(r);
    case 5: return "(" + a + " in " + network(r) + " or " + a + " == " + address(r) + ")";
    default: return a + " in " + network(r);
  }
}
std::string of_number(Random& r, const std::string& v) {
  const auto n = [&] { return std::to_string(r.between(-2, 4)); };
  switch (r.below(7)) {
    case 0: return v + " > " + n() + " and " + v + " <= " + n();
    case 1: return v + " in few";
    case 2: return "(" + v + " in " + bounds(r, -2, 1) + " or " + v + " in " + bounds(r, 1, 4) + ")";
    case 3: return "(" + v + " < " + n() + " or " + v + " > " + n() + ")";
    case 4: return "(" + n() + " < " + v + " and " + v + " < " + n() + " or " + v + " == " + n() + ")";
    case 5: return v + " == " + n();
    default: return v + " in " + bounds(r, -2, 4);
  }
}

std::string condition(Random& r) {
  switch (r.below(15)) {
    case 0:
    case 1: return of_address(r, "a");
    case 2: return "b != null and " + of_address(r, "b");
    case 3: return "(b == null or b in " + network(r) + ")";
    case 4: return "c != null and (c in " + network(r) + " or " + network(r) + ".containsCIDR(c))";
    case 5:
    case 6: return of_text(r, "n");
    case 7: return "m != null and " + of_text(r, "m");
    case 8: return "(m == null or " + of_text(r, "m") + ")";
    case 9: return "w >= " + real(r) + " and w < " + real(r);
    case 10:
      return r.chance(50) ? "w in " + r.word({"-1.5..0.0", "-0.0..0.5", "0.0..<2.0", "0.5..1.0", "1..2", "-1.5..<1"}) : "w == " + real(r);
    case 11: return "p != null and p > " + r.word({"0%", "10%"}) + " and p <= " + r.word({"10%", "50%"});
    case 12: return "t >= timestamp(" + std::to_string(r.between(0, 2)) + ") and t < timestamp(" + std::to_string(r.between(1, 3)) + ")";
    case 13: return "(n == \"leaf-1\" or n like " + glob(r) + ")";
    default: return of_number(r, "v");
  }
}

std::string random_rule(Random& r, int number) {
  const std::string n = std::to_string(number), test = condition(r);
  const std::string derive = "then { derive Above { rule: " + n + ", id: g.id } }";
  const std::string act = "then { do Say { rule: " + n + ", id: g.id } } on clear { log \"clear\" }";
  const std::string head = "rule r" + n + " { when { ";
  switch (r.below(14)) {
    case 0: return head + "g: Host where " + test + " and on } " + derive + " }\n";
    case 1: return head + "g: Host where " + test + "\n z: Zone where id == g.id and hot } " + derive + " }\n";
    case 2: return head + "g: Zone\n no Host where id == g.id and " + test + " } " + derive + " }\n";
    case 3: return head + "g: Zone\n some Host where " + test + " } " + act + " }\n";
    case 4: return head + "g: Host where " + test + " for 2s } " + act + " }\n";
    case 5: return head + "g: Copy where " + (r.chance(50) ? of_number(r, "v") : of_text(r, "n")) + " } " + derive + " }\n";
    case 6: return head + "g: Host where " + test + " and " + condition(r) + " } " + derive + " }\n";
    case 7: return head + "g: Host\n check " + (r.chance(50) ? of_address(r, "g.a") : of_text(r, "g.n")) + " } " + derive + " }\n";
    case 8: return head + "g: Host\n check " + of_number(r, "g.v") + " } " + derive + " }\n";
    case 9: return head + "g: Zone\n check count(Host where " + test + ") >= " + std::to_string(r.between(1, 2)) + " } " + derive + " }\n";
    case 10: {
      const std::string of = r.chance(40) ? of_text(r, "n") : r.chance(50) ? of_address(r, "a") : of_number(r, "v");
      return head + "g: Zone\n check count(Trade where " + of + " over 3s) >= 1 } " + derive + " }\n";
    }
    case 11: return head + "g: Zone\n check count(Host where " + test + " over last 2) >= 1 } " + act + " }\n";
    default: return head + "g: Host where " + test + " } " + (r.chance(50) ? derive : act) + " }\n";
  }
}

std::string quoted(const std::string& text) { return '"' + text + '"'; }

}  // namespace

CaseText reaching_case(std::uint64_t seed) {
  Random r(seed);
  CaseText c;
  std::string rules = kReachingTypes;
  rules += "rule copy { when { g: Host where on } then { derive Copy { id: g.id, n: g.n, v: g.v } } }\n";
  for (int n = 0; n < 60; ++n) rules += random_rule(r, n);
  c.files.push_back(rules);
  int now = 10;
  for (int s = 0; s < 50; ++s) {
    now += r.chance(60) ? 1 : 0;
    const std::string at = std::to_string(now) + "s", id = std::to_string(r.between(1, 3)), v = std::to_string(r.between(-3, 5));
    const auto or_null = [&](const std::string& value) { return r.chance(30) ? "null" : value; };
    switch (r.below(12)) {
      case 0: c.steps.push_back("retract " + at + " Host { id: " + id + " }"); break;
      case 1: c.steps.push_back("put " + at + " Zone { id: " + id + ", hot: " + r.word({"true", "false"}) + " }"); break;
      case 2: c.steps.push_back("tick " + at); break;
      case 3: now += 2; break;
      case 4:
      case 5: c.steps.push_back("put " + at + " Trade { n: " + text(r) + ", a: " + quoted(address(r)) + ", v: " + v + " }"); break;
      default:
        c.steps.push_back("put " + at + " Host { id: " + id + ", a: " + quoted(address(r)) + ", b: " + or_null(quoted(address(r))) +
                          ", c: " + or_null(quoted(network(r))) + ", n: " + text(r) + ", m: " + or_null(text(r)) + ", v: " + v +
                          ", w: " + real(r) + ", p: " + r.word({"null", "0%", "5%", "10%", "50%", "70%"}) + ", t: \"1970-01-01T00:00:0" +
                          std::to_string(r.between(0, 3)) + r.word({"", ".000000001", ".999999999"}) +
                          "Z\", on: " + r.word({"true", "true", "false"}) + " }");
    }
  }
  c.steps.push_back("tick " + std::to_string(now + 10) + "s");
  return c;
}

}  // namespace flyball::reference
