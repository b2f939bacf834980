// Bytes that no client of ours would send, on every face: each gets a counted refusal with a reason, and costs nobody else
// anything. Random messages come from fixed seeds.
#include <catch2/catch.hpp>

#include "tests/bus/raw_peer.h"
#include "tests/bus/service.h"

using namespace flyball;
using namespace flyball::bus;
using namespace flyball::bus::test;

namespace {

// SplitMix64: the same bytes on every machine.
struct Bytes {
  std::uint64_t state;
  std::uint64_t next() {
    state += 0x9E37'79B9'7F4A'7C15ULL;
    std::uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xBF58'476D'1CE4'E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D0'49BB'1331'11EBULL;
    return z ^ (z >> 31);
  }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(next() % n); }
};

// One to four changes: bytes replaced, put in, cut out, the end cut off, a piece doubled.
std::string mutated(std::string bytes, Bytes& random) {
  for (std::size_t n = 1 + random.below(4); n > 0 && !bytes.empty(); --n) {
    const std::size_t at = random.below(bytes.size());
    switch (random.below(5)) {
      case 0: bytes[at] = static_cast<char>(random.next()); break;
      case 1: bytes.insert(at, 1, static_cast<char>(random.next())); break;
      case 2: bytes.erase(at, 1 + random.below(3)); break;
      case 3: bytes.resize(at); break;
      default: bytes.insert(at, bytes.substr(at, 1 + random.below(8))); break;
    }
  }
  return bytes;
}

std::string one(Service& s, RawPeer& p, const std::string& json) {
  p.say(json);
  const auto heard = wait_for(s, p, 1);
  return heard.empty() ? "nothing" : heard[0];
}

// {"op":"facts","seq":SEQ,"facts":[…]} with `count` facts of these bytes.
std::string facts_message(std::uint64_t seq, std::uint32_t count, const std::string& facts) {
  std::string out;
  MsgpackWriter w(out);
  w.map(3);
  w.text_entry("op", "facts");
  w.uint_entry("seq", seq);
  w.string("facts");
  w.array(count);
  w.raw(facts);
  return out;
}

// {"type":"LinkStats","data":DATA}
std::string fact(const std::string& data) {
  std::string out;
  MsgpackWriter w(out);
  w.map(2);
  w.text_entry("type", "LinkStats");
  w.string("data");
  w.raw(data);
  return out;
}

std::string link(const std::string& util) {
  std::string out;
  MsgpackWriter w(out);
  w.map(3);
  w.text_entry("device", "e1");
  w.text_entry("port", "p");
  w.string("util");
  w.raw(util);
  return out;
}

}  // namespace

TEST_CASE("each kind of bad fact is refused with its reason, and the good ones around it are taken") {
  const std::string nan("\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00", 9);
  const std::string infinity("\xca\x7f\x80\x00\x00", 5);
  const std::string good = fact(link(RawPeer::pack("0.5")));
  std::string twice;
  MsgpackWriter w(twice);
  w.map(3);
  for (const char* field : {"device", "port", "port"}) w.text_entry(field, "x");
  struct Bad {
    std::string what, bytes, reason;
    bool unreadable = false;  // hides where the next fact begins
  };
  const std::vector<Bad> all = {
      {"NaN", fact(link(nan)), "`util` of `LinkStats`: expected a percent, got NaN; write a ratio", false},
      {"infinity", fact(link(infinity)), "`util` of `LinkStats`: expected a percent, got inf", false},
      {"wrong type", fact(link(RawPeer::pack("[1]"))), "`util` of `LinkStats`: expected a percent, got a list", false},
      {"unknown field", fact(RawPeer::pack(R"({"device":"e1","port":"p","utl":0.5})")), "has no field `utl`", false},
      {"missing key", fact(RawPeer::pack(R"({"device":"e1","util":0.5})")), "`port` of `LinkStats` is missing", false},
      {"unknown type", RawPeer::pack(R"({"type":"Nope","data":{}})"), "there is no fact type `Nope`", false},
      {"unknown key", RawPeer::pack(R"({"type":"LinkStats","dta":{}})"), "`dta`", false},
      {"no data", RawPeer::pack(R"({"type":"LinkStats"})"), "`device` of `LinkStats` is missing", false},
      {"a field twice", fact(twice), "is given twice", false},
      {"no fact", RawPeer::pack("7"), "expected a fact", false},
      {"deep", fact(link(std::string(40, '\x91') + "\xc0")), "expected a percent, got a list", true},
      {"huge map", fact(std::string("\xdf\xff\xff\xff\xff", 5)), "not MessagePack", true},
      {"huge string", fact(link(std::string("\xdb\xff\xff\xff\xff", 5))), "not MessagePack", true},
      {"reserved byte", fact(link("\xc1")), "not MessagePack", true},
  };
  for (const Bad& bad : all) {
    INFO(bad.what);
    Service s;
    RawPeer p(s.config.facts_bind[0]);
    one(s, p, R"({"op":"hello","source":"g"})");
    p.send(facts_message(1, 3, good + bad.bytes + good));
    const auto told = wait_for(s, p, 1);
    REQUIRE(told.size() == 1);
    CHECK_THAT(told[0], Catch::StartsWith(R"({"op":"ack","seq":3,)"));
    CHECK_THAT(told[0], Catch::Contains(R"("refused":[{"seq":2,)"));
    CHECK_THAT(told[0], Catch::Contains(bad.reason));
    CHECK(s.handler.facts.size() == (bad.unreadable ? 1U : 2U));
    CHECK(s.server->counters().facts_refused == (bad.unreadable ? 2U : 1U));
    // The next message is as good as ever.
    p.send(facts_message(4, 1, good));
    CHECK_THAT(wait_for(s, p, 1).at(0), Catch::StartsWith(R"({"op":"ack","seq":4,"credit")"));
  }
}

TEST_CASE("random changes of good messages on every face: all are counted, each answer says what, others lose nothing") {
  Service s([](ServerConfig& c) { c.epoch = "00ff00ff00ff00ff"; });
  constexpr int kMessages = 3'000;
  const std::string hello_facts = RawPeer::pack(R"({"op":"hello","source":"bad","instance":"i","first":1})");
  const std::string hello_actions = RawPeer::pack(R"({"op":"hello","executor":"bad","v":1,"actions":["Fence"],"credit":4})");
  const std::vector<std::pair<std::string, std::vector<std::string>>> faces = {
      {s.config.facts_bind[0],
       {hello_facts,
        facts_message(1, 2, fact(link(RawPeer::pack("0.5"))) + RawPeer::pack(R"({"type":"Vm","time":1,"data":{"vm":"v","running":true}})")),
        RawPeer::pack(
            R"({"op":"facts","facts":[{"time":3,"ack":{"action":"Fence","data":{"target":"x"},"result":{"ip":"10.0.0.1"}}}],"seq":2})"),
        RawPeer::pack(R"({"op":"ping"})")}},
      {s.config.actions_bind[0],
       {hello_actions, RawPeer::pack(R"({"op":"done","id":"a","try":1,"state":"failed","error":"x","result":{"ip":"::1"}})")}},
      {s.config.queries_bind[0],
       {RawPeer::pack(R"({"op":"ask","req":1,"decision":"pick_pool","input":{"service":"api","client":"::1"}})"),
        RawPeer::pack(R"({"op":"ask","json":true,"decision":"pick_pool","batch":["{}",{"service":"api"}]})"),
        RawPeer::pack(R"({"op":"why-not","rule":"r","with":{"a":"b"}})"), RawPeer::pack(R"({"op":"facts","type":"Vm","json":true})")}}};
  RawPeer good(s.config.facts_bind[0]);
  one(s, good, R"({"op":"hello","source":"good"})");
  std::uint64_t good_seq = 0, sent = 1;
  for (const auto& [endpoint, seeds] : faces) {
    RawPeer bad(endpoint);
    // As somebody who is known: else it would only be asked who it is.
    if (seeds[0] == hello_facts || seeds[0] == hello_actions) bad.send(seeds[0]), ++sent;
    Bytes random{sent};
    std::size_t answers = 0;
    const auto listen = [&] {
      for (const std::string& m : bad.heard()) {
        ++answers;
        const bool known = m.starts_with("{\"op\":\"") || m.find("\"op\":\"answer\"") != std::string::npos;
        if (!known) FAIL(m);
        if (m.starts_with("{\"op\":\"error\"") && m.find("\"error\":\"\"") != std::string::npos) FAIL("no reason: " << m);
      }
    };
    for (int i = 0; i < kMessages; ++i) {
      bad.send(mutated(seeds[random.below(seeds.size())], random));
      ++sent;
      if (i % 100 != 0) continue;
      good.send(facts_message(++good_seq, 1, RawPeer::pack(R"({"type":"Vm","data":{"vm":"good","running":true}})")));
      ++sent;
      REQUIRE(s.until([&] { return s.server->counters().messages_in >= sent; }, listen));
    }
    REQUIRE(s.until([&] { return s.server->counters().messages_in >= sent; }, listen));
    s.settle(listen, 20);
    CHECK(answers > kMessages / 2);
  }
  CHECK(s.server->counters().messages_in == sent);
  const ServerCounters& c = s.server->counters();
  CHECK(c.malformed > kMessages);
  CHECK(c.facts_refused > 0);
  CHECK(c.questions_refused > 0);
  // Everything of the one who behaves was taken, in order, and he hears so.
  std::size_t goods = 0;
  for (const std::string& f : s.handler.facts) goods += f.find("\"source\":\"good\"") != std::string::npos;
  CHECK(goods == good_seq);
  const auto told = good.heard();
  REQUIRE_FALSE(told.empty());
  CHECK(told.back() == R"({"op":"ack","seq":)" + std::to_string(good_seq) + R"(,"credit":16384})");
}

TEST_CASE("random bytes on the plain face are counted with their topic, and the next fact is taken") {
  Service s;
  RawPeer p(s.config.plain_bind[0], PeerKind::kPub);
  const std::string good = RawPeer::pack(R"({"vm":"v1","running":true,"@time":1})");
  // The first ones are lost: nobody listens yet.
  REQUIRE(s.until([&] { return !s.handler.facts.empty(); }, [&] { p.send_parts({"Vm", good}); }));
  s.settle();
  const std::size_t taken = s.handler.facts.size();
  Bytes random{11};
  for (int i = 0; i < 500; ++i) p.send_parts({"Vm", mutated(good, random)});
  p.send_parts({"Nope", good});
  p.send_parts({"Vm", RawPeer::pack(R"({"vm":"last","running":true})")});
  REQUIRE(s.until([&] { return s.handler.facts.back().find("\"last\"") != std::string::npos; }));
  const ServerCounters& c = s.server->counters();
  CHECK(c.plain_refused > 250);
  CHECK(c.plain_refused + (s.handler.facts.size() - taken) >= 502);
  CHECK(s.handler.troubles.size() == c.plain_refused);
  for (const std::string& trouble : s.handler.troubles) CHECK(trouble.starts_with("plain `"));
}
