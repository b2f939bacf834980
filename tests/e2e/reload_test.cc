// SIGHUP: what goes on under the new rules. Every case ends with what a person would count: nothing lost, nothing doubled.
#include <catch2/catch.hpp>
#include <csignal>

#include "tests/e2e/service.h"

namespace flyball::e2e {
namespace {

const std::string kTypes = R"(
fact Probe key (backend) { backend: string  ok: bool }
event Request { backend: string }
action Drain key (backend) { backend: string }
action Undrain key (backend) { backend: string }
action Page key (backend) { backend: string }
fact Down key (backend) { backend: string }
fact Ready key (n) { n: int }
fact Seen key (n) { n: int }
)";
const std::string kHeld = R"(
rule held {
  when { p: Probe where not ok for 100ms }
  then { do Drain { backend: p.backend } }
  on clear { do Undrain { backend: p.backend } }
}
rule patient { when { p: Probe where not ok for 1h } then { do Page { backend: p.backend } } }
rule down { when { p: Probe where not ok } then { derive Down { backend: p.backend } } }
rule seen { when { r: Ready } then { derive Seen { n: r.n } } }
)";
const std::string kOther = "rule other { when { p: Probe where backend == \"nobody\" } then { log \"x\" } }\n";

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++n;
  return n;
}

// Reloads these rules, and waits until it is said.
bool reload(Service& service, const Folder& folder, const std::string& rules) {
  const std::size_t before = count(service.child().err(), "reloaded: ");
  folder.write("rules.fly", rules);
  service.child().signal(SIGHUP);
  return eventually([&] { return count(service.child().err(), "reloaded: ") > before; });
}

// The value of a key in one line of JSON, as it stands there.
std::string member(const std::string& json, const std::string& key) {
  const std::size_t at = json.find("\"" + key + "\":");
  if (at == std::string::npos) return "none";
  const std::size_t begin = at + key.size() + 3;
  return json.substr(begin, json.find_first_of(",}", begin) - begin);
}

}  // namespace

TEST_CASE("reload: an episode that began with a hold goes on, and ends once") {
  const Folder folder;
  Service service(folder, kTypes + kHeld, {"--actions", folder / "actions.jsonl"});
  REQUIRE(service.listening());
  Child derived(folder, "derived", {"sub", "derived", "--connect", service.endpoint("out")});
  int n = 0;
  REQUIRE(eventually([&] {  // until the subscription has arrived
    service.pub("{\"type\":\"Ready\",\"data\":{\"n\":" + std::to_string(++n) + "}}\n");
    return !derived.out().empty();
  }));
  REQUIRE(service.pub(probe("b1", false)).status == 0);
  REQUIRE(service.eventually_says({"facts", "--type", "Drain", "--json"}, "\"b1\""));
  const std::string sent = slurp(folder / "actions.jsonl");
  const std::string id = member(sent.substr(sent.find("\"Drain\"")), "id");
  const std::string since = member(service.query({"why-not", "patient", "--with", "backend=b1", "--json"}).out, "until");
  REQUIRE(since != "none");
  REQUIRE(eventually([&] { return count(derived.out(), "\"b1\"") == 1; }));

  // Twice, with a rule more and a rule less; what is acknowledged in between is heard.
  REQUIRE(reload(service, folder, kTypes + kOther + kHeld));
  CHECK_THAT(service.child().err(), Catch::Contains(", 1 episode and 1 action go on"));
  REQUIRE(service
              .pub(R"({"ack":{"action":"Drain","data":{"backend":"b1"},"state":"acked"}})"
                   "\n")
              .status == 0);
  REQUIRE(service.eventually_says({"facts", "--type", "Drain"}, "state: \"acked\""));
  REQUIRE(reload(service, folder, kTypes + kHeld));
  CHECK(service.query({"facts", "--type", "Drain", "--json"}).out.find(id) != std::string::npos);
  CHECK(service.query({"facts", "--type", "Drain"}).out.find("state: \"acked\"") != std::string::npos);
  // The hold of an hour is not any younger.
  CHECK(member(service.query({"why-not", "patient", "--with", "backend=b1", "--json"}).out, "until") == since);
  // The action can still be explained, by its id and as the last one.
  CHECK(service.query({"why", id.substr(1, 32)}).out.find("rule main.held") != std::string::npos);
  CHECK(service.query({"why"}).out.find("rule main.held") != std::string::npos);

  REQUIRE(service.pub(probe("b1", true)).status == 0);
  REQUIRE(eventually([&] { return slurp(folder / "actions.jsonl.2").find("\"Undrain\"") != std::string::npos; }));
  CHECK(service.child().stop() == 0);
  const std::string all = sent + slurp(folder / "actions.jsonl.1") + slurp(folder / "actions.jsonl.2");
  CHECK(count(all, "\"action\":\"Drain\"") == count(sent, "\"action\":\"Drain\""));
  CHECK(count(all, "\"Undrain\",") == 1 + count(sent, "\"Undrain\","));
  CHECK(count(derived.out(), "\"b1\"") == 2);  // came, went: a reload tells nobody what is known
  CHECK(derived.stop() == 0);
}

TEST_CASE("reload: facts that do not fit the new types are said by type") {
  const Folder folder;
  Service service(folder, kTypes + kHeld);
  REQUIRE(service.listening());
  REQUIRE(service.pub(probe("b1", true) + probe("b2", true) + "{\"type\":\"Ready\",\"data\":{\"n\":1}}\n").status == 0);
  REQUIRE(service.eventually_says({"facts", "--type", "Ready"}, "n: 1"));
  const auto with = [](std::string types, const std::string& field, const std::string& now) {
    return types.replace(types.find(field), field.size(), now);
  };
  REQUIRE(reload(service, folder, with(kTypes, "ok: bool", "ok: string")));
  CHECK_THAT(service.child().err(), Catch::Contains("2 facts do not fit the new types and are dropped (2 of `main.Probe`)"));
  REQUIRE(service
              .pub(R"({"type":"Probe","data":{"backend":"b3","ok":"yes"}})"
                   "\n")
              .status == 0);
  REQUIRE(service.eventually_says({"facts", "--type", "Probe"}, "b3"));
  const std::string file = folder.write("next.fly", with(kTypes, "Ready key (n) { n: int }", "Ready key (n) { n: string }"));
  const Finished done = service.query({"apply", file, "--json"});
  CHECK(done.status == 0);
  CHECK_THAT(done.out, Catch::Contains("\"facts_dropped\":2,\"facts_dropped_of\":{\"main.Probe\":1,\"main.Ready\":1}"));
  CHECK(service.child().stop() == 0);
}

TEST_CASE("reload: cooldowns, absences and windows are no younger, what came late enough is taken, counters do not go back") {
  const Folder folder;
  const std::string rules = kTypes + R"(
rule often {
  when { check count(Request over 1h) >= 3 }
  then { do Page { backend: "often" } }
  on clear { do Page { backend: "never" } }
}
rule cooled {
  cooldown 1h per r.backend
  when { r: Request where backend == "cool" }
  then { do Drain { backend: r.backend } }
}
rule quiet {
  when { p: Probe where not ok  no Request where backend == p.backend for 200ms }
  then { do Drain { backend: p.backend } }
  on clear { do Undrain { backend: p.backend } }
}
event Slow lateness )" + kLateness +
                            R"( { n: int }
rule slow { when { s: Slow } then { do Page { backend: "slow" } } }
)";
  Service service(folder, rules, {"--actions", folder / "actions.jsonl"});
  REQUIRE(service.listening());
  const std::string request = R"({"type":"Request","data":{"backend":"cool"}})"
                              "\n";
  REQUIRE(service.pub(request + request + request + probe("b1", false)).status == 0);
  REQUIRE(eventually([&] {
    const std::string sent = slurp(folder / "actions.jsonl");
    return sent.find("\"often\"") != std::string::npos && sent.find("\"cool\"") != std::string::npos &&
           sent.find("\"b1\"") != std::string::npos;
  }));
  const std::string taken = member(service.query({"status", "--json"}).out, "facts_taken");
  // In the same moment: what still waits for those that may come late is not lost.
  REQUIRE(service
              .pub(R"({"type":"Slow","data":{"n":1}})"
                   "\n")
              .status == 0);
  REQUIRE(reload(service, folder, rules + kOther));
  REQUIRE(eventually([&] { return slurp(folder / "actions.jsonl.1").find("\"slow\"") != std::string::npos; }));
  CHECK(std::stoul(member(service.query({"status", "--json"}).out, "facts_taken")) == std::stoul(taken) + 1);
  REQUIRE(service.pub(request).status == 0);
  REQUIRE(service.eventually_says({"status", "--json"}, "\"facts_taken\":" + std::to_string(std::stoul(taken) + 2)));
  CHECK(service.child().stop() == 0);
  const std::string after = slurp(folder / "actions.jsonl.1");
  INFO(after);
  CHECK(count_lines(after) == 1);
  CHECK(after.find("\"slow\"") != std::string::npos);
}

TEST_CASE("reload: a changed rule keeps its episodes and ends them by its new text; a rule that is gone says what it leaves") {
  const Folder folder;
  const std::string rule = R"(
rule drain {
  when { p: Probe where not ok }
  then { do Drain { backend: p.backend } }
  on clear { do Undrain { backend: p.backend } }
}
)";
  Service service(folder, kTypes + rule, {"--actions", folder / "actions.jsonl"});
  REQUIRE(service.listening());
  REQUIRE(service.pub(probe("b1", false)).status == 0);
  REQUIRE(service.eventually_says({"facts", "--type", "Drain"}, "\"b1\""));
  // b1 does not match any more: it is let go at once, by the new text.
  std::string narrower = rule;
  narrower.replace(narrower.find("not ok"), 6, "not ok and backend != \"b1\"");
  narrower.replace(narrower.find("backend: p.backend }", narrower.find("Undrain")), 20, "backend: \"new\" + p.backend }");
  REQUIRE(reload(service, folder, kTypes + narrower));
  REQUIRE(eventually([&] { return slurp(folder / "actions.jsonl.1").find("\"newb1\"") != std::string::npos; }));
  CHECK(count_lines(slurp(folder / "actions.jsonl.1")) == 1);
  REQUIRE(service.pub(probe("b2", false)).status == 0);
  REQUIRE(service.eventually_says({"facts", "--type", "Drain"}, "\"b2\""));
  REQUIRE(reload(service, folder, kTypes + kOther));
  CHECK(service.child().err().find("1 episode ends without `on clear`: its rule is gone") != std::string::npos);
  CHECK(service.query({"facts", "--type", "Drain"}).out == "no facts\n");
  CHECK(service.child().stop() == 0);
  CHECK(slurp(folder / "actions.jsonl.2").empty());
}

TEST_CASE("reload: the new recording has what waited for its instant; a recording that cannot be written refuses the reload") {
  const Folder folder;
  const std::string rules = kTypes + R"(
event Call lateness 400ms late drop { n: int }
action Answer { n: int }
rule answer { cooldown 1ms when { c: Call } then { do Answer { n: c.n } } }
)";
  std::filesystem::create_directory(folder / "records");
  const std::string record = folder / "records/in.jsonl", actions = folder / "records/out.jsonl";
  Service service(folder, rules, {"--record", record, "--actions", actions});
  REQUIRE(service.listening());
  REQUIRE(service
              .pub(R"({"type":"Call","data":{"n":7}})"
                   "\n")
              .status == 0);
  REQUIRE(reload(service, folder, rules + kOther));
  REQUIRE(eventually([&] { return slurp(actions).find("\"n\":7") != std::string::npos || !slurp(actions + ".1").empty(); }));
  // Only if the reload came within the lateness does the second file have it; then it acts on it as the service did.
  CHECK(count(slurp(record + ".1"), "\"n\":7") == count(slurp(actions + ".1"), "\"n\":7"));
  CHECK(flyball({"replay", folder / "rules.fly", "--facts", record + ".1", "--quiet"}).out == slurp(actions + ".1"));

  std::filesystem::rename(folder / "records", folder / "moved");
  folder.write("rules.fly", rules);
  service.child().signal(SIGHUP);
  REQUIRE(service.child().await_err("cannot be written"));
  CHECK(service.child().err().find("the old rules go on") != std::string::npos);
  CHECK(service.query({"status", "--json"}).out.find("\"rules\":2,\"reloads\":1,\"reloads_failed\":1,") != std::string::npos);
  REQUIRE(service
              .pub(R"({"type":"Call","data":{"n":9}})"
                   "\n")
              .status == 0);
  CHECK(eventually([&] { return slurp(folder / "moved/out.jsonl.1").find("\"n\":9") != std::string::npos; }));
  CHECK(service.child().stop() == 0);
  CHECK(slurp(folder / "moved/in.jsonl.1").find("\"n\":9") != std::string::npos);
}

TEST_CASE("record keeps a file that is there, as run does") {
  const Folder folder;
  Service service(folder, kRules);
  REQUIRE(service.listening());
  const std::string file = folder.write("seen.jsonl", "precious\n");
  Child recorder(folder, "record", {"record", file, "--count", "1", "--connect", service.endpoint("out")});
  REQUIRE(eventually([&] {
    service.pub(probe("b", true));
    return !recorder.running();
  }));
  CHECK(recorder.wait() == 0);
  CHECK(slurp(file + ".1").find("\"time\"") != std::string::npos);
  CHECK(slurp(file) == "precious\n");
  CHECK(recorder.err().find("seen.jsonl.1: what is there already is kept") != std::string::npos);
  CHECK(service.child().stop() == 0);
}

TEST_CASE("a start and a reload never write over what was recorded before") {
  const Folder folder;
  const std::vector<std::string> files = {"--record", folder / "in.jsonl", "--actions", folder / "out.jsonl"};
  std::vector<std::string> kept;
  for (int i = 0; i < 2; ++i) {
    Service service(folder, kRules, files);
    REQUIRE(service.listening());
    REQUIRE(service.pub(probe("b" + std::to_string(i), false)).status == 0);
    REQUIRE(service.eventually_says({"facts", "--type", "Drain"}, "b" + std::to_string(i)));
    if (i == 1) CHECK(service.child().err().find("in.jsonl.2: what is there already is kept") != std::string::npos);
    REQUIRE(reload(service, folder, std::string(kRules) + kOther));
    CHECK(service.child().stop() == 0);
  }
  // Four pairs, each begun once, with the numbers of their order.
  for (const std::string number : {"", ".1", ".2", ".3"}) {
    CHECK(slurp(folder / ("in.jsonl" + number)).find("\"tick\":true") != std::string::npos);
    CHECK(std::filesystem::exists(folder / ("out.jsonl" + number)));
  }
  CHECK_FALSE(std::filesystem::exists(folder / "in.jsonl.4"));
  CHECK(slurp(folder / "out.jsonl").find("\"b0\"") != std::string::npos);
  CHECK(slurp(folder / "out.jsonl.2").find("\"b1\"") != std::string::npos);
  folder.write("rules.fly", kRules);
  CHECK(flyball({"replay", folder / "rules.fly", "--facts", folder / "in.jsonl", "--quiet"}).out == slurp(folder / "out.jsonl"));
  CHECK(flyball({"replay", folder / "rules.fly", "--facts", folder / "in.jsonl.2", "--quiet"}).out == slurp(folder / "out.jsonl.2"));
}

TEST_CASE("reload: an emptied file takes nothing away, and a service without rules does not start") {
  const Folder folder;
  const std::string more = folder.write("more.fly", kOther);
  Service service(folder, kRules, {more});
  REQUIRE(service.listening());
  REQUIRE(service.pub(probe("b1", false)).status == 0);
  REQUIRE(service.eventually_says({"facts", "--type", "Drain"}, "b1"));
  folder.write("more.fly", "");  // as an editor does before it writes
  service.child().signal(SIGHUP);
  REQUIRE(service.child().await_err("more.fly` is empty"));
  folder.write("rules.fly", "// nothing\n");
  folder.write("more.fly", "// nothing\n");
  service.child().signal(SIGHUP);
  REQUIRE(service.child().await_err("the rules are empty"));
  CHECK(count(service.child().err(), "the old ones go on") == 2);
  CHECK(service.query({"facts", "--type", "Drain"}).out.find("b1") != std::string::npos);
  REQUIRE(reload(service, folder, kRules));
  CHECK_THAT(service.child().err(), Catch::Contains("1 action go on"));
  CHECK(service.child().stop() == 0);

  const Finished refused = flyball({"run", folder / "more.fly", "--bind", "facts=ipc://" + (folder / "f")});
  CHECK(refused.status == 1);
  CHECK(refused.err.find("the rules are empty") != std::string::npos);
}

}  // namespace flyball::e2e
