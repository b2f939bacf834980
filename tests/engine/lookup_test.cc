// Decisions find facts by indexes that no rule needs: as they are now, whatever happened to them, and also when the rules are other ones.
#include "tests/engine/session_harness.h"

namespace flyball::engine::testing {
namespace {

const char* const kTypes =
    "module main\n"
    "fact Net key (id) ttl 10s { id: int  prefix: cidr  low: int  high: int  site: string? }\n"
    "action Say key (id) { id: int }\n";

std::string decision(const char* input, const char* where) {
  return fmt::format(
      "decision find {{\n  input {{ {} }}\n  output {{ id: int }}\n  case c when {{ n: Net where {} }} return {{ id: n.id }}\n"
      "  default return {{ id: -1 }}\n}}\n",
      input, where);
}

std::string net(int id, const char* prefix, int low, const char* site) {
  return fmt::format("id: {}, prefix: {}, low: {}, high: {}, site: {}", id, prefix, low, low + 10, site);
}

std::string found(const World& w, const Value& input) {
  const Result<DecisionAnswer> answer = w.session->decide(0, {input});
  REQUIRE(answer.has_value());
  return to_text(answer->output[0], w.in) + (answer->skipped_unknown.empty() ? "" : " unknown");
}

}  // namespace

TEST_CASE("a decision finds what lies around its input", "[lookup]") {
  World w(kTypes + decision("addr: ip", "input.addr in prefix"));
  const auto ip = [&](const char* text) { return w.in.ip(parse_ip(text).value()); };
  CHECK(found(w, ip("10.1.0.1")) == "-1");
  w.put("1s", "Net", net(1, "10.1.0.0/16", 0, "\"a\""));
  w.put("1s", "Net", net(2, "10.1.2.0/24", 0, "\"a\""));
  w.tick("1s");
  CHECK(found(w, ip("10.1.2.3")) == "1");  // the first by key
  CHECK(found(w, ip("10.2.2.3")) == "-1");
  w.put("2s", "Net", net(1, "10.2.0.0/16", 0, "\"a\""));
  w.tick("2s");
  CHECK(found(w, ip("10.1.2.3")) == "2");
  CHECK(found(w, ip("10.2.2.3")) == "1");
  w.put("8s", "Net", net(1, "10.2.0.0/16", 0, "\"a\""));
  w.tick("11s");  // 2 is stale: it may lie anywhere
  CHECK(found(w, ip("10.1.2.3")) == "-1 unknown");
  CHECK(found(w, ip("10.2.2.3")) == "1");
  w.retract("12s", "Net", "id: 1");
  w.put("12s", "Net", net(2, "::/0", 0, "\"a\""));
  w.tick("12s");
  CHECK(found(w, ip("10.2.2.3")) == "-1");
  CHECK(found(w, ip("2001:db8::1")) == "2");
}

TEST_CASE("a decision finds what is equal in fields that are no key, and what a number lies in", "[lookup]") {
  const bool by_site = GENERATE(true, false);
  World w(kTypes + (by_site ? decision("site: string", "site != null and site == input.site")
                            : decision("at: int", "low <= input.at and input.at < high")));
  const auto question = [&](const char* site, int at) { return by_site ? w.in.string(site) : Value::integer(at); };
  for (int i = 0; i < 300; ++i) w.put("1s", "Net", net(i, "10.0.0.0/8", i * 10, i % 3 == 0 ? "null" : fmt::format("\"s{}\"", i).c_str()));
  w.tick("1s");
  CHECK(found(w, question("s7", 75)) == "7");
  CHECK(found(w, question("s999", 9'999)) == "-1");
  w.put("2s", "Net", net(7, "10.0.0.0/8", 5'000, "\"s8\""));
  w.put("2s", "Net", net(8, "10.0.0.0/8", 70, "\"s7\""));
  w.tick("2s");
  CHECK(found(w, question("s7", 75)) == "8");
  CHECK(found(w, question("s8", 5'005)) == "7");
}

TEST_CASE("what a decision looks up is there when it comes with a reload, and when it goes", "[lookup]") {
  const std::string rule = "rule r { when { n: Net where low > 5 } then { do Say { id: n.id } } }\n";
  World w(kTypes + rule);
  for (int i = 0; i < 50; ++i) w.put("1s", "Net", net(i, "10.0.0.0/8", i * 10, fmt::format("\"s{}\"", i % 10).c_str()));
  w.tick("1s");
  w.reload(kTypes + rule + decision("at: int", "low <= input.at and input.at < high"));
  CHECK(found(w, Value::integer(123)) == "12");
  w.put("2s", "Net", net(0, "10.0.0.0/8", 120, "null"));
  w.tick("2s");
  CHECK(found(w, Value::integer(123)) == "0");
  w.reload(kTypes + rule + decision("site: string", "site != null and site == input.site and low > 200"));
  CHECK(found(w, w.in.string("s3")) == "23");
  w.reload(kTypes + rule);
  w.put("3s", "Net", net(23, "10.0.0.0/8", 0, "null"));
  w.tick("3s");
  w.reload(kTypes + rule + decision("site: string", "site != null and site == input.site and low > 200"));
  CHECK(found(w, w.in.string("s3")) == "33");
}

}  // namespace flyball::engine::testing
