// Parts of the service that need no sockets: its configuration and its recording.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "app/service/config.h"
#include "app/service/recording.h"
#include "tests/app/folder.h"

namespace flyball::app {
namespace {

namespace fs = std::filesystem;

using testing::Folder;

TEST_CASE("the documented configuration is one, and says the defaults") {
  std::ifstream page(std::string(FLYBALL_SOURCE_DIR) + "/docs/reference/configuration.md");
  const std::string text{std::istreambuf_iterator<char>(page), {}};
  const std::string head = "```toml file=flyball.toml\n";
  const std::size_t begin = text.find(head);
  REQUIRE(begin != std::string::npos);
  const Folder folder;
  const std::string file =
      folder.write("c.toml", text.substr(begin + head.size(), text.find("```", begin + head.size()) - begin - head.size()));
  ServiceConfig read;
  const Result<void> done = read_config(file, read);
  INFO((done ? "" : done.error().message));
  REQUIRE(done.has_value());
  const ServiceConfig fresh;
  CHECK(read.rules == std::vector<std::string>{(folder.path / "rules/").string()});
  CHECK(read.bus.facts_bind == fresh.bus.facts_bind);
  CHECK(read.bus.plain_bind == fresh.bus.plain_bind);
  CHECK(read.bus.plain_topics == fresh.bus.plain_topics);
  CHECK(read.bus.out_bind == fresh.bus.out_bind);
  CHECK(read.bus.actions_bind == fresh.bus.actions_bind);
  CHECK(read.bus.queries_bind == fresh.bus.queries_bind);
  CHECK(read.ahead_max_ns == fresh.ahead_max_ns);
  CHECK(read.behind_max_ns == fresh.behind_max_ns);
  CHECK(read.status_every_ns == fresh.status_every_ns);
  CHECK(read.drain_facts_max == fresh.drain_facts_max);
  CHECK(read.limits.facts == fresh.limits.facts);
  CHECK(read.limits.firings_per_instant == fresh.limits.firings_per_instant);
  CHECK(read.limits.matches_per_instant == fresh.limits.matches_per_instant);
  CHECK(read.limits.rule_bytes == fresh.limits.rule_bytes);
  CHECK(read.limits.pending_inputs == fresh.limits.pending_inputs);
  CHECK(read.limits.samples_per_key == fresh.limits.samples_per_key);
  CHECK(read.limits.explanations == fresh.limits.explanations);
  const bus::ServerLimits &a = read.bus.limits, &b = fresh.bus.limits;
  CHECK(a.message_bytes_max == b.message_bytes_max);
  CHECK(a.facts_per_message_max == b.facts_per_message_max);
  CHECK(a.batch_questions_max == b.batch_questions_max);
  CHECK(a.sources_max == b.sources_max);
  CHECK(a.executors_max == b.executors_max);
  CHECK(a.outbox_actions_max == b.outbox_actions_max);
  CHECK(a.publisher_credit == b.publisher_credit);
  CHECK(a.executor_credit_max == b.executor_credit_max);
  CHECK(a.messages_per_poll == b.messages_per_poll);
  CHECK(a.facts_per_poll == b.facts_per_poll);
  CHECK(a.receive_queue == b.receive_queue);
  CHECK(a.send_queue == b.send_queue);
  CHECK(a.executor_silent_ns == b.executor_silent_ns);
}

TEST_CASE("configuration: mistakes are named with their line") {
  const Folder folder;
  const auto error = [&](const std::string& text) {
    ServiceConfig c;
    const Result<void> done = read_config(folder.write("c.toml", text), c);
    return done ? std::string("none") : done.error().message.substr(done.error().message.find("c.toml") + 6) + "|" + done.error().help;
  };
  CHECK(error("rulse = \"x\"") == ":1: there is no setting `rulse`|did you mean `rules`?");
  CHECK(error("\n[limits]\nfact = 1") == ":3: there is no setting `limits.fact`|did you mean `limits.facts`?");
  CHECK(error("[limits]\nfacts = 0") == ":2: `limits.facts`: it must be a whole number above 0|");
  CHECK(error("[limits]\nfacts = \"many\"") == ":2: `limits.facts`: it must be a whole number above 0|");
  CHECK(error("[time]\nahead_max = \"soon\"") == ":2: `time.ahead_max`: it must be a duration, like \"5s\"|");
  CHECK(error("rules = [1]") == ":1: `rules`: it must be a list of strings|");
  CHECK(error("[log]\njson = 1") == ":2: `log.json`: it must be true or false|");
  CHECK(error("[limits.rules.\"a.b\"]\nmemry = 3") == ":2: `limits.rules`: there is no limit `memry` of a rule|did you mean `memory`?");
  CHECK(error("[limits.rules.\"a.b\"]\nmemory = 3") == ":2: `limits.rules`: `a.b.memory`: it must be a size, like \"512MiB\"|");
  CHECK(error("[limits.facts_of]\na.b = 3") == ":2: `limits.facts_of`: `a`: it must be a whole number above 0; quote a name with a dot|");
  CHECK(error("limits = 3").find("there is no setting `limits`") != std::string::npos);
  CHECK(error("rules = ").starts_with(":1:"));
  CHECK(error("[params]\na = \"80%\"\nb = 3\nc = true\nd = 1.5") == "none");
}

TEST_CASE("faces are bound by name, on this machine only") {
  ServiceConfig config;
  const bus::ServerConfig& bus = config.bus;
  CHECK(bind_face("facts=tcp://127.0.0.1:0", config).has_value());
  CHECK(bus.facts_bind == std::vector<std::string>{"tcp://127.0.0.1:0"});
  CHECK(bind_face("plain=", config).has_value());
  CHECK(bus.plain_bind.empty());
  CHECK_FALSE(bind_face("facts", config).has_value());
  CHECK_FALSE(bind_face("fax=tcp://127.0.0.1:0", config).has_value());
  CHECK_FALSE(bind_face("facts=tcp://192.0.2.1:5555", config).has_value());
}

TEST_CASE("no two faces have one endpoint, whoever gave it") {
  const Folder folder;
  const auto clash = [&](const std::string& toml, const std::vector<std::string>& binds = {}) {
    ServiceConfig config;
    REQUIRE(read_config(folder.write("c.toml", toml), config).has_value());
    for (const std::string& bind : binds) REQUIRE(bind_face(bind, config).has_value());
    const Result<void> apart = check_faces(config);
    std::string said = apart ? "" : apart.error().message;
    if (const std::size_t at = said.find("c.toml"); at != std::string::npos) said.erase(0, at);
    return said;
  };
  CHECK(clash("") == "");
  CHECK(clash("[endpoints]\n\nplain = \"tcp://127.0.0.1:7701\"\n") ==
        "c.toml:3: `endpoints.plain`: `tcp://127.0.0.1:7701` is `endpoints.facts` by default");
  CHECK(clash("[endpoints]\nplain = \"tcp://localhost:7701\"\n") ==
        "c.toml:2: `endpoints.plain`: `tcp://localhost:7701` is `endpoints.facts` by default");
  CHECK(clash("[endpoints]\nplain = \"tcp://127.0.0.1:7701\"\nfacts = []\n") == "");
  CHECK(clash("[endpoints]\nplain = \"tcp://127.0.0.1:7701\"\n", {"facts=tcp://127.0.0.1:0"}) == "");
  CHECK(clash("[endpoints]\nplain = \"tcp://127.0.0.1:9\"\nout = [\"tcp://127.0.0.1:8\", \"tcp://127.0.0.1:9\"]\n") ==
        "c.toml:3: `endpoints.out`: `tcp://127.0.0.1:9` is `endpoints.plain` already");
  CHECK(clash("[endpoints]\nplain = \"tcp://127.0.0.1:9\"\n", {"out=tcp://127.0.0.1:9"}) ==
        "`--bind out=tcp://127.0.0.1:9`: `endpoints.out`: `tcp://127.0.0.1:9` is `endpoints.plain` already");
  CHECK(clash("[endpoints]\nplain = \"tcp://127.0.0.1:0\"\nout = \"tcp://127.0.0.1:0\"\n") == "");
}

TEST_CASE("recording: lines as they were applied; each start begins a file of its own; a full disk is said and stays said") {
  const Folder folder;
  const std::string path = (folder.path / "r").string();
  CHECK(next_number(path) == 0);
  {
    Recording r;
    r.tick(Timestamp{1});  // records nothing yet
    REQUIRE(r.open(path, 0).has_value());
    r.tick(Timestamp{1'500'000'000});
    REQUIRE(r.open(path, next_number(path)).has_value());
    r.tick(Timestamp{2'000'000'000});
    CHECK(r.current() == path + ".1");
  }
  folder.write("r.7", "kept");
  folder.write("r.x", "not ours");
  CHECK(next_number(path) == 8);
  {
    Recording r;
    REQUIRE(r.open(path, 0).has_value());  // what is there is passed over, whoever asks for it
    r.tick(Timestamp{3'000'000'000});
    CHECK(r.current() == path + ".2");
  }
  CHECK(folder.read("r") == "{\"time\":1.5,\"tick\":true}\n");
  CHECK(folder.read("r.1") == "{\"time\":2,\"tick\":true}\n");
  CHECK(folder.read("r.2") == "{\"time\":3,\"tick\":true}\n");
  CHECK(folder.read("r.7") == "kept");
  // A file that somebody made for us.
  const std::string made = folder.write("made", "");
  CHECK(next_number(made) == 0);
  {
    Recording r;
    REQUIRE(r.open(made, 0).has_value());
    r.tick(Timestamp{1'000'000'000});
    CHECK(r.current() == made);
  }
  CHECK(folder.read("made") == "{\"time\":1,\"tick\":true}\n");
  CHECK_FALSE(Recording().open((folder.path / "no" / "where").string(), 0).has_value());
  Recording full;
  if (!fs::exists("/dev/full")) return;
  REQUIRE(full.open("/dev/full", 3).has_value());
  full.tick(Timestamp{1});
  CHECK_FALSE(full.flush().has_value());
  CHECK_FALSE(full.flush().has_value());
}

}  // namespace
}  // namespace flyball::app
