// `Lost`: gaps in the numbers of a source as an event: in recordings, on both faces of a service, and the same again in what it recorded.
#include <catch2/catch.hpp>

#include "tests/e2e/service.h"

namespace flyball::e2e {
namespace {

const std::string kAsks = R"(
fact Probe key (backend) { backend: string  ok: bool }
action Resync { source: string  first: int  last: int }
rule resync { when { l: Lost where l.source != "deaf" } then { do Resync { source: l.source, first: l.first, last: l.last } } }
)";

std::string line(double t, const std::string& source, int seq, const std::string& ok = "true") {
  return "{\"time\":" + std::to_string(t) + R"(,"type":"Probe","data":{"backend":"b1","ok":)" + ok + "},\"source\":\"" + source +
         "\",\"seq\":" + std::to_string(seq) + "}\n";
}

// "gnmi 7..8" of each Resync.
std::vector<std::string> resyncs(const std::string& actions) {
  std::vector<std::string> out;
  std::size_t at = 0;
  const auto value = [&](const std::string& key) {
    const std::size_t begin = actions.find("\"" + key + "\":", at) + key.size() + 3;
    return actions.substr(begin, actions.find_first_of(",}", begin) - begin);
  };
  while ((at = actions.find("\"data\":{\"source\"", at)) != std::string::npos) {
    out.push_back(value("source") + " " + value("first") + ".." + value("last"));
    ++at;
  }
  return out;
}
using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("lost: what the numbers of recorded lines leave out, each gap once, before the line that shows it") {
  const Folder folder;
  const std::string rules = folder.write("rules.fly", kAsks);
  const auto replay = [&](const std::string& lines) {
    const Finished done = flyball({"replay", rules, "--facts", folder.write("facts.jsonl", lines)});
    INFO(done.err);
    CHECK(done.status == 0);
    return resyncs(done.out);
  };
  // The first number of a source is where it begins; sources are apart.
  CHECK(replay(line(1, "a", 5) + line(2, "a", 6) + line(3, "b", 9) + line(4, "a", 9) + line(5, "b", 11)) ==
        Texts{"\"a\" 7..8", "\"b\" 10..10"});
  // Twice, and older: nothing is lost. 1: the numbering begins anew.
  CHECK(replay(line(1, "a", 5) + line(2, "a", 5) + line(3, "a", 4) + line(4, "a", 6) + line(5, "a", 1) + line(6, "a", 2)).empty());
  CHECK(replay(line(1, "a", 5) + line(2, "a", 1) + line(3, "a", 4)) == Texts{"\"a\" 2..3"});
  // Refused is not lost, nor what a tick accounts for; a line that tells a gap tells it once.
  CHECK(replay(line(1, "a", 5) + line(2, "a", 6, "7") + line(3, "a", 7)).empty());
  CHECK(replay(line(1, "a", 5) + "{\"time\":2,\"tick\":true,\"source\":\"a\",\"seq\":8}\n" + line(3, "a", 9)).empty());
  CHECK(replay(line(1, "a", 5) + R"({"time":2,"type":"Lost","data":{"source":"a","first":6,"last":8},"source":"a","seq":8})" + "\n" +
               line(3, "a", 9)) == Texts{"\"a\" 6..8"});
  CHECK(replay(line(1, "deaf", 5) + line(2, "deaf", 7)).empty());
}

TEST_CASE("lost: a line that is left out for its stamp stands there") {
  const Folder folder;
  const std::string rules = folder.write("rules.fly", kAsks);
  const std::string facts =
      folder.write("facts.jsonl", line(1, "a", 1) + line(10, "a", 2) + line(2, "a", 3) + line(11, "a", 4) + line(12, "a", 6));
  const auto replay = [&](const std::string& option) {
    const Finished done = flyball({"replay", rules, "--facts", facts, option, "5"});
    INFO(done.err);
    CHECK(done.status == 0);
    return resyncs(done.out);
  };
  CHECK(replay("--until").empty());
  CHECK(replay("--from") == Texts{"\"a\" 5..5"});
}

TEST_CASE("lost: a number that no integer holds is refused, and tells no gap of all that follows") {
  const Folder folder;
  const auto numbered = [](int t, const std::string& seq) {
    return "{\"time\":" + std::to_string(t) + R"(,"type":"Probe","data":{"backend":"b1","ok":true},"source":"a","seq":)" + seq + "}\n";
  };
  const std::string facts = folder.write("facts.jsonl", line(1, "a", 5) + numbered(2, "18446744073709551615") + line(3, "a", 6) +
                                                            numbered(4, "9223372036854775808") + line(5, "a", 7));
  const Finished done = flyball({"replay", folder.write("rules.fly", kAsks), "--facts", facts});
  CHECK(resyncs(done.out).empty());
  INFO(done.err);
  CHECK(done.err.find("`seq`: 18446744073709551615 is too large: at most 9223372036854775807") != std::string::npos);
  CHECK(done.err.find("`seq`: 9223372036854775808 is too large") != std::string::npos);
}

TEST_CASE("lost: a package has its own `Lost`, names it in words only, or does not ask") {
  const Folder folder;
  const std::string facts = folder.write("facts.jsonl", line(1, "a", 5) + line(2, "a", 7));
  const std::string probe = "fact Probe key (backend) { backend: string  ok: bool }\n";
  const auto replay = [&](const std::string& rules) {
    return flyball({"replay", folder.write("own.fly", rules), "--facts", facts, "--quiet"});
  };
  CHECK(
      replay(probe + "# Lost is what we are.\nrule r { when { p: Probe where p.backend == \"Lost\" } then { log \"x\" } }\n").out.empty());
  const Finished own = replay(probe +
                              "event Lost { what: string }\naction Note { what: string }\nrule r { when { l: Lost } then { do Note { what: "
                              "l.what } } }\n");
  CHECK(own.status == 0);
  CHECK(own.out.empty());
  // With the import and without, in one package and in several files.
  CHECK(count_lines(replay("module m\nimport std.source as s\n" + probe +
                           "action Note { n: int }\nrule r { when { l: s.Lost } then { do Note { n: l.first } } }\n")
                        .out) == 1);
}

TEST_CASE("lost: tests send it as any event") {
  const Folder folder;
  const Finished done = flyball({"test", folder.write("t.fly", kAsks + R"(test "a gap" {
  at 1s send Lost { source: "gnmi-1", first: 3, last: 5 }
  at 1s expect Resync { source: "gnmi-1", first: 3, last: 5 } from resync
})")});
  INFO(done.out << done.err);
  CHECK(done.status == 0);
}

TEST_CASE("lost: tests number what they send, and what that leaves out is lost, as in what is recorded") {
  const Folder folder;
  folder.write("facts.jsonl",
               line(1, "a", 11) + "{\"time\":2,\"tick\":true,\"source\":\"a\",\"seq\":13}\n" + line(3, "a", 14) + line(4, "a", 16));
  const Finished done = flyball({"test", folder.write("t.fly", kAsks + R"(
test "each gap once, before what shows it" {
  at 1s               send Probe { backend: "b1", ok: true } source "a" seq 5
  at 2s               send Probe { backend: "b2", ok: true } stamped 1500ms source "a" seq 8
  by 2s               expect 1 Resync
  every 1s from 3s to 6s send Probe { backend: "b1", ok: false } source "a" seq 9
  at 7s               retract Probe { backend: "b1" } source "a" seq 14
  at 7s               expect Resync { source: "a", first: 13, last: 13 }
  at 8s               send Probe { backend: "b1", ok: true } source "a" seq 1
  at 9s               send Probe { backend: "b1", ok: true } source "a" seq 2
  at 9s               send Lost { source: "a", first: 3, last: 4 } source "a" seq 4
  at 9s               expect Resync { source: "a", first: 3, last: 4 }
  at 9s               send Probe { backend: "b1", ok: true } source "a" seq 5
  by 9s               expect nothing else
}
test "what is recorded" {
  at 0s  send from "facts.jsonl"
  at 4s  expect Resync { source: "a", first: 15, last: 15 }
  by 99s expect nothing else
}
test "what waits while the service is down shows its gaps then" {
  down from 2s to 5s
  at 1s send Probe { backend: "b1", ok: true } source "a" seq 1
  at 3s send Probe { backend: "b1", ok: true } source "a" seq 3
  at 5s expect Resync { source: "a", first: 2, last: 2 }
}
)")});
  INFO(done.out << done.err);
  CHECK(done.status == 0);
}

TEST_CASE("lost: a source without a number, a number without a source, and a number that is none") {
  const Folder folder;
  const auto said = [&](const std::string& step) {
    const Finished done = flyball({"test", folder.write("t.fly", kAsks + "test \"a\" {\n  at 1s " + step + "\n}\n")});
    CHECK(done.status != 0);
    return done.out + done.err;
  };
  const std::string send = R"(send Probe { backend: "b1", ok: true } )";
  CHECK(said(send + R"(source "a")").find("expected `seq` and a number") != std::string::npos);
  CHECK(said(send + "source a seq 1").find("expected the name of a source in quotes") != std::string::npos);
  CHECK(said(send + R"(source "a" seq 0)").find("the number after `seq` must be a number from 1 to") != std::string::npos);
  CHECK(said(send + R"(source "a" seq "x")").find("the number after `seq`") != std::string::npos);
  CHECK(said(send + "seq 1").find("`seq`") != std::string::npos);
}

TEST_CASE("lost: on the assured face what a publisher does not have any more, on the plain one what does not come; replayed the same") {
  const Folder folder;
  Service service(folder, kAsks, {"--actions", folder / "actions.jsonl", "--record", folder / "record.jsonl"});
  REQUIRE(service.listening());
  const std::string python = folder.write("p.py", R"(
import sys, time, zmq, msgpack
def assured(endpoint):
    s = zmq.Context.instance().socket(zmq.DEALER); s.connect(endpoint); return s
def say(s, **m): s.send(msgpack.packb(m))
def hear(s):
    assert s.poll(20000), "no answer"
    return msgpack.unpackb(s.recv())
def fact(ok): return {"type": "Probe", "data": {"backend": "b1", "ok": ok}}
a = assured(sys.argv[1])
say(a, op="hello", source="gnmi-1", v=1, instance="x"); assert hear(a)["op"] == "welcome"
say(a, op="facts", seq=1, facts=[fact(True), fact(7), fact(False)])   # the second is refused
assert hear(a)["refused"][0]["seq"] == 2
a.close(0)
a = assured(sys.argv[1])
say(a, op="hello", source="gnmi-1", v=1, instance="x", first=7)       # 4 to 6 are gone
while True:
    w = hear(a)
    if w["op"] == "welcome": break
    time.sleep(0.1); say(a, op="hello", source="gnmi-1", v=1, instance="x", first=7)
assert w["resume"]
say(a, op="facts", seq=7, facts=[fact(True)]); assert hear(a)["op"] == "ack"
p = zmq.Context.instance().socket(zmq.PUB); p.connect(sys.argv[2])
def plain(n): p.send_multipart([b"Probe", msgpack.packb({"backend": "b%d" % n, "ok": True, "@source": "tap", "@seq": n})])
for n in range(1, 41):                                               # the first ones get lost before the subscription: that begins it
    plain(n); time.sleep(0.05)
time.sleep(0.3)
plain(n + 3)
time.sleep(0.3)
plain(n + 4)
time.sleep(0.3)
)");
  const Finished done = run("/usr/bin/python3", {python, service.endpoint("facts"), service.endpoint("plain")});
  INFO(done.out << done.err << service.child().err());
  REQUIRE(done.status == 0);
  REQUIRE(eventually([&] { return count_lines(slurp(folder / "actions.jsonl")) >= 2; }));
  CHECK(service.child().stop() == 0);
  const std::string sent = slurp(folder / "actions.jsonl");
  CHECK(resyncs(sent) == Texts{"\"gnmi-1\" 4..6", "\"tap\" 41..42"});
  const Finished again = flyball({"replay", folder / "rules.fly", "--facts", folder / "record.jsonl", "--quiet"});
  CHECK(again.out == sent);
  // Rules that ask only later find the same gaps in what rules recorded that did not ask.
  CHECK(slurp(folder / "record.jsonl").find("\"tick\":true,\"source\":\"gnmi-1\",\"seq\":2}") != std::string::npos);
}

// Three wait for their instant, what comes then is refused: told to the publisher, and no gap, neither live nor in the recording.
TEST_CASE("lost: what the session refuses keeps its number in the recording, on both faces") {
  const Folder folder;
  const std::string config = folder.write("flyball.toml", "[limits]\npending_inputs = 3\n");
  std::string rules = kAsks;
  rules.replace(rules.find("key (backend) {"), 15, "key (backend) lateness 3s {");
  Service service(folder, rules, {"--config", config, "--actions", folder / "actions.jsonl", "--record", folder / "record.jsonl"});
  INFO(service.child().err());
  REQUIRE(service.listening());
  const std::string python = folder.write("p.py", R"(
import sys, time, zmq, msgpack
s = zmq.Context.instance().socket(zmq.DEALER); s.connect(sys.argv[1])
def say(**m): s.send(msgpack.packb(m))
def hear():
    assert s.poll(20000), "no answer"
    return msgpack.unpackb(s.recv())
p = zmq.Context.instance().socket(zmq.PUB); p.connect(sys.argv[2])
say(op="hello", source="gnmi-1", v=1, instance="x"); assert hear()["op"] == "welcome"
seq, refused = 0, []
def some(n):
    global seq
    say(op="facts", seq=seq + 1, facts=[{"type": "Probe", "data": {"backend": "b%d" % i, "ok": True}} for i in range(n)])
    seq += n
    while True:
        m = hear(); assert m["op"] == "ack", m
        refused.extend(r["seq"] for r in m.get("refused", []))
        if m["seq"] == seq: return
some(6)
assert refused == [4, 5, 6], refused
def plain(n): p.send_multipart([b"Probe", msgpack.packb({"backend": "b%d" % n, "ok": True, "@source": "tap", "@seq": n})])
time.sleep(1)
for n in range(1, 4): plain(n)                     # refused: the three are waiting still
time.sleep(4)
some(2)                                            # 7 and 8
plain(4); time.sleep(0.2); plain(5)                # one is taken, one refused
time.sleep(4)
plain(6)
time.sleep(4)
assert refused == [4, 5, 6], refused
)");
  const Finished done = run("/usr/bin/python3", {python, service.endpoint("facts"), service.endpoint("plain")});
  INFO(done.out << done.err << service.child().err());
  REQUIRE(done.status == 0);
  CHECK(service.child().stop() == 0);
  const std::string record = slurp(folder / "record.jsonl");
  INFO(record);
  CHECK(record.find("\"source\":\"gnmi-1\",\"seq\":8}") != std::string::npos);
  CHECK(record.find("\"source\":\"tap\",\"seq\":6}") != std::string::npos);
  CHECK(slurp(folder / "actions.jsonl").empty());
  CHECK(flyball({"replay", folder / "rules.fly", "--config", config, "--facts", folder / "record.jsonl", "--quiet"}).out.empty());
}

}  // namespace flyball::e2e
