// A service's interner outlives its rules: after any number of reloads it holds what the rules and facts of now need, and no more.
#include <fmt/core.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "app/package/package.h"
#include "engine/session.h"

namespace flyball::app {
namespace {

class Heard final : public engine::OutputSink {
 public:
  explicit Heard(Interner& in) : in_(in) {}
  void on_action(const ActionOutput& action) override { last = std::string(in_.text(action.data[0])); }
  std::string last;

 private:
  Interner& in_;
};

TEST_CASE("a hundred reloads with changing facts leave the interner as large as a few") {
  const std::filesystem::path path = std::filesystem::temp_directory_path() / fmt::format("flyball-reload-{}.fly", ::getpid());
  std::ofstream(path) << R"(module m
mutable fact Link key (name) { name: string  owner: string = "nobody, by default, as it stands in the rules" }
action Page key (text) { text: string }
param names: list<string> = ["the name that is looked for", "another one, longer than sixteen bytes"]
rule hot {
  when { l: Link where l.name in names }
  then { do Page { text: "a link with a name of the rules: " + l.owner } }
}
)";
  Interner in;
  Heard heard(in);
  Io io;
  std::unique_ptr<CompiledPackage> package;
  std::unique_ptr<engine::Session> session;
  std::size_t handles = 0, bytes = 0;
  for (int i = 0; i < 100; ++i) {
    std::unique_ptr<CompiledPackage> next = compile_package({path.string()}, {}, io, &in);
    REQUIRE(next != nullptr);
    auto fresh = std::make_unique<engine::Session>(*next->program, in, heard);
    if (session != nullptr) fresh->take_over(*session);
    session = std::move(fresh);
    package = std::move(next);
    // Content that no former round had: it must go with its facts, whatever was compiled while it was there.
    FactInput link;
    link.type = package->program->schema().type_id("Link");
    link.present = 3;
    for (int k = 0; k < 50; ++k) {
      link.op = FactOp::kPut;
      link.stamp = Timestamp{i * 10 + 1};
      link.values = {in.string(fmt::format("link {} of round {:05}, with a long name", k, i)), in.string(fmt::format("owner {:05}", i))};
      REQUIRE(session->put(link).has_value());
      if (i > 0) {
        link.op = FactOp::kRetract;
        link.values[0] = in.string(fmt::format("link {} of round {:05}, with a long name", k, i - 1));
        REQUIRE(session->put(link).has_value());
      }
    }
    link.op = i % 2 == 0 ? FactOp::kPut : FactOp::kRetract;
    link.values = {in.string("the name that is looked for"), in.string("x")};
    REQUIRE(session->put(link).has_value());
    session->tick(Timestamp{i * 10 + 5});
    CHECK(heard.last == "a link with a name of the rules: x");
    session->collect();
    if (i == 10) handles = in.handles_used(), bytes = in.bytes_used();
  }
  std::filesystem::remove(path);
  CHECK(in.handles_used() <= handles + 10);  // an action's texts more or less
  CHECK(in.bytes_used() <= bytes + bytes / 10);
  CHECK(in.text(*package->program->schema().types[package->program->schema().type_id("Link")].fields[1].default_value) ==
        "nobody, by default, as it stands in the rules");
}

}  // namespace
}  // namespace flyball::app
