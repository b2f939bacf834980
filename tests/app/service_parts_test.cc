// Parts of the service that need no sockets: its configuration, its recording, and who sent what across a reload.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "app/service/config.h"
#include "app/service/recording.h"
#include "app/service/sent_actions.h"

namespace flyball::app {
namespace {

namespace fs = std::filesystem;

struct Folder {
  fs::path path;
  Folder() {
    std::string name = (fs::temp_directory_path() / "flyball-app-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path / name, std::ios::binary) << text;
    return (path / name).string();
  }
  std::string read(const std::string& name) const {
    std::ifstream in(path / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

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
  CHECK(error("limits = 3").find("there is no setting `limits`") != std::string::npos);
  CHECK(error("rules = ").starts_with(":1:"));
  CHECK(error("[params]\na = \"80%\"\nb = 3\nc = true\nd = 1.5") == "none");
}

TEST_CASE("faces are bound by name, on this machine only") {
  bus::ServerConfig bus;
  CHECK(bind_face("facts=tcp://127.0.0.1:0", bus).has_value());
  CHECK(bus.facts_bind == std::vector<std::string>{"tcp://127.0.0.1:0"});
  CHECK(bind_face("plain=", bus).has_value());
  CHECK(bus.plain_bind.empty());
  CHECK_FALSE(bind_face("facts", bus).has_value());
  CHECK_FALSE(bind_face("fax=tcp://127.0.0.1:0", bus).has_value());
  CHECK_FALSE(bind_face("facts=tcp://192.0.2.1:5555", bus).has_value());
}

TEST_CASE("recording: lines as they were applied; a reload starts the next file; a full disk is said and stays said") {
  const Folder folder;
  {
    Recording r;
    r.tick(Timestamp{1});  // records nothing yet
    REQUIRE(r.open((folder.path / "r").string()).has_value());
    r.tick(Timestamp{1'500'000'000});
    REQUIRE(r.next_file().has_value());
    r.tick(Timestamp{2'000'000'000});
  }
  CHECK(folder.read("r") == "{\"time\":1.5,\"tick\":true}\n");
  CHECK(folder.read("r.1") == "{\"time\":2,\"tick\":true}\n");
  Recording full;
  if (!fs::exists("/dev/full")) return;
  REQUIRE(full.open("/dev/full").has_value());
  full.tick(Timestamp{1});
  CHECK_FALSE(full.flush().has_value());
  CHECK_FALSE(full.flush().has_value());
}

// One action type with a key, one without.
struct World {
  Schema schema;
  Interner interner;
  World() {
    for (const bool keyed : {true, false}) {
      FactType type;
      type.name = type.local = keyed ? "Drain" : "Page";
      type.role = Role::kAction;
      type.fields = {{.name = "backend", .type = Type::of(TypeTag::kString)}, {.name = "why", .type = Type::of(TypeTag::kString)}};
      type.declared_fields = 2;
      type.has_key = keyed;
      if (keyed) type.key = {0};
      schema.types.push_back(std::move(type));
    }
    schema.index();
  }
  ActionOutput action(FactTypeId type, const std::string& id, const std::string& backend, const std::string& why = "",
                      ActionState state = ActionState::kSent) {
    ActionOutput a;
    a.id = id;
    a.action = type;
    a.rule_name = "m.r";
    a.data = {interner.string(backend), interner.string(why)};
    a.state = state;
    return a;
  }
};

TEST_CASE("sent actions: the same rule and key is the same action; the ids are tied both ways") {
  World w;
  SentActions sent;
  sent.note(w.action(0, "old", "b1", "first"), w.schema, w.interner);
  CHECK(sent.is_repeat(w.action(0, "new", "b1", "other words"), w.schema, w.interner));
  CHECK(sent.outside("new") == "old");
  CHECK(sent.inside("old") == "new");
  CHECK_FALSE(sent.is_repeat(w.action(0, "x", "b2"), w.schema, w.interner));
  ActionOutput other_rule = w.action(0, "y", "b1");
  other_rule.rule_name = "m.q";
  CHECK_FALSE(sent.is_repeat(other_rule, w.schema, w.interner));
  // Without a key all fields count.
  sent.note(w.action(1, "p", "b1", "text"), w.schema, w.interner);
  CHECK_FALSE(sent.is_repeat(w.action(1, "p2", "b1", "other"), w.schema, w.interner));
  CHECK(sent.is_repeat(w.action(1, "p3", "b1", "text"), w.schema, w.interner));
  // A second reload ties anew.
  CHECK(sent.is_repeat(w.action(0, "newer", "b1"), w.schema, w.interner));
  CHECK(sent.inside("old") == "newer");
  CHECK(sent.outside("newer") == "old");
  CHECK(sent.outside("new") == "new");
}

TEST_CASE("sent actions: an end that was heard is told to the new session") {
  World w;
  SentActions sent;
  sent.note(w.action(0, "old", "b1"), w.schema, w.interner);
  AckInput ack;
  ack.id = "old";
  ack.state = ActionState::kFailed;
  ack.error = "no";
  sent.note_ack(ack);
  CHECK(sent.is_repeat(w.action(0, "new", "b1"), w.schema, w.interner));
  const std::vector<AckInput> ends = sent.take_known_ends();
  REQUIRE(ends.size() == 1);
  CHECK(ends[0].id == "new");
  CHECK(ends[0].state == ActionState::kFailed);
  CHECK(ends[0].error == "no");
  CHECK(sent.take_known_ends().empty());
  // Shadow and proposals are not sent at all.
  ActionOutput shadow = w.action(0, "s", "b9");
  shadow.shadow = true;
  sent.note(shadow, w.schema, w.interner);
  sent.note(w.action(0, "s", "b9", "", ActionState::kProposed), w.schema, w.interner);
  CHECK_FALSE(sent.is_repeat(w.action(0, "s2", "b9"), w.schema, w.interner));
}

}  // namespace
}  // namespace flyball::app
