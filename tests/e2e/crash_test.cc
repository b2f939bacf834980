// kill -9 of the service itself: what its publishers had not been acknowledged arrives at its successor, by itself.
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <set>

#include "tests/e2e/service.h"

namespace flyball::e2e {
namespace {

// The values of "backend" in these lines.
std::set<std::string> backends(const std::string& text) {
  std::set<std::string> out;
  const std::string key = "\"backend\":\"";
  for (std::size_t at = text.find(key); at != std::string::npos; at = text.find(key, at + 1)) {
    const std::size_t begin = at + key.size();
    out.insert(text.substr(begin, text.find('"', begin) - begin));
  }
  return out;
}

}  // namespace

TEST_CASE("kill -9 of the service while facts flow: every fact is in one of its recordings, and the publisher needs no help") {
  const Folder folder;
  const std::vector<std::string> files = {"--record", folder / "in.jsonl"};
  std::string lines;
  constexpr int kFacts = 3'000;
  for (int i = 0; i < kFacts; ++i) lines += probe("p" + std::to_string(i), true);
  auto first = std::make_unique<Service>(folder, kRules, files);
  REQUIRE(first->listening());
  Child pub(folder, "pub",
            {"pub", folder.write("facts.jsonl", lines), "--rate", "3000", "--timeout", "30s", "--source", "steady", "--connect",
             first->endpoint("facts")});
  REQUIRE(eventually([&] { return first->query({"facts", "--type", "Probe", "--json"}).out.find("\"p300\"") != std::string::npos; }));
  first->child().signal(SIGKILL);
  CHECK(first->child().wait() == 128 + SIGKILL);
  // Its socket files are still there: they belong to nobody.
  CHECK(std::filesystem::exists(folder / "facts"));
  Service second(folder, kRules, files);
  REQUIRE(second.listening());
  CHECK(pub.wait() == 0);
  CHECK(pub.err() == "3000 facts: 3000 acknowledged, 0 refused\n");
  CHECK(second.child().stop() == 0);
  // A publisher that goes on after its service did may give some facts twice (taken, but not acknowledged), and none never.
  const std::set<std::string> taken = [&] {
    std::set<std::string> all = backends(slurp(folder / "in.jsonl"));
    all.merge(backends(slurp(folder / "in.jsonl.1")));
    return all;
  }();
  CHECK(taken.size() == kFacts);
  CHECK(backends(slurp(folder / "in.jsonl.1")).size() < kFacts);  // the first one did take some
}

TEST_CASE("a service that stops leaves no socket files; one that was killed leaves some that its successor takes over") {
  const Folder folder;
  {
    Service service(folder, kRules);
    REQUIRE(service.listening());
    for (const char* face : {"facts", "plain", "out", "actions", "queries"}) CHECK(std::filesystem::exists(folder / face));
    CHECK(service.child().stop() == 0);
    for (const char* face : {"facts", "plain", "out", "actions", "queries"}) CHECK_FALSE(std::filesystem::exists(folder / face));
  }
  {
    Service service(folder, kRules);
    REQUIRE(service.listening());
    service.child().signal(SIGKILL);
    service.child().wait();
  }
  Service service(folder, kRules);
  REQUIRE(service.listening());
  CHECK(service.pub(probe("b", true)).status == 0);
  CHECK(service.child().stop() == 0);
}

TEST_CASE("stamps far ahead are refused, counted, and to be seen") {
  const Folder folder;
  Service service(folder, kRules);
  REQUIRE(service.listening());
  const std::string ahead = R"({"time":"2199-01-01T00:00:00Z","type":"Probe","data":{"backend":"x","ok":true}})"
                            "\n";
  const Finished published = service.pub(ahead + probe("b", true) + ahead);
  CHECK(published.status == 1);
  CHECK(published.err.find("2 refused") != std::string::npos);
  CHECK(published.err.find("ahead of this clock") != std::string::npos);
  CHECK(service.query({"status", "--json"}).out.find("\"refused_ahead\":2,") != std::string::npos);
  const std::string status = service.query({"status"}).out;
  CHECK(status.find("2 refused") != std::string::npos);
  CHECK(status.find("of those refused: 2 stamped too far ahead") != std::string::npos);
  CHECK(service.child().stop() == 0);
}

TEST_CASE("an acknowledgement stamped far ahead is refused, and time stands where it was") {
  const Folder folder;
  Service service(folder, R"(
fact Probe key (backend) ttl 1h { backend: string  ok: bool }
action Drain key (backend) { backend: string }
rule drain { when { p: Probe where not ok } then { do Drain { backend: p.backend } } }
)",
                  {"--record", folder / "in.jsonl", "--actions", folder / "out.jsonl"});
  REQUIRE(service.listening());
  REQUIRE(service.pub(probe("b", false)).status == 0);
  REQUIRE(service.eventually_says({"facts", "--type", "Drain"}, "state: \"sent\""));
  const Finished published =
      service.pub(R"({"time":"2199-01-01T00:00:00Z","ack":{"action":"Drain","data":{"backend":"b"},"state":"acked"}})"
                  "\n");
  CHECK(published.status == 1);
  CHECK(published.err.find("ahead of this clock") != std::string::npos);
  CHECK(service.query({"status", "--json"}).out.find("\"refused_ahead\":1,") != std::string::npos);
  // Its ttl is not over, it is not acknowledged, and the next fact is not late.
  CHECK(service.query({"facts", "--type", "Probe"}).out.find("stale") == std::string::npos);
  CHECK(service.query({"facts", "--type", "Drain"}).out.find("state: \"sent\"") != std::string::npos);
  REQUIRE(service.pub(probe("b", true)).status == 0);
  CHECK(service.query({"status", "--json"}).out.find("\"facts_late_applied\":0,") != std::string::npos);
  CHECK(service.child().stop() == 0);
  CHECK(slurp(folder / "in.jsonl").find("acked") == std::string::npos);
}

TEST_CASE("an action whose time is over, or that a newer one replaced, is handed out to nobody") {
  const Folder folder;
  Service service(folder, R"(
fact Want key (target) { target: string  level: int }
action Set key (target) { target: string  level: int }
action Ring key (target) timeout 100ms { target: string }
rule set { cooldown 1ms when { w: Want where level > 0 } then { do Set { target: w.target, level: w.level } } }
rule ring { when { w: Want where level > 0 } then { do Ring { target: w.target } } }
)");
  REQUIRE(service.listening());
  const auto want = [](int level) { return R"({"type":"Want","data":{"target":"t","level":)" + std::to_string(level) + "}}\n"; };
  // The match goes and comes: two orders of one key, and nobody there to carry them out.
  REQUIRE(service.pub(want(1)).status == 0);
  REQUIRE(service.pub(want(0)).status == 0);
  REQUIRE(service.pub(want(2)).status == 0);
  REQUIRE(service.eventually_says({"facts", "--type", "Ring"}, "state: \"failed\""));
  REQUIRE(service.eventually_says({"status", "--json"}, "\"outbox\":1}"));
  CHECK(service.query({"status", "--json"}).out.find("\"actions_withdrawn\":3,") != std::string::npos);
  CHECK(service.query({"facts", "--type", "Set"}).out.find("level: 2") != std::string::npos);
  CHECK(service.child().stop() == 0);
}

TEST_CASE("a watcher and a question get the lines that replay and ask print over recorded facts") {
  const Folder folder;
  const std::string rules = R"(
fact Link key (device) { device: string  util: percent  window: duration  speed: bitrate }
action Slow key (device) { device: string  util: percent  window: duration  speed: bitrate }
fact Busy key (device) { device: string  window: duration }
rule slow { when { l: Link where util > 80% } then { do Slow { device: l.device, util: l.util, window: l.window, speed: l.speed } } }
rule busy { when { l: Link where util > 80% } then { derive Busy { device: l.device, window: l.window } } }
decision room { input { need: percent  hurry: duration } output { share: percent  term: duration }
  case some_room when { l: Link where util + input.need <= 100% } return { share: l.util + input.need, term: input.hurry }
  default return { share: input.need, term: input.hurry } }
)";
  Service service(folder, rules, {"--record", folder / "in.jsonl", "--actions", folder / "out.jsonl"});
  REQUIRE(service.listening());
  Child sub(folder, "sub", {"sub", "actions", "derived", "facts", "--connect", service.endpoint("out")});
  const auto link = [](const std::string& device, const std::string& util) {
    return R"({"type":"Link","data":{"device":")" + device + R"(","util":")" + util + R"(","window":"90ms","speed":"10Gbps"}})" + "\n";
  };
  REQUIRE(eventually([&] {
    service.pub(link("warm", "10%"));
    return sub.out().find("\"warm\"") != std::string::npos;
  }));
  REQUIRE(service.pub(link("e1", "92.5%")).status == 0);
  REQUIRE(eventually([&] {
    return count_lines(sub.out()) >= 4 && sub.out().find("\"Slow\"") != std::string::npos && sub.out().find("Busy") != std::string::npos;
  }));
  const std::string question = R"({"need":"7.25%","hurry":"1h30m"})";
  const std::string batch = question + "\n{\"need\":\n" + R"({"need":"x","hurry":"1s"})" + "\n\n" + question + "\n";
  Finished live = service.query({"ask", "room", question});
  std::vector<std::string> words = {"ask", "room", "--batch", "--connect", service.endpoint("queries")};
  const Finished live_batch = flyball(words, batch);
  const std::string live_why = service.query({"why", "--json"}).out, live_facts = service.query({"facts", "--json", "--type", "Busy"}).out;
  const std::string live_explained = service.query({"ask", "room", question, "--explain"}).out;
  CHECK(sub.stop() == 0);
  CHECK(service.child().stop() == 0);

  const std::string record = folder / "in.jsonl", fly = folder / "rules.fly";
  const Finished replayed = flyball({"replay", fly, "--facts", record, "--quiet", "--derived", folder / "derived.jsonl"});
  REQUIRE(count_lines(replayed.out) == 1);
  CHECK(sub.out().find(replayed.out) != std::string::npos);
  CHECK(sub.out().find(slurp(folder / "derived.jsonl")) != std::string::npos);
  // The recording went on a little after the questions: nothing but its ticks.
  const auto without_place = [](std::string text) { return text.substr(0, text.find(",\"as_of\"")); };
  const Finished offline = flyball({"ask", "room", question, fly, "--facts", record});
  CHECK(without_place(live.out) == without_place(offline.out));
  CHECK(live.out.find(R"("output":{"share":0.9975,"term":"5400s"})") != std::string::npos);
  const Finished offline_batch = flyball({"ask", "room", "--batch", fly, "--facts", record}, batch);
  CHECK(live_batch.status == 1);
  CHECK(count_lines(live_batch.out) == 4);
  CHECK(live_batch.out.find("\"line\":2}\n") != std::string::npos);
  const auto line = [](const std::string& text, std::size_t n) {
    std::size_t begin = 0;
    for (; n > 0; --n) begin = text.find('\n', begin) + 1;
    return text.substr(begin, text.find('\n', begin) - begin);
  };
  CHECK(line(live_batch.out, 1) == line(offline_batch.out, 1));
  CHECK(line(live_batch.out, 2) == line(offline_batch.out, 2));
  CHECK(without_place(line(live_batch.out, 3)) == without_place(line(offline_batch.out, 3)));
  CHECK(live_why == flyball({"why", "--json", fly, "--facts", record}).out);
  CHECK(count_lines(live_facts) == 1);
  CHECK(live_facts.starts_with(R"({"type":"main.Busy","data":{"device":"e1","window":"0.09s"},"time":)"));
  CHECK(live_explained.find("from some_room") != std::string::npos);
  CHECK(live_explained.find("99.75%") != std::string::npos);
}

}  // namespace flyball::e2e
