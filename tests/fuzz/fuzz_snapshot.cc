// Whatever bytes: a snapshot is refused in words, or restored to a session that goes on. The checksum is made here: it is no defence.
#include <cstddef>
#include <cstdint>
#include <memory>

#include "engine/program.h"
#include "engine/session.h"
#include "engine/session/snapshot_bytes.h"
#include "parser/parser.h"

using namespace flyball;

namespace {

const char* const kRules = R"(
fact Host key (name) ttl 1m { name: string  load: double  up: bool }
event Ping { host: string  ms: duration }
mutable fact Seen key (host) { host: string  n: int }
fact Bad key (host) { host: string }
action Fence key (host) tries 3 every 5s timeout 2s { host: string }
action Tell rate 2 per 1m { text: string }
rule bad { when { h: Host where not up for 10s } then { derive Bad { host: h.name } } }
rule fence { cooldown 20s when { b: Bad } then { do Fence { host: b.host } } on clear { do Tell { text: b.host } } }
rule quiet { when { h: Host where up  no Ping where host == h.name for 15s } then { do Tell { text: h.name } } }
rule slow { when { check p99(Ping.ms over 30s) > 100ms } then { do Tell { text: "slow" } } until { check count(Ping over 10s) == 0 } }
rule seen { keep 7s when { h: Host where load > 0.5 } then { assert Seen { host: h.name, n: 1 } } }
)";

class Quiet final : public engine::OutputSink {
 public:
  void on_action(const ActionOutput&) override {}
};

struct World {
  Interner in;
  std::unique_ptr<engine::Program> program;
  std::string head;  // magic, version, digest

  World() {
    SourceFiles sources;
    Diagnostics diagnostics;
    const auto file = sources.add("fuzz.fly", kRules);
    std::vector<ast::File> files;
    files.push_back(parse_file(sources, *file, in, diagnostics));
    Result<engine::Program> compiled = engine::compile(check_package(std::move(files), sources, in, diagnostics), in);
    if (!compiled || diagnostics.has_errors()) __builtin_trap();
    program = std::make_unique<engine::Program>(std::move(*compiled));
    Quiet quiet;
    constexpr std::size_t kHead = 33;
    head = engine::Session(*program, in, quiet).snapshot().substr(0, kHead);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  Quiet quiet;
  engine::Session session(*world.program, world.in, quiet);
  const std::string body = world.head + std::string(reinterpret_cast<const char*>(data), size);
  if (!session.restore(body + engine::snapshot_checksum(body))) return 0;
  session.tick(session.now() + 60 * kNsPerSecond);
  (void)session.snapshot();
  return 0;
}
