// `flyball plan` and `flyball whatif` as a whole: no difference where there is none, the same bytes each time, agreement with `replay`.
#include <catch2/catch.hpp>

#include "tests/e2e/process.h"

namespace flyball::e2e {
namespace {

namespace fs = std::filesystem;

// A `fact` with that lateness, a hold and an event.
std::string rules(const std::string& lateness, const std::string& high = "80%") {
  return "module m\n"
         "fact Load key (host) ttl 1m" +
         lateness +
         " { host: string  load: percent }\n"
         "event Beep" +
         lateness +
         " { host: string }\n"
         "action Shed key (host) { host: string }\n"
         "action Note key (host) { host: string }\n"
         "rule shed { when { l: Load where load > " +
         high +
         " for 10s } then { do Shed { host: l.host } } }\n"
         "rule beep { when { b: Beep } then { do Note { host: b.host } } }\n"
         "decision hot { input { host: string } output { hot: bool }\n"
         "  case yes when { some Load where host == input.host and load > " +
         high +
         " } return { hot: true }\n"
         "  default return { hot: false } }\n";
}

constexpr const char* kFacts =
    "{\"time\":100,\"type\":\"Load\",\"data\":{\"host\":\"a\",\"load\":\"90%\"}}\n"
    "{\"time\":101,\"type\":\"Beep\",\"data\":{\"host\":\"a\"}}\n"
    "{\"time\":104,\"type\":\"Load\",\"data\":{\"host\":\"b\",\"load\":\"95%\"}}\n"
    "{\"time\":107,\"type\":\"Load\",\"data\":{\"host\":\"a\",\"load\":\"70%\"}}\n"
    "{\"time\":130,\"type\":\"Beep\",\"data\":{\"host\":\"b\"}}\n";

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("the recorded examples are no different under their own rules") {
  for (const char* name : {"maintenance/rack_r7_down.jsonl", "rate_shield/flood.jsonl"}) {
    INFO(name);
    const fs::path facts = fs::path(FLYBALL_SOURCE_DIR) / "rules" / name;
    const std::string package = facts.parent_path().string();
    const Finished replay = flyball({"replay", package, "--facts", facts.string(), "--quiet"});
    REQUIRE(replay.status == 0);
    const Finished plan = flyball({"plan", package, "--against", package, "--facts", facts.string()});
    INFO(plan.out << plan.err);
    CHECK(plan.status == 0);
    CHECK(count_lines(plan.out) == 2);
    const std::string n = std::to_string(count_lines(replay.out));
    CHECK(has(plan.out, n + " -> " + n + " action line"));
    CHECK(has(plan.out, "0 added, 0 removed, 0 moved, 0 changed"));
  }
}

TEST_CASE("a plan is the same from a file, from a pipe, and each time") {
  const Folder folder;
  const std::string before = folder.write("before.fly", rules("")), after = folder.write("after.fly", rules("", "60%"));
  const std::string facts = folder.write("facts.jsonl", kFacts);
  const Finished one = flyball({"plan", after, "--against", before, "--facts", facts});
  CHECK(one.status == 2);
  CHECK(has(one.out, "+ 1970-01-01T00:01:50Z  m.shed: Shed { host: \"a\" }"));
  CHECK(has(one.out, "3 -> 4 action lines: 1 added, 0 removed, 0 moved, 0 changed"));
  CHECK(flyball({"plan", after, "--against", before, "--facts", facts}).out == one.out);
  CHECK(flyball({"plan", after, "--against", before, "--facts", "-"}, kFacts).out == one.out);
}

TEST_CASE("a plan does not depend on how many records both rules are given at a time") {
  const Folder folder;
  const std::string before = folder.write("before.fly", rules(" lateness 2s")),
                    after = folder.write("after.fly", rules(" lateness 2s", "60%"));
  // Many facts of one instant; late ones, refused ones and acknowledgements among them.
  std::string lines;
  std::uint32_t random = 7;
  const auto below = [&](std::uint32_t n) { return (random = random * 1'664'525 + 1'013'904'223) / 65'536 % n; };
  for (int i = 0; i < 9'000; ++i) {
    const int time = 100 + i / 6 - (below(40) == 0 ? static_cast<int>(below(6)) : 0);
    const std::string host = "h" + std::to_string(below(30));
    const std::uint32_t what = below(30);
    lines += "{\"time\":" + std::to_string(time);
    if (what == 0)
      lines += ",\"type\":\"Beep\",\"data\":{\"host\":\"" + host + "\"}}\n";
    else if (what == 1)
      lines += ",\"type\":\"Load\",\"data\":{\"host\":5,\"load\":\"90%\"}}\n";
    else if (what == 2)
      lines += ",\"ack\":{\"action\":\"Shed\",\"data\":{\"host\":\"" + host + "\"},\"state\":\"acked\"}}\n";
    else
      lines += ",\"type\":\"Load\",\"data\":{\"host\":\"" + host + "\",\"load\":\"" + std::to_string(30 + below(70)) + "%\"}}\n";
  }
  const std::string facts = folder.write("facts.jsonl", lines), compact = folder / "facts.rec";
  REQUIRE(flyball({"record", compact, "--from", facts}).status == 0);
  // Of lines it is not known which belong to one instant; with a question for the end both are compared after each record.
  const std::string asked = folder.write("asked.jsonl", "{\"decision\":\"hot\",\"input\":{\"host\":\"nobody\"}}\n");
  for (const char* limit : {"0", "1", "7", "50"}) {
    INFO(limit);
    const Finished one = flyball({"plan", after, "--against", before, "--facts", compact, "--limit", limit});
    CHECK(one.status == 2);
    CHECK(has(one.out, " came after the first difference"));
    CHECK(flyball({"plan", after, "--against", before, "--facts", facts, "--limit", limit}).out == one.out);
    std::string slowly = flyball({"plan", after, "--against", before, "--facts", compact, "--limit", limit, "--questions", asked}).out;
    const std::size_t of_questions = slowly.find("; 0 of 1 question");
    REQUIRE(of_questions != std::string::npos);
    CHECK(slowly.substr(0, of_questions) == one.out.substr(0, of_questions));
  }
}

TEST_CASE("what waits longer for late facts does the same, and is compared at the same instants") {
  const Folder folder;
  const std::string before = folder.write("before.fly", rules("")), after = folder.write("after.fly", rules(" lateness 20s"));
  const std::string facts = folder.write("facts.jsonl", kFacts);
  for (const auto& [a, b] : {std::pair{before, after}, std::pair{after, before}}) {
    const Finished plan = flyball({"plan", a, "--against", b, "--facts", facts});
    INFO(plan.out << plan.err);
    CHECK(plan.status == 0);
    CHECK(has(plan.out, "0 added, 0 removed, 0 moved, 0 changed"));
  }
}

TEST_CASE("a plan goes no further than --until") {
  const Folder folder;
  const std::string before = folder.write("before.fly", rules("")), after = folder.write("after.fly", rules("", "92%"));
  const std::string facts =
      folder.write("facts.jsonl", std::string(kFacts) + "{\"time\":131,\"type\":\"Load\",\"data\":{\"host\":\"c\",\"load\":\"91%\"}}\n");
  CHECK(flyball({"plan", after, "--against", before, "--facts", facts, "--until", "140"}).status == 0);
  const Finished plan = flyball({"plan", after, "--against", before, "--facts", facts, "--until", "141"});
  CHECK(plan.status == 2);
  CHECK(has(plan.out, "- 1970-01-01T00:02:21Z  m.shed: Shed { host: \"c\" }"));
}

TEST_CASE("questions are asked at their time, and change no plan") {
  const Folder folder;
  const std::string before = folder.write("before.fly", rules("")), after = folder.write("after.fly", rules("", "60%"));
  const std::string facts = folder.write("facts.jsonl", kFacts);
  // Before the first fact, before and after a's load falls, at the end; not in order of time.
  const std::string asked = folder.write("asked.jsonl",
                                         "{\"time\":108,\"decision\":\"hot\",\"input\":{\"host\":\"a\"}}\n"
                                         "{\"decision\":\"m.hot\",\"input\":{\"host\":\"a\"}}\n"
                                         "{\"time\":106.5,\"decision\":\"hot\",\"input\":{\"host\":\"a\"}}\n"
                                         "{\"time\":1,\"decision\":\"hot\",\"input\":{\"host\":\"a\"}}\n");
  const Finished plain = flyball({"plan", after, "--against", before, "--facts", facts});
  const Finished plan = flyball({"plan", after, "--against", before, "--facts", facts, "--questions", asked});
  INFO(plan.out << plan.err);
  CHECK(plan.status == 2);
  CHECK(has(plan.out,
            "? 1970-01-01T00:01:48Z  hot {\"host\":\"a\"}\n    before: {\"hot\":false} (default)\n    after:  {\"hot\":true} (yes)\n"));
  CHECK(has(plan.out, "? at the end  m.hot"));
  CHECK_FALSE(has(plan.out, "00:01:46"));
  CHECK(has(plan.out, "1 added, 0 removed, 0 moved, 0 changed; 2 of 4 questions answered otherwise"));
  CHECK(has(plain.out, "3 -> 4 action lines: 1 added, 0 removed, 0 moved, 0 changed\n"));
}

TEST_CASE("time goes on behind the last line to what is asked then") {
  const Folder folder;
  const std::string live =
      "module q\nfact Beat key (n) ttl 5s { n: string  ok: bool }\ndecision up {\n  input { n: string }\n  output { up: ";
  const std::string rest = " }\n  case live when { some Beat where n == input.n and ok } return { up: ";
  const std::string before = folder.write("before.fly", live + "string" + rest + "\"yes\" }\n  default return { up: \"no\" }\n}\n");
  const std::string after = folder.write("after.fly", live + "string" + rest + "\"live\" }\n  default return { up: \"no\" }\n}\n");
  const std::string facts = folder.write("facts.jsonl", "{\"time\":10,\"type\":\"Beat\",\"data\":{\"n\":\"a\",\"ok\":true}}\n");
  const auto ask = [&](const std::string& time) {
    const std::string asked = folder.write("asked.jsonl", "{\"time\":" + time + ",\"decision\":\"up\",\"input\":{\"n\":\"a\"}}\n");
    return flyball({"plan", after, "--against", before, "--facts", facts, "--questions", asked}).status;
  };
  CHECK(ask("12") == 2);
  CHECK(ask("100") == 0);  // stale by then: the same answer of both
}

TEST_CASE("a plan over nothing is refused") {
  const Folder folder;
  const std::string before = folder.write("before.fly", rules("")), after = folder.write("after.fly", rules("", "60%"));
  const std::string empty = folder.write("empty.jsonl", ""), broken = folder.write("broken.jsonl", "nonsense\n");
  for (const std::string& facts : {empty, broken}) {
    const Finished plan = flyball({"plan", after, "--against", before, "--facts", facts});
    CHECK(plan.status == 1);
    CHECK(has(plan.err, "nothing was compared"));
  }
}

TEST_CASE("a plan that is interrupted says what it has read so far, and ends as interrupted") {
  const Folder folder;
  const std::string before = folder.write("before.fly", rules("")), after = folder.write("after.fly", rules("", "99%"));
  Pipe pipe(folder / "facts");
  Child child(folder, "plan", {"plan", after, "--against", before, "--facts", "-", "--out", folder / "kept.plan"}, "", pipe.path());
  std::string facts = kFacts;
  // More than is read at once: the beginning has been compared when the rest is waited for.
  for (int i = 0; i < 20'000; ++i) facts += "{\"time\":" + std::to_string(200 + i) + ",\"type\":\"Beep\",\"data\":{\"host\":\"a\"}}\n";
  pipe.write(facts);
  child.signal(SIGINT);
  CHECK(child.wait() == 130);
  INFO(child.out() << child.err());
  CHECK(has(child.out(), "caution: interrupted after "));
  CHECK(has(child.out(), " action lines: 0 added, 1 removed"));
  CHECK_FALSE(fs::exists(folder / "kept.plan"));
}

TEST_CASE("rules that refuse what is recorded are compared all the same, and that is said") {
  const Folder folder;
  const std::string before = folder.write("before.fly", rules(""));
  const std::string after = folder.write("after.fly", "module other\nfact Thing key (id) { id: string }\n");
  const std::string facts = folder.write("facts.jsonl", kFacts);
  const Finished gone = flyball({"plan", after, "--against", before, "--facts", facts});
  CHECK(gone.status == 2);
  CHECK(has(gone.out, "3 -> 0 action lines: 0 added, 3 removed"));
  CHECK(has(gone.out, "the rule is gone"));
  CHECK(has(gone.out, "caution: refused lines: 0 before, 5 after (first: line 1)"));
  CHECK(count_lines(gone.err) == 5);
  const Finished come = flyball({"plan", before, "--against", after, "--facts", facts});
  CHECK(come.status == 2);
  CHECK(has(come.out, "0 -> 3 action lines: 3 added, 0 removed"));
  CHECK(has(come.out, "the rule is new"));
  CHECK(come.err.empty());
}

TEST_CASE("what-if tells what facts bring about and prevent, and only that") {
  const Folder folder;
  const std::string package = folder.write("rules.fly", rules(" lateness 20s"));
  const std::string facts = folder.write("facts.jsonl", kFacts);
  const Finished more =
      flyball({"whatif", package, "--facts", facts, "--until", "106", "--put", R"(Load {"host":"c","load":"99%"})", "--for", "10s"});
  INFO(more.out << more.err);
  CHECK(more.status == 0);
  // b's, due at 114, would have come anyway; a's, due at 110, too.
  CHECK(has(more.out, "+ 1970-01-01T00:01:57Z  m.shed: Shed { host: \"c\" }"));
  CHECK(has(more.out, "action lines 1 added, 0 removed, 0 moved, 0 changed"));
  const Finished less = flyball({"whatif", package, "--facts", facts, "--until", "106", "--put", R"(Load {"host":"a","load":"10%"})",
                                 "--retract", R"(Load {"host":"b"})", "--for", "10s"});
  INFO(less.out << less.err);
  CHECK(has(less.out, "- 1970-01-01T00:01:50Z  m.shed: Shed { host: \"a\" }"));
  CHECK(has(less.out, "- 1970-01-01T00:01:54Z  m.shed: Shed { host: \"b\" }"));
  CHECK(has(less.out, "1 put, 1 retracted at 1970-01-01T00:01:47Z, then 10s: action lines 0 added, 2 removed"));
  CHECK(has(flyball({"whatif", package, "--facts", facts, "--put", R"(Beep {"host":"z"})"}).out,
            "+ 1970-01-01T00:02:11Z  m.beep: Note { host: \"z\" }"));
}

TEST_CASE("what-if says that facts became stale on the way") {
  const Folder folder;
  const std::string package = folder.write("rules.fly", R"(
fact Link key (port) ttl 10s { port: string  up: bool }
fact Site key (name) { name: string }
action Page key (port) { port: string }
rule down { when { l: Link where not up for 30s } then { do Page { port: l.port } } }
rule known { when { s: Site } then { log s.name } }
)");
  const std::string facts = folder.write("facts.jsonl", "{\"time\":0,\"type\":\"Link\",\"data\":{\"port\":\"p1\",\"up\":true}}\n");
  const std::string link = R"(Link {"port":"p2","up":false})", site = R"(Site {"name":"s"})";
  const auto tried = [&](std::vector<std::string> more) {
    std::vector<std::string> words{"whatif", package, "--facts", facts};
    words.insert(words.end(), more.begin(), more.end());
    const Finished done = flyball(words);
    INFO(done.err);
    CHECK(done.status == 0);
    return done.out;
  };
  const std::string out = tried({"--put", link, "--put", site, "--for", "1m"});
  CHECK(has(
      out,
      "2 facts became stale on the way, as nobody renews facts here, among them `--put Link {\"port\":\"p2\",\"up\":false}`, after 10s: "
      "what waits for longer than a ttl does not follow\n"));
  CHECK(has(tried({"--put", site, "--for", "1m"}), "1 fact became stale on the way, as nobody renews facts here: what waits"));
  CHECK_FALSE(has(tried({"--put", link, "--for", "8s"}), "stale"));
  CHECK(has(tried({"--put", link, "--for", "1m", "--json"}), "\"became_stale\":2,"));
  CHECK(has(tried({"--put", link, "--put", R"(Link {"port":"p3","up":false})", "--for", "10s"}),
            "among them 2 that were put: first `--put Link"));
}

}  // namespace flyball::e2e
