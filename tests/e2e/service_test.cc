// `flyball run` and its clients, as a user would use them.
#include "tests/e2e/service.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <fstream>

namespace flyball::e2e {
namespace {

TEST_CASE("run: says where it listens, takes facts, acts, answers, explains, drains and stops with 0") {
  const Folder folder;
  Service service(folder, kRules, {"--print-endpoints"});
  INFO(service.child().err());
  REQUIRE(service.listening());
  REQUIRE(service.child().await_out("\"queries\":[\"" + service.endpoint("queries") + "\"]"));

  Child sub(folder, "sub", {"sub", "actions", "derived", "--connect", service.endpoint("out"), "--count", "2"});
  const Finished published = service.pub(probe("b1", true) + probe("b2", true));
  CHECK(published.status == 0);
  CHECK(published.err == "2 facts: 2 acknowledged, 0 refused\n");
  // A subscriber that has just started may miss what is published before its subscription has arrived: until it hears something.
  REQUIRE(eventually([&] {
    service.pub(probe("b1", false));
    service.pub(probe("b1", true));
    return !sub.running();
  }));
  CHECK(sub.wait() == 0);
  CHECK(count_lines(sub.out()) == 2);
  CHECK(sub.out().find("\"backend\":\"b1\"") != std::string::npos);

  const Finished asked = service.query({"ask", "pick", R"({"want":"b2"})"});
  CHECK(asked.status == 0);
  CHECK(asked.out.find(R"("output":{"backend":"b2"},"from":"wanted")") != std::string::npos);
  const Finished refused = service.query({"ask", "pick", R"({"wnat":"b2"})"});
  CHECK(refused.status == 1);
  CHECK(refused.err.find("wnat") != std::string::npos);
  CHECK(service.query({"ask", "pikc", "{}"}).err.find("`pick`") != std::string::npos);

  CHECK(service.eventually_says({"facts", "--type", "Probe"}, "Probe { backend: \"b2\", ok: true }"));
  CHECK(service.query({"facts", "--type", "Probe", "--json"}).out.find(R"("data":{"backend":"b1")") != std::string::npos);
  CHECK(service.query({"why", "last"}).out.find("Undrain { backend: \"b1\" }") == 0);
  CHECK(service.query({"why", "last", "--json"}).out.find("\"block\":\"on clear\"") != std::string::npos);
  CHECK(service.query({"why", "00000000000000000000000000000000"}).status == 1);
  const Finished why_not = service.query({"why-not", "drain", "--with", "backend=b2"});
  CHECK(why_not.status == 0);
  CHECK(why_not.out.find("not ok") != std::string::npos);
  CHECK(service.query({"why-not", "drian"}).err.find("`drain`") != std::string::npos);
  CHECK(service.query({"status"}).out.find("facts: ") != std::string::npos);
  CHECK(service.query({"status", "--json"}).out.find("\"facts_live\":") != std::string::npos);

  service.child().signal(SIGTERM);
  CHECK(service.child().wait() == 0);
  CHECK(service.child().err().find("stopped: ") != std::string::npos);
  CHECK(service.query({"status"}).status == 1);
}

TEST_CASE("run: SIGINT stops it, too; any free port can be asked for") {
  const Folder folder;
  std::vector<std::string> args = {"run", folder.write("rules.fly", kRules), "--print-endpoints"};
  for (const char* face : {"facts", "plain", "out", "actions", "queries"}) {
    args.emplace_back("--bind");
    args.push_back(std::string(face) + "=tcp://127.0.0.1:0");
  }
  Child child(folder, "run", args);
  REQUIRE(child.await_err("listening:"));
  REQUIRE(child.await_out("}\n"));
  CHECK(child.out().find(":0\"") == std::string::npos);
  CHECK(child.out().find("\"facts\":[\"tcp://127.0.0.1:") != std::string::npos);
  child.signal(SIGINT);
  CHECK(child.wait() == 0);
}

TEST_CASE("run: what is wrong at the start is said, with exit codes") {
  const Folder folder;
  const std::string rules = folder.write("rules.fly", kRules);
  const std::string bad = folder.write("bad.fly", "rule x { when { y: Nothing } then { } }");
  CHECK(flyball({"run"}).status == 64);
  CHECK(flyball({"run", bad}).status == 1);
  CHECK(flyball({"run", rules, "--bind", "fatcs=ipc:///x"}).status == 64);
  const Finished open = flyball({"run", rules, "--bind", "facts=tcp://0.0.0.0:5555"});
  CHECK(open.status == 64);
  CHECK(open.err.find("CURVE") != std::string::npos);

  Service service(folder, kRules);
  REQUIRE(service.listening());
  const Finished taken = flyball({"run", rules, "--bind", "facts=" + service.endpoint("facts")});
  CHECK(taken.status == 1);
  CHECK(taken.err.find(service.endpoint("facts")) != std::string::npos);

  const Finished unknown = flyball({"run", rules, "--config", folder.write("a.toml", "[limits]\nfact_per_tick = 3\n")});
  CHECK(unknown.status == 64);
  CHECK(unknown.err.find("a.toml:2: there is no setting `limits.fact_per_tick`") != std::string::npos);
  CHECK(unknown.err.find("`limits.facts_per_tick`") != std::string::npos);
  const Finished wrong = flyball({"run", rules, "--config", folder.write("b.toml", "[time]\nahead_max = 5\n")});
  CHECK(wrong.status == 64);
  CHECK(wrong.err.find("b.toml:2: `time.ahead_max`: it must be a duration") != std::string::npos);
  const Finished syntax = flyball({"run", rules, "--config", folder.write("c.toml", "rules = [\n")});
  CHECK(syntax.status == 64);
  CHECK(flyball({"run", rules, "--record", (folder.path() / "no" / "where").string(), "--bind", "facts=" + service.endpoint("f2"), "--bind",
                 "plain=", "--bind", "out=", "--bind", "actions=", "--bind", "queries="})
            .status == 1);
}

TEST_CASE("run: everything from a configuration file, and a data folder for one service only") {
  const Folder folder;
  folder.write("rules/r.fly", kRules);
  const std::string config =
      folder.write("flyball.toml", "rules = \"rules\"\ndata = \"" + (folder / "data") + "\"\n[endpoints]\nfacts = \"ipc://" +
                                       (folder / "facts") + "\"\nplain = []\nout = []\nactions = []\nqueries = [\"ipc://" +
                                       (folder / "queries") + "\"]\n[log]\njson = true\nstatus_every = \"20ms\"\n");
  // What a former service left: who reads it now goes on reading it whole.
  const std::string left = "{\"left\":\"" + std::string(4'000, 'x') + "\"}\n";
  std::filesystem::create_directories(folder / "data");
  folder.write("data/endpoints.json", left);
  std::ifstream reader(folder / "data/endpoints.json", std::ios::binary);
  Child child(folder, "run", {"run", "--config", config});
  INFO(child.err());
  REQUIRE(child.await_err("listening:"));
  CHECK(child.err().find("{\"time\":\"") == 0);
  CHECK(child.await_err("\"status\":{"));
  CHECK(eventually([&] { return folder.read("data/endpoints.json").find("\"plain\":[]") != std::string::npos; }));
  CHECK(std::string(std::istreambuf_iterator<char>(reader), {}) == left);
  CHECK_FALSE(std::filesystem::exists(folder / "data/endpoints.json.new"));
  const Finished second = flyball({"run", "--config", config});
  CHECK(second.status == 1);
  CHECK(second.err.find("in use by another service") != std::string::npos);
  CHECK(child.stop() == 0);
  CHECK_FALSE(std::filesystem::exists(folder / "data/endpoints.json"));
}

TEST_CASE("pub: refused facts are said with their lines, the others are taken, exit 1") {
  const Folder folder;
  Service service(folder, kRules);
  REQUIRE(service.listening());
  const std::string lines =
      probe("b1", true) + "not JSON\n" + R"({"type":"Prob","data":{}})" + "\n\n" + R"({"type":"Probe","data":{"backend":"b2","ok":3}})" +
      "\n" + R"({"time":"2200-01-01T00:00:00Z","type":"Probe","data":{"backend":"b3","ok":true}})" + "\n" + probe("b4", true);
  const Finished done = service.pub(lines, {"--source", "tester"});
  CHECK(done.status == 1);
  INFO(done.err);
  CHECK(done.err.find("<stdin>:2: ") != std::string::npos);
  CHECK(done.err.find("<stdin>:3: ") != std::string::npos);
  CHECK(done.err.find("<stdin>:5: ") != std::string::npos);
  CHECK(done.err.find("<stdin>:6: ") != std::string::npos);
  CHECK(done.err.find("ahead") != std::string::npos);
  CHECK(done.err.find("2 acknowledged, 4 refused\n") != std::string::npos);
  CHECK(service.eventually_says({"facts"}, "b4"));
  CHECK(service.query({"facts"}).out.find("b3") == std::string::npos);

  // The same source again, whose sequences go on: the lines are right all the same.
  const Finished again = service.pub(probe("b5", true) + R"({"type":"Prob","data":{}})" + "\n", {"--source", "tester"});
  INFO(again.err);
  CHECK(again.status == 1);
  CHECK(again.err.find("<stdin>:2: ") != std::string::npos);
  CHECK(service.query({"status"}).out.find("source tester:") != std::string::npos);
}

TEST_CASE("pub: without a service it gives up and says so") {
  const Folder folder;
  const Finished done = flyball({"pub", "-", "--connect", "ipc://" + (folder / "nobody"), "--timeout", "300ms"}, probe("b1", true));
  CHECK(done.status == 1);
  CHECK(done.err.find("1 facts were not acknowledged") != std::string::npos);
}

TEST_CASE("pub --plain reaches the service, at a rate; what it cannot send it says") {
  const Folder folder;
  Service service(folder, kRules);
  REQUIRE(service.listening());
  const Finished done = flyball({"pub", "-", "--plain", "--rate", "200", "--connect", service.endpoint("plain")},
                                probe("p1", true) + R"({"time":1,"tick":true})" + "\n" + probe("p2", true));
  CHECK(done.status == 1);
  CHECK(done.err.find("<stdin>:2: `tick` cannot be sent plain") != std::string::npos);
  CHECK(done.err.find("2 published plain, 1 refused\n") != std::string::npos);
  CHECK(service.eventually_says({"facts"}, "p2"));
}

TEST_CASE("a recorded run replays to the very same actions") {
  const Folder folder;
  const std::string record = folder / "inputs.jsonl", actions = folder / "actions.jsonl";
  {
    Service service(folder, kRules, {"--record", record, "--actions", actions});
    REQUIRE(service.listening());
    Child watcher(folder, "record", {"record", folder / "watched.jsonl", "--connect", service.endpoint("out")});
    for (int i = 0; i < 40; ++i) {
      const std::string b = "b" + std::to_string(i % 7);
      REQUIRE(service.pub(probe(b, i % 3 != 0) + probe("c" + b, i % 2 == 0)).status == 0);
    }
    CHECK(service.eventually_says({"facts", "--type", "Drain"}, "\"all\""));  // by the clock: a hold that fell due
    CHECK(watcher.stop() == 0);
    CHECK(service.child().stop() == 0);
  }
  const std::string written = slurp(actions);
  REQUIRE(count_lines(written) > 10);
  for (int i = 0; i < 2; ++i) {
    const Finished replayed = flyball({"replay", folder / "rules.fly", "--facts", record, "--quiet"});
    CHECK(replayed.status == 0);
    CHECK(replayed.err == "");
    CHECK(replayed.out == written);
  }
  // What `record` saw of it is well-formed, too, and replays.
  const Finished watched = flyball({"replay", folder / "rules.fly", "--facts", folder / "watched.jsonl"});
  CHECK(watched.status == 0);
  INFO(watched.err);
  CHECK(watched.err.find(" 0 refused, ") != std::string::npos);
}

TEST_CASE("reload: rules that check replace the old ones, facts stay, what runs is not sent again; rules that do not change nothing") {
  const Folder folder;
  Service service(folder, kRules);
  REQUIRE(service.listening());
  REQUIRE(service.pub(probe("b1", false) + probe("b2", true)).status == 0);
  REQUIRE(service.eventually_says({"facts", "--type", "Drain"}, "b1"));
  Child sub(folder, "sub", {"sub", "actions", "--connect", service.endpoint("out")});
  REQUIRE(eventually([&] {
    service.pub(probe("b9", false));
    service.pub(probe("b9", true));
    return sub.out().find("b9") != std::string::npos;
  }));

  folder.write("rules.fly", std::string(kRules) + "rule broken { when { x: Nothing } then { log \"x\" } }");
  service.child().signal(SIGHUP);
  REQUIRE(service.child().await_err("the old ones go on"));
  CHECK(service.child().err().find("`Nothing`") != std::string::npos);
  CHECK(service.query({"ask", "pick", R"({"want":"b2"})"}).status == 0);

  folder.write("rules.fly", std::string(kRules) + R"(
action Cheer key (backend) { backend: string }
rule cheer { cooldown 1ms when { p: Probe where ok } then { do Cheer { backend: p.backend } } }
)");
  service.child().signal(SIGHUP);
  REQUIRE(service.child().await_err("reloaded: 3 rules"));
  REQUIRE(
      eventually([&] { return sub.out().find("\"Cheer\"") != std::string::npos || sub.out().find("main.Cheer") != std::string::npos; }));
  REQUIRE(eventually([&] { return sub.out().find("b2") != std::string::npos; }));
  CHECK(sub.out().find("\"b1\"") == std::string::npos);  // its drain was sent before, and is not sent again
  // Its end is still known: b1 gets well, and is undrained once.
  REQUIRE(service.pub(probe("b1", true)).status == 0);
  REQUIRE(eventually([&] { return sub.out().find("\"backend\":\"b1\"") != std::string::npos; }));
  CHECK(service.query({"status", "--json"}).out.find("\"reloads\":1,\"reloads_failed\":1") != std::string::npos);
  CHECK(sub.stop() == 0);
  CHECK(service.child().stop() == 0);
}

TEST_CASE("a cold service sends nothing until the required sources have spoken") {
  const Folder folder;
  Service service(folder, kRules, {"--require-source", "one", "--require-source", "two", "--actions", folder / "actions.jsonl"});
  REQUIRE(service.listening());
  CHECK(service.child().err().find("cold: ") != std::string::npos);
  REQUIRE(service.pub(probe("b1", false), {"--source", "one"}).status == 0);
  CHECK(service.query({"ask", "pick", R"({"want":"b2"})"}).err.find("cold") != std::string::npos);
  CHECK(service.query({"status", "--json"}).out.find("\"cold\":true") != std::string::npos);
  // Who is waited for is named, and nothing speaks of actions that are not sent.
  CHECK(service.query({"status"}).out.find("until these required sources have spoken: `two`\n") != std::string::npos);
  CHECK(service.query({"status"}).out.find("actions: 0 sent") != std::string::npos);
  CHECK(service.query({"why"}).err.find("required sources have not spoken yet: `two`") != std::string::npos);
  CHECK(service.query({"facts"}).out.find("Drain") == std::string::npos);
  CHECK(slurp(folder / "actions.jsonl").empty());
  REQUIRE(service.pub(probe("b2", true), {"--source", "two"}).status == 0);
  REQUIRE(service.child().await_err("warm: "));
  CHECK(eventually([&] { return slurp(folder / "actions.jsonl").find("\"b1\"") != std::string::npos; }));
  CHECK(service.query({"ask", "pick", R"({"want":"b2"})"}).status == 0);
  CHECK(service.child().stop() == 0);
}

TEST_CASE("what waits for its instant while the service is cold is not lost when it gets warm, and is recorded") {
  const Folder folder;
  const std::string record = folder / "in.jsonl", actions = folder / "out.jsonl";
  const std::string rules = std::string(kRules) + R"(
event Call lateness )" + kLateness +
                            R"( late drop { n: int }
fact Level key (name) lateness )" +
                            kLateness + R"( late drop { name: string  n: int }
action Answer { n: int }
rule answer { cooldown 1ms when { c: Call } then { do Answer { n: c.n } } }
)";
  Service service(folder, rules, {"--require-source", "one", "--record", record, "--actions", actions});
  REQUIRE(service.listening());
  // All stamped now: their instants come only after the lateness, when the service is warm.
  const auto level = [](int n) { return R"({"type":"Level","data":{"name":"l","n":)" + std::to_string(n) + "}}\n"; };
  REQUIRE(service
              .pub(R"({"type":"Call","data":{"n":7}})"
                   "\n" +
                   level(1))
              .status == 0);
  REQUIRE(service.eventually_says({"facts", "--type", "Level"}, "n: 1"));
  REQUIRE(service.pub(level(2) + R"({"type":"Call","data":{"n":8}})" + "\n").status == 0);
  REQUIRE(service.pub(probe("b1", false), {"--source", "one"}).status == 0);
  REQUIRE(service.child().await_err("warm: "));
  CHECK(service.eventually_says({"facts", "--type", "Level"}, "n: 2"));
  CHECK(eventually([&] { return slurp(actions).find("\"n\":8") != std::string::npos; }));
  CHECK(service.child().stop() == 0);
  CHECK(slurp(record).find("\"n\":8") != std::string::npos);
  CHECK(flyball({"replay", folder / "rules.fly", "--facts", record, "--quiet"}).out == slurp(actions));
}

TEST_CASE("a plain fact that names a required source does not make the service warm") {
  const Folder folder;
  Service service(folder, kRules, {"--require-source", "one"});
  REQUIRE(service.listening());
  const std::string plain = R"({"type":"Probe","@source":"one","data":{"backend":"b1","ok":false}})";
  REQUIRE(eventually([&] {
    flyball({"pub", "-", "--plain", "--connect", service.endpoint("plain")}, plain + "\n");
    return service.query({"facts"}).out.find("\"b1\"") != std::string::npos;
  }));
  CHECK(service.query({"status", "--json"}).out.find("\"cold\":true") != std::string::npos);
  REQUIRE(service.pub(probe("b1", false), {"--source", "one"}).status == 0);
  CHECK(service.query({"status", "--json"}).out.find("\"cold\":false") != std::string::npos);
  CHECK(service.child().stop() == 0);
}

TEST_CASE("lines are answered as they come: a pipe that stays open keeps nobody waiting") {
  const Folder folder;
  Service service(folder, kRules);
  REQUIRE(service.listening());
  const std::string rules = folder / "rules.fly";
  struct Piped {
    Pipe pipe;
    Child child;
    Piped(const Folder& f, const std::string& name, const std::string& lines, const std::vector<std::string>& args)
        : pipe(f / (name + ".in")), child(f, name, args, "", pipe.path()) {
      pipe.write(lines);
    }
  };
  Piped eval(folder, "eval",
             R"({"expr":"6 * 7"})"
             "\n",
             {"eval", "--batch"});
  Piped ask(folder, "ask",
            R"({"want":"x"})"
            "\n",
            {"ask", "pick", "--batch", rules});
  Piped replay(folder, "replay",
               R"({"time":5,"type":"Probe","data":{"backend":"r","ok":false}})"
               "\n"
               R"({"time":6,"tick":true})"
               "\n",
               {"replay", rules, "--facts", "-"});
  Piped pub(folder, "pub", probe("live", true), {"pub", "-", "--connect", service.endpoint("facts")});
  CHECK(eval.child.await_out("\"42\""));
  CHECK(ask.child.await_out("\"none\""));
  CHECK(replay.child.await_out("\"Drain\""));
  CHECK(service.eventually_says({"facts"}, "\"live\""));
  for (Piped* piped : {&eval, &ask, &replay, &pub}) {
    piped->pipe.close();
    CHECK(piped->child.wait() == 0);
  }
  CHECK(service.child().stop() == 0);
}

TEST_CASE("a fact stamped a little ahead is taken when its time has come, though nothing else arrives") {
  const Folder folder;
  const std::string record = folder / "inputs.jsonl", actions = folder / "actions.jsonl";
  Service service(folder, std::string(kRules) + "event Late lateness 300ms { x: int }", {"--record", record, "--actions", actions});
  REQUIRE(service.listening());
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  const std::string time = std::to_string((now + 700) / 1000) + "." + std::to_string(1000 + (now + 700) % 1000).substr(1);
  REQUIRE(service.pub(R"({"time":)" + time + R"(,"type":"Probe","data":{"backend":"ahead","ok":false}})" + "\n").status == 0);
  REQUIRE(eventually([&] { return slurp(actions).find("\"ahead\"") != std::string::npos; }));
  CHECK(slurp(actions).find("{\"time\":" + time.substr(0, 11)) == 0);  // at its own time, not before
  CHECK(service.child().stop() == 0);
  CHECK(flyball({"replay", folder / "rules.fly", "--facts", record, "--quiet"}).out == slurp(actions));
}

TEST_CASE("a publisher that is killed leaves nothing hanging; the next one goes on") {
  const Folder folder;
  Service service(folder, kRules);
  REQUIRE(service.listening());
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += probe("m" + std::to_string(i % 500), true);
  const std::string file = folder.write("many.jsonl", many);
  {
    Child pub(folder, "pub", {"pub", file, "--rate", "2000", "--connect", service.endpoint("facts"), "--source", "victim"});
    REQUIRE(service.eventually_says({"status", "--json"}, "\"source\":\"victim\""));
    REQUIRE(eventually([&] { return service.query({"facts", "--json"}).out.find("\"m0\"") != std::string::npos; }));
    pub.signal(SIGKILL);
    pub.wait();
  }
  CHECK(service.pub(probe("after", true), {"--source", "other"}).status == 0);
  const Finished again = service.pub(probe("again", true), {"--source", "victim"});
  INFO(again.err);
  CHECK(again.status == 0);
  CHECK(service.eventually_says({"facts"}, "again"));
  CHECK(service.child().stop() == 0);
}

}  // namespace
TEST_CASE("run: a full outbox is said in the log, in status and by why") {
  const Folder folder;
  const std::string config = folder.write("c.toml", "[limits]\noutbox_actions = 1\n");
  Service service(folder, kRules, {"--config", config});
  REQUIRE(service.listening());
  REQUIRE(service.pub(probe("b1", false)).status == 0);
  REQUIRE(service.eventually_says({"status"}, "1 sent"));
  REQUIRE(service.pub(probe("b2", false)).status == 0);
  REQUIRE(service.eventually_says({"why"}, "since then\n  failed at "));
  CHECK(service.query({"why"}).out.find("not handed out: the outbox is full: 1 actions") != std::string::npos);
  const std::string json = service.query({"why", "--json"}).out;
  CHECK(json.find(R"("since":{"state":"failed","at":)") != std::string::npos);
  // It stays known under other rules.
  service.child().signal(SIGHUP);
  REQUIRE(service.child().await_err("reloaded: "));
  const Finished later = service.query({"why"});
  INFO(later.out + later.err);
  CHECK(later.out.find("since then\n  failed at ") != std::string::npos);
  CHECK(later.out.find("as it was explained at ") != std::string::npos);
  CHECK(service.query({"status"}).out.find("of those sent, 1 were not handed out") != std::string::npos);
  CHECK(service.child().err().find("the outbox of action `main.Drain` is full: 1 wait and no executor takes them") != std::string::npos);
  CHECK(service.child().stop() == 0);
}

TEST_CASE("pub --plain sends retracts and patches, too") {
  const Folder folder;
  Service service(folder, kRules);
  REQUIRE(service.listening());
  const auto plain = [&](const std::string& line) { return flyball({"pub", "--plain", "--connect", service.endpoint("plain")}, line); };
  REQUIRE(plain(probe("b1", true)).status == 0);
  REQUIRE(service.eventually_says({"facts", "--type", "Probe"}, "b1"));
  const Finished retract = plain(R"({"type":"Probe","op":"retract","data":{"backend":"b1"}})"
                                 "\n");
  CHECK(retract.status == 0);
  CHECK(service.eventually_says({"facts", "--type", "Probe"}, "no facts"));
  CHECK(plain("{\"type\":\"Probe\",\"op\":\"remove\",\"data\":{\"backend\":\"b1\"}}\n").status == 1);
  CHECK(service.child().stop() == 0);
}

TEST_CASE("run: what is wrong in the configuration is said with its line, and is wrong usage") {
  const Folder folder;
  const std::string rules = folder.write("r.fly", "param high: percent = 80%\nrule a { when { check high > 100% } then { log \"x\" } }\n");
  const auto refused = [&](const std::string& text) {
    const Finished f = flyball({"run", rules, "--config", folder.write("c.toml", text)});
    CHECK(f.status == 64);
    return f.err;
  };
  CHECK(refused("[params]\n\nhihg = \"85%\"\n").find("c.toml:3: there is no param `hihg`") != std::string::npos);
  CHECK(refused("[endpoints]\nfacts = \"tcp://0.0.0.0:7701\"\n").find("c.toml:2: `endpoints.facts`: `tcp://0.0.0.0:7701`") !=
        std::string::npos);
  CHECK(refused("[endpoints]\nfacts = \"ipc:///tmp/x\"\nout = [\"ipc:///tmp/x\"]\n")
            .find("c.toml:3: `endpoints.out`: `ipc:///tmp/x` is `endpoints.facts`") != std::string::npos);
  CHECK(refused("[endpoint]\nfacts = []\n").find("did you mean `endpoints`?") != std::string::npos);
}

}  // namespace flyball::e2e
