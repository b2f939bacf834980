// Messages that newcomers stumbled over: each says the place and the way out.
#include <catch2/catch.hpp>

#include "tests/e2e/service.h"

namespace flyball::e2e {
namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
const std::string kProbe = "fact Probe key (n) { n: int }\naction Do { a: int  b: int }\n";

}  // namespace

TEST_CASE("messages: a wrong limit of one rule or type is said with its own line") {
  const Folder folder;
  const std::string rules = folder.write("r.fly", kProbe);
  const auto says = [&](const std::string& toml, const std::string& what) {
    const Finished done = flyball({"run", rules, "--config", folder.write("c.toml", toml)});
    INFO(done.err);
    CHECK(done.status == 64);
    CHECK(has(done.err, what));
  };
  says("[limits.rules]\n\"m.a\" = { memory = \"1MiB\" }\n\"m.b\" = { memry = \"1MiB\" }\n",
       "c.toml:3: `limits.rules`: there is no limit `memry`");
  says("[limits.rules.\"m.a\"]\n# a\nmemory = 5\n", "c.toml:3: `limits.rules`: `m.a.memory`: it must be a size");
  says("[limits.facts_of]\n\"m.A\" = 5\n\"m.B\" = 0\n", "c.toml:3: `limits.facts_of`: `m.B`: ");
  says("[limits]\nrule_memory = \"2 GiB\"\n", "a number and its unit are written together: \"2GiB\"");
}

TEST_CASE("messages: nothing to profile is an error, an empty rule file a warning") {
  const Folder folder;
  const std::string rules = folder.write("r.fly", kProbe + "rule r { when { p: Probe } then { log \"x\" } }\n");
  // Said at once: looking for so long would not find any.
  const Finished none =
      flyball({"profile", rules, "--for", "10m", "--facts", folder.write("none.jsonl", "\n{\"time\":1,\"type\":\"Nope\",\"data\":{}}\n")});
  CHECK(none.status == 1);
  CHECK(has(none.err, "is an input: nothing was measured"));
  const Finished empty =
      flyball({"replay", rules, folder.write("empty.fly", " \n"), "--facts", "-", "--quiet"}, "{\"time\":1,\"tick\":true}\n");
  CHECK(empty.status == 0);
  CHECK(has(empty.err, "empty.fly` is empty: it has no rules"));
}

TEST_CASE("messages: why-not of a rule in quarantine says which limit it was") {
  const Folder folder;
  const std::string rules =
      "module m\nmutable fact Tick key (n) { n: int }\nrule run { when { t: Tick } then { assert Tick { n: t.n + 1 } } }\n";
  Service service(folder, rules, {"--config", folder.write("c.toml", "[limits]\nfirings_per_instant = 50\n")});
  REQUIRE(service.listening());
  REQUIRE(service
              .pub(R"({"type":"Tick","data":{"n":1}})"
                   "\n")
              .status == 0);
  REQUIRE(service.eventually_says({"status"}, "quarantine: rule m.run"));
  const Finished why = service.query({"why-not", "run"});
  INFO(why.out);
  CHECK(has(why.out, "it was switched off: it ran away: "));
  CHECK(has(why.out, "50"));
  const Finished graph = service.query({"graph", folder / "rules.fly", "--live", "--format", "text"});
  INFO(graph.out << graph.err);
  CHECK(has(graph.out, "rule m.run (off: in quarantine"));
}

}  // namespace flyball::e2e
